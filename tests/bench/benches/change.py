"""One change on two slaves, by zonepush and by a loop that runs rndc for each slave.

Both do the same to real named with the same zones, in interleaved pairs on the same machine. The
hook is timed until both agents have acknowledged; the loop until its last rndc has ended.
"""

import statistics

from .common import Size, Sync, laboratory, print_table, render
from .ways import Loop, Push

STANDARD = Size(zones=0, rounds=30)
SLAVES = 2
WARM_UP = 2  # rounds that don't count
TRANSFER_SECONDS = 600  # behind those of very many zones


def bench(size):
    with laboratory(masters=1, slaves=SLAVES, zones=size.zones) as lab:
        report(measure(lab, size.rounds), size)


def measure(lab, rounds):
    """{name of a figure: its seconds, round by round}."""
    master, sync, push, loop = lab.masters[0], Sync(lab.home), Push(lab), Loop(lab)
    loop.start(master.read_serials())
    figures = {"fsync": []}
    for number in range(WARM_UP + rounds):
        zone = f"bench{number:03d}.example"
        for action in ("create", "update", "delete"):
            (command,) = master.publish(action, [zone])
            figures.setdefault(f"push {action}", []).append(push.change(command, zone))
            figures.setdefault(f"loop {action}", []).append(loop.change(action, zone))
            figures["fsync"].append(sync.measure())
            if action != "delete":
                push.check_applied(zone)
                wait_for_both(lab, loop, zone)
    return {
        name: seconds[len(seconds) * WARM_UP // (WARM_UP + rounds) :]
        for name, seconds in figures.items()
    }


def wait_for_both(lab, loop, zone):
    """Transfers of one change shall not disturb the next one."""
    wanted = {zone: lab.masters[0].named.get_serial(zone)}
    for named in [*(slave.named for slave in lab.slaves), *loop.slaves]:
        named.wait_for_serials(wanted, TRANSFER_SECONDS)


def report(figures, size):
    sync = statistics.median(figures["fsync"])
    print(f"{size.zones} zones there already, {SLAVES} slaves, {size.rounds} rounds;")
    print(f"a write of 4 KiB with fsync: {render(figures['fsync'])} ms")
    lines = [["one change", "zonepush hook", "loop of rndc", "ratio", "in fsyncs"]]
    for action in ("create", "update", "delete"):
        push, loop = figures[f"push {action}"], figures[f"loop {action}"]
        median = statistics.median(push)
        ratio = median / statistics.median(loop)
        lines.append(
            [action, render(push), render(loop), f"{ratio:.2f}", f"{median / sync:.0f}"]
        )
    print_table(lines)
