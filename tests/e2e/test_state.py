"""State, keys and configuration that aren't as they should be: a clear message, and nothing lost."""

import os
import shutil
import sqlite3
import subprocess

import pytest
from laboratory import plesk


class Copy:
    """A master or slave of the laboratory under another configuration, in a folder of its own."""

    def __init__(self, host, folder, **changes):
        lines = dict(line.split(" =", 1) for line in host.configuration.read_text().splitlines())
        self.host = host
        self.folder = folder
        self.conf = folder / "copy.conf"
        lines |= {"state": f" {folder}/state"} | {key.replace("_", "-"): f" {value}"
                                                  for key, value in changes.items()}
        self.conf.write_text("".join(f"{key} ={value}\n" for key, value in lines.items()))

    def run(self, *words, content=""):
        return self.host.run("-c", str(self.conf), *words, content=content)


def one_line(done):
    """The reason of a failure; a hook also says what becomes of the change."""
    assert done.returncode != 0
    lines = done.stderr.splitlines()
    if lines[-1].startswith("zonepush: hook: the change isn't stored"):
        lines.pop()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_second_agent_on_the_same_state(slave):
    assert "another zonepush-agent is running" in one_line(slave.run("run"))


def test_an_address_that_is_taken(slave, folder):
    copy = Copy(slave, folder, socket=folder / "socket")
    assert "can't listen on '127.0.0.1:" in copy.run("run").stderr


@pytest.mark.parametrize("side", ["master", "slave"])
def test_a_state_of_a_newer_version(lab, folder, side):
    host = lab.masters[0] if side == "master" else lab.slaves[0]
    copy = Copy(host, folder, key=folder / "key.pem")
    assert copy.run("key", "init").returncode == 0
    (folder / "state").mkdir(exist_ok=True)
    file = folder / "state" / ("outbox.db" if side == "master" else "registry.db")
    application = 0x7a704f42 if side == "master" else 0x7a704147
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version = 99")
        database.execute(f"PRAGMA application_id = {application}")
    database.close()
    before = file.read_bytes()
    words = ("hook",) if side == "master" else ("run",)
    text = one_line(copy.run(*words, content="[]"))
    assert str(file) in text and "newer zonepush" in text
    assert file.read_bytes() == before


def test_a_state_that_is_no_database(master, folder):
    copy = Copy(master, folder)
    (folder / "state").mkdir()
    (folder / "state" / "outbox.db").write_text("this isn't a database, but long enough " * 30)
    text = one_line(copy.run("hook", content="[]"))
    assert "move it aside" in text


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_key_that_others_may_read(slave, folder, mode):
    copy = Copy(slave, folder, key=folder / "key.pem", socket=folder / "socket")
    assert copy.run("key", "init").returncode == 0
    (folder / "key.pem").chmod(mode)
    text = one_line(copy.run("run"))
    assert str(folder / "key.pem") in text and "open to others" in text


def test_no_key_yet(slave, folder):
    copy = Copy(slave, folder, key=folder / "key.pem", socket=folder / "socket")
    text = one_line(copy.run("run"))
    assert "key init" in text


def test_a_hook_without_a_key_loses_nothing(master, slave, folder, zone):
    copy = Copy(master, folder, key=folder / "key.pem")
    command = master.publish("create", [zone])
    done = copy.run("hook", content=plesk.document(command))
    assert done.returncode == 0, "the change is durable"
    assert "key init" in done.stderr and "is stored" in done.stderr
    assert copy.run("slave", "add", "s", "--key", slave.key_id, slave.url).returncode != 0

    (folder / "key.pem").write_bytes(master.key.read_bytes())
    (folder / "key.pem").chmod(0o640)
    assert copy.run("deliver").returncode == 0
    slave.named.wait_for_serials({zone: master.read_serials()[zone]})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_hook_run_by_a_user_who_may_not(lab, master, folder, zone):
    for path in (lab.home, master.directory):
        path.chmod(0o755)
    master.configuration.chmod(0o644)
    # Where the programs under test are, nobody else may be able to look.
    program = shutil.copy(master.executable, folder)
    folder.chmod(0o755)
    done = subprocess.run(
        [program, "-c", master.configuration, "hook"], capture_output=True, text=True,
        input=plesk.document([plesk.command("create", zone, 1)]), user=65534, group=65534,
        extra_groups=[], check=False, cwd="/")
    text = one_line(done)
    assert "root may write it" in text


@pytest.mark.parametrize("line, text", [
    ("colour = red", "colour: there is no such key"),
    ("deadline = soon", "isn't a number of seconds"),
    ("deadline = -1", "isn't a number of seconds"),
    ("state = relative", "must be an absolute path"),
    ("key = /a\nkey = /b", "stands twice"),
    ("[section]", "no sections"),
    ("deadline", "`key = value`"),
    ("group = no-such-group-here", "there is no group"),
])
def test_a_wrong_configuration(master, folder, line, text):
    conf = folder / "wrong.conf"
    conf.write_text(f"# first\n{line}\n")
    message = one_line(master.run("-c", str(conf), "status"))
    assert text in message and str(conf) in message


def test_a_missing_configuration(master, folder):
    message = one_line(master.run("-c", str(folder / "none.conf"), "hook", content="[]"))
    assert "none.conf" in message and "No such file" in message


def test_a_missing_control_key(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    whole = slave.configuration.read_text()
    slave.configuration.write_text(whole.replace("rndc-key = ", "rndc-key = /nowhere"))
    slave.agent.stop()
    slave.start_agent()
    done = master.change("create", ["a.example"])
    assert done.returncode == 0
    assert slave.ask("GET", "/v1/zones/a.example")[1]["state"] == "accepted"
    status = slave.run("status")
    assert status.returncode == 1 and "/nowhere" in status.stdout

    slave.configuration.write_text(whole)
    slave.agent.stop()
    slave.start_agent()
    slave.named.wait_for_serials(master.read_serials())


@pytest.mark.parametrize("words, text", [
    (["slave", "add"], "the arguments must be"),
    (["slave", "add", "s", "http://127.0.0.1:1"], "--key is needed"),
    (["slave", "add", "s", "--key", "short", "http://127.0.0.1:1"], "isn't a key id"),
    (["slave", "add", "S!", "--key", "KEY", "http://127.0.0.1:1"], "a slave's name is"),
    (["slave", "add", "s", "--key", "KEY", "ftp://127.0.0.1"], "must be http://HOST:PORT"),
    (["slave", "add", "s", "--key", "KEY", "http://u:p@127.0.0.1:1"], "without user"),
    (["slave", "add", "s", "--key", "KEY", "http://127.0.0.1:1/x"], "without user, path"),
    (["slave", "add", "s", "--key", "KEY", "not a url"], "http://HOST:PORT"),
    (["slave", "add", "slave1", "--key", "KEY", "http://127.0.0.1:1"], "already"),
    (["slave", "delete", "slave1"], "there is no verb"),
    (["frobnicate"], "there is no verb 'frobnicate'"),
    (["hook", "now"], "the arguments must be: none"),
    ([], "what is to be done?"),
])
def test_wrong_command_lines(master, words, text):
    done = master.run(*("A" * 42 + "E" if word == "KEY" else word for word in words))
    assert done.returncode != 0
    assert text in done.stderr, done.stderr
