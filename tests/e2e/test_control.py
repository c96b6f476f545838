"""named's control channel: wrong and changing keys, a named that hangs or comes back."""

import contextlib
import os
import re
import signal
import socket

import pytest
from laboratory import poll
from laboratory.basics import replace_file

KEY = 'key "rndc-key" {{\n\talgorithm {algorithm};\n\tsecret "{secret}";\n}};\n'
FIRST = "Zmlyc3Qgc2VjcmV0IG9mIGEgdGVzdA=="
SECOND = "c2Vjb25kIHNlY3JldCBvZiBhIHRlc3Q="


@pytest.fixture
def own(make_lab):
    return make_lab(masters=1, slaves=1)


@pytest.fixture
def master(own):
    return own.masters[0]


@pytest.fixture
def slave(own):
    return own.slaves[0]


def write_key(path, secret, algorithm="hmac-sha256"):
    replace_file(path, KEY.format(algorithm=algorithm, secret=secret), 0o600)


def restart_agent(slave, **lines):
    """With these lines in its configuration, None for no such line."""
    text = slave.configuration.read_text()
    for key, value in lines.items():
        key = key.replace("_", "-")
        text = re.sub(rf"^{key} = .*\n", "", text, flags=re.M)
        text += "" if value is None else f"{key} = {value}\n"
    slave.configuration.write_text(text)
    slave.agent.stop()
    slave.start_agent()


def create(master, slave, zone):
    """Has the master make a zone; returns its state on the slave then."""
    done = master.change("create", [zone])
    assert done.returncode == 0, done.stderr
    return slave.ask("GET", f"/v1/zones/{zone}")[1]["state"]


def is_applied(slave, zone):
    return slave.ask("GET", f"/v1/zones/{zone}")[1]["state"] == "applied"


def read_trouble(slave):
    return slave.ask("GET", "/v1/status")[1]["named"].get("error") or ""


def find_connections(slave):
    """The local ports of what is connected to named's control channel."""
    wanted = f"{slave.named.control:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {row[1].partition(":")[2] for row in rows
            if row[2].endswith(f":{wanted}") and row[3] == "01"}


@contextlib.contextmanager
def stopped(slave):
    pid = slave.named.daemon.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_wrong_secret(master, slave):
    own = slave.directory / "own.key"
    write_key(own, SECOND)
    restart_agent(slave, rndc_key=own)
    assert create(master, slave, "a.example") == "accepted"
    text = read_trouble(slave)
    assert "doesn't take us" in text and "its log" in text
    assert "invalid command" in slave.named.daemon.log.read_text(errors="replace")
    assert slave.run("status").returncode == 1

    # Put right, with the agent running.
    replace_file(own, slave.named.key.read_text(), 0o600)
    poll(lambda: is_applied(slave, "a.example"))
    assert slave.run("status").returncode == 0


def test_what_listens_there_is_not_named(slave):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        restart_agent(slave, rndc_port=listener.getsockname()[1])
        connection, _ = listener.accept()
        with connection:
            assert len(connection.recv(4096)) > 100
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            poll(lambda: "doesn't answer as named's control channel does" in read_trouble(slave))


def test_another_key_for_named_and_us(master, slave):
    assert create(master, slave, "a.example") == "applied"
    log = slave.agent.log.read_text()
    write_key(slave.named.key, FIRST)
    slave.named.stop()
    slave.named.start()
    assert create(master, slave, "b.example") == "applied"
    slave.named.wait_for_serials(master.read_serials())

    # named takes a new one at a reconfig, which the old key must still order.
    before = slave.directory / "before.key"
    replace_file(before, slave.named.key.read_text(), 0o600)
    restart_agent(slave, rndc_key=before)
    write_key(slave.named.key, SECOND)
    assert create(master, slave, "c.example") in ("applied", "accepted")
    replace_file(before, slave.named.key.read_text(), 0o600)
    poll(lambda: is_applied(slave, "c.example"))
    assert create(master, slave, "d.example") == "applied"
    assert FIRST not in log and "secret" not in slave.agent.log.read_text()


def test_named_restarted(master, slave):
    assert create(master, slave, "a.example") == "applied"
    connections = find_connections(slave)
    assert connections
    slave.named.stop(signal.SIGKILL)
    slave.named.start()
    assert create(master, slave, "b.example") == "applied"
    assert not connections & find_connections(slave)
    slave.named.wait_for_serials(master.read_serials())


def test_one_connection_for_all(master, slave):
    assert create(master, slave, "a.example") == "applied"
    connections = find_connections(slave)
    for zone in ("b.example", "c.example"):
        assert create(master, slave, zone) == "applied"
    master.change("delete", ["b.example"])
    assert connections <= find_connections(slave)


def test_a_named_that_hangs(master, slave):
    restart_agent(slave, rndc_timeout=1)
    assert create(master, slave, "a.example") == "applied"
    with stopped(slave):
        assert create(master, slave, "b.example") == "accepted"
        assert "didn't answer 'reconfig'" in poll(lambda: read_trouble(slave))
        status, answer = slave.ask("GET", "/v1/zones")
        assert (status, len(answer["zones"])) == (200, 2)
        assert create(master, slave, "c.example") == "accepted"
    poll(lambda: is_applied(slave, "b.example") and is_applied(slave, "c.example"))
    slave.named.wait_for_serials(master.read_serials())
    poll(lambda: slave.run("status").returncode == 0)


def test_a_named_that_hangs_before_it_is_asked(master, slave):
    slave.agent.stop()
    with stopped(slave):
        slave.start_agent()
        assert master.change("create", ["a.example"]).returncode == 0
        text = poll(lambda: read_trouble(slave))
        assert "takes connections" in text and "doesn't answer" in text
    assert master.run("deliver").returncode == 0
    poll(lambda: is_applied(slave, "a.example"))


@pytest.mark.parametrize("algorithm, runs_program", [
    ("hmac-sha1", True), ("hmac-sha384", True), ("hmac-sha512", False)])
def test_other_algorithms(master, slave, algorithm, runs_program):
    write_key(slave.named.key, FIRST, algorithm)
    slave.named.stop()
    slave.named.start()
    assert create(master, slave, "a.example") == "applied"
    master.change("delete", ["a.example"])
    assert slave.ask("GET", "/v1/zones/a.example")[0] == 404
    slave.named.wait_for_serials({"a.example": None})
    assert (f"'{algorithm}'" in slave.agent.log.read_text()) == runs_program
    assert bool(find_connections(slave)) != runs_program


def test_a_file_like_rndc_conf(master, slave):
    """Which includes the key, and says where named listens."""
    restart_agent(slave, rndc_key=slave.directory / "rndc.conf", rndc_port=None)
    assert create(master, slave, "a.example") == "applied"
    assert find_connections(slave)
