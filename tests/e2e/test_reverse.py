"""PTR commands and the reverse zones that they are about."""

import json
import re

import pytest
from laboratory import plesk
from laboratory.basics import poll

LABORATORY = {"masters": 1, "slaves": 1}
ZONES = [
    "4.3.9.in-addr.arpa",
    "7.3.9.in-addr.arpa",
    "0/25.5.3.9.in-addr.arpa",
    "128-191.5.3.9.in-addr.arpa",
    "5.3.9.in-addr.arpa",
    "8.9.in-addr.arpa",
    "200.1.8.9.in-addr.arpa",
    "4.3.2.1.0.0.a.2.ip6.arpa",
    "0.1.0.0.4.3.2.1.0.0.a.2.ip6.arpa",
]


@pytest.fixture(scope="module")
def master(lab):
    master = lab.masters[0]
    master.publish("create", ZONES)
    configuration = master.configuration.read_text()
    master.configuration.write_text(f"{configuration}reverse-zones = yes\n")
    yield master


@pytest.fixture
def empty(lab, master):
    """Nothing is wanted; the zones are still there in named."""
    yield lab.slaves[0]
    lab.masters[0].must_run("sync", "--from", "outbox")
    for zone in held_by(lab.slaves[0]):
        assert master.hook(plesk.document([plesk.command("delete", zone)])).returncode == 0


def held_by(slave):
    return {row["zone"] for row in slave.ask("GET", "/v1/zones?limit=1000")[1]["zones"]}


def point(master, *addresses, word="createPTRs"):
    commands = [plesk.pointer_command(word, address, "a.example") for address in addresses]
    done = master.hook(plesk.document(commands))
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "9.3.4.300", "9.3.4", "::g", "9.250.1.2", "10.1.2.3", "192.168.1.1", "fe80::1",
     "127.0.0.1", "2a99::1"],
)
def test_addresses_without_a_zone(empty, master, address):
    """Named's own empty zones aren't what is meant, and what isn't an address hurts nobody."""
    assert point(master, address) == ""
    assert held_by(empty) == set()


def test_entries_without_an_address(empty, master):
    commands = [{"command": "createPTRs"}, {"command": "createPTRs", "ptr": {"ip_address": 7}}]
    assert master.hook(json.dumps(commands)).returncode == 0
    assert held_by(empty) == set()


@pytest.mark.parametrize(
    "address, zone",
    [
        ("9.3.4.10", "4.3.9.in-addr.arpa"),
        ("9.3.5.0", "0/25.5.3.9.in-addr.arpa"),
        ("9.3.5.127", "0/25.5.3.9.in-addr.arpa"),
        ("9.3.5.128", "128-191.5.3.9.in-addr.arpa"),
        ("9.3.5.191", "128-191.5.3.9.in-addr.arpa"),
        ("9.3.5.192", "5.3.9.in-addr.arpa"),
        ("9.8.77.1", "8.9.in-addr.arpa"),
        ("9.8.1.200", "200.1.8.9.in-addr.arpa"),
        ("2a00:1234:0000:0000:0000:0000:0000:0001", "4.3.2.1.0.0.a.2.ip6.arpa"),
        ("2A00:1234:0010:0000:0000:0000:0000:0001", "0.1.0.0.4.3.2.1.0.0.a.2.ip6.arpa"),
    ],
)
def test_the_closest_zone(empty, master, address, zone):
    assert point(master, address) == ""
    assert held_by(empty) == {zone}
    poll(lambda: empty.named.get_serial(zone) == master.read_serials()[zone])


def test_many_at_once(empty, master):
    point(master, "9.3.4.1", "9.3.4.2", "9.250.0.1", "9.3.7.7", "2a00:1234::1")
    assert held_by(empty) == {ZONES[0], ZONES[1], ZONES[7]}


def test_deletion_of_a_record_deletes_no_zone(empty, master):
    point(master, "9.3.4.1")
    point(master, "9.3.4.1", word="deletePTRs")
    assert held_by(empty) == {ZONES[0]}


def test_what_is_there_is_left_alone(empty, master):
    point(master, "9.3.4.1")
    generation = empty.ask("GET", f"/v1/zones/{ZONES[0]}")[1]["generation"]
    point(master, "9.3.4.2")
    assert empty.ask("GET", f"/v1/zones/{ZONES[0]}")[1]["generation"] == generation


def test_plesk_s_list_has_no_say(empty, master):
    """Such a zone isn't Plesk's; named's configuration is what tells whether it is there."""
    with master.plesk.told(zones="a.example"):
        point(master, "9.3.4.1")
        text = master.must_run("sync", "--prune", "--force")
        assert not re.search(r"^[-!]", text, re.M)
        assert ZONES[0] in held_by(empty)
        # Once Plesk names it itself, it is one like any other.
        master.change("update", [ZONES[0]])
        assert f"- {ZONES[0]}" in master.must_run("sync", "--prune")
    assert held_by(empty) == {"a.example"}


def test_without_the_option(empty, master):
    configuration = master.configuration.read_text()
    master.configuration.write_text(configuration.replace("reverse-zones = yes\n", ""))
    try:
        assert point(master, "9.3.4.1") == ""
    finally:
        master.configuration.write_text(configuration)
    assert held_by(empty) == set()


def test_a_name_server_that_is_down(empty, master):
    master.named.stop()
    try:
        commands = [plesk.pointer_command("createPTRs", "9.3.4.1", "a.example"),
                    plesk.command("create", "b.example")]
        done = master.hook(plesk.document(commands))
    finally:
        master.named.start()
    assert done.returncode == 0 and held_by(empty) == {"b.example"}
    assert "reverse zones of 1 addresses; `zonepush sync --from named` finds them" in done.stderr
