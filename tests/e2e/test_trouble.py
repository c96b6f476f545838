"""Slaves, agents and networks that fail, and come back: nothing is lost, nothing is believed wrongly."""

import signal
import socket

import pytest
from laboratory import plesk, poll
from wire import Middle

OUTBOX = """\
state = {folder}/state
key = {key}
group =
deadline = 2
retry-min = {retry_min}
retry-max = 10
"""


class Outbox:
    """A second outbox of the master, with slaves of its own."""

    def __init__(self, master, folder, retry_min):
        self.master = master
        self.conf = folder / "zonepush.conf"
        self.conf.write_text(OUTBOX.format(folder=folder, key=master.key, retry_min=retry_min))

    def run(self, *words, content=""):
        return self.master.run("-c", str(self.conf), *words, content=content)

    def hook(self, *commands):
        return self.run("hook", content=plesk.document(list(commands)))


@pytest.fixture
def outbox(master, folder):
    return Outbox(master, folder, 0.2)


@pytest.fixture
def patient_outbox(master, folder):
    """One that doesn't try a failed slave again while a test runs."""
    return Outbox(master, folder, 10)


def created(master, zone):
    [command] = master.publish("create", [zone])
    return command


def test_one_slave_down_then_back(make_lab):
    lab = make_lab(masters=1, slaves=2)
    master, (good, bad) = lab.masters[0], lab.slaves
    bad.agent.stop()
    done = master.change("create", ["a.example"])
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1 and "slave 'slave2'" in done.stderr
    assert (master.directory / "state" / "due").exists(), "who watches it is woken"
    good.named.wait_for_serials(master.read_serials())

    done = master.change("create", ["b.example"])
    assert (done.returncode, done.stderr) == (0, ""), "later hooks don't wait for it"
    master.change("delete", ["a.example"])
    status = master.run("status")
    assert status.returncode == 1 and "unreachable" in status.stdout

    bad.start_agent()
    assert master.run("deliver").returncode == 0
    bad.named.wait_for_serials({**master.read_serials(), "a.example": None})
    assert master.run("status").returncode == 0


def read_rows(slave):
    """What the registry has of all zones; how they are served is seen anew."""
    zones = slave.ask("GET", "/v1/zones")[1]["zones"]
    return [{key: zone[key] for key in zone if key != "serving"} for zone in zones]


