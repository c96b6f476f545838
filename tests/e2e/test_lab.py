"""The laboratory itself: what it refuses, what it leaves behind, what it starts and ends."""

import os
import pathlib
import shlex
import signal
import subprocess

import pytest
from laboratory import Lab, LabError, plesk, poll

LAB = pathlib.Path(__file__).resolve().parents[1] / "lab" / "lab"


def run(*words):
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=120, check=False
    )


def read_variables(home):
    lines = (home / "env").read_text().splitlines()
    pairs = (line.partition("=") for line in lines)
    return {key: " ".join(shlex.split(text)) for key, _, text in pairs}


def find_processes(home):
    """Ids of all processes whose program or arguments lie in a folder."""
    below = f"{home}/".encode()
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(below) for word in words):
            found.append(int(path.parent.name))
    return found


# What it refuses


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("up",),
        ("sideways", "DIR"),
        ("up", "DIR", "--masters", "0"),
        ("up", "DIR", "--slaves", "many"),
        ("zone", "DIR", "master1", "rename", "a.example"),
        ("zone", "DIR", "master1", "create"),
        ("down",),
    ],
)
def test_wrong_usage(words, folder):
    done = run(LAB, *[folder / "lab" if word == "DIR" else word for word in words])
    assert done.returncode == 2
    assert done.stderr.startswith("usage: lab")
    assert not (folder / "lab").exists()


def test_folder_in_use(folder):
    (folder / "mine").write_text("precious")
    done = run(LAB, "up", folder)
    assert done.returncode == 3
    assert "isn't an empty folder" in done.stderr
    assert run(LAB, "down", folder).returncode == 3
    assert (folder / "mine").read_text() == "precious"


def test_programs_missing(folder, monkeypatch):
    monkeypatch.setenv("BUILD", str(folder))
    done = run(LAB, "up", folder / "lab")
    assert done.returncode == 3
    assert "run `make` first" in done.stderr


def test_failed_start_leaves_nothing(folder, lab, monkeypatch):
    """An agent that ends at once: the reason is shown, and nothing is left."""
    programs = folder / "build"
    programs.mkdir()
    (programs / "zonepush").symlink_to(lab.masters[0].executable)
    agent = programs / "zonepush-agent"
    agent.write_text(
        '#!/bin/sh\ncase "$*" in\n*run) echo no agent today >&2; exit 1;;\n'
        f'*) exec {lab.slaves[0].executable} "$@";;\nesac\n'
    )
    agent.chmod(0o755)
    monkeypatch.setenv("BUILD", str(programs))
    done = run(LAB, "up", folder / "lab")
    assert done.returncode == 3
    assert "agent of slave1 ended at once" in done.stderr
    assert "no agent today" in done.stderr
    assert not (folder / "lab").exists()
    assert not find_processes(folder / "lab")


def test_interrupted_start_leaves_nothing(folder):
    home = folder / "lab"
    up = subprocess.Popen([LAB, "up", home], stderr=subprocess.DEVNULL)
    poll((home / "slave1" / "named.pid").exists, 30)
    up.send_signal(signal.SIGTERM)
    assert up.wait(60) == 128 + signal.SIGTERM
    assert not home.exists()
    assert not find_processes(home)


@pytest.mark.parametrize("name", ['a"b.example', "a b.example", "a..example", "a." * 127 + "a"])
def test_name_that_no_zone_has(lab, name):
    with pytest.raises(LabError, match="isn't a name"):
        lab.masters[0].change("create", [name])


def test_zone_that_is_there_or_not(master, zone):
    with pytest.raises(LabError, match="no zone"):
        master.change("update", [zone])
    assert master.change("create", [zone]).returncode == 0
    with pytest.raises(LabError, match="already a zone"):
        master.change("create", [zone])


# What it does


def test_whole_life_by_the_command_line(folder):
    home = folder / "lab"
    done = run(LAB, "up", home, "--masters", "1", "--slaves", "1", "--zones", "12")
    assert done.returncode == 0, done.stderr
    lab = Lab.load(home)
    master, slave = lab.masters[0], lab.slaves[0]
    assert len(master.read_serials()) == 12
    slave.named.wait_for_serials(master.read_serials(), 0)

    done = run(LAB, "zone", home, "master1", "create", "A.example.", "b.example")
    assert (done.returncode, done.stderr) == (0, "")
    first = master.read_serials()["a.example"]
    slave.named.wait_for_serials({"a.example": first, "b.example": first})
    assert run(LAB, "zone", home, "master1", "update", "a.example").returncode == 0
    second = master.read_serials()["a.example"]
    assert second > first
    slave.named.wait_for_serials({"a.example": second})
    assert run(LAB, "zone", home, "master1", "delete", "a.example").returncode == 0
    for host in (master, slave):
        host.named.wait_for_serials({"a.example": None})

    assert run(LAB, "down", home).returncode == 0
    assert not home.exists()
    assert not find_processes(home)


