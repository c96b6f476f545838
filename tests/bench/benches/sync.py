"""`zonepush sync`: a slave that has nothing, and one that has all, beside asking for each zone."""

import re
import time

from laboratory import LabError
from laboratory.basics import replace_file

from .common import Size, laboratory, run

STANDARD = Size(zones=100000, rounds=5)
FULL = 10000
REQUEST_SECONDS = 600


def bench(size):
    full(min(FULL, size.zones))
    equal(size)


class Syncing:
    """An empty slave, a list of zones, and `sync` with both."""

    def __init__(self, lab, zones):
        self.master = lab.masters[0]
        self.list = lab.home / "list"
        replace_file(self.list, "".join(f"sync{number:06d}.example\n" for number in range(zones)))
        self.conf = lab.home / "patient.conf"
        text = self.master.configuration.read_text()
        replace_file(self.conf, f"{text}request-timeout = {REQUEST_SECONDS}\n")

    def run(self, *words):
        """Seconds, and what was said."""
        started = time.perf_counter()
        said = run([self.master.executable, "-v", "-c", self.conf, *words])
        return time.perf_counter() - started, said

    def sync(self):
        return self.run("sync", "--from", str(self.list))


def full(zones):
    with laboratory(masters=1, slaves=1) as lab:
        syncing = Syncing(lab, zones)
        seconds, _ = syncing.sync()
        held = lab.slaves[0].ask("GET", "/v1/status")[1]["zones"]["applied"]
        if held != zones:
            raise LabError(f"after the sync the slave has {held} zones instead of {zones}")
        print(f"{zones} zones to a slave that has none: {seconds:.1f} s, "
              f"{seconds * 1000 / zones:.3f} ms a zone")


def equal(size):
    with laboratory(masters=1, slaves=1) as lab:
        syncing = Syncing(lab, size.zones)
        syncing.sync()
        times, said = [], ""
        for _ in range(size.rounds):
            seconds, said = syncing.sync()
            times.append(seconds)
        # What it would be to ask for one zone after the other.
        one, _ = syncing.run("curl", "-x", "slave1", "GET", "/v1/zones/sync000000.example")
        received = re.search(r"slave1: (\d+) bytes", said)
        if not received:
            raise LabError(f"sync -v doesn't say what it received: {said}")
        best = sorted(times)[len(times) // 2]
        print(f"{size.zones} zones that are there already: {best:.2f} s, "
              f"{int(received[1]) / 1000:.0f} KB received")
        print(f"  one question takes {one * 1000:.1f} ms, all of them "
              f"{one * size.zones / best:.0f} times as long as that")
