"""`zonepush-agent guard`, which named's unit runs first: named starts, whatever became of our files.

In each test but those about a running agent both programs are stopped, and something is broken.
"""

import contextlib

import pytest
from laboratory import plesk
from laboratory.basics import LabError, poll, replace_file

ZONES = [f"z{number:02}.example" for number in range(40)]


@pytest.fixture(scope="module")
def shared(lab):
    """A slave with zones."""
    slave = lab.slaves[0]
    content = {"changes": [{"zone": zone, "present": True, "generation": 1} for zone in ZONES]}
    assert slave.ask("POST", "/v1/changes?master=master1", content)[0] == 200
    replace_file(slave.directory / "hand.db", plesk.render_zone_file(7))
    return slave


@pytest.fixture
def slave(shared):
    """Stopped; what the test changed is put back behind it."""
    shared.stop()
    conf = shared.named.configuration.read_text()
    agent_conf = shared.configuration.read_text()
    shards = {path: path.read_text() for path in shared.shards}
    include = shared.include.read_text()
    yield shared
    shared.stop()
    replace_file(shared.named.configuration, conf)
    replace_file(shared.configuration, agent_conf)
    for path, text in shards.items():
        replace_file(path, text)
    replace_file(shared.include, include)
    for runtime in shared.directory.glob("_default.nz*"):
        runtime.unlink()
    shared.start()


def guard(slave):
    """What it says; it never fails."""
    done = slave.run("guard")
    assert done.returncode == 0, done.stderr
    return done.stderr


def check(slave):
    """What --check says, and that it changes nothing."""
    before = {path: path.read_bytes() for path in [slave.include, *slave.shards]}
    done = slave.run("guard", "--check")
    assert before == {path: path.read_bytes() for path in [slave.include, *slave.shards]}
    return done.returncode, done.stderr


def starts(slave):
    try:
        slave.named.start()
    except LabError:
        slave.named.stop()
        return False
    return True


def count_zones(slave):
    return slave.read_shards().count('zone "')


def add_to_configuration(slave, text):
    conf = slave.named.configuration
    replace_file(conf, conf.read_text() + text)


def shard_of(slave, zone):
    return next(path for path in slave.shards if f'"{zone}"' in path.read_text())


def test_nothing_is_wrong(slave):
    before = slave.read_shards()
    assert check(slave) == (0, "")
    assert guard(slave) == ""
    assert slave.read_shards() == before and starts(slave)


def test_wrong_words(slave):
    assert slave.run("guard", "now").returncode == 2
    assert slave.run("guard", "--chekc").returncode == 2


