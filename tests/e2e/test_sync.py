"""`zonepush sync`: the outbox follows Plesk's own list, and slaves follow the outbox."""

import re
import sqlite3
import threading

import pytest
from laboratory import plesk

LABORATORY = {"masters": 1, "slaves": 2}
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def fresh(make_lab):
    """A laboratory of its own for tests in which it matters what else there is."""
    return make_lab(**LABORATORY)


def sync(lab, *words, status=0, content=""):
    done = lab.masters[0].run("sync", *words, content=content)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def get_signs(text):
    """The lines that begin with a sign."""
    return [line for line in text.splitlines() if re.match(r"[-+~!] ", line)]


def query(lab, sql, *values):
    with sqlite3.connect(lab.masters[0].directory / "state" / "outbox.db", timeout=20) as outbox:
        return outbox.execute(sql, values).fetchall()


def is_wanted(lab, zone):
    return query(lab, "SELECT present FROM zone WHERE name = ?", zone) == [(1,)]


def held_by(slave):
    return {row["zone"] for row in slave.ask("GET", "/v1/zones?limit=1000")[1]["zones"]}


# Refusals: what can't be known changes nothing.


def test_slaves_that_are_not_there(lab):
    done = lab.masters[0].run("sync", "slave1", "nobody")
    assert done.returncode == 1 and done.stdout == ""
    assert "no slave 'nobody'; known are: slave1, slave2" in done.stderr


@pytest.mark.parametrize("words", [["--from"], ["--what"], ["--prune=yes"]])
def test_options_that_are_wrong(lab, words):
    assert lab.masters[0].run("sync", *words).returncode == 2


@pytest.mark.parametrize(
    "source, words",
    [
        ("/nonexistent", "can't be opened (No such file or directory)"),
        ("/", "can't be read (Is a directory)"),
    ],
)
def test_lists_that_are_not_there(lab, source, words):
    done = lab.masters[0].run("sync", "--prune", "--from", source)
    assert done.returncode == 1 and words in done.stderr and "nothing is changed" in done.stderr


def test_plesk_that_fails(fresh):
    master = fresh.masters[0]
    master.change("create", ["a.example"])
    with master.plesk.told(fail="ERROR 2002 (HY000): Can't connect to MySQL"):
        done = master.run("sync", "--prune", "--force")
    assert done.returncode == 1
    assert "status 1: ERROR 2002 (HY000)" in done.stderr and "nothing is changed" in done.stderr
    assert is_wanted(fresh, "a.example")


@pytest.mark.parametrize(
    "told, words",
    [
        ({"zones": ""}, "it is empty"),
        ({"only": 1}, "it has 1 names, and Plesk counted 3 before and 3 after it"),
        ({"counts": "3\n4\n"}, "it has 3 names, and Plesk counted 3 before and 4 after it"),
        ({"counts": "0\n0\n", "zones": ""}, "it is empty"),
    ],
)
def test_lists_that_can_not_be_relied_on(fresh, told, words):
    """They only add, whatever is asked for."""
    master = fresh.masters[0]
    master.change("create", ["a.example", "b.example"])
    master.publish("create", ["c.example"])
    with master.plesk.told(**told):
        text = sync(fresh, "--prune", "--force", status=1)
    assert f"! the list can't be relied on ({words}): nothing is deleted for it" in text
    assert is_wanted(fresh, "a.example") and is_wanted(fresh, "b.example")
    assert query(fresh, "SELECT * FROM absent") == []


def test_many_deletions_need_force(fresh):
    master = fresh.masters[0]
    zones = [f"z{number:02}.example" for number in range(20)]
    master.change("create", zones)
    master.publish("delete", zones[:11])
    text = sync(fresh, "--prune", status=1)
    assert "! 11 of 20 zones would be deleted" in text and "--force" in text
    assert all(is_wanted(fresh, zone) for zone in zones)

    sync(fresh, "--prune", "--force")
    assert [zone for zone in zones if is_wanted(fresh, zone)] == zones[11:]
    assert held_by(fresh.slaves[0]) == set(zones[11:])


