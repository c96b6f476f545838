"""`zonepush-agent guard`, which named's unit runs first: named starts, whatever became of our files.

In each test but those about a running agent both programs are stopped, and something is broken.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil

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
    for runtime in shared.directory.rglob("*.nz[df]*"):
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


def line_of(slave, zone):
    return next(line for line in slave.read_shards().splitlines() if f'"{zone}"' in line)


def allow_new_zones(slave, view, directory):
    """Lets named have zones at runtime; ours in a view, their database in another directory."""
    conf, include = slave.named.configuration, f'include "{slave.include}";'
    options = "recursion no;\n\tallow-new-zones yes;"
    if directory:
        (slave.directory / directory).mkdir(exist_ok=True)
        options += f'\n\tnew-zones-directory "{directory}";'
    text = conf.read_text().replace("recursion no;", options)
    if view:
        text = text.replace(include, f'view "{view}" {{ match-clients {{ any; }}; {include} }};')
    replace_file(conf, text)


@contextlib.contextmanager
def without(path):
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    try:
        yield
    finally:
        if path.is_dir():
            shutil.rmtree(path)
        aside.rename(path)


@contextlib.contextmanager
def changed_registry(slave, how):
    """`whole`, `removed`, or one that is no database."""
    state = slave.directory / "state"
    kept = state.with_name("state.kept")
    shutil.copytree(state, kept)
    if how != "whole":
        for file in state.glob("registry.db*"):
            file.unlink()
    if how == "garbage":
        (state / "registry.db").write_text("no database" * 1000)
    try:
        yield
    finally:
        for file in state.glob("registry.db*"):
            file.unlink()
        for file in kept.glob("registry.db*"):
            shutil.copy(file, state)
        shutil.rmtree(kept)


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


@pytest.mark.parametrize("damage", ["half", "emptied", "removed", "garbage"])
def test_a_damaged_include(slave, damage):
    wanted = slave.include.read_text()
    broken = {"half": wanted[: len(wanted) // 2 + 9], "emptied": "", "garbage": wanted + "{\n"}
    if damage == "removed":
        slave.include.unlink()
    else:
        replace_file(slave.include, broken[damage])
        assert damage == "emptied" or not starts(slave)
    slave.named.stop()
    code, words = slave.run("guard", "--check").returncode, slave.run("guard", "--check").stderr
    assert code == 1 and f"'{slave.include}' isn't what it should be" in words
    assert str(slave.include) in guard(slave)
    assert slave.include.read_text() == wanted and check(slave)[0] == 0
    assert starts(slave) and slave.named.knows("z07.example")


def test_a_shard_in_the_place_of_another(slave):
    """Its digest is right, but named would find its zones twice."""
    shard = shard_of(slave, "z07.example")
    before = slave.read_shards()
    other = next(path for path in slave.shards if 'zone "' in path.read_text() and path != shard)
    shutil.copy(shard, other)
    assert not starts(slave)
    assert f"'{other}' is damaged" in guard(slave)
    assert slave.read_shards() == before and starts(slave)


@pytest.mark.parametrize("registry", ["whole", "garbage", "removed"])
def test_all_that_named_reads_of_ours_is_gone(slave, registry):
    """The directory is made anew at the next start of the machine, with an empty include."""
    before = slave.read_shards()
    include = slave.include.read_text()
    with without(slave.include.parent), changed_registry(slave, registry):
        slave.include.parent.mkdir()
        replace_file(slave.include, "")
        code = slave.run("guard", "--check").returncode
        assert not (slave.include.parent / "shards").exists()
        words = guard(slave)
        if registry == "whole":
            assert code == 1 and slave.read_shards() == before and len(slave.shards) == 256
            assert slave.include.read_text() == include
        else:
            # As on a machine where the agent never ran: its directories are its own to make.
            assert code == 0 and words == ""
            assert not (slave.include.parent / "shards").exists()
        assert starts(slave)


def test_nothing_has_been_published_yet(slave):
    """No file of the agent's is there, but the line that includes them is."""
    with without(slave.include.parent), without(slave.directory / "state"):
        words = guard(slave)
        assert f"'{slave.include}', which isn't there" in words
        assert slave.run("guard", "--check").returncode == 1
        assert not slave.include.parent.exists() and not (slave.directory / "state").exists()


