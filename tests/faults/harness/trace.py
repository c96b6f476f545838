"""System calls of the agent: recorded once, then each of them is where it gets killed.

strace(1) kills on entry: the call that is named doesn't happen any more. Threads are attached one
by one, without their children, and counted in the order in which they were made: a number means
the same call in every run, as far as the threads themselves do.
"""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess

from laboratory import LabError, poll

STRACE = "/usr/bin/strace"
ATTACH_SECONDS = 10

# What changes the disk, or is seen by somebody else. `?`: not every architecture has it.
CALLS = ("write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "rename",
         "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "sendto", "sendmsg")
TRACED = ",".join(f"?{name}" for name in CALLS)

LINE = re.compile(r"(\d+) +(\w+)\((.*)")
RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
UNFINISHED = " <unfinished ...>"
RESULT = re.compile(r"\) += (-?\d+|\?).*$")


@dataclasses.dataclass(frozen=True)
class Point:
    """Before the `number`th `call` of a thread; in ANY: of whichever thread comes first."""

    thread: int
    call: str
    number: int

    ANY = -1

    def __str__(self):
        thread = "any" if self.thread == self.ANY else self.thread
        return f"{thread}:{self.call}:{self.number}"

    @classmethod
    def parse(cls, text):
        match = re.fullmatch(r"(any|\d+):(\w+):(\d+)", text)
        if not match:
            raise LabError(f"'{text}' is no point; one looks like 2:rename:1")
        thread, call, number = match.groups()
        return cls(cls.ANY if thread == "any" else int(thread), call, int(number))


@dataclasses.dataclass(frozen=True)
class Call:
    """One call as it was recorded, with its arguments as strace prints them."""

    point: Point
    name: str
    arguments: str
    succeeded: bool


def list_threads(pid):
    """The threads of a process in the order in which they were made."""
    return sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))


def read_calls(path, threads):
    """The calls in a record, in their order; of threads that aren't listed there are none."""
    numbers, begun, calls = {}, {}, []
    for line in path.read_text(errors="replace").splitlines():
        started, resumed = LINE.match(line), RESUMED.match(line)
        if resumed:
            thread, name, rest = resumed.groups()
            begun_text = begun.pop(thread, None)
            if begun_text is None:
                continue
            text = begun_text + rest
        elif started:
            thread, name, text = started.groups()
            if text.endswith(UNFINISHED):
                begun[thread] = text.removesuffix(UNFINISHED)
                continue
        else:
            continue
        if int(thread) in threads and name in CALLS:
            key = (threads.index(int(thread)), name)
            numbers[key] = numbers.get(key, 0) + 1
            result = RESULT.search(text)
            calls.append(Call(Point(*key, numbers[key]), name, RESULT.sub("", text),
                              bool(result) and result.group(1).isdecimal()))
    return calls


@contextlib.contextmanager
def attached(pid, threads, *words):
    """strace on these threads of a process, with more words on its command line."""
    argv = [STRACE, "-qq", *(f"-p{thread}" for thread in threads), *words]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as strace:
        try:
            poll(lambda: strace.poll() is not None or _are_traced(pid, threads), ATTACH_SECONDS,
                 f"strace is attached to process {pid}")
            # Without a word it ended because the process did: a thread that is never idle can come
            # to its point at once.
            error = strace.poll() is not None and strace.stderr.read().strip()
            if error:
                raise LabError(f"strace can't attach to the agent: {error}; "
                               "run this as root, or allow it (kernel.yama.ptrace_scope = 0)")
            yield
        finally:
            # On an interrupt strace lets go of the threads, which go on.
            strace.send_signal(signal.SIGINT)


def record(pid, path, action):
    """What `action` makes the process do: (its outcome, [Call])."""
    threads = list_threads(pid)
    with attached(pid, threads, "-y", "-s256", f"-etrace={TRACED}", "-o", path):
        outcome = action()
    return outcome, read_calls(path, threads)


def killing(pid, point):
    """A context in which the process is killed where it comes to the point."""
    thread = list_threads(pid)[point.thread]
    return attached(pid, [thread], f"-etrace={point.call}",
                    f"-einject={point.call}:signal=KILL:when={point.number}", "-o", "/dev/null")


def starting(argv, point=None, path="/dev/null"):
    """The command line of a program that is traced from its start, with all its threads.

    With a point it is killed there: by number alone, whichever thread gets there first.
    """
    # Children are let go of where they become another program.
    words = [STRACE, "-f", "-b", "execve", "-qq", "-y", "-s256", "-o", path]
    if point is None:
        return [*words, f"-etrace={TRACED}", *argv]
    return [*words, f"-etrace={point.call}",
            f"-einject={point.call}:signal=KILL:when={point.number}", *argv]


def read_start(path):
    """The calls of a record made by starting()."""
    lines = map(LINE.match, path.read_text(errors="replace").splitlines())
    threads = dict.fromkeys(int(match[1]) for match in lines if match)
    calls = {}
    for call in read_calls(path, list(threads)):
        point = dataclasses.replace(call.point, thread=Point.ANY)
        calls.setdefault(point, dataclasses.replace(call, point=point))
    return list(calls.values())


def _are_traced(pid, threads):
    try:
        return all("TracerPid:\t0\n" not in _read_status(pid, thread) for thread in threads)
    except OSError:
        return False


def _read_status(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status") as file:
        return file.read()
