"""What Plesk does with zones, and what two slaves then serve."""

import json

from laboratory import plesk, poll

GONE = None


def served(lab, wanted):
    """Waits until both slaves serve what is wanted."""
    for slave in lab.slaves:
        slave.named.wait_for_serials(wanted)


def must(done):
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_created_updated_deleted(lab, master, zone):
    must(master.change("create", [zone]))
    served(lab, {zone: master.read_serials()[zone]})

    before = master.read_serials()[zone]
    must(master.change("update", [zone]))
    assert master.read_serials()[zone] > before
    served(lab, {zone: master.read_serials()[zone]})

    must(master.change("delete", [zone]))
    served(lab, {zone: GONE})


def test_several_commands_in_one_document(lab, master, zone):
    names = [f"a.{zone}", f"b.{zone}", f"c.{zone}"]
    must(master.change("create", names[:2]))
    commands = [*master.publish("delete", names[:1]), *master.publish("create", names[2:]),
                plesk.pointer_command("createPTRs", "192.0.2.1", "a.example"),
                plesk.pointer_command("deletePTRs", "2001:db8:1:0:0:0:0:10", "a.example")]
    must(master.hook(plesk.document(commands)))
    served(lab, {names[0]: GONE, **{name: master.read_serials()[name] for name in names[1:]}})


def test_idn_and_classless_reverse_zone(lab, master, zone):
    names = [f"xn--mnchen-3ya.{zone}", "64/26.100.51.198.in-addr.arpa"]
    must(master.change("create", names))
    served(lab, {name: master.read_serials()[name] for name in names})


def test_one_command_alone_is_a_document(lab, master, zone):
    [command] = master.publish("create", [zone])
    must(master.hook(json.dumps(command)))
    served(lab, {zone: master.read_serials()[zone]})


def test_capitals_and_the_final_dot(lab, master, zone):
    [command] = master.publish("create", [zone])
    command["zone"]["name"] = zone.upper() + "."
    must(master.hook(plesk.document([command])))
    served(lab, {zone: master.read_serials()[zone]})


def test_shapes_of_delete(lab, master, zone):
    for content in ({"name": zone}, {"name": zone + ".", "soa": None, "rr": None},
                    {"name": zone + ".", "soa": [], "rr": []}):
        must(master.change("create", [zone]))
        master.publish("delete", [zone])
        must(master.hook(plesk.document([{"command": "delete", "zone": content}])))
        served(lab, {zone: GONE})


def test_deleted_and_created_in_one_document_keeps_no_old_data(lab, master, zone):
    """Its serial went back: a slave that kept the old data would keep them for good."""
    must(master.change("create", [zone]))
    for _ in range(3):
        must(master.change("update", [zone]))
    old = master.read_serials()[zone]
    served(lab, {zone: old})

    deletion = master.publish("delete", [zone])
    [creation] = master.publish("create", [zone])
    file = master.directory / "zones" / f"{zone}.zone"
    file.write_text(plesk.render_zone_file(17))
    lines = master.zones_file.read_text().splitlines()
    assert any(zone in line for line in lines)
    master.named.rndc("reload", zone)
    master.named.wait_for_serials({zone: 17})

    must(master.hook(plesk.document([*deletion, creation])))
    served(lab, {zone: 17})


def test_the_last_state_in_a_document_counts(lab, master, zone):
    creation = master.publish("create", [zone])
    deletion = master.publish("delete", [zone])
    must(master.hook(plesk.document([*creation, *deletion])))
    served(lab, {zone: GONE})
    must(master.hook(plesk.document([])))


def test_nothing_is_left_of_a_deleted_zone(lab, master, zone):
    must(master.change("create", [zone]))
    served(lab, {zone: master.read_serials()[zone]})
    for slave in lab.slaves:
        poll(lambda data=slave.directory / "data": list(data.glob(f"{zone}.*.db")))
    must(master.change("delete", [zone]))
    for slave in lab.slaves:
        assert not list((slave.directory / "data").glob(f"{zone}.*"))
        assert zone not in slave.read_shards()
        assert not list(slave.include.parent.glob("shards/.*"))


def test_a_bulk(lab, master, zone):
    names = [f"n{number}.{zone}" for number in range(300)]
    commands = master.publish_many(names)
    must(master.hook(plesk.document(commands)))
    served(lab, {name: master.read_serials()[name] for name in names})
    master.publish("delete", names)
    must(master.hook(plesk.document([plesk.command("delete", name) for name in names])))
    served(lab, {names[0]: GONE, names[-1]: GONE})