def test_shards_without_a_registry_or_what_was_before(slave):
    """Nothing is left to restore from: named starts, and the agent brings the zones back."""
    for path in slave.include.parent.glob("shards/*"):
        path.unlink()
    with changed_registry(slave, "garbage"):
        assert not starts(slave)
        words = guard(slave)
        assert "registry.db" in words and len(slave.shards) == 256
        assert count_zones(slave) == 0 and starts(slave)
    slave.start_agent()
    poll(lambda: count_zones(slave) == len(ZONES))


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


@pytest.mark.parametrize("view", ["", "outside", "OutSide"])
@pytest.mark.parametrize("directory", ["", "runtime"])
def test_a_zone_that_another_tool_made(slave, view, directory):
    """With its agent gone, named got the same zone at runtime: it would refuse to start."""
    allow_new_zones(slave, view, directory)
    shard = shard_of(slave, "z07.example")
    line = line_of(slave, "z07.example")
    text = shard.read_text()
    replace_file(shard, text.replace(line + "\n", ""))
    slave.named.start()
    where = ("Z07.Example.", "IN", view) if view else ("Z07.Example.",)
    slave.named.rndc("addzone", *where,
                     '{ type primary; file "%s"; };' % (slave.directory / "hand.db"))
    slave.named.stop()
    replace_file(shard, text)

    assert not starts(slave)
    assert check(slave)[0] == 1
    words = guard(slave)
    assert "'z07.example' keeps named from starting" in words and "addzone" in words
    assert count_zones(slave) == len(ZONES) - 1
    assert starts(slave) and "type: primary" in slave.named.rndc("zonestatus", *where)


def test_a_runtime_database_that_cannot_be_read(slave):
    allow_new_zones(slave, "", "")
    (slave.directory / "_default.nzd").write_text("no database")
    before = slave.read_shards()
    assert "at runtime" in guard(slave)
    assert slave.read_shards() == before


@pytest.mark.parametrize("mistake", ["port 99999", "key", "port 53 tls nowhere"])
def test_a_line_that_named_refuses(slave, mistake):
    """As from an agent of before, with another named: its shard is whole, but named isn't."""
    shard, line = shard_of(slave, "z07.example"), line_of(slave, "z07.example")
    wrong = line.replace("127.0.0.1 port", f"127.0.0.1 {mistake}; 127.0.0.1 port")
    lines = shard.read_text().replace(line, wrong).splitlines(keepends=True)[:-1]
    digest = hashlib.blake2b("".join(lines).encode(), digest_size=32).hexdigest()
    replace_file(shard, "".join(lines) + f"# zones={len(lines)} blake2b={digest}\n")
    assert not starts(slave)
    assert "'z07.example' keeps named from starting" in check(slave)[1]
    assert "'z07.example' keeps named from starting" in guard(slave)
    assert count_zones(slave) == len(ZONES) - 1 and starts(slave)


def test_a_configuration_that_is_broken_elsewhere(slave):
    """It says so, with named-checkconf's line, and leaves our zones alone."""
    before = slave.read_shards()
    add_to_configuration(slave, 'zone "half.example" { type primary\n')
    words = guard(slave)
    assert "named won't start" in words and f"{slave.named.configuration}:" in words
    assert slave.read_shards() == before
    code, words = check(slave)
    assert code == 1 and f"{slave.named.configuration}:" in words


def test_a_configuration_without_ours(slave):
    conf = slave.named.configuration
    replace_file(conf, conf.read_text().replace(f'include "{slave.include}";', ""))
    before = slave.read_shards()
    words = guard(slave)
    assert f'add the line: include "{slave.include}"' in words and "won't start" not in words
    assert slave.read_shards() == before and check(slave)[0] == 1 and starts(slave)


