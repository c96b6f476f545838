"""`zonepush-agent rebuild`, killed; then the agent starts as it is, and it is all done again."""

import subprocess

from . import trace
from .attack import Attack
from .world import Wrong, read_rows

REBUILD_SECONDS = 60


class Rebuild(Attack):
    """Nothing may be lost by it: neither zones nor the keys of masters."""

    def record(self):
        self.prepare()
        path = self.lab.home / "trace"
        self._rebuild(None, path)
        self.slave.start_agent()
        self._check_rebuilt()
        return trace.read_start(path)

    def prepare(self):
        super().prepare()
        self.masters = self._read_masters()
        self.slave.agent.stop()

    def run(self, point, with_copy):
        self.prepare()
        is_dead = self._rebuild(point) != 0
        self._check_instant({}, with_copy)
        self.slave.start_agent()
        self._await_named(self._owners(self.operation.after))
        self.slave.agent.stop()
        self.slave.must_run("rebuild")
        self.slave.start_agent()
        self._check_rebuilt()
        return is_dead

    def _rebuild(self, point, path="/dev/null"):
        """Its exit status under strace."""
        slave = self.slave
        argv = trace.starting([slave.executable, "-c", slave.configuration, "rebuild"], point, path)
        return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=REBUILD_SECONDS, check=False).returncode

    def _check_rebuilt(self):
        self._check_generations(read_rows(self.slave))
        masters = self._read_masters()
        if masters != self.masters:
            raise Wrong(f"the masters were {self.masters}, and are {masters}")
        self._converge(self._owners(self.operation.after))

    def _read_masters(self):
        status, answer = self.slave.ask("GET", "/v1/masters")
        if status != 200:
            raise Wrong(f"the agent doesn't list its masters: {answer}")
        return answer["masters"]
