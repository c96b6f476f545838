"""The serial of a zone, asked over DNS (RFC 1035): all that the laboratory needs of it."""

import secrets
import socket
import struct

from .basics import LabError, poll

TIMEOUT = 1.0  # seconds for one reply
TYPE_SOA = 6
CLASS_IN = 1


def get_serial(server, zone):
    """The serial that a server (address, port) serves, or None where it doesn't serve the zone.

    TimeoutError where no reply came; ConnectionRefusedError where nobody listens.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(TIMEOUT)
        channel.connect(server)
        question = _render_name(zone) + struct.pack("!HH", TYPE_SOA, CLASS_IN)
        identity = secrets.randbits(16)
        channel.send(struct.pack("!6H", identity, 0, 1, 0, 0, 0) + question)
        reply = channel.recv(4096)
    return _read_serial(reply, identity, 12 + len(question))


def wait_for_serials(server, wanted, seconds):
    """Waits until a server serves all zones of `wanted` ({zone: serial}, None for "not at all")."""

    def is_served(zone, serial):
        try:
            return get_serial(server, zone) == serial
        except TimeoutError:
            return False  # named is silent while it takes a new configuration
        except ConnectionRefusedError:
            raise LabError(f"no name server answers on {server[0]} port {server[1]}") from None

    for zone, serial in wanted.items():
        poll(
            lambda: is_served(zone, serial),
            seconds,
            f"{server[0]} port {server[1]} serves '{zone}' with serial {serial}",
        )


def _render_name(name):
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _skip_name(message, offset):
    while message[offset]:
        if message[offset] >= 0xC0:  # a pointer ends the name
            return offset + 2
        offset += 1 + message[offset]
    return offset + 1


def _read_serial(reply, identity, offset):
    replied, flags, _, answers, _, _ = struct.unpack_from("!6H", reply)
    if replied != identity or flags & 0x000F or not answers:
        return None
    offset = _skip_name(reply, offset)
    (kind,) = struct.unpack_from("!H", reply, offset)
    if kind != TYPE_SOA:
        return None
    offset = _skip_name(reply, _skip_name(reply, offset + 10))
    return struct.unpack_from("!I", reply, offset)[0]
