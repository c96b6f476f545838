"""Under a service manager: its sockets, what it is told, its rules; and who may use the unix socket."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

import pytest
from laboratory import plesk, poll
from laboratory.basics import LabError

LABORATORY = {"masters": 1, "slaves": 1}
ROOT = pathlib.Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "tests" / "lab" / "sandbox"
UNIT = ROOT / "packaging" / "systemd" / "zonepush-agent.service"

# What systemd does: the sockets from descriptor 3 on, and variables for this process alone.
PASS = """
import fcntl, json, os, sys
descriptors, variables = json.loads(sys.argv[1])
high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in descriptors]
for place, fd in enumerate(high):
    os.dup2(fd, 3 + place)
os.closerange(100, 200)
if descriptors:
    os.environ.update(LISTEN_FDS=str(len(descriptors)), LISTEN_PID=str(os.getpid()))
os.environ.update(variables)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Manager:
    """A service manager that starts one slave's agent in its own way."""

    def __init__(self, slave, folder):
        self.agent, self.slave, self.program = slave.agent, slave, slave.agent.argv
        self.path = folder / "notify"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.path))
        self.notify.settimeout(30)
        self.told = []

    def start(self, *sockets, before=(), **variables):
        """Starts it with these sockets and variables, and with words before its command line."""
        descriptors = [one.fileno() for one in sockets]
        variables = {"NOTIFY_SOCKET": str(self.path), **variables}
        self.agent.stop()
        self.agent.descriptors = descriptors
        self.agent.argv = [sys.executable, "-c", PASS, json.dumps([descriptors, variables]),
                           *before, *self.program]
        self.slave.start_agent()

    def wait_for(self, text):
        """What it was told, up to this."""
        while not any(text in one for one in self.told):
            self.told.append(self.notify.recv(4096).decode())
        return self.told

    def close(self):
        self.agent.stop()
        self.agent.argv, self.agent.descriptors = self.program, ()
        self.notify.close()
        self.slave.start_agent()


@pytest.fixture
def manager(slave, folder):
    manager = Manager(slave, folder)
    yield manager
    manager.close()


def listen_tcp():
    return socket.create_server(("127.0.0.1", 0))


def listen_unix(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    return listener


def status_of(url):
    done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "20", url],
                          capture_output=True, text=True, check=False)
    return int(done.stdout)


# Sockets.


def udp():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    return one


@pytest.mark.parametrize("make", [udp, lambda: socket.socket(), lambda: open("/dev/null", "rb")],
                         ids=["udp", "silent", "file"])
def test_what_isnt_a_listening_socket_is_refused(manager, make):
    with make() as one, pytest.raises(LabError, match="isn't a listening stream socket"):
        manager.start(one)


def test_two_unix_sockets_are_refused(manager, folder):
    with listen_unix(folder / "a") as first, listen_unix(folder / "b") as second, \
            pytest.raises(LabError, match="two unix sockets were passed"):
        manager.start(first, second)


def test_sockets_for_another_process_are_left_alone(manager, slave):
    manager.start(LISTEN_FDS="3", LISTEN_PID="1")
    assert status_of(slave.url) == 401


def test_passed_sockets_take_the_place_of_the_configured_ones(manager, slave):
    with listen_tcp() as first, listen_tcp() as second:
        slave.agent.stop()
        slave.socket.unlink(missing_ok=True)
        with listen_unix(slave.socket) as local:
            manager.start(first, local, second)
            for one in (first, second):
                assert status_of(f"http://127.0.0.1:{one.getsockname()[1]}/") == 401
            assert status_of(slave.url) == 0, "the configured address isn't listened on"
            assert slave.run("status").returncode == 0


def test_no_connection_is_refused_while_it_restarts(manager, master, slave):
    with listen_tcp() as one:
        manager.start(one)
        manager.agent.stop()
        with socket.create_connection(one.getsockname(), 30) as channel:
            channel.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            manager.start(one)
            assert channel.recv(100).startswith(b"HTTP/1.1 401 ")


def test_another_path_than_the_configured_one_is_told(manager, slave, folder):
    configured = slave.socket
    with listen_unix(folder / "local") as local:
        slave.socket = folder / "local"
        try:
            manager.start(local)
        finally:
            slave.socket = configured
    assert f"the service manager's unix socket is '{folder}/local'" in slave.agent.read_tail()


# What it is told.


def test_ready_and_stopping(manager):
    manager.start()
    assert "READY=1" in manager.wait_for("READY=1")[0]
    manager.agent.stop()
    assert manager.wait_for("STOPPING=1")[-1].startswith("STOPPING=1")


