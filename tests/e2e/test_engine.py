"""How the agent brings zones to named: what it writes, what it tells, and what it leaves alone."""

import re
import shutil
import time

import pytest
from laboratory.basics import poll, replace_file

COMMAND = re.compile(r"received control channel command '(\w+)")


class Commands:
    """The control commands that change named, as its log shows them, from now on."""

    def __init__(self, slave):
        self.log = slave.named.daemon.log
        self.before = len(self._read())

    def _read(self):
        words = COMMAND.findall(self.log.read_text(errors="replace"))
        return [word for word in words if word not in ("status", "null", "zonestatus")]

    def read(self):
        return self._read()[self.before :]


def put(slave, zone):
    status, answer = slave.ask("PUT", f"/v1/zones/{zone}?master=master1", {})
    assert (status, answer["result"]) == (200, "applied")


def delete(slave, zone):
    status, answer = slave.ask("DELETE", f"/v1/zones/{zone}?master=master1")
    assert (status, answer["result"]) == (200, "applied")


def post(slave, zones, present=True):
    """All zones in one document; the set of results."""
    generation = time.time_ns() // 1000
    content = {"changes": [{"zone": zone, "present": present, "generation": generation}
                           for zone in zones]}
    status, answer = slave.ask("POST", "/v1/changes?master=master1", content)
    assert status == 200
    return {result["result"] for result in answer["results"]}


def restart(slave, between=lambda: None):
    slave.agent.stop()
    between()
    slave.start_agent()


def wait_for_named(slave):
    """Until the agent has compared everything, and asked named."""
    poll(lambda: slave.ask("GET", "/v1/status")[1]["named"]["running"] is not None)


def test_a_creation_is_one_reconfig_and_a_deletion_none(slave, zone):
    commands = Commands(slave)
    put(slave, zone)
    assert commands.read()[0] == "reconfig"
    assert slave.named.knows(zone) and f'"{zone}"' in slave.read_shards()

    commands = Commands(slave)
    delete(slave, zone)
    assert "delzone" in commands.read() and "reconfig" not in commands.read()
    assert not slave.named.knows(zone) and f'"{zone}"' not in slave.read_shards()


def test_a_deleted_zone_stays_away_after_a_reconfig(slave, zone):
    put(slave, zone)
    delete(slave, zone)
    slave.named.rndc("reconfig")
    assert not slave.named.knows(zone)


def test_a_bulk_is_one_reconfig(make_lab):
    slave = make_lab(masters=1, slaves=1).slaves[0]
    zones = [f"bulk{number:04}.example" for number in range(1500)]
    commands = Commands(slave)
    assert post(slave, zones) == {"applied"}
    assert commands.read().count("reconfig") == 1
    assert all(f'"{zone}"' in slave.read_shards() for zone in zones)

    # Deleting most of them one by one would take longer than reading what is left.
    commands = Commands(slave)
    assert post(slave, zones[1:], present=False) == {"applied"}
    assert commands.read().count("reconfig") == 1 and "delzone" not in commands.read()
    assert not slave.named.knows(zones[1]) and slave.named.knows(zones[0])


def test_a_restart_doesnt_touch_named_where_nothing_differs(make_lab):
    slave = make_lab(masters=1, slaves=1).slaves[0]
    assert post(slave, [f"z{number}.example" for number in range(50)]) == {"applied"}
    commands = Commands(slave)
    shards = slave.read_shards()
    restart(slave)
    wait_for_named(slave)
    assert not [word for word in commands.read() if word in ("reconfig", "delzone", "reload")]
    assert slave.read_shards() == shards


@pytest.mark.parametrize("damage", ["truncated", "emptied", "removed", "one letter", "one more"])
def test_a_damaged_shard_is_mended_at_the_start(make_lab, damage):
    slave = make_lab(masters=1, slaves=1).slaves[0]
    put(slave, "some.example")
    whole = slave.read_shards()
    shard = next(path for path in slave.shards if "some.example" in path.read_text())
    text = shard.read_text()

    def harm():
        if damage == "removed":
            shard.unlink()
            return
        replace_file(shard, {
            "truncated": text[:30],
            "emptied": "",
            "one letter": text.replace("secondary", "secondarY"),
            "one more": text.splitlines()[0].replace("some.", "more.") + "\n" + text,
        }[damage])

    restart(slave, harm)
    wait_for_named(slave)
    assert slave.read_shards() == whole
    assert slave.named.knows("some.example") and not slave.named.knows("more.example")


