"""Ports of 127.0.0.1 that nobody uses."""

import contextlib
import fcntl
import os
import random
import socket
import tempfile

from .basics import LabError

# High, and below the range from which Linux takes the ports of outgoing connections.
RANGE = range(20000, 32768)

# What this process was given stays its own until it ends, also while a daemon is stopped and its
# port free: for other processes by a lock on the port's byte of a file, here by the set.
_reserved = set()
_reservations = None


def pick_ports(count):
    """`count` ports that are free for UDP and TCP both, and were given to nobody."""
    ports = []
    with contextlib.ExitStack() as held:
        for port in random.SystemRandom().sample(RANGE, len(RANGE)):
            if len(ports) == count:
                return ports
            if port not in _reserved and _reserve(port) and _hold(port, held):
                ports.append(port)
    raise LabError(f"there aren't {count} free ports on 127.0.0.1 in {RANGE}")


def _reserve(port):
    global _reservations
    if _reservations is None:
        path = os.path.join(tempfile.gettempdir(), f"zonepush-ports-{os.getuid()}")
        _reservations = open(path, "ab")
    try:
        fcntl.lockf(_reservations, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _reserved.add(port)
    return True


def _hold(port, held):
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            held.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
