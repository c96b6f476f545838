"""How long named is silent: a process that asks for one zone every millisecond."""

import multiprocessing
import select
import socket
import struct
import time

from laboratory import LabError

PAUSE = 0.001  # seconds between two questions
LAST_SECONDS = 2  # what is unanswered so long after the end is lost: named had no room for it


class Prober:
    """Runs while the `with` lasts; `silence` is then the longest time without an answer, seconds.

    That is the longest that any question waited: named answers those that came while it was busy
    in one go afterwards.
    """

    def __init__(self, server, zone):
        here, there = multiprocessing.Pipe()
        self._pipe = here
        self._process = multiprocessing.Process(target=_probe, args=(server, zone, there),
                                                daemon=True)
        self.silence = self.asked = self.lost = None

    def __enter__(self):
        self._process.start()
        self._pipe.recv()
        return self

    def __exit__(self, kind, *_):
        self._pipe.send(None)
        self.silence, self.asked, self.lost = self._pipe.recv()
        self._process.join()
        if kind is None and not self.asked > self.lost:
            raise LabError("named never answered the prober")


def _render(zone, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in zone.split("."))
    return struct.pack("!6H", number, 0, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, 6, 1)


def _probe(server, zone, pipe):
    waiting, longest, asked, stop_at = {}, 0.0, 0, None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        # So that what named is asked while it is busy isn't lost.
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        channel.connect(server)
        pipe.send(None)
        next_at = time.perf_counter()
        while stop_at is None or (waiting and time.perf_counter() < stop_at):
            now = time.perf_counter()
            if stop_at is None and now >= next_at:
                number = asked & 0xFFFF
                channel.send(_render(zone, number))
                waiting[number] = now
                asked += 1
                next_at = max(next_at + PAUSE, now)
            pause = max(0, next_at - now) if stop_at is None else PAUSE
            ready, _, _ = select.select([channel, pipe], [], [], pause)
            if channel in ready:
                (number,) = struct.unpack_from("!H", channel.recv(4096))
                sent = waiting.pop(number, None)
                if sent is not None:
                    longest = max(longest, time.perf_counter() - sent)
            if pipe in ready and stop_at is None:
                pipe.recv()
                stop_at = time.perf_counter() + LAST_SECONDS
    pipe.send((longest, asked, len(waiting)))
