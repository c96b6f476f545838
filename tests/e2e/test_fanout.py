"""Many slaves, some of them dead, and many hooks at once: who lives is served, nothing is lost."""

import concurrent.futures
import sqlite3

import pytest
from fake_agents import DeadPorts, FakeAgents
from laboratory import plesk
from laboratory.master import Master

LABORATORY = {"masters": 1, "slaves": 0}
LIVING, DEAD_OF_A_KIND = 70, 10


@pytest.fixture
def master(make_lab):
    """A master of one test, since what slaves it has is all that matters here."""
    return make_lab(**LABORATORY).masters[0]


def enter_slaves(master: Master, slaves):
    """What `slave add` stores, without asking the slaves, which dead ones would make slow."""
    master.must_run("slave", "list")
    with sqlite3.connect(master.directory / "state" / "outbox.db", timeout=20) as outbox:
        outbox.executemany("INSERT INTO slave(name, url, agent_key) VALUES (?, ?, ?)", slaves)


def read_owed(master):
    """{slave: zones that it owes}."""
    query = "SELECT slave.name, zone FROM pending JOIN slave ON slave.id = slave"
    owed = {}
    with sqlite3.connect(master.directory / "state" / "outbox.db", timeout=20) as outbox:
        for slave, zone in outbox.execute(query):
            owed.setdefault(slave, set()).add(zone)
    return owed


def hook(master, *names, action="create"):
    return master.hook(plesk.document([plesk.command(action, name, 1) for name in names]))


def test_thirty_of_a_hundred_are_dead(master):
    """One hook serves all who live, and owes the others; the next one doesn't wait for these."""
    with FakeAgents(LIVING) as agents, DeadPorts() as ports:
        living = [(f"living{n}", agent.url, agent.key_id) for n, agent in enumerate(agents)]
        # A dead one's name sorts before the living: it must not stand in their way.
        dead = [(f"dead-{kind}{n}", getattr(ports, kind)(), agents[0].key_id)
                for kind in ("refusing", "dropping", "silent") for n in range(DEAD_OF_A_KIND)]
        enter_slaves(master, dead + living)

        done = hook(master, "a.example")
        assert done.returncode == 0
        assert [agent.zones for agent in agents] == [{"a.example"}] * LIVING
        names = {name for name, _, _ in dead}
        assert read_owed(master) == {name: {"a.example"} for name in names}
        for name in names:
            assert f"slave '{name}'" in done.stderr
        # In one request each, and none of the dead was told off as refused.
        assert all(len(agent.requests) == 1 for agent in agents)

        done = hook(master, "b.example")
        assert done.returncode == 0 and "dead-" not in done.stderr
        assert [agent.zones for agent in agents] == [{"a.example", "b.example"}] * LIVING
        assert read_owed(master) == {name: {"a.example", "b.example"} for name in names}


def test_fifty_hooks_at_once(master):
    """Each succeeds, each change arrives, and afterwards nothing is owed."""
    zones = [f"zone{n}.example" for n in range(50)]
    with FakeAgents(5) as agents:
        enter_slaves(master, [(f"s{n}", agent.url, agent.key_id)
                              for n, agent in enumerate(agents)])
        with concurrent.futures.ThreadPoolExecutor(len(zones)) as pool:
            outcomes = list(pool.map(lambda zone: hook(master, zone), zones))
        assert [done.returncode for done in outcomes] == [0] * len(zones)
        master.must_run("deliver")
        assert [agent.zones for agent in agents] == [set(zones)] * len(agents)
        assert not read_owed(master)


def test_two_delivers_at_once(master):
    """Both end well. What one has delivered meanwhile the other may send again, to no effect."""
    zones = [f"zone{n}.example" for n in range(2000)]
    with FakeAgents(3) as agents:
        assert hook(master, *zones).returncode == 0
        enter_slaves(master, [(f"s{n}", agent.url, agent.key_id)
                              for n, agent in enumerate(agents)])
        with sqlite3.connect(master.directory / "state" / "outbox.db", timeout=20) as outbox:
            outbox.execute("INSERT INTO pending(slave, zone, deletion, since)"
                           " SELECT slave.id, zone.name, 0, 1 FROM slave, zone")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(lambda _: master.run("deliver"), range(4)))
        assert [(done.returncode, done.stdout) for done in outcomes] == [(0, "")] * 4
        assert [agent.zones for agent in agents] == [set(zones)] * len(agents)
        assert not read_owed(master)


def test_batches(master):
    """25,000 changes go in three requests, the longest owed first; what was taken isn't sent again."""
    zones = [f"zone{n:05d}.example" for n in range(25000)]
    with FakeAgents(1) as (agent,):
        enter_slaves(master, [("s", agent.url, agent.key_id)])
        master.must_run("slave", "pause", "s")
        assert hook(master, *zones).returncode == 0
        assert len(read_owed(master)["s"]) == len(zones)
        master.must_run("slave", "resume", "s")
        assert [len(changes) for changes in agent.requests] == [10000, 10000, 5000]
        assert agent.zones == set(zones) and not read_owed(master)


def test_a_hook_in_front_of_a_queue(master):
    """What is new goes first, and the hook doesn't carry what a slave owes since long."""
    zones = [f"zone{n:05d}.example" for n in range(5000)]
    with FakeAgents(1) as (agent,):
        enter_slaves(master, [("s", agent.url, agent.key_id)])
        master.must_run("slave", "pause", "s")
        assert hook(master, *zones).returncode == 0
        with sqlite3.connect(master.directory / "state" / "outbox.db", timeout=20) as outbox:
            outbox.execute("UPDATE slave SET paused = 0")
        assert hook(master, "new.example").returncode == 0
        (changes,) = agent.requests
        assert changes[0]["zone"] == "new.example" and len(changes) == 1000
        assert (master.directory / "state" / "due").exists()
        master.must_run("deliver")
        assert agent.zones == {*zones, "new.example"} and not read_owed(master)
