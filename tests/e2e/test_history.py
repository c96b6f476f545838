"""`zonepush log`: what was wanted when, and when each slave took it."""

import json
import re
import sqlite3

import pytest

LABORATORY = {"masters": 1, "slaves": 2}


def log(lab, *words, status=0):
    done = lab.masters[0].run("log", *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def events(lab, *words):
    return [(row["slave"], row["event"]) for row in json.loads(log(lab, *words, "--json"))]


@pytest.mark.parametrize(
    "words", [["a.example", "b.example"], ["no name"], ["--last"], ["--last", "0"], ["--last", "x"]]
)
def test_command_lines_that_are_wrong(lab, words):
    log(lab, *words, status=2)


def test_nothing(lab):
    assert log(lab, "never.example").splitlines()[1:] == []
    assert events(lab, "never.example") == []


def test_a_zone_s_life(lab):
    master = lab.masters[0]
    master.change("create", ["a.example", "other.example"])
    master.change("update", ["a.example"])
    master.change("delete", ["a.example"])
    story = events(lab, "a.example")
    assert [event for slave, event in story if slave is None] == ["wanted", "wanted", "deleted"]
    for slave in ("slave1", "slave2"):
        taken = [event for name, event in story if name == slave]
        assert len(taken) == 3 and set(taken) <= {"applied", "accepted", "unchanged"}
    assert story[0] == (None, "wanted")
    times = [row["at"] for row in json.loads(log(lab, "a.example", "--json"))]
    assert times == sorted(times)
    assert len(events(lab, "A.Example.", "--last", "2")) == 2
    assert "other.example" in log(lab) and "other.example" not in log(lab, "a.example")
    assert re.search(r"^\d{4}-\d\d-\d\d \S+ \S+ +a\.example +slave1 +\w+ +\d+ *$",
                     log(lab, "a.example"), re.M)


def test_refusals_are_noted_once(lab):
    master = lab.masters[0]
    master.hook('[{"command":"create","zone":{"name":"localhost."}}]')
    for _ in range(3):
        master.must_run("slave", "pause", "slave1")
        master.run("slave", "resume", "slave1")
    refusals = [row for row in json.loads(log(lab, "localhost", "--json"))
                if row["event"] == "refused"]
    assert len(refusals) == 2 and "reserved" in refusals[0]["detail"]
    master.hook('[{"command":"delete","zone":{"name":"localhost."}}]')


def test_a_slave_that_was_removed(make_lab):
    lab = make_lab(masters=1, slaves=1)
    lab.masters[0].change("create", ["a.example"])
    lab.masters[0].must_run("slave", "remove", "slave1")
    assert "(removed)" in log(lab, "a.example")


def test_it_is_bounded(make_lab):
    lab = make_lab(masters=1, slaves=1)
    path = lab.masters[0].directory / "state" / "outbox.db"
    with sqlite3.connect(path) as outbox:
        outbox.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000010)"
            " INSERT INTO history SELECT i, 1, 'old.example', i, 0, 'wanted', NULL FROM n"
        )
    lab.masters[0].change("create", ["new.example"])
    with sqlite3.connect(path) as outbox:
        assert outbox.execute("SELECT count(*) FROM history").fetchone() == (1000000,)
    assert [event for _, event in events(lab, "new.example")] == ["wanted", "applied"]
