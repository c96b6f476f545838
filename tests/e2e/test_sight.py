"""What the master's administrator sees: status, explain and check."""

import json
import re

import pytest
from laboratory.basics import poll

DNS = re.compile(r"127\.0\.0\.1:\d+")


def run(lab, *words, status=0):
    done = lab.masters[0].run(*words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def wait_until_served(lab, *zones):
    for zone in zones:
        poll(lambda zone=zone: lab.masters[0].run("explain", zone).returncode == 0)


# Refusals.


@pytest.mark.parametrize(
    "words",
    [
        ["status", "--json", "x"],
        ["explain"],
        ["explain", "a.example", "b.example"],
        ["explain", "no name"],
        ["check"],
        ["check", "--all", "a.example"],
        ["check", "--sample", "0"],
        ["check", "--sample", "many"],
    ],
)
def test_command_lines_that_are_wrong(lab, words):
    assert lab.masters[0].run(*words).returncode == 2


def test_check_of_what_is_no_name(lab):
    done = lab.masters[0].run("check", "a.example", "no name")
    assert done.returncode == 1 and "check: " in done.stderr


# explain


def test_explain_what_nobody_wants(lab):
    text = run(lab, "explain", "nobody.example", status=1)
    assert "never heard of" in text and "`zonepush sync`" in text
    assert text.count("doesn't have it") == 2


def test_explain_what_is_served(lab):
    master = lab.masters[0]
    master.change("create", ["explained.example"])
    wait_until_served(lab, "explained.example")
    text = run(lab, "explain", "Explained.example.")
    serial = master.read_serials()["explained.example"]
    assert f"serial {serial}\n" in text and "->" not in text
    assert text.count(f"has it, applied, serving: serial {serial}, primary {serial}") == 2
    facts = json.loads(run(lab, "explain", "--json", "explained.example"))
    assert facts["well"] and facts["wanted"]["present"] and facts["primary"]["serial"] == serial
    assert [slave["serving"]["state"] for slave in facts["slaves"]] == ["serving"] * 2

    master.change("delete", ["explained.example"])
    assert "wanted     deleted, since" in run(lab, "explain", "explained.example")


def test_explain_what_is_behind(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    master.hook('[{"command":"create","zone":{"name":"late.example."}}]')
    poll(
        lambda: "isn't served" not in run(lab, "explain", "late.example", status=1)
        and "->" in run(lab, "explain", "late.example", status=1)
    )
    assert "refused: it doesn't have the zone" in run(lab, "explain", "late.example", status=1)

    run(lab, "slave", "pause", "slave1")
    master.change("create", ["paused.example"])
    text = run(lab, "explain", "paused.example", status=1)
    assert "owed since" in text and "`zonepush slave resume`" in text
    run(lab, "slave", "resume", "slave1")
    run(lab, "deliver")
    wait_until_served(lab, "paused.example")

    slave.ask("DELETE", "/v1/zones/paused.example?master=master1")
    text = run(lab, "explain", "paused.example", status=1)
    assert "-> it took the zone, and doesn't have it now: `zonepush sync`" in text

    slave.agent.stop()
    master.change("create", ["down.example"])
    text = run(lab, "explain", "down.example", status=1)
    assert "onnect" in text and "-> the change isn't delivered yet" in text


# check


def test_check_named_zones(lab):
    master = lab.masters[0]
    master.change("create", ["checked.example", "0/25.7.3.9.in-addr.arpa"])
    wait_until_served(lab, "checked.example", "0/25.7.3.9.in-addr.arpa")
    text = run(lab, "check", "checked.example", "0/25.7.3.9.in-addr.arpa")
    serial = str(master.read_serials()["checked.example"])
    assert text.count(serial) == 6 and "2, of which 0 differ" in text
    assert {int(port[10:]) for port in DNS.findall(text)} == {
        host.named.port for host in (master, *lab.slaves)
    }
    assert "1, of which 0 differ" in run(lab, "check", "--sample", "1")
    assert "ZONE" not in run(lab, "check", "--all")


def test_check_of_what_differs(make_lab):
    lab = make_lab(masters=1, slaves=2)
    master = lab.masters[0]
    master.change("create", ["same.example", "old.example"])
    wait_until_served(lab, "same.example", "old.example")
    run(lab, "slave", "pause", "slave2")
    master.change("update", ["old.example"])
    poll(
        lambda: lab.slaves[0].named.get_serial("old.example")
        == master.read_serials()["old.example"]
    )
    text = run(lab, "check", "--all", status=1)
    assert "same.example" not in text and "2, of which 1 differ" in text
    behind = [line for line in text.splitlines() if "slave2" in line]
    assert len(behind) == 1 and "behind; Plesk last changed it" in behind[0]

    lab.slaves[0].named.stop()
    text = run(lab, "check", "same.example", status=1)
    assert re.search(r"slave1 .* no answer", text) and re.search(r"slave2 .*\d+ *$", text, re.M)


# status


def test_status_for_monitoring(make_lab):
    lab = make_lab(masters=1, slaves=2)
    master = lab.masters[0]
    master.change("create", ["a.example", "b.example"])
    wait_until_served(lab, "a.example", "b.example")
    text = run(lab, "status", "--check")
    assert text == (
        "ZONEPUSH OK - 2 zones, 2 slaves | zones=2 served=2 pending=0 oldest=0s;60 failing=0 "
        "behind=0 slaves_in_trouble=0\n"
    )
    assert re.search(r"^slave1 +ok +ok +\S+ +2 +2 +0 +0 +0 +-$", run(lab, "status"), re.M)

    master.hook('[{"command":"create","zone":{"name":"nowhere.example."}}]')
    poll(lambda: master.run("status", "--check").returncode == 1)
    text = run(lab, "status", "--check", status=1)
    assert text.startswith("ZONEPUSH WARNING - ") and "slave1 (not all served)" in text
    facts = json.loads(run(lab, "status", "--json"))
    assert [slave["zones"]["served"] for slave in facts["slaves"]] == [2, 2]

    lab.slaves[1].agent.stop()
    text = run(lab, "status", "--check", status=2)
    assert text.startswith("ZONEPUSH CRITICAL - ") and "slave2 (unreachable)" in text
    run(lab, "slave", "pause", "slave2")
    assert master.run("status", "--check").returncode == 1

    (master.directory / "state" / "outbox.db").rename(master.directory / "outbox.db")
    (master.directory / "state" / "outbox.db").mkdir()
    assert run(lab, "status", "--check", status=3).startswith("ZONEPUSH UNKNOWN - ")
    assert master.run("status").returncode == 1


def test_counts_are_a_master_s_own(make_lab):
    """Another master's zones on the same slaves aren't counted."""
    lab = make_lab(masters=2, slaves=1)
    for number, master in enumerate(lab.masters):
        zones = [f"m{number}-{zone}.example" for zone in range(number + 2)]
        master.change("create", zones)
    for number, master in enumerate(lab.masters):
        wanted = number + 2
        poll(lambda master=master, wanted=wanted: f"served={wanted} "
             in master.run("status", "--check").stdout)
        facts = json.loads(master.must_run("status", "--json"))["slaves"][0]["zones"]
        assert facts == {
            "applied": wanted, "accepted": 0, "failing": 0, "served": wanted, "behind": 0
        }


# For programs.


def test_json_of_slaves_and_checks(lab):
    master = lab.masters[0]
    master.change("create", ["json.example"])
    wait_until_served(lab, "json.example")
    slaves = json.loads(run(lab, "slave", "list", "--json"))
    assert [(slave["name"], slave["paused"]) for slave in slaves] == [
        ("slave1", False), ("slave2", False)
    ]
    shown = json.loads(run(lab, "slave", "show", "slave2", "--json"))
    assert shown["reachable"] and shown["key"] == lab.slaves[1].key_id and shown["pending"] == 0

    facts = json.loads(run(lab, "check", "json.example", "--json"))
    assert (facts["checked"], facts["differing"]) == (1, 0)
    serial = master.read_serials()["json.example"]
    assert [(row["server"], row["serial"], row["right"], row["why"])
            for row in facts["zones"][0]["servers"]] == [
        (name, serial, True, None) for name in ("primary", "slave1", "slave2")
    ]
    assert json.loads(run(lab, "check", "--all", "--json"))["zones"] == []
    facts = json.loads(run(lab, "check", "none.example", "--json", status=1))
    assert facts["differing"] == 1 and not facts["zones"][0]["servers"][0]["right"]


def test_json_of_sync(lab):
    master = lab.masters[0]
    master.change("create", ["listed.example", "kept.example"])
    master.publish("delete", ["kept.example"])
    master.publish("create", ["unheard.example"])
    lab.slaves[0].ask("PUT", "/v1/zones/stray.example?master=master1", {})
    assert master.run("sync", "--json").returncode == 2
    facts = json.loads(run(lab, "sync", "--dry-run", "--json", status=1))
    assert facts["list"]["good"] and "unheard.example" in facts["added"]
    assert facts["absent"] == ["kept.example"] and facts["deleted"] == []
    assert [slave["strays"] for slave in facts["slaves"]] == [["stray.example"], []]
    facts = json.loads(run(lab, "sync", "--dry-run", "--json", "--from", "outbox", status=1))
    assert facts["list"] is None
