"""One change on 1, 10 and 100 slaves, near and 50 ms away, beside a loop of rndc processes.

The hook is timed from its start to its end, when all slaves have acknowledged: agents without a
named, which sign their replies, so that what is measured is the way there and back. The loop asks
one real named to refresh a zone, as often as there are slaves: the cheapest thing that rndc can do.
Both go through the same relay, in pairs.
"""

import pathlib
import sys
import time

from laboratory import LabError, plesk
from laboratory.named import ADDRESS, RNDC

from .common import Size, laboratory, print_table, render, run
from .distance import Distance

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))

from fake_agents import FakeAgents  # noqa: E402

STANDARD = Size(zones=0, rounds=5)
SLAVES = (1, 10, 100)
ROUND_TRIPS = (0, 0.05)
ZONE = "bench.example"
CONFIGURATION = "state = {state}\nkey = {key}\ngroup =\ndeadline = 60\nconnect-timeout = 30\n"


def bench(size):
    with laboratory(masters=1, slaves=1) as lab, Distance() as distance:
        lab.masters[0].change("create", [ZONE])
        rndc = distance.lead_to(lab.slaves[0].named.control)
        lines = [["slaves", "round trip", "zonepush hook", "loop of rndc", "ratio"]]
        for count in SLAVES:
            with FakeAgents(count) as agents:
                fan = Fan(lab, distance, agents)
                for round_trip in ROUND_TRIPS:
                    lines.append(measure(fan, rndc, round_trip, size.rounds))
        print(f"{size.rounds} rounds; round trips are those of a relay on loopback")
        print_table(lines)


class Fan:
    """An outbox of its own, with these agents as slaves."""

    def __init__(self, lab, distance, agents):
        self.master, self.slave, self.distance = lab.masters[0], lab.slaves[0], distance
        self.agents = agents
        state = lab.home / f"fan{len(agents)}"
        state.mkdir()
        self.conf = state / "zonepush.conf"
        self.conf.write_text(CONFIGURATION.format(state=state / "state", key=self.master.key))
        distance.round_trip = 0
        for number, agent in enumerate(agents):
            url = f"http://{ADDRESS}:{distance.lead_to(agent.port)}"
            self.master.run("-c", self.conf, "slave", "add", f"s{number}", "--key", agent.key_id,
                            url)

    def push(self, number):
        """Seconds until all have acknowledged."""
        document = plesk.document([plesk.command("update", ZONE, number, with_records=False)])
        started = time.perf_counter()
        done = self.master.run("-c", self.conf, "hook", content=document)
        elapsed = time.perf_counter() - started
        serials = {agent.requests[-1][0]["serial"] for agent in self.agents if agent.requests}
        if done.returncode or serials != {number}:
            raise LabError(f"not all slaves have the change: {done.stderr}")
        return elapsed

    def loop(self, port):
        """Seconds that so many rndc take, one after the other."""
        conf = self.slave.named.directory / "rndc.conf"
        started = time.perf_counter()
        for _ in self.agents:
            run([RNDC, "-c", conf, "-s", ADDRESS, "-p", port, "refresh", ZONE])
        return time.perf_counter() - started


def measure(fan, rndc, round_trip, rounds):
    """A line of the table."""
    fan.distance.round_trip = round_trip
    first = fan.agents[0].applied_seq + 1
    fan.push(first)  # doesn't count: the first change of a zone is one that the agents don't have
    pushed, looped = [], []
    for number in range(first + 1, first + 1 + rounds):
        pushed.append(fan.push(number))
        looped.append(fan.loop(rndc))
    ratio = sorted(pushed)[rounds // 2] / sorted(looped)[rounds // 2]
    return [str(len(fan.agents)), f"{round_trip * 1000:.0f} ms", render(pushed), render(looped),
            f"{ratio:.2f}"]
