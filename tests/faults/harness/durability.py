"""What a power cut would lose: judged by the order of system calls, since kill -9 loses nothing.

After write(2) a file is in doubt until it is synced, after rename(2), link(2) and unlink(2) its
directory is. A file must not get its name while its content is in doubt, and nothing may be in
doubt when named is told, or a change is acknowledged.
"""

import pathlib
import re

WRITES = ("write", "writev", "pwrite64", "pwritev", "ftruncate")
SYNCS = ("fsync", "fdatasync")
SENDS = ("write", "writev", "sendto", "sendmsg")

FILE = re.compile(r"\d+<(/[^>]*)>")
STREAM = re.compile(r"\d+<(?:UNIX-STREAM|TCP|socket):")
NAMES = re.compile(r'"((?:[^"\\]|\\.)*)"')

# What a message says, and what that tells others.
MOMENTS = {r'\\"results\\":': "the change was acknowledged",
           r"reconfig|delzone": "named was told of it"}


def is_draft(path):
    """Whether a file isn't in force, and swept at the next start."""
    return pathlib.Path(path).name.startswith(".")


class Doubts:
    """Files and directories below `folders` that aren't as they would be after a power cut."""

    def __init__(self, folders):
        self.folders = [str(folder) for folder in folders]
        self.paths = set()

    def add(self, path):
        # What SQLite shares between processes is made anew after a crash.
        if path.startswith(tuple(self.folders)) and not path.endswith("-shm"):
            self.paths.add(path)

    def follow(self, call):
        """Follows one call; a sentence where it may not be now, or None."""
        file = FILE.match(call.arguments)
        if call.name in WRITES and file:
            self.add(file[1])
        elif call.name in SYNCS and file:
            self.paths.discard(file[1])
        elif call.name.startswith("rename"):
            old, new = NAMES.findall(call.arguments)[:2]
            if old in self.paths:
                return f"'{new}' got its name before its content was synced"
            self.add(str(pathlib.Path(new).parent))
        elif call.name.startswith(("link", "unlink")):
            path = NAMES.findall(call.arguments)[-1]
            if not is_draft(path):
                self.add(str(pathlib.Path(path).parent))
        return None


def find_moment(call):
    """What a message that is sent here says to others, or None."""
    if call.name not in SENDS or not STREAM.match(call.arguments):
        return None
    return next((moment for pattern, moment in MOMENTS.items()
                 if re.search(pattern, call.arguments)), None)


def find_doubts(calls, folders):
    """Sentences about what a power cut could take away that others were told of."""
    doubts, found = Doubts(folders), []
    for call in calls:
        if not call.succeeded:
            continue
        moment = find_moment(call)
        if moment:
            found += [f"'{path}' wasn't synced when {moment}"
                      for path in sorted(doubts.paths) if not is_draft(path)]
        sentence = doubts.follow(call)
        if sentence:
            found.append(sentence)
    return found
