"""Secondaries that an administrator wrote by hand become the agent's, without a transfer."""

import pytest
from laboratory.basics import poll, replace_file

HAND = 'zone "{name}" {{\n\ttype secondary;\n\tfile "{file}";\n\tprimaries {{ {primary}; }};\n}};\n'


@pytest.fixture
def lab(make_lab):
    """A slave whose administrator configured zones by hand; it serves them."""
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    zones = [f"hand{number}.example" for number in range(8)]
    master.publish("create", zones)
    hand = slave.directory / "hand.conf"
    replace_file(hand, "".join(
        HAND.format(name=zone.upper() if zone.startswith("hand3") else zone, file=f"{zone}.db",
                    primary=f"127.0.0.1 port {master.named.port}") for zone in zones))
    conf = slave.named.configuration
    replace_file(conf, conf.read_text() + f'include "{hand}";\n')
    slave.named.rndc("reconfig")
    slave.named.wait_for_serials(master.read_serials())
    return lab


def hand_of(slave):
    return slave.directory / "hand.conf"


def adopt(slave, *words):
    return slave.run("adopt", "--master", "master1", "--from-file", hand_of(slave), *words)


def states(slave):
    rows = slave.ask("GET", "/v1/zones")[1]["zones"]
    return {(row["state"], row["problem"]) for row in rows}


def test_wrong_words(lab):
    slave = lab.slaves[0]
    for words in ([], ["--master", "master1"], ["--from-file", "x"], ["--master", "NO!"]):
        assert slave.run("adopt", *words).returncode == 2
    done = slave.run("adopt", "--master", "nobody", "--from-file", hand_of(slave))
    assert done.returncode == 1 and "there is no master 'nobody'" in done.stderr
    done = slave.run("adopt", "--master", "master1", "--from-file", "/nowhere")
    assert done.returncode == 1 and "/nowhere" in done.stderr
    replace_file(hand_of(slave), 'zone "x.example" {\n')
    done = adopt(slave)
    assert done.returncode == 1 and f"{hand_of(slave)}: line 2" in done.stderr


def test_a_dry_run_changes_nothing(lab):
    slave = lab.slaves[0]
    done = adopt(slave, "--dry-run")
    assert done.returncode == 0 and done.stdout.count("adopt ") == 8
    assert f"{hand_of(slave)}:6-10" in done.stdout
    assert slave.ask("GET", "/v1/zones")[1]["zones"] == []
    assert not list((slave.directory / "data").iterdir())


def test_what_isnt_the_agents_kind_is_left(lab):
    slave, port = lab.slaves[0], lab.masters[0].named.port
    primary = f"127.0.0.1 port {port}"
    left = {
        "other-primary.example": "type secondary; primaries { 192.0.2.1; };",
        "more-primaries.example": f"type secondary; primaries {{ {primary}; 192.0.2.1; }};",
        "with-key.example": f"type secondary; primaries {{ {primary} key k; }};",
        "primary.example": 'type primary; file "x.db";',
        "options.example": f"type secondary; primaries {{ {primary}; }}; notify no;",
        "text.example": f"type secondary; primaries {{ {primary}; }}; masterfile-format text;",
        "no_primaries.example": "type secondary;",
    }
    text = hand_of(slave).read_text()
    replace_file(hand_of(slave), text + "".join(
        f'zone "{name}" {{ {body} }};\n' for name, body in left.items()))
    done = adopt(slave, "--dry-run")
    for name in left:
        line = next(line for line in done.stdout.splitlines() if name in line)
        assert line.startswith("left ") and len(line.split("  ")) > 2
    assert done.stdout.count("adopt ") == 8


def test_zones_are_taken_over(lab):
    master, slave = lab.masters[0], lab.slaves[0]
    serials = master.read_serials()
    done = adopt(slave)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("waits ") == 8 and "8 waiting" in done.stdout
    assert states(slave) == {("failing", "by-hand")}
    # Again is no harm.
    assert adopt(slave).returncode == 0

    # The primary is down: what is served afterwards is what was copied. (Until named has read that,
    # it answers SERVFAIL for some ms: to named, a zone with another file is another zone.)
    master.named.stop()
    log = slave.named.daemon.log
    before = log.read_text(errors="replace").count("command 'reconfig'")
    replace_file(hand_of(slave), "")
    poll(lambda: states(slave) == {("applied", None)})
    assert log.read_text(errors="replace").count("command 'reconfig'") == before + 1
    slave.named.wait_for_serials(serials)

    master.named.start()
    assert master.change("update", ["hand1.example"]).returncode == 0
    slave.named.wait_for_serials(master.read_serials())


def test_from_a_copy_at_once(lab):
    """The lines are gone already: the file is a copy of what was."""
    slave = lab.slaves[0]
    copy = slave.directory / "copy.conf"
    copy.write_text(hand_of(slave).read_text())
    replace_file(hand_of(slave), "")
    done = slave.run("adopt", "--master", "master1", "--from-file", copy)
    assert done.returncode == 0 and "8 adopted, 0 waiting" in done.stdout
    assert states(slave) == {("applied", None)}
