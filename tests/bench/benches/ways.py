"""Slaves without an agent, and the hook: two ways to change zones on two slaves."""

import time

from laboratory import LabError, plesk
from laboratory.basics import replace_file
from laboratory.named import ADDRESS, RNDC, Named
from laboratory.ports import pick_ports
from laboratory.slave import OPTIONS

from .common import run

CLAUSE = '{{ type secondary; file "{zone}.db"; primaries {{ {address} port {port}; }}; }};'


class Loop:
    """Slaves without an agent: their zones are made at runtime by rndc, one slave after another."""

    def __init__(self, lab):
        self.primary = lab.masters[0].named
        ports = iter(pick_ports(2 * len(lab.slaves)))
        self.slaves = [
            Named(lab.home / f"plain{number}", lab.home, next(ports), next(ports))
            for number in range(1, len(lab.slaves) + 1)
        ]

    def start(self, serials):
        for named in self.slaves:
            include = named.directory / "zones.conf"
            named.directory.mkdir()
            replace_file(include, "".join(f'zone "{z}" {self._clause(z)}\n' for z in serials))
            named.configure([*OPTIONS, "allow-new-zones yes"], include)
            named.start()
        for named in self.slaves:
            named.wait_for_serials(serials, 60 + len(serials) / 100)

    def change(self, action, zone):
        """Seconds that the change takes on all slaves."""
        words = {
            "create": ["addzone", zone, self._clause(zone)],
            "update": ["refresh", zone],
            "delete": ["delzone", "-clean", zone],
        }[action]
        started = time.perf_counter()
        for named in self.slaves:
            run([RNDC, "-c", named.directory / "rndc.conf", *words])
        return time.perf_counter() - started

    def _clause(self, zone):
        return CLAUSE.format(zone=zone, address=ADDRESS, port=self.primary.port)


class Push:
    """Slaves with an agent, changed by Plesk's hook."""

    def __init__(self, lab):
        master = lab.masters[0]
        self.slaves = lab.slaves
        self.argv = [master.executable, "-c", master.configuration, "hook"]

    def change(self, command, zone):
        """Seconds until all slaves have acknowledged."""
        document = plesk.document([command])
        started = time.perf_counter()
        warnings = run(self.argv, document)
        seconds = time.perf_counter() - started
        if warnings:
            raise LabError(f"the hook wasn't content with '{zone}': {warnings}")
        return seconds

    def check_applied(self, zone):
        for slave in self.slaves:
            _, answer = slave.ask("GET", f"/v1/zones/{zone}")
            if answer.get("state") != "applied":
                raise LabError(f"{slave.name} hasn't applied '{zone}': {answer}")
