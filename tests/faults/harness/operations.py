"""What the agent is doing when it is killed: for each operation the zones before, and after."""

import dataclasses
import itertools
import time

from laboratory import LabError

BULK = 300
ZONES = [f"crash{number:03d}.example" for number in range(BULK)]
BYSTANDERS = {f"stays{number}.example": f"master{number % 2 + 1}" for number in range(8)}

_last = itertools.count(int(time.time() * 1_000_000))


def stamp():
    """A generation that is newer than all before."""
    return next(_last)


@dataclasses.dataclass(frozen=True)
class Change:
    zone: str
    present: bool = True
    anew: bool = False
    serial: int | None = None

    def render(self, generation):
        content = {"zone": self.zone, "present": self.present, "generation": generation}
        if self.anew:
            content["anew"] = True
        if self.serial is not None:
            content["serial"] = self.serial
        return content


@dataclasses.dataclass(frozen=True)
class Operation:
    """One request of one master.

    `before` and `after` are {zone: its masters}: the owner first, then who claims it; nobody where
    the zone isn't there. `kind`: what is attacked is the "request", the "start" after a crash in it,
    or, without a request, a "rebuild".
    """

    name: str
    master: str
    changes: list
    before: dict
    after: dict
    kind: str = "request"

    def render(self):
        """The content of the request, with a generation that is the newest."""
        generation = stamp()
        return {"changes": [change.render(generation) for change in self.changes]}


def send(slave, master, content):
    """The results of a request, zone by zone; LabError where it is refused as a whole."""
    status, reply = slave.ask("POST", f"/v1/changes?master={master}", content)
    if status != 200:
        raise LabError(f"{slave.name} doesn't take the changes of {master}: {reply}")
    return {result["zone"]: result for result in reply["results"]}


def arrange(slave, wanted, rows):
    """Makes the zones in `wanted` ({zone: [owner, claimant …]}) stand so, whatever they were."""
    zones = [zone for zone, masters in wanted.items() if not _stands(zone, masters, rows)]
    for master in sorted({master for _, master in rows}):
        _change(slave, master, [Change(zone, False) for zone in zones if (zone, master) in rows])
    for place in range(max((len(wanted[zone]) for zone in zones), default=0)):
        places = {zone: wanted[zone][place] for zone in zones if len(wanted[zone]) > place}
        for master in sorted(set(places.values())):
            _change(slave, master,
                    [Change(zone) for zone, owner in places.items() if owner == master])


def _stands(zone, masters, rows):
    there = {master: row.state == "claimed" for (name, master), row in rows.items() if name == zone}
    return there == {master: place > 0 for place, master in enumerate(masters)}


def _change(slave, master, changes):
    if changes:
        generation = stamp()
        send(slave, master, {"changes": [change.render(generation) for change in changes]})


A, B = "master1", "master2"


def list_operations():
    """All of them, by name."""
    zone, other, third = ZONES[:3]
    half = BULK // 2
    mixed = Operation("mixed", A, [Change(zone), Change(other, False), Change(third, anew=True)],
                      {zone: [], other: [A], third: [A]}, {zone: [A], other: [], third: [A]})
    operations = [
        Operation("create", A, [Change(zone)], {zone: []}, {zone: [A]}),
        Operation("delete", A, [Change(zone, False)], {zone: [A]}, {zone: []}),
        Operation("anew", A, [Change(zone, anew=True)], {zone: [A]}, {zone: [A]}),
        Operation("update", A, [Change(zone, serial=7)], {zone: [A]}, {zone: [A]}),
        mixed,
        dataclasses.replace(mixed, name="recovery", kind="start"),
        Operation("rebuild", A, [], mixed.before, mixed.before, kind="rebuild"),
        Operation("claim", B, [Change(zone)], {zone: [A]}, {zone: [A, B]}),
        Operation("move", A, [Change(zone, False)], {zone: [A, B]}, {zone: [B]}),
        Operation("bulk-create", A, [Change(name) for name in ZONES],
                  dict.fromkeys(ZONES, []), dict.fromkeys(ZONES, [A])),
        Operation("bulk-delete", A, [Change(name, False) for name in ZONES],
                  dict.fromkeys(ZONES, [A]), dict.fromkeys(ZONES, [])),
        Operation("bulk-move", A, [Change(name, False) for name in ZONES],
                  dict.fromkeys(ZONES[:half], [A, B]) | dict.fromkeys(ZONES[half:], [A]),
                  dict.fromkeys(ZONES[:half], [B]) | dict.fromkeys(ZONES[half:], [])),
    ]
    return {operation.name: operation for operation in operations}