def test_all_at_once(slave):
    """Damage, a zone by hand, and a mistake elsewhere: what is ours is mended all the same."""
    shard = shard_of(slave, "z08.example")
    text = shard.read_text()
    replace_file(shard, text[:-9])
    hand = f'zone "z07.example" {{ type primary; file "{slave.directory}/hand.db"; }};\n'
    add_to_configuration(slave, hand + 'zone "half.example" { type primary\n')
    words = guard(slave)
    assert f"'{shard}' is damaged" in words and "named won't start" in words
    assert shard.read_text() == text

    conf = slave.named.configuration
    replace_file(conf, conf.read_text().replace('zone "half.example" { type primary', ""))
    assert not starts(slave)
    guard(slave)
    assert count_zones(slave) == len(ZONES) - 1 and starts(slave)


def test_a_view_of_ones_own(slave):
    """A zone of the same name in another view is in nobody's way."""
    conf = slave.named.configuration
    include = f'include "{slave.include}";'
    zone = f'zone "z07.example" {{ type primary; file "{slave.directory}/hand.db"; }};'
    views = ('view "inside" { match-clients { 127.0.0.1; }; %s };\n'
             'view "outside" { match-clients { any; }; %s };\n' % (include, zone))
    replace_file(conf, conf.read_text().replace(include, views))
    assert guard(slave) == "" and starts(slave)


def test_a_zone_by_hand_in_our_view(slave):
    conf = slave.named.configuration
    include = f'include "{slave.include}";'
    zone = f'zone Z07.Example. IN {{ type primary; file "{slave.directory}/hand.db"; }};'
    view = f'view "outside" {{ match-clients {{ any; }}; {include} {zone} }};'
    replace_file(conf, conf.read_text().replace(include, view))
    assert not starts(slave)
    assert "'z07.example' keeps named from starting" in guard(slave)
    assert count_zones(slave) == len(ZONES) - 1 and starts(slave)


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


def test_while_the_agent_publishes(slave):
    """It isn't waited for long, and nothing is changed beneath it."""
    shard = shard_of(slave, "z07.example")
    replace_file(shard, "")
    with (slave.directory / "state" / "publish.lock").open("r+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        words = guard(slave)
        assert "is publishing" in words and f"'{shard}' is damaged" in words
        assert shard.read_text() == ""
    assert "is publishing" not in guard(slave)
    assert shard.read_text() != "" and starts(slave)


def give_away(slave, user):
    for path in (slave.directory, *slave.directory.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_writes_is_the_agents(slave):
    """named's unit runs it as root, and the agent has to replace the files later."""
    user = 65534
    shard = shard_of(slave, "z07.example")
    slave.directory.parent.chmod(0o755)
    give_away(slave, user)
    try:
        shard.unlink()
        slave.include.unlink()
        words = guard(slave)
        assert f"'{shard}' is damaged" in words and "can't" not in words
        for path in (shard, slave.include, slave.directory / "state" / "publish.lock"):
            assert path.stat().st_uid == user
        assert shard.stat().st_mode & 0o777 == 0o640
        assert [path for path in slave.directory.rglob("*") if path.stat().st_uid != user] == []
    finally:
        give_away(slave, os.geteuid())


def test_a_running_agent_mends_its_files(slave):
    slave.start()
    whole = slave.read_shards()
    shard = shard_of(slave, "z07.example")
    replace_file(shard, "")
    poll(lambda: slave.read_shards() == whole)
    assert slave.named.knows("z07.example")


def test_it_never_fails(slave):
    with without(slave.configuration):
        assert slave.run("guard").returncode == 0
        assert slave.run("guard", "--check").returncode == 1
    with without(slave.named.configuration):
        assert str(slave.named.configuration) in guard(slave)
        assert check(slave)[0] == 1
