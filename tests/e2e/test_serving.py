"""Is it really served? What the agent sees over DNS, and what it does about it."""

import subprocess

import pytest
from laboratory import plesk
from laboratory.basics import poll, replace_file


@pytest.fixture
def one(make_lab):
    """A laboratory with one master and one slave."""
    return make_lab(masters=1, slaves=1)


def get(slave, zone, master="master1"):
    return slave.ask("GET", f"/v1/zones/{zone}?master={master}")[1]


def serving(slave, zone, master="master1"):
    return get(slave, zone, master)["serving"]


def wait_for_state(slave, zone, state, master="master1", seconds=15):
    poll(lambda: serving(slave, zone, master)["state"] == state, seconds)


def put(slave, zone, master="master1", content=None):
    assert slave.ask("PUT", f"/v1/zones/{zone}?master={master}", content or {})[0] in (200, 202)


def get_status(slave):
    return slave.ask("GET", "/v1/status")[1]


def edit(named, old, new):
    text = named.configuration.read_text()
    assert old in text
    replace_file(named.configuration, text.replace(old, new, 1))
    named.rndc("reconfig")


def test_a_zone_is_served(one):
    master, slave = one.masters[0], one.slaves[0]
    assert master.change("create", ["shop.example"]).returncode == 0
    wait_for_state(slave, "shop.example", "serving")
    seen = serving(slave, "shop.example")
    serial = master.read_serials()["shop.example"]
    assert (seen["serial"], seen["primary_serial"]) == (serial, serial)
    assert seen["checked"] > 1600000000

    assert master.change("update", ["shop.example"]).returncode == 0
    serial = master.read_serials()["shop.example"]
    poll(lambda: serving(slave, "shop.example")["serial"] == serial)
    assert get_status(slave)["serving"]["serving"] == 1
    assert "1 serving" in slave.must_run("status")
    assert "serving" in slave.must_run("zone", "list")

    assert master.change("delete", ["shop.example"]).returncode == 0
    poll(lambda: get_status(slave)["serving"]["serving"] == 0)


def test_what_no_master_wants_isnt_looked_at(one):
    slave = one.slaves[0]
    assert slave.ask("GET", "/v1/zones/none.example?master=master1")[0] == 404
    put(slave, "shop.example")
    assert "serving" in get(slave, "shop.example")
    # A master is shown nothing of what isn't its own.
    assert sum(get_status(slave)["serving"].values()) <= 1


def test_a_late_primary(one):
    """Plesk tells of a zone before its named has it, and of contents before it serves them."""
    master, slave = one.masters[0], one.slaves[0]
    put(slave, "late.example")
    wait_for_state(slave, "late.example", "primary-refuses")
    master.publish("create", ["late.example"])
    wait_for_state(slave, "late.example", "serving", seconds=20)

    commands = plesk.document([plesk.command("update", "late.example", 1)])
    assert master.hook(commands).returncode == 0
    master.publish("update", ["late.example"])
    serial = master.read_serials()["late.example"]
    poll(lambda: slave.named.get_serial("late.example") == serial, 20)


def test_a_primary_that_went_back(one):
    """A lower serial would never be fetched by named itself."""
    master, slave = one.masters[0], one.slaves[0]
    assert master.change("create", ["back.example"]).returncode == 0
    wait_for_state(slave, "back.example", "serving")
    replace_file(master.directory / "zones" / "back.example.zone", plesk.render_zone_file(5))
    master.named.stop()
    master.named.start()
    put(slave, "back.example", content={"serial": 5})
    poll(lambda: slave.named.get_serial("back.example") == 5)
    wait_for_state(slave, "back.example", "serving")


def test_a_signed_zone(one):
    """What named serves runs ahead of the serial that the hook was told."""
    master, slave = one.masters[0], one.slaves[0]
    keys = master.directory / "keys"
    keys.mkdir()
    line = 'zone "signed.example" { type primary; file "%s"; dnssec-policy default; ' \
           'inline-signing yes; key-directory "%s"; };\n'
    file = master.directory / "zones" / "signed"
    replace_file(file, plesk.render_zone_file(1000))
    conf = master.named.configuration
    replace_file(conf, conf.read_text() + line % (file, keys))
    master.named.rndc("reconfig")
    poll(lambda: (master.named.get_serial("signed.example") or 0) > 1000)

    put(slave, "signed.example", content={"serial": 1000})
    wait_for_state(slave, "signed.example", "serving")
    ahead = master.named.get_serial("signed.example")
    assert slave.named.get_serial("signed.example") == ahead > 1000

    replace_file(file, plesk.render_zone_file(ahead + 100))
    master.named.rndc("reload", "signed.example")
    put(slave, "signed.example", content={"serial": ahead + 100})
    poll(lambda: (slave.named.get_serial("signed.example") or 0) > ahead, 30)
    wait_for_state(slave, "signed.example", "serving")


