"""`zonepush-agent rebuild`: a registry that was lost is made anew from named's include."""

import pytest
from laboratory.basics import poll, replace_file

ZONES = [f"r{number}.example" for number in range(30)]


@pytest.fixture
def lab(make_lab):
    lab = make_lab(masters=2, slaves=1)
    slave = lab.slaves[0]
    for number, master in enumerate(("master1", "master2")):
        changes = [{"zone": zone, "present": True, "generation": 7}
                   for zone in ZONES[number::2]]
        assert slave.ask("POST", f"/v1/changes?master={master}", {"changes": changes})[0] == 200
    return lab


def read_rows(slave):
    rows = slave.ask("GET", "/v1/zones?limit=1000")[1]["zones"]
    return {row["zone"]: (row["master"], row["made"], row["state"]) for row in rows}


def get_instance(slave):
    return slave.ask("GET", "/v1/status")[1]["instance"]


def count_commands(slave):
    log = slave.named.daemon.log.read_text(errors="replace")
    return log.count("command 'reconfig'") + log.count("command 'delzone")


def lose_registry(slave):
    for file in (slave.directory / "state").glob("registry.db*"):
        file.unlink()


def test_not_while_the_agent_runs(lab):
    slave = lab.slaves[0]
    before = get_instance(slave)
    for words in ((), ("--dry-run",)):
        done = slave.run("rebuild", *words)
        assert done.returncode == 1 and "stop it first" in done.stderr
    assert slave.run("rebuild", "now").returncode == 2
    assert get_instance(slave) == before


def test_with_the_old_registry(lab):
    slave = lab.slaves[0]
    rows, instance, commands = read_rows(slave), get_instance(slave), count_commands(slave)
    slave.agent.stop()
    done = slave.run("rebuild", "--dry-run")
    assert done.returncode == 0 and "hold 30 zones" in done.stdout
    done = slave.run("rebuild")
    assert done.returncode == 0 and "30 zones of 2 masters, 0 of them" in done.stdout, done.stderr
    slave.start_agent()
    poll(lambda: slave.ask("GET", "/v1/status")[1]["named"]["running"])
    assert read_rows(slave) == rows and get_instance(slave) != instance
    assert count_commands(slave) == commands
    assert list((slave.directory / "state").glob("registry.db.before-*"))
    # Keys were carried over.
    assert lab.masters[0].change("create", ["new.example"]).returncode == 0
    slave.named.wait_for_serials({"new.example": lab.masters[0].read_serials()["new.example"]})


def test_without_any(lab):
    slave, master = lab.slaves[0], lab.masters[0]
    rows = read_rows(slave)
    slave.agent.stop()
    lose_registry(slave)
    done = slave.run("rebuild")
    assert done.returncode == 0 and "30 zones of 2 masters, 2 of them" in done.stdout
    assert "master 'master1' has no key" in done.stderr
    slave.start_agent()
    assert read_rows(slave) == rows
    slave.must_run("master", "add", "--primaries", f"127.0.0.1:{master.named.port}", "--",
                   "master1", master.key_id)
    assert master.change("create", ["new.example"]).returncode == 0
    slave.named.wait_for_serials({"new.example": master.read_serials()["new.example"]})
    assert read_rows(slave)[ZONES[0]] == rows[ZONES[0]]


def test_a_damaged_shard_is_refused(lab):
    slave = lab.slaves[0]
    rows = read_rows(slave)
    slave.agent.stop()
    lose_registry(slave)
    shard = next(path for path in slave.shards if '"r7.example"' in path.read_text())
    replace_file(shard, shard.read_text() + "more\n")
    done = slave.run("rebuild")
    assert done.returncode == 1 and str(shard) in done.stderr
    assert "zonepush-agent guard" in done.stderr
    assert not (slave.directory / "state" / "registry.db").exists()
    slave.must_run("guard")
    slave.must_run("rebuild")
    slave.start_agent()
    assert read_rows(slave) == rows
