"""Ports of 127.0.0.1 that nobody uses."""

import contextlib
import random
import socket

from .basics import LabError

# High, and below the range from which Linux takes the ports of outgoing connections.
RANGE = range(20000, 32768)


def pick_ports(count):
    """`count` ports that are free for UDP and TCP both."""
    ports = []
    with contextlib.ExitStack() as held:
        for port in random.SystemRandom().sample(RANGE, len(RANGE)):
            if len(ports) == count:
                return ports
            if _hold(port, held):
                ports.append(port)
    raise LabError(f"there aren't {count} free ports on 127.0.0.1 in {RANGE}")


def _hold(port, held):
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            held.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