def test_a_dead_primary_is_one_alarm(one):
    master, slave = one.masters[0], one.slaves[0]
    zones = [f"dead{number:02}.example" for number in range(20)]
    assert master.change("create", zones).returncode == 0
    for zone in zones:
        wait_for_state(slave, zone, "serving")
    master.named.stop()
    for zone in zones:
        put(slave, zone, content={"serial": 1})
    poll(lambda: len(get_status(slave)["primaries"]) == 1, 30)
    alarm = get_status(slave)["primaries"][0]
    assert alarm["address"] == f"127.0.0.1:{master.named.port}"
    assert alarm["state"] == "unreachable"
    poll(lambda: get_status(slave)["primaries"][0]["zones"] == len(zones), 30)
    log = slave.agent.log.read_text()
    assert log.count(f"primary 127.0.0.1:{master.named.port} doesn't answer") == 1
    done = slave.run("status")
    assert done.returncode == 1 and "doesn't answer: 20 zones" in done.stdout
    # It is served all the same.
    assert serving(slave, zones[0])["serial"] == master.read_serials()[zones[0]]

    master.named.start()
    poll(lambda: not get_status(slave)["primaries"], 60)
    poll(lambda: get_status(slave)["serving"]["serving"] == len(zones), 30)
    assert "answers again" in slave.agent.log.read_text()


def test_a_primary_that_refuses_queries(one):
    master, slave = one.masters[0], one.slaves[0]
    edit(master.named, "recursion no;", "recursion no;\n\tallow-query { none; };")
    put(slave, "private.example")
    wait_for_state(slave, "private.example", "primary-refuses")
    alarm = get_status(slave)["primaries"][0]
    assert (alarm["state"], alarm["zones"]) == ("refuses", 1)
    done = slave.run("status")
    assert done.returncode == 1 and "doesn't serve us some zones: 1 zones" in done.stdout


def test_a_primary_that_refuses_transfers(one):
    """It answers for the zone, so what stays is that the slave never gets it."""
    master, slave = one.masters[0], one.slaves[0]
    edit(master.named, "allow-transfer { 127.0.0.1; };", "allow-transfer { none; };")
    assert master.change("create", ["kept.example"]).returncode == 0
    wait_for_state(slave, "kept.example", "transferring")
    seen = serving(slave, "kept.example")
    assert seen["serial"] is None and seen["primary_serial"] is not None
    edit(master.named, "allow-transfer { none; };", "allow-transfer { 127.0.0.1; };")
    wait_for_state(slave, "kept.example", "serving", seconds=40)


def test_the_sweep_finds_what_named_lost(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    with slave.configuration.open("a") as file:
        file.write("sweep = 2\n")
    slave.agent.stop()
    slave.start_agent()
    assert master.change("create", ["lost.example", "kept.example"]).returncode == 0
    wait_for_state(slave, "lost.example", "serving")
    slave.named.rndc("delzone", "lost.example")
    poll(lambda: get_status(slave)["serving"]["missing"] == 1, 20)
    wait_for_log(slave, "named doesn't know zone 'lost.example'")
    poll(lambda: slave.named.knows("lost.example"), 30)
    wait_for_state(slave, "lost.example", "serving", seconds=30)


def wait_for_log(slave, words):
    poll(lambda: words in slave.agent.log.read_text(), 20)
    return slave.agent.log.read_text()


def test_a_zone_that_moves_gets_the_other_contents(make_lab):
    """Both masters have the zone with the same serial: only its contents tell them apart."""
    lab = make_lab(masters=2, slaves=1)
    slave = lab.slaves[0]
    serial = 1000
    for number, master in enumerate(lab.masters):
        file = master.directory / "zones" / "moving"
        text = plesk.render_zone_file(serial).replace("A 203.0.113.", f"A 198.51.10{number}.")
        replace_file(file, text)
        replace_file(master.zones_file,
                     f'zone "moving.example" {{ type primary; file "{file}"; }};\n')
        master.named.rndc("reconfig")
    poll(lambda: all(master.named.get_serial("moving.example") == serial for master in lab.masters))
    put(slave, "moving.example")
    wait_for_state(slave, "moving.example", "serving")
    assert slave.ask("PUT", "/v1/zones/moving.example?master=master2", {})[0] == 409
    assert slave.ask("DELETE", "/v1/zones/moving.example?master=master1")[0] == 200

    def address():
        return subprocess.run([slave.directory / "dig", "+short", "www.moving.example", "A"],
                              capture_output=True, text=True, check=True).stdout

    poll(lambda: address().startswith("198.51.101."), 20)
    wait_for_state(slave, "moving.example", "serving", "master2")


def test_many_zones_at_once(one):
    master, slave = one.masters[0], one.slaves[0]
    zones = [f"many{number:04}.example" for number in range(1000)]
    assert master.hook(plesk.document(master.publish_many(zones))).returncode == 0
    poll(lambda: get_status(slave)["serving"]["serving"] == len(zones), 60)
    assert get_status(slave)["primaries"] == []
