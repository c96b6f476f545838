"""What a power cut would lose: judged by the order of system calls, since kill -9 loses nothing.

After write(2) a file is in doubt until it is synced, after rename(2), link(2) and unlink(2) its
directory is. A file must not get its name while its content is in doubt, and nothing may be in
doubt when a change is acknowledged.
"""

import pathlib
import re

WRITES = ("write", "writev", "pwrite64", "pwritev", "ftruncate")
SYNCS = ("fsync", "fdatasync")
REPLIES = ("write", "writev", "sendto", "sendmsg")

FILE = re.compile(r"\d+<(/[^>]*)>")
STREAM = re.compile(r"\d+<(?:UNIX-STREAM|TCP|socket):")
NAMES = re.compile(r'"((?:[^"\\]|\\.)*)"')

HTTP = r'"HTTP/1\.1 2'


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
            path = pathlib.Path(NAMES.findall(call.arguments)[-1])
            # Drafts that come back are swept at the next start.
            if not path.name.startswith("."):
                self.add(str(path.parent))
        return None


def find_doubts(calls, folders):
    """Sentences about what a power cut could take away that was acknowledged, or half done."""
    doubts, found = Doubts(folders), []
    for call in calls:
        if not call.succeeded:
            continue
        if call.name in REPLIES and STREAM.match(call.arguments) and re.search(HTTP,
                                                                            call.arguments):
            found += [f"'{path}' wasn't synced when the change was acknowledged"
                      for path in sorted(doubts.paths)]
        sentence = doubts.follow(call)
        if sentence:
            found.append(sentence)
    return found
