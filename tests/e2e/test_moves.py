"""A zone moves from one master to another: in every order of messages, and at no moment unserved.

Each zone of a test gets the same messages in another order. What a model of PROTOCOL.md section 7
says must be the answer and the owner; a prober asks the slave's named for all zones meanwhile.
"""

import dataclasses
import itertools
import threading

import pytest
from laboratory.basics import poll
from wire import Signer, call


@dataclasses.dataclass(frozen=True)
class Message:
    """A change of a zone; `who` is "a", who has it first in most orders, or "b"."""

    who: str
    generation: int
    present: bool
    serial: int | None = None

    def render(self, zone):
        content = {"zone": zone, "present": self.present, "generation": self.generation}
        return content if self.serial is None else {**content, "serial": self.serial}


CREATE_A, UPDATE_A, DELETE_A = (Message("a", 10, True), Message("a", 11, True, 7),
                                Message("a", 12, False))
CREATE_B, UPDATE_B, DELETE_B = (Message("b", 20, True), Message("b", 21, True, 8),
                                Message("b", 22, False))
MOVE = (CREATE_A, UPDATE_A, DELETE_A, CREATE_B, UPDATE_B)


class Zone:
    """What must be true of a zone after the messages so far."""

    def __init__(self, name, masters, messages):
        self.name = name
        self.masters = masters  # {"a": Master, "b": Master}
        self.messages = messages
        self.rows = {}  # {who: the newest message}
        self.owner = None
        self.claims = []  # who, the oldest first

    def removes(self, message):
        """Whether nobody has the zone any more after this message."""
        return (self.owner == message.who and not message.present and not self.claims
                and message.generation > self.rows[message.who].generation)

    def take(self, message):
        """What the agent must answer: the result, or the problem where it is refused."""
        who, known = message.who, self.rows.get(message.who)
        if known and message.generation < known.generation:
            return "stale"
        is_new = not known or message.generation > known.generation
        self.rows[who] = message
        if is_new and message.present:
            self._want(who)
        elif is_new:
            self._leave(who)
        if who in self.claims:
            return "owned"
        return "applied" if is_new else "unchanged"

    def _want(self, who):
        if self.owner is None:
            self.owner = who
        elif self.owner != who and who not in self.claims:
            self.claims.append(who)

    def _leave(self, who):
        if who in self.claims:
            self.claims.remove(who)
        elif self.owner == who:
            self.owner = self.claims.pop(0) if self.claims else None


class Prober(threading.Thread):
    """Asks named for zones without a pause; one that was served once must be served from then on.

    `release` ends that for a zone, before it may go; `watch` begins it again.
    """

    def __init__(self, named, zones):
        super().__init__(daemon=True)
        self.named = named
        self.zones = zones
        self.epochs = dict.fromkeys(zones, 1)  # 0: released
        self.served = {}  # {zone: the epoch in which it was first served}
        self.gaps = []
        self.asked = 0
        self.stopping = False
        self.lock = threading.Lock()

    def run(self):
        while not self.stopping:
            for zone in self.zones:
                self._ask(zone)

    def _ask(self, zone):
        epoch = self.epochs[zone]
        try:
            serial = self.named.get_serial(zone)
        except TimeoutError:
            return  # silent while it reads its configuration, which takes nobody a zone
        with self.lock:
            self.asked += 1
            if epoch == 0 or epoch != self.epochs[zone]:
                return
            if serial is not None:
                self.served[zone] = epoch
            elif self.served.get(zone) == epoch:
                self.gaps.append(zone)

    def release(self, zone):
        with self.lock:
            self.epochs[zone] = 0

    def watch(self, zone):
        with self.lock:
            if self.epochs[zone] == 0:
                self.epochs[zone] = self.served.get(zone, 0) + 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.join()


class Stage:
    """A slave, masters with the same zones, and messages to it."""

    def __init__(self, lab):
        self.slave = lab.slaves[0]
        self.signers = {master.name: Signer(master.key) for master in lab.masters}

    def make_zones(self, lab, orders, word):
        """Each order twice: from a master with higher serials to one with lower ones, and back."""
        first, second = lab.masters
        zones = []
        for number, messages in enumerate(orders):
            for way, masters in (("up", (second, first)), ("down", (first, second))):
                zones.append(Zone(f"{word}{number}-{way}.example", dict(zip("ab", masters)),
                                  messages))
        names = [zone.name for zone in zones]
        second.publish_many(names)
        older = max(second.read_serials().values())
        poll(lambda: first.named and _is_later(older))
        first.publish_many(names)
        return zones

    def play(self, zones):
        """All zones get their messages, step by step; then everything must be as the model says."""
        with Prober(self.slave.named, [zone.name for zone in zones]) as prober:
            for step in itertools.zip_longest(*(zone.messages for zone in zones)):
                self._send(prober, [pair for pair in zip(zones, step) if pair[1]])
                self._wait_until_served(zones)
            for zone in zones:
                self._check(zone)
            round_trip = prober.asked
            poll(lambda: prober.asked > round_trip + len(zones))
        assert not prober.gaps, f"not served for a moment: {sorted(set(prober.gaps))}"

    def _send(self, prober, pairs):
        """One message for each of some zones, in one request of each master."""
        names = {zone.masters[message.who].name for zone, message in pairs}
        for name in sorted(names):
            mine = [(zone, message) for zone, message in pairs
                    if zone.masters[message.who].name == name]
            leaving = [zone.name for zone, message in mine if zone.removes(message)]
            for zone in leaving:
                prober.release(zone)
            content = {"changes": [message.render(zone.name) for zone, message in mine]}
            reply = call(self.slave, self.signers[name], "POST", "/v1/changes", content)
            assert reply.status == 200, reply.body
            results = reply.json["results"]
            wanted = [(zone.name, zone.take(message)) for zone, message in mine]
            assert [(result["zone"], result.get("problem", result["result"]))
                    for result in results] == wanted
            for zone in leaving:
                prober.watch(zone)

    def _wait_until_served(self, zones):
        get_serial = self.slave.named.get_serial
        for zone in zones:
            poll(lambda: _answers(get_serial, zone.name) == bool(zone.owner), 30,
                 f"named {'has' if zone.owner else 'lacks'} {zone.name} {zone.messages}")

    def _check(self, zone):
        """Whose it is, who claims it, and whose data are served."""
        serial = zone.owner and zone.masters[zone.owner].read_serials()[zone.name]
        self.slave.named.wait_for_serials({zone.name: serial}, 30)
        for who, master in zone.masters.items():
            status, row = self.slave.ask("GET", f"/v1/zones/{zone.name}?master={master.name}")
            wanted = {zone.owner: "applied", **dict.fromkeys(zone.claims, "claimed")}.get(who)
            assert (row["state"] if status == 200 else None) == wanted, (zone.messages, who, row)


def _is_later(serial):
    import time
    return time.time() >= serial + 1


def _answers(get_serial, zone):
    try:
        return get_serial(zone) is not None
    except TimeoutError:
        return None
