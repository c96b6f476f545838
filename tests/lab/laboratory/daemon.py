"""Daemons of the laboratory: started in the foreground, known by pid files, ended by id."""

import os
import select
import signal
import subprocess

from .basics import LabError, poll, read_tail

START_SECONDS = 60
STOP_SECONDS = 20


class Process:
    """A process of the laboratory in `home`, held by a pidfd: its id can't become another's."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    @classmethod
    def open(cls, pid_file, home):
        """The process that a pid file names, or None where that isn't one of `home` (any more)."""
        try:
            pid = int(pid_file.read_text())
            descriptor = os.pidfd_open(pid)
        except (OSError, ValueError):
            return None
        process = cls(descriptor)
        if runs_from(pid, home) and process.is_running():
            return process
        process.close()
        return None

    def is_running(self):
        return not self.wait(0)

    def wait(self, seconds):
        """Whether it has ended, at the latest after `seconds`."""
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def signal(self, number):
        try:
            signal.pidfd_send_signal(self._descriptor, number)
        except ProcessLookupError:
            pass  # it ended meanwhile

    def close(self):
        os.close(self._descriptor)


def runs_from(pid, home):
    """Whether the program or one of the arguments of a process lies in the folder `home`."""
    below = os.fsencode(f"{home}/")
    try:
        program = os.readlink(f"/proc/{pid}/exe".encode())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return False
    return any(word.startswith(below) for word in [program, *words])


def end_all(pid_files, home, number=signal.SIGTERM):
    """Ends what these pid files name, all at once, and removes them."""
    running = {}
    for pid_file in pid_files:
        process = Process.open(pid_file, home)
        if process:
            running[pid_file] = process
            process.signal(number)
    for pid_file, process in running.items():
        if not process.wait(STOP_SECONDS):
            process.signal(signal.SIGKILL)
            process.wait(STOP_SECONDS)
        process.close()
    for pid_file in pid_files:
        pid_file.unlink(missing_ok=True)


class Daemon:
    """A program that stays in the foreground, with NAME.pid and NAME.log in its directory."""

    def __init__(self, name, argv, directory, home):
        self.name = name
        self.argv = argv
        self.descriptors = ()  # that it inherits
        self.directory = directory
        self.home = home
        self.pid_file = directory / f"{name}.pid"
        self.log = directory / f"{name}.log"

    def __str__(self):
        return f"{self.name} of {self.directory.name}"

    @property
    def pid(self):
        return int(self.pid_file.read_text())

    @property
    def is_running(self):
        process = Process.open(self.pid_file, self.home)
        if process:
            process.close()
        return process is not None

    def start(self, is_ready):
        """Starts it and waits until `is_ready()`; LabError with the end of its log otherwise."""
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in self.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
                pass_fds=self.descriptors,
            )
        self.pid_file.write_text(f"{process.pid}\n")

        def is_ready_or_dead():
            if process.poll() is not None:
                raise LabError(f"{self} ended at once ({process.returncode})\n{self.read_tail()}")
            return is_ready()

        poll(is_ready_or_dead, START_SECONDS, lambda _: f"{self} is ready\n{self.read_tail()}")

    def stop(self, number=signal.SIGTERM):
        end_all([self.pid_file], self.home, number)

    def read_tail(self):
        return read_tail(self.log)
