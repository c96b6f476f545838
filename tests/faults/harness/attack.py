"""One attack: an operation during which the agent is killed at one point, and all that must hold."""

import http.client
import signal
import subprocess

from laboratory import LabError, poll
from laboratory.daemon import Process

from . import trace
from .operations import BYSTANDERS, arrange, send
from .world import (Wrong, count_zones, find_unlike, list_litter, list_owned, read_disk, read_rows,
                    start_copy)

DEATH_SECONDS = 2  # the agent may still come to the point after it answered
CONVERGE_SECONDS = 30

NO_REPLY = (OSError, http.client.HTTPException)
DONE = ("applied", "unchanged")


class Attack:
    """An operation on a Site."""

    def __init__(self, site, operation):
        self.site = site
        self.operation = operation

    @property
    def lab(self):
        return self.site.lab

    @property
    def slave(self):
        return self.site.slave

    @property
    def folders(self):
        """Where what must survive lies."""
        return [self.slave.include.parent, self.slave.directory / "state"]

    def prepare(self):
        """Brings everything to the state before the operation."""
        rows = read_rows(self.slave)
        wanted = {zone: [] for zone, _ in rows}
        wanted |= {zone: [master] for zone, master in BYSTANDERS.items()}
        arrange(self.slave, wanted | self.operation.before, rows)
        self._converge(self._owners(self.operation.before))
        self.rows = read_rows(self.slave)
        self.status = self._read_status()
        self.content = self.operation.render()

    def record(self):
        """Does it without harm: the calls it makes, until named serves the outcome."""
        self.prepare()

        def action():
            self._request()
            self._await_named(self._owners(self.operation.after))

        _, calls = trace.record(self.slave.agent.pid, self.lab.home / "trace", action)
        return calls

    def run(self, point, with_copy):
        """Kills the agent at the point (None: when it has answered) and checks; False where it
        never came there. Raises Wrong."""
        self.prepare()
        is_dead, results = self._kill(point)
        if not is_dead:
            self._converge(self._owners(self.operation.after))
            return False
        self._check_instant(results, with_copy)
        self.slave.start_agent()
        self._check_recovery(results)
        return True

    def _kill(self, point):
        """Whether it died, and the results that it acknowledged before: {} where none."""
        process = Process.open(self.slave.agent.pid_file, self.lab.home)
        try:
            if point is None:
                results = self._request()
                process.signal(signal.SIGKILL)
            else:
                with trace.killing(self.slave.agent.pid, point):
                    results = self._request()
                    process.wait(DEATH_SECONDS)
            return process.wait(0 if point else DEATH_SECONDS), results
        finally:
            process.close()

    def _request(self):
        try:
            return send(self.slave, self.operation.master, self.content)
        except NO_REPLY:
            return {}

    def _check_instant(self, results, with_copy):
        """Promises 1 and 2 while the agent is dead."""
        zones = read_disk(self.slave)
        before, after = self._owners(self.operation.before), self._owners(self.operation.after)
        for zone, owner in after.items():
            if zones.get(zone) not in (before[zone], owner):
                raise Wrong(f"'{zone}' is {zones.get(zone)}'s on disk; it was {before[zone]}'s "
                            f"and becomes {owner}'s")
        strangers = set(zones) - set(after)
        if strangers:
            raise Wrong(f"nobody wants {sorted(strangers)[:5]}, which stand on disk")
        self._check_acknowledged(results, zones, after)
        if with_copy:
            count = start_copy(self.lab, self.slave)
            if count != len(zones):
                raise Wrong(f"a named started at that instant has {count} of {len(zones)} zones")

    def _check_acknowledged(self, results, zones, after):
        done = [zone for zone, result in results.items() if result["result"] in DONE]
        for zone in done:
            if zones.get(zone) != after[zone]:
                raise Wrong(f"'{zone}' was acknowledged, and isn't so on disk")
        if done and count_zones(self.slave.named) != len(zones):
            raise Wrong("what was acknowledged isn't configured in the running named")

    def _check_recovery(self, results):
        """Promises 3 and 6 after the next start."""
        before, after = self._owners(self.operation.before), self._owners(self.operation.after)
        self._settle()
        rows = read_rows(self.slave)
        self._check_time(rows)
        self._check_kept(results, rows)
        owned = list_owned(rows)
        for zone, owner in after.items():
            if owned.get(zone) not in (before[zone], owner):
                raise Wrong(f"after the next start '{zone}' is {owned.get(zone)}'s")
        self._converge({zone: owned.get(zone) for zone in after})

        repeated = send(self.slave, self.operation.master, self.content)
        wrong = {zone: result for zone, result in repeated.items() if not self._may_be(result)}
        if wrong:
            raise Wrong(f"the same request again was answered {wrong}")
        self._converge(after)
        self._check_late(after)

    def _check_time(self, rows):
        """Nothing went back."""
        self._check_generations(rows)
        status = self._read_status()
        if status["instance"] != self.status["instance"]:
            raise Wrong("the agent has another instance")
        if status["applied_seq"] < self.status["applied_seq"]:
            raise Wrong("the agent's sequence went back")

    def _check_generations(self, rows):
        for key, row in self.rows.items():
            if key in rows and rows[key].generation < row.generation:
                raise Wrong(f"the generation of {key} went back")

    def _check_kept(self, results, rows):
        """What was acknowledged, in whichever way, is in the registry."""
        master = self.operation.master
        for change in self.content["changes"]:
            zone = change["zone"]
            row = rows.get((zone, master))
            if zone not in results or (row is None and not change["present"]):
                continue
            if row is None or row.generation != change["generation"]:
                raise Wrong(f"the registry forgot what was answered {results[zone]}")

    def _check_late(self, after):
        """An older change, arriving late, is stale; it neither removes nor resurrects."""
        older = {"changes": [{**change, "present": not change["present"],
                              "generation": change["generation"] - 1, "anew": False}
                             for change in self.content["changes"][:3]]}
        results = send(self.slave, self.operation.master, older)
        wrong = {zone for zone, result in results.items() if result["result"] != "stale"}
        if wrong:
            raise Wrong(f"an older change of {sorted(wrong)} was taken")
        self._converge(after)

    def _may_be(self, result):
        if self.operation.name == "claim":
            return result.get("problem") == "owned"
        return result["result"] in DONE

    def _settle(self):
        """Waits until the agent has nothing left to do."""
        self._poll(lambda: [key for key, row in read_rows(self.slave).items()
                            if row.state not in ("applied", "claimed")],
                   "the registry still waits for {}")

    def _converge(self, owners):
        """Waits until registry, disk and named agree that these zones are these masters'."""
        wanted = {zone: owner for zone, owner in owners.items() if owner}
        self._settle()
        self._poll(lambda: set(list_owned(read_rows(self.slave)).items()) ^ set(wanted.items()),
                   "the registry differs in {}")
        self._poll(lambda: self._find_on_disk(wanted), "the disk isn't as it should be: {}")
        self._poll(lambda: count_zones(self.slave.named) - len(wanted),
                   "the running named has {} zones too many")
        self._await_named(owners)
        self._poll(lambda: list_litter(self.slave), "litter is left: {}")

    def _find_on_disk(self, wanted):
        """What differs from this; while the agent writes, that can be anything."""
        try:
            return set(read_disk(self.slave).items()) ^ set(wanted.items())
        except Wrong as error:
            return str(error)

    def _await_named(self, owners):
        self._poll(lambda: find_unlike(self.lab, self.slave, owners), "{}")

    def _poll(self, find, sentence):
        """Waits until nothing is found."""
        try:
            poll(lambda: not find(), CONVERGE_SECONDS)
        except LabError:
            found = find()
            if found:
                raise Wrong(f"after {CONVERGE_SECONDS} s " + sentence.format(found)) from None

    def _owners(self, state):
        """{zone: owner or None} of everything that the laboratory's masters can have."""
        mine = {zone: masters[0] if masters else None for zone, masters in state.items()}
        return {**BYSTANDERS, **mine}

    def _read_status(self):
        return self.slave.ask("GET", "/v1/status")[1]