def test_exit_status_of_the_hook(lab, master, zone):
    """`lab zone` ends as the hook does, here without its configuration."""
    master.configuration.rename(f"{master.configuration}.away")
    try:
        done = run(LAB, "zone", lab.home, "master1", "create", zone)
    finally:
        os.rename(f"{master.configuration}.away", master.configuration)
    assert done.returncode == 1
    assert "zonepush.conf" in done.stderr


def test_down_ends_only_its_own(folder):
    """Pid files that name somebody else's process, and a folder that was there before."""
    lab = Lab.up(folder, masters=1, slaves=0)
    stranger = subprocess.Popen(["/bin/sleep", "600"])
    try:
        (folder / "master1" / "stranger.pid").write_text(f"{stranger.pid}\n")
        lab.down()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert folder.is_dir()
    assert not any(folder.iterdir())


def test_variables(lab, master):
    variables = read_variables(lab.home)
    slave = lab.slaves[1]
    assert variables["MASTER1_DNS"] == f"127.0.0.1 {master.named.port}"
    assert variables["SLAVE2_DNS"] == f"127.0.0.1 {slave.named.port}"
    assert variables["SLAVE2_URL"] == f"http://127.0.0.1:{slave.http}"
    assert variables["SLAVE2_KEYID"] == slave.key_id
    for name in ("MASTER1_CONF", "MASTER1_KEY", "SLAVE2_CONF", "SLAVE2_NAMED_CONF"):
        assert pathlib.Path(variables[name]).is_file()
    assert pathlib.Path(variables["SLAVE2_SOCKET"]).is_socket()


def test_wrappers(master, slave, zone):
    assert master.change("create", [zone]).returncode == 0
    serials = {zone: master.read_serials()[zone]}
    slave.named.wait_for_serials(serials)
    for host in (master, slave):
        done = run(host.directory / "dig", "+short", zone, "SOA")
        assert str(serials[zone]) in done.stdout
        assert run(host.directory / "rndc", "zonestatus", zone).returncode == 0
    assert run(slave.directory / "zonepush-agent", "status").returncode == 0
    assert run(master.directory / "zonepush", "status").returncode == 0


def test_processes_run_from_the_folder(lab):
    for host in [*lab.masters, *lab.slaves]:
        pid = int((host.directory / "named.pid").read_text())
        assert os.readlink(f"/proc/{pid}/exe") == str(lab.home / "bin" / "named")
    for slave in lab.slaves:
        pid = int((slave.directory / "agent.pid").read_text())
        assert os.path.samefile(f"/proc/{pid}/exe", slave.executable)


def test_records_change_with_the_serial(master, slave, zone):
    def look(host):
        return run(host.directory / "dig", "+short", f"www.{zone}").stdout

    assert master.change("create", [zone]).returncode == 0
    before = look(master)
    assert master.change("update", [zone]).returncode == 0
    slave.named.wait_for_serials({zone: master.read_serials()[zone]})
    assert before != look(master) == look(slave)


def test_master_does_not_notify(master, slave, zone):
    """A slave hears of a change from its agent alone, as with Plesk."""
    assert master.change("create", [zone]).returncode == 0
    before = master.read_serials()
    slave.named.wait_for_serials({zone: before[zone]})
    (command,) = master.publish("update", [zone])
    assert "sending notifies" not in master.named.daemon.log.read_text()
    assert slave.named.get_serial(zone) == before[zone]
    assert master.hook(plesk.document([command])).returncode == 0
    slave.named.wait_for_serials({zone: master.read_serials()[zone]})


def test_slave_stops_and_starts(slave):
    slave.agent.stop(signal.SIGKILL)
    slave.named.stop()
    assert not slave.agent.is_running
    with pytest.raises(ConnectionRefusedError):
        slave.named.get_serial("a.example")
    slave.start()
    assert slave.ask("GET", "/v1/status")[0] == 200