@pytest.mark.parametrize("damage", ["truncated", "emptied", "removed", "one byte", "garbage"])
@pytest.mark.parametrize("source", ["registry", "previous", "lines"])
def test_a_damaged_shard(slave, damage, source):
    shard = shard_of(slave, "z07.example")
    text = shard.read_text()
    previous = shard.with_name(shard.name + ".previous")
    kept = previous.read_text() if previous.exists() else None
    registry = slave.directory / "state" / "registry.db"
    aside = registry.with_name("registry.kept")
    if source != "registry":
        registry.rename(aside)
    if source == "previous":
        replace_file(previous, text)
    elif source == "lines":
        previous.unlink(missing_ok=True)
    broken = {
        "truncated": text[: len(text) // 2],
        "emptied": "",
        "one byte": text.replace("secondary", "secondarz", 1),
        "garbage": text + "options { };\n",
    }
    if damage == "removed":
        shard.unlink()
    else:
        replace_file(shard, broken[damage])

    try:
        code, words = check(slave)
        assert code == 1 and str(shard) in words and "can be restored" in words
        assert f"'{shard}' is damaged" in guard(slave)
        if source != "lines" or damage == "garbage":
            assert shard.read_text() == text
        assert check(slave)[0] == 0
        assert starts(slave)
    finally:
        if source != "registry":
            for file in registry.parent.glob("registry.db*"):
                file.unlink()
            aside.rename(registry)
        if kept is not None:
            replace_file(previous, kept)


def test_an_include_that_was_emptied(slave):
    wanted = slave.include.read_text()
    replace_file(slave.include, wanted[: len(wanted) // 2 + 9])
    assert not starts(slave)
    assert check(slave)[0] == 1
    assert str(slave.include) in guard(slave)
    assert slave.include.read_text() == wanted and starts(slave)


@pytest.mark.parametrize("spelling", ["z07.example", "Z07.Example.", r"\1220\055.example",
                                      r"z07\.example", r"\z07.example"])
def test_a_zone_by_hand(slave, spelling):
    spelling = spelling.replace(r"\055", "7")
    add_to_configuration(
        slave, f'zone "{spelling}" {{ type primary; file "{slave.directory}/hand.db"; }};\n')
    # An escaped dot is part of a label: another zone.
    if spelling == r"z07\.example":
        assert guard(slave) == "" and starts(slave)
        return
    assert not starts(slave)
    assert check(slave)[0] == 1
    assert "'z07.example' keeps named from starting" in guard(slave)
    assert count_zones(slave) == len(ZONES) - 1
    assert starts(slave) and "type: primary" in slave.named.rndc("zonestatus", "z07.example")

    # The agent sees it the same way.
    slave.start_agent()
    poll(lambda: slave.ask("GET", "/v1/zones/z07.example?master=master1")[1]["problem"]
         == "by-hand")


def test_a_hand_zone_with_one_of_our_files(slave):
    line = next(line for line in slave.read_shards().splitlines() if '"z08.example"' in line)
    file = line.partition('file "')[2].partition('"')[0]
    add_to_configuration(slave, 'zone "other.example" { type secondary; primaries { 192.0.2.1; }; '
                                f'file "{file}"; }};\n')
    assert not starts(slave)
    assert "'z08.example' keeps named from starting" in guard(slave)
    assert count_zones(slave) == len(ZONES) - 1 and starts(slave)


def test_a_zone_that_another_tool_made(slave):
    """With its agent gone, named got the same zone at runtime: it would refuse to start."""
    shard = shard_of(slave, "z07.example")
    line = next(line for line in shard.read_text().splitlines() if '"z07.example"' in line)
    conf = slave.named.configuration
    replace_file(conf, conf.read_text().replace("recursion no;",
                                                "recursion no;\n\tallow-new-zones yes;"))
    text = shard.read_text()
    replace_file(shard, text.replace(line + "\n", ""))
    slave.named.start()
    slave.named.rndc("addzone", "z07.example",
                     '{ type primary; file "%s"; };' % (slave.directory / "hand.db"))
    slave.named.stop()
    replace_file(shard, text)

    assert not starts(slave)
    words = guard(slave)
    assert "'z07.example' keeps named from starting" in words and "addzone" in words
    assert starts(slave) and "type: primary" in slave.named.rndc("zonestatus", "z07.example")


def test_a_configuration_that_is_broken_elsewhere(slave):
    """It says so, with named-checkconf's line, and leaves our zones alone."""
    before = slave.read_shards()
    add_to_configuration(slave, 'zone "half.example" { type primary\n')
    words = guard(slave)
    assert "named won't start" in words and f"{slave.named.configuration}:" in words
    assert slave.read_shards() == before
    code, words = check(slave)
    assert code == 1 and f"{slave.named.configuration}:" in words


def test_a_view_of_ones_own(slave):
    """A zone of the same name in another view is in nobody's way."""
    conf = slave.named.configuration
    include = f'include "{slave.include}";'
    zone = f'zone "z07.example" {{ type primary; file "{slave.directory}/hand.db"; }};'
    views = ('view "inside" { match-clients { 127.0.0.1; }; %s };\n'
             'view "outside" { match-clients { any; }; %s };\n' % (include, zone))
    replace_file(conf, conf.read_text().replace(include, views))
    assert guard(slave) == "" and starts(slave)


def test_beside_a_running_agent(slave):
    """Both want the same files: one at a time, and the agent takes the zone back in the end."""
    slave.start()
    add_to_configuration(
        slave, f'zone "z07.example" {{ type primary; file "{slave.directory}/hand.db"; }};\n')
    guard(slave)
    poll(lambda: count_zones(slave) == len(ZONES) - 1)
    conf = slave.named.configuration
    replace_file(conf, conf.read_text().replace('zone "z07.example"', 'zone "z99.test"'))
    poll(lambda: count_zones(slave) == len(ZONES))


def test_a_running_agent_mends_its_files(slave):
    slave.start()
    whole = slave.read_shards()
    shard = shard_of(slave, "z07.example")
    replace_file(shard, "")
    poll(lambda: slave.read_shards() == whole)
    assert slave.named.knows("z07.example")


@contextlib.contextmanager
def without(path):
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    yield
    aside.rename(path)


def test_it_never_fails(slave):
    with without(slave.configuration):
        assert slave.run("guard").returncode == 0
        assert slave.run("guard", "--check").returncode == 1
    with without(slave.named.configuration):
        assert "named won't start" in guard(slave)
        assert check(slave)[0] == 1
