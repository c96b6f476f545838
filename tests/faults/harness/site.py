"""The laboratory that is attacked: two masters and a slave, made again after it was spoilt."""

import pathlib
import shutil
import tempfile
import time

from laboratory import Lab, poll

from .operations import BYSTANDERS, ZONES
from .shim import build_shim, preload


class Site:
    """With `broken`, the name of a shim, the agent runs with it."""

    def __init__(self, broken=None):
        self.broken = broken
        self._home = None
        self._lab = None

    @property
    def lab(self):
        if self._lab is None:
            self._lab = self._make()
        return self._lab

    @property
    def slave(self):
        return self.lab.slaves[0]

    def _make(self):
        self._home = pathlib.Path(tempfile.mkdtemp(prefix="zonepush-faults."))
        lab = Lab.up(self._home, masters=2, slaves=1)
        # master2 first: its serials are lower, so that a zone that moves there must be fetched anew.
        last = 0
        for master in reversed(lab.masters):
            poll(lambda: time.time() >= last + 1)
            stays = [zone for zone, owner in BYSTANDERS.items() if owner == master.name]
            master.publish_many(ZONES + stays)
            last = max(master.read_serials().values())
        if self.broken:
            slave = lab.slaves[0]
            slave.agent.stop()
            preload(slave, build_shim(self.broken, self._home))
            slave.start_agent()
        return lab

    def drop(self):
        """Ends it; the next use makes another."""
        if self._lab is not None:
            self._lab.down()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
        self._lab = self._home = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()
