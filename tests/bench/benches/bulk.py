"""Many zones in one document, acknowledged on two slaves; beside a loop of rndc on a few of them."""

import time

from laboratory import LabError, plesk
from laboratory.basics import replace_file

from .common import Size, laboratory, render, run
from .ways import Loop

STANDARD = Size(zones=10000, rounds=50)
SLAVES = 2
HOOK_SECONDS = 600


def bench(size):
    with laboratory(masters=1, slaves=SLAVES) as lab:
        names = [f"bulk{number:06d}.example" for number in range(size.zones + size.rounds)]
        commands = lab.masters[0].publish_many(names)
        loop = Loop(lab)
        loop.start({})
        singles = [loop.change("create", name) for name in names[size.zones :]]
        # Last, since named fetches the zones' data afterwards.
        seconds = push(lab, commands[: size.zones])
        report(size, seconds, singles)


def push(lab, commands):
    """Seconds until the hook has ended, with everything acknowledged by both slaves."""
    master = lab.masters[0]
    # Plesk would wait no longer than 3 s, and `zonepush deliver` would do the rest.
    patient = master.directory / "patient.conf"
    replace_file(patient, master.configuration.read_text() + f"deadline = {HOOK_SECONDS}\n")
    document = plesk.document(commands)
    started = time.perf_counter()
    warnings = run([master.executable, "-c", patient, "hook"], document)
    seconds = time.perf_counter() - started
    counts = [slave.ask("GET", "/v1/status")[1]["zones"]["applied"] for slave in lab.slaves]
    if warnings or counts != [len(commands)] * SLAVES:
        raise LabError(f"after the hook {counts} zones are applied: {warnings}")
    return seconds


def report(size, seconds, singles):
    each = seconds * 1000 / size.zones
    loop = sum(singles) * 1000 / len(singles)
    print(f"{size.zones} creations in one document, {SLAVES} slaves, until all is acknowledged:")
    print(f"zonepush: {seconds:.1f} s, {each:.3f} ms a zone on both slaves")
    print(f"loop of rndc: {render(singles)} ms a zone on both slaves, measured with {len(singles)};")
    print(f"  {size.zones} would take {loop * size.zones / 1000:.0f} s if it got no slower, as it "
          f"does: {loop / each:.0f} times as long")