def test_entries_that_are_no_zones(fresh):
    """They are reported, and don't stop the rest."""
    text = "good.example\n\n  # a comment\nBad Name.example\nÄ.example\nother.example. # mine\n"
    done = fresh.masters[0].run("sync", "--from", "-", content=text)
    assert done.returncode == 1
    assert "'Bad Name.example' on the list is passed over" in done.stderr
    assert held_by(fresh.slaves[0]) == {"good.example", "other.example"}


def test_entries_that_can_not_be_read_may_be_what_is_missing(fresh):
    """An IDN in another spelling, say: nothing is deleted while there is one."""
    master = fresh.masters[0]
    master.change("create", ["xn--mnchen-3ya.example", "b.example"])
    with master.plesk.told(zones="münchen.example b.example"):
        text = sync(fresh, "--prune", "--force", status=1)
    assert "(1 of its entries can't be used): nothing is deleted for it" in text
    assert "- xn--mnchen-3ya.example (kept" in text
    assert is_wanted(fresh, "xn--mnchen-3ya.example")


# What it is for.


def test_nothing_to_do(fresh):
    fresh.masters[0].change("create", ["a.example"])
    text = sync(fresh, "--dry-run")
    assert get_signs(text) == []
    assert "slave1: 1 zones, the ones wanted" in text and "slave2: 1 zones" in text


def test_differences_of_the_list(fresh):
    master = fresh.masters[0]
    master.change("create", ["a.example", "gone.example"])
    master.publish("create", ["new.example", "0/25.2.0.192.in-addr.arpa"])
    master.publish("delete", ["gone.example"])
    signs = ["+ 0/25.2.0.192.in-addr.arpa", "+ new.example", "- gone.example (kept)"]
    before = query(fresh, "SELECT * FROM zone")
    assert get_signs(sync(fresh, "--dry-run", status=1)) == signs
    assert query(fresh, "SELECT * FROM zone") == before

    assert get_signs(sync(fresh)) == signs
    assert held_by(fresh.slaves[1]) == {
        "a.example", "gone.example", "new.example", "0/25.2.0.192.in-addr.arpa"
    }
    fresh.slaves[1].named.wait_for_serials({"new.example": master.read_serials()["new.example"]})
    assert "- gone.example (kept, missing since " in sync(fresh)
    assert get_signs(sync(fresh, "--prune")) == ["- gone.example"]
    assert held_by(fresh.slaves[1]) == {
        "a.example", "new.example", "0/25.2.0.192.in-addr.arpa"
    }
    assert get_signs(sync(fresh, "--dry-run")) == []


def test_differences_of_slaves(fresh):
    """Changed behind our back, by the slave's administrator."""
    master, slave = fresh.masters[0], fresh.slaves[0]
    master.change("create", [f"z{number}.example" for number in range(5)])
    master.change("create", ["deleted.example"])
    master.change("delete", ["deleted.example"])
    slave.ask("DELETE", "/v1/zones/z1.example?master=master1")
    slave.ask("PUT", "/v1/zones/deleted.example?master=master1", {})
    slave.ask("PUT", "/v1/zones/stray.example?master=master1", {})
    signs = [
        "+ z1.example",
        "- stray.example (kept, never wanted here)",
        "- deleted.example (kept, made there after it was deleted here)",
        "! if no other server uses this one's key (a clone?), --prune deletes what is kept",
    ]
    assert get_signs(sync(fresh, "--dry-run", status=1)) == signs
    assert get_signs(sync(fresh, "slave2")) == []
    assert get_signs(sync(fresh)) == signs
    everything = {f"z{number}.example" for number in range(5)}
    assert held_by(slave) == everything | {"stray.example", "deleted.example"}
    assert get_signs(sync(fresh, "--prune", "--from", "outbox")) == [
        "- stray.example", "- deleted.example"
    ]
    assert held_by(slave) == everything == held_by(fresh.slaves[1])


def test_a_slave_that_is_down(fresh):
    master = fresh.masters[0]
    master.publish("create", ["a.example"])
    fresh.slaves[1].agent.stop()
    text = sync(fresh, status=1)
    assert "slave2: can't be compared (" in text and held_by(fresh.slaves[0]) == {"a.example"}
    fresh.slaves[1].start_agent()
    master.run("deliver")
    assert held_by(fresh.slaves[1]) == {"a.example"}


