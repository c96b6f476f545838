"""What all benchmarks use."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from laboratory import Lab, LabError


@dataclasses.dataclass(frozen=True)
class Size:
    """How many zones are there, and how many rounds count."""

    zones: int
    rounds: int


@contextlib.contextmanager
def laboratory(**numbers):
    """A Lab in a folder of its own, which it leaves with everything in it."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="zonepush-bench."))
    try:
        with Lab.up(home, **numbers) as lab:
            yield lab
    finally:
        shutil.rmtree(home, ignore_errors=True)


class Sync:
    """What one durable write costs here: 4 KiB and fsync(2)."""

    def __init__(self, directory):
        self.descriptor = os.open(directory / "sync", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)

    def measure(self):
        started = time.perf_counter()
        os.pwrite(self.descriptor, os.urandom(4096), 0)
        os.fsync(self.descriptor)
        return time.perf_counter() - started


def read_cpu_seconds(pid):
    """What a process has used of all cores."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(argv, content=""):
    """Runs a program and returns its standard error; LabError where it fails."""
    done = subprocess.run(
        [str(word) for word in argv], input=content, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LabError(f"{' '.join(map(str, argv))} failed: {done.stdout}{done.stderr}")
    return done.stderr


def render(seconds):
    """Median and 90th percentile, in ms."""
    ninetieth = sorted(seconds)[len(seconds) * 9 // 10]
    return f"{statistics.median(seconds) * 1000:.2f} ({ninetieth * 1000:.2f})"


def print_table(lines):
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())
