"""A slave with very many zones: one deletion, named's silence, the agent's start and memory.

The zones have a primary where nobody listens, so that they come as fast as the agent and named
take them. What is measured doesn't depend on their data.
"""

import pathlib
import re
import statistics
import sys
import time

from laboratory import LabError, plesk, poll
from laboratory.basics import replace_file
from laboratory.lab import BULK_MAX

from .common import Size, Sync, laboratory, print_table, read_cpu_seconds, render
from .programs import build_shim, preload
from .prober import Prober

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))

from wire import Signer, call  # noqa: E402

STANDARD = Size(zones=100000, rounds=60)
FEW_ZONES = 1000  # what the large number is compared with
DELETIONS = 200  # while named's silence is measured
NOBODY = "127.0.0.1:1"
PROBED = "probed.example"  # configured by hand
START_SECONDS = 120
GROW_SECONDS = 600
SETTLE_SECONDS = 120
PAUSE = 1  # seconds of nothing, to compare with
CALM = 0.1  # of a core
RECONFIG = "received control channel command 'reconfig'"


class Large:
    """A slave whose zones come and go by number; the lowest ones go first."""

    def __init__(self, slave):
        self.slave = slave
        self.plain = slave.agent.argv
        self.agent_key = self.slave.key_id
        self.signer = Signer()
        self.slave.must_run("master", "add", "--primaries", NOBODY, "--", "bench",
                            self.signer.key_id)
        self.first = self.count = 0
        self._configure_by_hand()

    def _configure_by_hand(self):
        """One zone to ask for; and named shall not spend its time on primaries that aren't there."""
        named = self.slave.named
        data = self.slave.directory / "probed.db"
        replace_file(data, plesk.render_zone_file(1))
        text = named.configuration.read_text().replace("serial-query-rate 1000",
                                                       "serial-query-rate 20")
        replace_file(named.configuration,
                     text + f'zone "{PROBED}" {{ type primary; file "{data}"; }};\n')
        named.stop()
        named.start()
        named.wait_for_serials({PROBED: 1})

    def grow(self, zones):
        """Makes zones until there are so many; returns the seconds that took."""
        started = time.perf_counter()
        while self.count - self.first < zones:
            more = min(BULK_MAX, zones - (self.count - self.first))
            generation = time.time_ns() // 1000
            content = {"changes": [{"zone": self._name(number), "present": True,
                                    "generation": generation}
                                   for number in range(self.count, self.count + more)]}
            self._send("POST", "/v1/changes", content)
            self.count += more
            self._wait_until_applied()
        return time.perf_counter() - started

    def _wait_until_applied(self):
        wanted = self.count - self.first
        poll(lambda: self.read_status()["zones"]["applied"] == wanted, GROW_SECONDS,
             f"the agent has applied {wanted} zones")

    def settle(self):
        """Waits until agent and named have done what follows from so many new zones."""
        pids = [self.slave.agent.pid, self.slave.named.daemon.pid]

        def is_calm():
            before = sum(map(read_cpu_seconds, pids))
            time.sleep(PAUSE)
            return sum(map(read_cpu_seconds, pids)) - before < CALM * PAUSE

        poll(is_calm, SETTLE_SECONDS, "agent and named have settled")

    def delete(self):
        """Deletes one zone; returns the seconds until that was acknowledged."""
        target = f"/v1/zones/{self._name(self.first)}?generation={time.time_ns() // 1000}"
        started = time.perf_counter()
        reply = self._send("DELETE", target)
        seconds = time.perf_counter() - started
        if reply["result"] != "applied":
            raise LabError(f"a deletion was answered {reply}")
        self.first += 1
        return seconds

    def _send(self, method, target, content=None):
        reply = call(self.slave, self.signer, method, target, content, agent=self.agent_key)
        if reply.status >= 300:
            raise LabError(f"{method} {target} was answered {reply.status}: {reply.json}")
        return reply.json

    def _name(self, number):
        return f"many{number:07d}.example"

    def read_status(self):
        return self.slave.ask("GET", "/v1/status")[1]

    def restart(self):
        """Restarts the agent; returns the seconds until it has looked at everything."""
        self.slave.agent.stop()
        started = time.perf_counter()
        self.slave.start_agent()
        poll(lambda: self.read_status()["named"]["running"] is not None, START_SECONDS)
        return time.perf_counter() - started

    def preload(self, library):
        """Restarts the agent with a library, or with none."""
        if library:
            preload(self.slave, library)
        else:
            self.slave.agent.argv = self.plain
        self.restart()

    def probe(self, action):
        """named's longest silence while something is done, in seconds."""
        with Prober(self.slave.named.server, PROBED) as prober:
            action()
        return prober.silence


def bench(size):
    with laboratory(masters=1, slaves=2) as lab:
        few, many = map(Large, lab.slaves)
        few.grow(FEW_ZONES)
        print(f"{size.zones} zones, made in {many.grow(size.zones):.0f} s")
        report_deletions(lab, few, many, size)
        report_silence(many)
        report_start(many)


def report_deletions(lab, few, many, size):
    """Of single zones, with fsync(2) and without."""
    sync = Sync(lab.home)
    lines = [["one deletion", f"{FEW_ZONES} zones", f"{size.zones} zones", "ratio"],
             ["as it is", *measure_pairs(few, many, size.rounds)]]
    library = build_shim("no_sync", lab.home)
    for large in (few, many):
        large.preload(library)
    lines.append(["without fsync", *measure_pairs(few, many, size.rounds)])
    for large in (few, many):
        large.preload(None)
    syncs = [sync.measure() for _ in range(size.rounds)]
    print(f"{size.rounds} rounds; a write of 4 KiB with fsync: {render(syncs)} ms")
    print_table(lines)


def measure_pairs(few, many, rounds):
    """Deletions here and there, in turn, so that both have the same weather; with the ratio."""
    for large in (few, many):
        large.settle()
    pairs = [(few.delete(), many.delete()) for _ in range(rounds)]
    here, there = zip(*pairs)
    ratio = statistics.median(there) / statistics.median(here)
    return render(here), render(there), f"{ratio:.2f}"


def report_silence(large):
    def delete():
        for _ in range(DELETIONS):
            large.delete()

    zones = large.count - large.first
    calm = large.probe(lambda: time.sleep(PAUSE))
    deletions = large.probe(delete)
    reconfig = large.probe(lambda: large.slave.named.rndc("reconfig"))
    print(f"named's longest silence at {zones} zones, another zone asked every millisecond:")
    print(f"  nothing happens {calm * 1000:.0f} ms; {DELETIONS} deletions {deletions * 1000:.0f} ms; "
          f"one reconfig {reconfig * 1000:.0f} ms")


def report_start(large):
    log = large.slave.named.daemon.log
    before = log.read_text(errors="replace").count(RECONFIG)
    seconds = large.restart()
    reconfigs = log.read_text(errors="replace").count(RECONFIG) - before
    status = pathlib.Path(f"/proc/{large.slave.agent.pid}/status").read_text()
    now, most = (int(re.search(rf"{word}:\s+(\d+) kB", status)[1]) / 1024
                 for word in ("VmRSS", "VmHWM"))
    print(f"the agent's start at {large.count - large.first} zones: {seconds:.1f} s, "
          f"{reconfigs} reconfigs; resident {now:.0f} MiB, at most {most:.0f} MiB")
