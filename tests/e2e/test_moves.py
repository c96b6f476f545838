"""A zone moves from one master to another: in every order of messages, and at no moment unserved.

Each zone of a test gets the same messages in another order. What a model of PROTOCOL.md section 7
says must be the answer and the owner; a prober asks the slave's named for all zones meanwhile.
"""

import dataclasses
import itertools
import threading
import time

import pytest
from laboratory.basics import poll
from wire import Signer, call

LABORATORY = {"masters": 2, "slaves": 1}


@dataclasses.dataclass(frozen=True)
class Message:
    """A change of a zone; `who` is "a", who has it first in most orders, "b", or "c"."""

    who: str
    generation: int
    present: bool = True
    is_update: bool = False

    def render(self, zone, serial):
        content = {"zone": zone, "present": self.present, "generation": self.generation}
        return {**content, "serial": serial} if self.is_update else content


CREATE_A, UPDATE_A, DELETE_A, RETURN_A = (
    Message("a", 10), Message("a", 11, is_update=True), Message("a", 12, False), Message("a", 13))
CREATE_B, UPDATE_B, DELETE_B = (
    Message("b", 20), Message("b", 21, is_update=True), Message("b", 22, False))
CREATE_C = Message("c", 30)

MOVE = (CREATE_A, UPDATE_A, DELETE_A, CREATE_B, UPDATE_B)


def list_orders(messages):
    """Every order that keeps that of each master's own messages."""
    for order in itertools.permutations(messages):
        generations = {}
        for message in order:
            generations.setdefault(message.who, []).append(message.generation)
        if all(own == sorted(own) for own in generations.values()):
            yield order


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
    """A slave, and masters that all have the same zones, each with serials of its own."""

    def __init__(self, lab):
        self.slave = lab.slaves[0]
        self.masters = lab.masters
        self.signers = {master.name: Signer(master.key) for master in lab.masters}

    def make_zones(self, word, orders):
        """A zone for each order, and one for the same with the masters' parts exchanged: who gets
        a zone may have higher serials or lower ones."""
        zones = []
        for number, messages in enumerate(orders):
            for way in (self.masters, self.masters[::-1]):
                zones.append(Zone(f"{word}{number}-{way[0].name}.example", dict(zip("abc", way)),
                                  messages))
        last = 0
        for master in self.masters:
            poll(lambda: time.time() >= last + 1)
            master.publish_many([zone.name for zone in zones])
            last = max(master.read_serials().values())
        return zones

    def play(self, zones, with_updates=False):
        """All zones get their messages, step by step; then everything must be as the model says.

        `with_updates`: an update is preceded by one in the master's named.
        """
        with Prober(self.slave.named, [zone.name for zone in zones]) as prober:
            for step in itertools.zip_longest(*(zone.messages for zone in zones)):
                self._send(prober, [pair for pair in zip(zones, step) if pair[1]], with_updates)
                self._wait_until_served(zones)
            for zone in zones:
                self._check(zone)
            so_far = prober.asked
            poll(lambda: prober.asked > so_far + len(zones), 30)
        assert not prober.gaps, f"not served for a moment: {sorted(set(prober.gaps))}"

    def _send(self, prober, pairs, with_updates):
        """One message for each of some zones, in one request of each master."""
        for master in self.masters:
            mine = [(zone, message) for zone, message in pairs
                    if zone.masters[message.who] is master]
            if not mine:
                continue
            updated = [zone.name for zone, message in mine if message.is_update]
            if with_updates and updated:
                master.publish("update", updated)
            leaving = [zone.name for zone, message in mine if zone.removes(message)]
            for name in leaving:
                prober.release(name)
            self._push(master, mine)
            for name in leaving:
                prober.watch(name)

    def _push(self, master, mine):
        serials = master.read_serials()
        content = {"changes": [message.render(zone.name, serials[zone.name])
                               for zone, message in mine]}
        reply = call(self.slave, self.signers[master.name], "POST", "/v1/changes", content)
        assert reply.status == 200, reply.body
        assert [(result["zone"], result.get("problem", result["result"]))
                for result in reply.json["results"]] == \
               [(zone.name, zone.take(message)) for zone, message in mine]

    def _wait_until_served(self, zones):
        """Until every zone that somebody has is served, by whosever data, and no other."""
        for zone in zones:
            poll(lambda: is_served(self.slave.named, zone.name) == bool(zone.owner), 30,
                 f"named {'has' if zone.owner else 'lacks'} '{zone.name}': {zone.messages}")

    def _check(self, zone):
        """Whose it is, who claims it, and whose data are served."""
        serial = zone.masters[zone.owner].read_serials()[zone.name] if zone.owner else None
        self.slave.named.wait_for_serials({zone.name: serial}, 30)
        wanted = {who: "claimed" for who in zone.claims} | {zone.owner: "applied"}
        for who, master in zone.masters.items():
            status, row = self.slave.ask("GET", f"/v1/zones/{zone.name}?master={master.name}")
            state = row["state"] if status == 200 else None
            assert state == wanted.get(who), (zone.messages, who, row)


def is_served(named, zone):
    """None where named doesn't say."""
    try:
        return named.get_serial(zone) is not None
    except TimeoutError:
        return None


@pytest.fixture(scope="module")
def stage(lab):
    return Stage(lab)


def test_every_order_that_keeps_each_masters_own(stage):
    orders = list(list_orders(MOVE))
    assert len(orders) == 10
    stage.play(stage.make_zones("own", orders), with_updates=True)


def test_every_order_at_all(stage):
    orders = list(itertools.permutations(MOVE))
    assert len(orders) == 120
    stage.play(stage.make_zones("any", orders))


def test_every_message_twice(stage):
    orders = [[message for message in order for _ in range(2)] for order in list_orders(MOVE)]
    stage.play(stage.make_zones("twice", orders))


def test_everything_once_more_later(stage):
    orders = [[*order, *late] for order in list_orders(MOVE) for late in (order, order[::-1])]
    stage.play(stage.make_zones("late", orders))


def test_a_claim_that_is_withdrawn(stage):
    orders = list(itertools.permutations((CREATE_A, DELETE_A, CREATE_B, DELETE_B)))
    stage.play(stage.make_zones("gone", orders))


def test_there_and_back(stage):
    orders = list(list_orders((CREATE_A, DELETE_A, RETURN_A, CREATE_B, DELETE_B)))
    stage.play(stage.make_zones("back", orders))


def test_the_oldest_of_several_claims_is_first(make_lab):
    stage = Stage(make_lab(masters=3, slaves=1))
    orders = list(list_orders((CREATE_A, DELETE_A, CREATE_B, DELETE_B, CREATE_C)))
    stage.play(stage.make_zones("three", orders))