def test_an_abstract_socket(manager, slave):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        name = f"zonepush-test-{os.getpid()}"
        notify.bind(f"\0{name}")
        notify.settimeout(30)
        manager.start(NOTIFY_SOCKET=f"@{name}")
        assert b"READY=1" in notify.recv(4096)


def test_the_watchdog_is_fed(manager):
    manager.start(WATCHDOG_USEC="400000")
    manager.wait_for("READY=1")
    manager.told = []
    for _ in range(3):
        manager.wait_for("WATCHDOG=1")
        manager.told = []


def test_the_watchdog_of_another_process_is_left_alone(manager):
    manager.start(WATCHDOG_USEC="400000", WATCHDOG_PID="1")
    manager.agent.stop()
    assert not any("WATCHDOG" in one for one in manager.wait_for("STOPPING=1"))


# Its rules.


def has_sanitizer(program):
    return b"__asan_init" in pathlib.Path(program).read_bytes()


@pytest.mark.parametrize("words", [
    "import os; os.chown('/', 0, 0)", "import os; os.chmod('.', 0o2750)",
    "import os; os.setpriority(0, 0, 1)", "import os; os.setuid(0)",
    "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "import mmap; mmap.mmap(-1, 4096, prot=7)",
])
def test_the_rules_are_in_force(words, tmp_path):
    done = subprocess.run([SANDBOX, UNIT, "/usr/bin/python3", "-c", words], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "PermissionError" in done.stderr


@pytest.mark.parametrize("program", [True, False], ids=["rndc", "own"])
def test_a_whole_life_under_the_rules_of_the_unit(manager, master, slave, zone, program):
    """Zones come, change and go; named-checkconf, rndc, registry and keys are used."""
    if has_sanitizer(slave.executable):
        pytest.skip("a sanitizer needs more than the agent may do")
    configuration = slave.configuration.read_text()
    key = slave.named.key.read_text()
    try:
        if program:  # another algorithm, for which the agent calls rndc
            slave.named.key.write_text(re.sub("hmac-sha256", "hmac-sha384", key))
            slave.named.stop()
            slave.named.start()
        manager.start(before=[SANDBOX, UNIT])
        names = [f"n{number}.{zone}" for number in range(300)]
        assert master.change("create", [zone]).returncode == 0
        slave.named.wait_for_serials({zone: master.read_serials()[zone]})
        assert master.hook(plesk.document(
            [plesk.command("create", name, 1) for name in names])).returncode == 0
        poll(lambda: slave.ask("GET", f"/v1/zones/{names[-1]}")[1].get("state") == "applied")
        assert master.change("update", [zone]).returncode == 0
        slave.named.wait_for_serials({zone: master.read_serials()[zone]})
        assert slave.run("key", "rotate").returncode == 1
        assert master.change("delete", [zone]).returncode == 0
        slave.named.wait_for_serials({zone: None})
        master.run("status")  # names the key that the master has learnt of
        poll(lambda: slave.ask("GET", "/v1/key")[1]["left"] == [])
        assert slave.run("key", "rotate").returncode == 0
        manager.agent.stop()
        log = slave.agent.log.read_text()
        assert "Operation not permitted" not in log
    finally:
        slave.configuration.write_text(configuration)
        if program:
            slave.named.key.write_text(key)
            slave.named.stop()
            slave.named.start()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_unit_is_tight(tmp_path):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                           "--threshold=13", UNIT],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:]


# Who may use the unix socket.


def ask_as(slave, user, group, more=()):
    done = subprocess.run(
        ["curl", "-sS", "--unix-socket", slave.socket, "http://localhost/v1/status"],
        capture_output=True, text=True, user=user, group=group, extra_groups=more, check=False,
        timeout=60)
    return "allowed" if '"version"' in done.stdout else done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_agents_user_and_group_alone(slave):
    for path in (slave.directory.parent, slave.directory):
        path.chmod(0o755)
    assert slave.socket.stat().st_mode & 0o777 == 0o660
    own = slave.socket.stat().st_gid
    slave.socket.chmod(0o666)
    assert "urn:zonepush:problem:not-local" in ask_as(slave, 65534, 65534)
    assert "urn:zonepush:problem:not-local" in ask_as(slave, 65534, 65534, [65533, 65532])
    assert ask_as(slave, 0, 0) == "allowed"
    assert ask_as(slave, 65534, own) == "allowed"
    assert ask_as(slave, 65534, 65534, [65533, own]) == "allowed"
    slave.socket.chmod(0o660)