def test_agent_killed_and_restarted(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    assert master.change("create", ["a.example", "b.example"]).returncode == 0
    before = read_rows(slave)
    instance = slave.ask("GET", "/v1/status")[1]["instance"]
    configured = slave.named.rndc("status").partition("last configured:")[2].splitlines()[0]

    slave.agent.stop(signal.SIGKILL)
    slave.start_agent()
    assert read_rows(slave) == before
    assert slave.ask("GET", "/v1/status")[1]["instance"] == instance
    again = slave.named.rndc("status").partition("last configured:")[2].splitlines()[0]
    assert again == configured, "where nothing differs, named isn't touched"
    assert master.change("delete", ["a.example"]).stderr == ""
    slave.named.wait_for_serials({"a.example": None, **master.read_serials()})


def test_a_slave_made_anew_gets_everything_again(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    assert master.change("create", ["a.example", "b.example"]).returncode == 0
    assert master.change("delete", ["b.example"]).returncode == 0

    slave.agent.stop()
    for file in (slave.directory / "state").iterdir():
        file.unlink()
    slave.start_agent()
    slave.must_run("master", "add", "master1", master.key_id, "--primaries",
                   f"127.0.0.1:{master.named.port}")
    done = master.change("create", ["c.example"])
    assert done.returncode == 0 and "made anew" in done.stderr
    assert master.run("deliver").returncode == 0
    slave.named.wait_for_serials({"b.example": None, **master.read_serials()})
    assert len(slave.ask("GET", "/v1/zones")[1]["zones"]) == 2


def test_named_down(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    slave.named.stop()
    done = master.change("create", ["a.example"])
    assert (done.returncode, done.stderr) == (0, ""), "accepted is a success"
    zone = slave.ask("GET", "/v1/zones/a.example")[1]
    assert zone["state"] == "accepted"
    status = slave.run("status")
    assert status.returncode == 1 and "control channel" in status.stdout
    assert "a.example" in slave.read_shards()

    slave.named.start()
    slave.named.wait_for_serials(master.read_serials())
    poll(lambda: slave.ask("GET", "/v1/zones/a.example")[1]["state"] == "applied")
    assert slave.run("status").returncode == 0


def test_a_broken_configuration_and_a_zone_by_hand(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    conf = slave.named.configuration
    whole = conf.read_text()

    conf.write_text(whole + 'zone "half')
    done = master.change("create", ["a.example"])
    assert done.returncode == 0 and "named-config-broken" in done.stderr
    assert slave.ask("GET", "/v1/zones/a.example")[1]["state"] == "accepted"
    assert "a.example" not in slave.read_shards()

    conf.write_text(whole + f'zone "b.example" {{ type primary; file "{slave.directory}/b"; }};\n')
    (slave.directory / "b").write_text(plesk.render_zone_file(7))
    slave.named.rndc("reconfig")
    done = master.change("create", ["b.example"])
    assert done.returncode == 0 and "by-hand" in done.stderr
    assert "already exists" in done.stderr
    slave.named.wait_for_serials({"a.example": master.read_serials()["a.example"], "b.example": 7})
    zone = slave.ask("GET", "/v1/zones/b.example")[1]
    assert zone["state"] == "failing" and "already exists" in zone["error"]
    assert slave.run("status").returncode == 1
    assert "b.example" in slave.run("zone", "list").stdout

    # Once it is gone there, the master's next try succeeds.
    conf.write_text(whole)
    assert master.run("deliver").returncode == 0
    slave.named.wait_for_serials(master.read_serials())
    assert slave.run("status").returncode == 0


def forge(data):
    """Another outcome, with a digest that fits."""
    return data.replace(b'"applied"', b'"refused"').replace(b"200 OK", b"200 ok")


REPLIES = {
    "altered": forge,
    "unsigned": lambda data: b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + b'{"results":[]}',
    "proxy error": lambda data: b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    "another status": lambda data: data.replace(b"HTTP/1.1 200", b"HTTP/1.1 500"),
    "truncated": lambda data: data[:-5],
    "nothing": lambda data: b"",
    "redirect": lambda data: b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                             b"Content-Length: 0\r\n\r\n",
    "endless head": lambda data: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10000 + b"\r\n",
}


@pytest.mark.parametrize("change", REPLIES.values(), ids=REPLIES.keys())
def test_a_reply_that_is_not_the_agents(master, slave, outbox, zone, change):
    with Middle(slave, replies=change) as middle:
        added = outbox.run("slave", "add", "s", "--key", slave.key_id, middle.url)
        assert added.returncode == 1 and "doesn't answer as it should" in added.stderr
        done = outbox.hook(created(master, zone))
        assert done.returncode == 0 and "slave 's'" in done.stderr
        assert '"pending": 1' in outbox.run("status", "--json").stdout

        # What is still owed is delivered once replies come as they should.
        middle.change_reply = lambda data: data
        assert outbox.run("deliver").returncode == 0
        assert outbox.run("status").returncode == 0


def test_a_slave_that_accepts_and_never_answers(master, slave, patient_outbox, zone):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert patient_outbox.run("slave", "add", "good", "--key", slave.key_id, slave.url).returncode == 0
        added = patient_outbox.run("slave", "add", "silent", "--key", slave.key_id, url)
        assert added.returncode == 1 and "doesn't answer" in added.stderr

        done = patient_outbox.hook(created(master, zone))
        assert done.returncode == 0
        assert len(done.stderr.splitlines()) == 1 and "slave 'silent'" in done.stderr
        assert slave.ask("GET", f"/v1/zones/{zone}")[1]["state"] == "applied"
        # The breaker: the next hook doesn't even try.
        assert patient_outbox.hook(plesk.command("update", zone, 1)).stderr == ""


def test_a_reply_recorded_earlier(master, slave, outbox, zone):
    with Middle(slave) as middle:
        replies = []
        middle.change_reply = lambda data: replies.append(data) or data
        assert outbox.run("slave", "add", "s", "--key", slave.key_id, middle.url).returncode == 0
        command = created(master, zone)
        assert outbox.hook(command).stderr == ""
        middle.change_reply = lambda data: replies[-1]
        done = outbox.hook(command)
        assert done.returncode == 0 and "another request" in done.stderr


def test_a_reply_of_another_agent(lab, master, slave, outbox, zone):
    other = lab.slaves[1]
    added = outbox.run("slave", "add", "s", "--key", other.key_id, slave.url)
    assert added.returncode == 1 and "isn't rightly signed" in added.stderr
    done = outbox.hook(created(master, zone))
    assert done.returncode == 0 and "isn't rightly signed" in done.stderr


def test_a_request_altered_on_the_way(master, slave, outbox, zone):
    change = lambda data: data.replace(zone.encode(), b"x" + zone[1:].encode())  # noqa: E731
    with Middle(slave, requests=change) as middle:
        assert outbox.run("slave", "add", "s", "--key", slave.key_id, middle.url).returncode == 0
        done = outbox.hook(created(master, zone))
        assert done.returncode == 0 and "slave 's'" in done.stderr
        assert slave.ask("GET", f"/v1/zones/x{zone[1:]}")[0] == 404
        middle.change_request = lambda data: data
        assert outbox.run("deliver").returncode == 0
        assert slave.ask("GET", f"/v1/zones/{zone}")[0] == 200


def test_an_outbox_that_was_lost(master, slave, folder, outbox, zone):
    """The slave knows newer generations than a restored or cloned outbox: what is wanted now counts."""
    add = ("slave", "add", "s", "--key", slave.key_id, slave.url)
    assert outbox.run(*add).returncode == 0
    outbox.hook(created(master, zone))
    ahead = 2**52
    status, _ = slave.ask("PUT", f"/v1/zones/{zone}?generation={ahead}&master=master1")
    assert status == 200
    master.publish("delete", [zone])
    done = outbox.hook(plesk.command("delete", zone))
    assert done.returncode == 0 and "restored or cloned" in done.stderr
    assert slave.ask("GET", f"/v1/zones/{zone}")[0] == 404
    assert '"pending": 0' in outbox.run("status", "--json").stdout


def test_many_hooks_at_once(master, slave, lab, zone):
    import concurrent.futures

    names = [f"n{number}.{zone}" for number in range(50)]
    documents = [plesk.document([command]) for command in master.publish("create", names)]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        done = list(pool.map(master.hook, documents))
    assert [one.returncode for one in done] == [0] * 50
    assert master.run("deliver").returncode == 0
    serials = master.read_serials()
    for machine in lab.slaves:
        machine.named.wait_for_serials({name: serials[name] for name in names})
