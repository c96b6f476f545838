"""The second crash: while the agent mends, at its start, what the first one left behind."""

import pathlib
import signal

from laboratory import LabError
from laboratory.daemon import Process

from . import trace
from .attack import DEATH_SECONDS, Attack
from .world import Wrong


class Recovery(Attack):
    """A start of the agent after it was killed when it had stored its intent, and done nothing."""

    first = None  # the point of the first crash

    def record(self):
        calls = super().record()
        stored = next(number for number, call in enumerate(calls) if call.name == "fdatasync")
        self.first = calls[stored + 1].point
        self.prepare()
        path = self.lab.home / "trace"
        self._start(None, path)
        self._await_named(self._owners(self.operation.after))
        self.slave.agent.stop(signal.SIGKILL)
        calls = trace.read_start(path)
        self.slave.start_agent()
        return calls

    def prepare(self):
        super().prepare()
        if self.first:
            is_dead, _ = self._kill(self.first)
            if not is_dead:
                raise Wrong(f"the agent never came to {self.first}, where it was to crash first")

    def run(self, point, with_copy):
        self.prepare()
        if not self._start(point):
            self._converge(self._owners(self.operation.after))
            return False
        self._check_instant({}, with_copy)
        self.slave.start_agent()
        self._check_recovery({})
        return True

    def _start(self, point, path="/dev/null"):
        """Starts the agent under strace; whether it was killed at the point."""
        agent = self.slave.agent
        plain = agent.argv
        agent.argv = trace.starting(plain, point, path)
        try:
            self.slave.start_agent()
        except LabError:
            return True
        finally:
            agent.argv = plain
        self._adopt()
        process = Process.open(agent.pid_file, self.lab.home)
        try:
            return process is None or (point is not None and process.wait(DEATH_SECONDS))
        finally:
            if process:
                process.close()

    def _adopt(self):
        """Lets the pid file name the agent itself, which strace started."""
        pid = self.slave.agent.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            self.slave.agent.pid_file.write_text(f"{children[0]}\n")