def test_primaries(fresh):
    master, slave = fresh.masters[0], fresh.slaves[0]
    master.change("create", ["a.example"])
    was = f"127.0.0.1:{master.named.port}"
    configuration = master.configuration.read_text()
    master.configuration.write_text(f"{configuration}primaries = 192.0.2.9, [2001:db8::9]:5353\n")
    sign = f"~ primaries 192.0.2.9:53, [2001:db8::9]:5353 instead of {was}"
    assert get_signs(sync(fresh, "--dry-run", "slave1", status=1)) == [sign]
    assert get_signs(sync(fresh)) == [sign, sign]
    assert slave.ask("GET", "/v1/master")[1]["primaries"] == ["192.0.2.9:53", "[2001:db8::9]:5353"]
    assert get_signs(sync(fresh, "--dry-run")) == []


def test_from_named(fresh):
    master = fresh.masters[0]
    master.publish("create", ["a.example", "4.3.9.in-addr.arpa"])
    assert get_signs(sync(fresh, "--from", "named")) == ["+ 4.3.9.in-addr.arpa", "+ a.example"]


# By the hour: what is no longer active.


def age(lab, zone, days, lists):
    """As if the zone had been missing for so long."""
    query(
        lab,
        "UPDATE absent SET since = since - ?, lists = ? WHERE zone = ?",
        days * DAY_MS, lists, zone,
    )


def test_what_is_overdue(fresh):
    """Seven days, and three lists, this one included."""
    master = fresh.masters[0]
    zones = ["a.example", "old.example", "seldom.example", "young.example"]
    master.change("create", zones)
    master.publish("delete", zones[1:])
    sync(fresh, "--prune-overdue")
    age(fresh, "old.example", 7, 2)
    age(fresh, "seldom.example", 30, 1)
    age(fresh, "young.example", 6, 200)
    with master.plesk.told(counts="9\n9\n"):
        sync(fresh, "--prune-overdue", status=1)
    assert held_by(fresh.slaves[0]) == set(zones)

    text = sync(fresh, "--prune-overdue")
    assert "- old.example" in text.splitlines()
    assert held_by(fresh.slaves[0]) == {"a.example", "seldom.example", "young.example"}


@pytest.mark.parametrize("by_hook", [True, False])
def test_what_comes_back(fresh, by_hook):
    """A change by the hook, or a list with the zone, and the time counts anew."""
    master = fresh.masters[0]
    master.change("create", ["a.example", "b.example"])
    with master.plesk.told(zones="a.example"):
        sync(fresh)
        age(fresh, "b.example", 30, 9)
        if by_hook:
            master.change("update", ["b.example"])
    if not by_hook:
        sync(fresh)
    assert query(fresh, "SELECT * FROM absent") == []
    with master.plesk.told(zones="a.example"):
        assert "- b.example (kept" in sync(fresh, "--prune-overdue")
    assert is_wanted(fresh, "b.example")


def test_never(fresh):
    master = fresh.masters[0]
    master.change("create", ["a.example", "b.example"])
    configuration = master.configuration.read_text()
    master.configuration.write_text(f"{configuration}absent-after = 0\n")
    with master.plesk.told(zones="a.example"):
        sync(fresh)
        age(fresh, "b.example", 3000, 9999)
        assert "- b.example (kept, missing since" in sync(fresh, "--prune-overdue")
    assert is_wanted(fresh, "b.example")


def test_hooks_at_the_same_time(fresh):
    """Whatever happens while the list is read, the hook has the last word."""
    master = fresh.masters[0]
    zones = [f"z{number}.example" for number in range(12)]
    master.change("create", zones)
    stop = threading.Event()
    outcomes = []

    def sync_all_the_time():
        while not stop.is_set():
            outcomes.append(master.run("sync", "--prune", "--force"))

    thread = threading.Thread(target=sync_all_the_time)
    thread.start()
    try:
        for _ in range(4):
            for zone in zones[:6]:
                master.hook(plesk.document(master.publish("delete", [zone])))
            for zone in zones[:6]:
                master.hook(plesk.document(master.publish("create", [zone])))
    finally:
        stop.set()
        thread.join()
    assert outcomes and all("rror" not in done.stderr for done in outcomes)
    master.hook(plesk.document(master.publish("update", zones)))
    master.run("deliver")
    assert held_by(fresh.slaves[0]) == set(zones) == held_by(fresh.slaves[1])
