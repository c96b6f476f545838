"""Every change and every refusal is told: who, what, what came of it. Nobody can flood that, forge
lines in it, or stop the agent by it."""

import http.client
import json
import stat
import time

import pytest
from laboratory import poll
from wire import Signer, call, exchange, send

LABORATORY = {"masters": 1, "slaves": 1}
FLOOD = 10000
LINES_MAX = 10  # of one address in a minute


@pytest.fixture
def signer(master):
    return Signer(master.key)


def now():
    return int(time.time() * 1e6)


def read(slave):
    """All lines, each of which must be an object in printable ASCII."""
    lines = slave.audit.read_text("ascii").splitlines()
    assert all(line.isprintable() for line in lines)
    return [json.loads(line) for line in lines]


def find(slave, **wanted):
    """The lines that have these members, as soon as there is one."""
    def found():
        return [line for line in read(slave) if wanted.items() <= line.items()]
    return poll(found, what=lambda _: f"a line with {wanted}; there are {read(slave)[-5:]}")


def restart(slave):
    """Begins a new minute for everybody, and has the counts of the last one told."""
    slave.agent.stop()
    slave.start_agent()


def test_a_stranger(slave, zone):
    stranger = Signer()
    reply = call(slave, stranger, "PUT", f"/v1/zones/{zone}?generation=1")
    assert reply.status == 401
    [line] = find(slave, target=f"/v1/zones/{zone}?generation=1")
    assert (line["who"], line["address"], line["result"], line["problem"], line["status"]) == (
        "stranger", "127.0.0.1", "refused", "unsigned", 401)
    assert "master" not in line and "key" not in line


def test_a_master(slave, signer, zone):
    generation = now()
    call(slave, signer, "PUT", f"/v1/zones/{zone}?generation={generation}")
    call(slave, signer, "DELETE", f"/v1/zones/{zone}?generation={generation - 1}")
    made, stale = find(slave, zone=zone)
    assert made.pop("time").endswith("Z")
    assert made == {
        "who": "master", "address": "127.0.0.1", "master": "master1", "key": signer.key_id,
        "method": "PUT", "target": f"/v1/zones/{zone}?generation={generation}", "zone": zone,
        "wanted": "present", "generation": generation, "result": "applied", "status": 200}
    assert (stale["wanted"], stale["result"], stale["status"]) == ("absent", "stale", 409)


def test_each_zone_of_a_batch(slave, signer, zone):
    changes = [{"zone": f"{label}.{zone}", "present": True, "generation": now()}
               for label in ("a", "b", "*", "c")]
    call(slave, signer, "POST", "/v1/changes", {"changes": changes})
    lines = [find(slave, zone=change["zone"])[0] for change in changes]
    assert [line["result"] for line in lines] == ["applied", "applied", "refused", "applied"]
    assert lines[2]["problem"] == "name-invalid" and lines[2]["detail"]


def test_the_administrator(slave, zone):
    slave.ask("PUT", f"/v1/zones/{zone}")
    [line] = find(slave, zone=zone)
    assert (line["who"], line["result"]) == ("administrator", "applied") and "user" in line
    slave.ask("POST", "/v1/masters", {"name": "master1", "key": Signer().key_id,
                                      "primaries": ["192.0.2.1"]})
    [line] = find(slave, target="/v1/masters", problem="exists")
    assert (line["who"], line["method"], line["problem"]) == ("administrator", "POST", "exists")
    slave.ask("PUT", "/v1/maintenance", {"on": False})
    [line] = find(slave, target="/v1/maintenance")
    assert (line["who"], line["method"], line["result"]) == ("administrator", "PUT", "applied")


def test_reads_are_not_told(slave, signer, zone):
    call(slave, signer, "GET", f"/v1/zones/{zone}")
    call(slave, signer, "GET", "/v1/masters")
    [line] = find(slave, problem="not-local")
    assert line["target"] == "/v1/masters"
    assert not [line for line in read(slave) if line["target"] == f"/v1/zones/{zone}"]


def test_a_replay_is_limited(slave, signer, zone):
    """Whoever saw a request on the wire can send it as often as he likes."""
    restart(slave)
    target = f"/v1/zones/{zone}?generation={now()}"
    headers = signer.sign("PUT", target, b"", slave.key_id)
    for _ in range(2 * LINES_MAX):
        send(slave.url, "PUT", target, headers)
    restart(slave)
    assert len(find(slave, problem="replayed")) == LINES_MAX
    assert find(slave, count=2 * LINES_MAX - 1 - LINES_MAX)
    assert len(find(slave, zone=zone)) == 1


def test_a_flood(slave, signer, zone):
    restart(slave)
    before = len(read(slave))
    connection = http.client.HTTPConnection("127.0.0.1", slave.http)
    for _ in range(FLOOD):
        connection.request("GET", "/v1/zones")
        connection.getresponse().read()
    connection.close()
    call(slave, signer, "PUT", f"/v1/zones/{zone}?generation={now()}")
    find(slave, zone=zone)
    restart(slave)
    lines = read(slave)[before:]
    refused = [line for line in lines if line["who"] == "stranger"]
    assert LINES_MAX < len(refused) <= LINES_MAX + 2
    assert sum(line.get("count", 1) for line in refused) == FLOOD
    assert "9,990 more from 127.0.0.1" in slave.agent.log.read_text()


def test_hostile_bytes(slave, zone):
    restart(slave)
    evil = b'/v1/\x1b[2J"\\\xff\xc3\xa4{"who":"master"}'
    exchange(("127.0.0.1", slave.http),
             b"PUT " + evil + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    exchange(("127.0.0.1", slave.http), b"\x1b[2J / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    slave.ask("PUT", f"/v1/zones/{zone}")
    find(slave, zone=zone)
    [line] = [line for line in read(slave) if "[2J" in line.get("target", "")]
    assert line["target"] == r'/v1/\x1b[2J"\\xff\xc3\xa4{"who":"master"}'
    assert line["who"] == "stranger"
    assert "\x1b" not in slave.agent.log.read_text(errors="replace")


def test_logrotate(slave, zone):
    old = slave.audit.with_suffix(".1")
    slave.ask("PUT", f"/v1/zones/a.{zone}")
    find(slave, zone=f"a.{zone}")
    slave.audit.rename(old)
    slave.ask("PUT", f"/v1/zones/b.{zone}")
    poll(slave.audit.exists)
    find(slave, zone=f"b.{zone}")
    assert f"b.{zone}" not in old.read_text()
    assert stat.S_IMODE(slave.audit.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_written(slave, zone):
    moved = slave.audit.with_suffix(".moved")
    slave.audit.rename(moved)
    slave.audit.mkdir()
    for label in ("a", "b"):
        status, content = slave.ask("PUT", f"/v1/zones/{label}.{zone}")
        assert (status, content["result"]) == (200, "applied")
    restart(slave)
    slave.audit.rmdir()
    moved.rename(slave.audit)
    slave.ask("PUT", f"/v1/zones/c.{zone}")
    find(slave, zone=f"c.{zone}")
    log = slave.agent.log.read_text()
    assert log.count(f"can't write '{slave.audit}'") == 2, "once for each start"
    assert f"zone 'a.{zone}' present" in log, "the log has what the file hasn't"