@pytest.mark.parametrize("count", [40, 3])
def test_zones_dont_vanish_with_the_registry(make_lab, count):
    lab = make_lab(masters=1, slaves=1)
    slave = lab.slaves[0]
    zones = [f"kept{number}.example" for number in range(count)]
    assert post(slave, zones) == {"applied"}
    whole = slave.read_shards()

    def lose():
        for file in (slave.directory / "state").glob("registry.db*"):
            file.unlink()

    restart(slave, lose)
    poll(lambda: "would vanish" in (slave.ask("GET", "/v1/status")[1]["named"]["error"] or ""))
    assert slave.run("status").returncode == 1
    assert slave.read_shards() == whole and slave.named.knows(zones[0])

    # What masters want from now on is kept, but waits.
    words = ["--primaries", "127.0.0.1", "--", "master1", lab.masters[0].key_id]
    slave.must_run("master", "add", *words)
    status, answer = slave.ask("PUT", "/v1/zones/new.example", {})
    assert (status, answer["result"]) == (202, "accepted")
    assert slave.read_shards() == whole

    # Masters that send everything again bring the registry back by themselves.
    assert post(slave, zones) == {"applied"}
    assert slave.named.knows(zones[0]) and slave.named.knows("new.example")
    assert slave.run("status").returncode == 0


def test_zones_vanish_when_the_administrator_says_so(make_lab):
    slave = make_lab(masters=1, slaves=1).slaves[0]
    assert post(slave, [f"gone{number}.example" for number in range(40)]) == {"applied"}

    def lose():
        for file in (slave.directory / "state").glob("registry.db*"):
            file.unlink()

    restart(slave, lose)
    poll(lambda: "zonepush-agent shrink" in (slave.ask("GET", "/v1/status")[1]["named"]["error"]
                                             or ""))
    assert slave.run("shrink", "now").returncode == 2
    done = slave.run("shrink")
    assert done.returncode == 0, done.stderr
    assert "gone" not in slave.read_shards() and not slave.named.knows("gone1.example")
    assert slave.run("status").returncode == 0


def test_an_include_of_the_first_version_is_replaced(make_lab):
    slave = make_lab(masters=1, slaves=1).slaves[0]
    put(slave, "old.example")
    whole, include = slave.read_shards(), slave.include.read_text()

    def go_back():
        replace_file(slave.include, "# all zones in one file\n" + "".join(
            line + "\n" for line in whole.splitlines() if line.startswith("zone ")))
        shutil.rmtree(slave.include.parent / "shards")
        slave.named.rndc("reconfig")

    restart(slave, go_back)
    poll(lambda: slave.include.read_text() == include)
    assert slave.read_shards() == whole and slave.named.knows("old.example")


def test_a_zone_beside_another_masters(make_lab):
    lab = make_lab(masters=2, slaves=1)
    slave = lab.slaves[0]
    put(slave, "shop.example")
    put(slave, "a.b.other.example")

    for zone, where in [("sub.shop.example", "above"), ("other.example", "below")]:
        status, problem = slave.ask("PUT", f"/v1/zones/{zone}?master=master2", {})
        assert (status, problem["type"]) == (409, "urn:zonepush:problem:overlap")
        assert where in problem["detail"] and "overlap-allow" in problem["detail"]
        assert slave.ask("GET", f"/v1/zones/{zone}?master=master2")[1]["state"] == "claimed"

    # No label in common, whatever the letters look like.
    status, answer = slave.ask("PUT", "/v1/zones/notshop.example?master=master2", {})
    assert (status, answer["result"]) == (200, "applied")
    listed = slave.must_run("zone", "list")
    assert "overlap" in listed and "claimed" in listed

    def allow():
        with slave.configuration.open("a") as file:
            file.write("overlap-allow = master2\n")

    restart(slave, allow)
    status, answer = slave.ask("PUT", "/v1/zones/sub.shop.example?master=master2", {})
    assert (status, answer["result"]) == (200, "applied")


def test_what_named_refuses_after_all(make_lab):
    """named-checkconf takes it, named doesn't: what was there before is put back at once."""
    slave = make_lab(masters=1, slaves=1).slaves[0]
    put(slave, "kept.example")
    whole = slave.read_shards()
    hand = slave.directory / "hand.db"
    hand.write_text("")
    conf = slave.named.configuration
    line = f'zone "hand.example" {{ type primary; file "{hand}"; }};\n'
    replace_file(conf, conf.read_text() + line)
    with slave.configuration.open("a") as file:
        file.write("named-checkconf = /bin/true\n")
    restart(slave)

    status, problem = slave.ask("PUT", "/v1/zones/hand.example?master=master1", {})
    assert (status, problem["type"].rpartition(":")[2]) == (503, "named-refused")
    assert slave.read_shards() == whole and slave.named.knows("kept.example")
    assert slave.run("status").returncode == 1
    slave.agent.stop()
    slave.named.stop()
    slave.named.start()

    # With a named-checkconf that sees it the others go on, and the zone waits for its name.
    replace_file(slave.configuration, slave.configuration.read_text().replace(
        "named-checkconf = /bin/true\n", ""))
    slave.start_agent()
    put(slave, "more.example")
    row = slave.ask("GET", "/v1/zones/hand.example?master=master1")[1]
    assert (row["state"], row["problem"]) == ("failing", "by-hand")
