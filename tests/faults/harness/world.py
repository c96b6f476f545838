"""What is true on a slave: on its disk, in the agent's registry, in the running named."""

import dataclasses
import re
import shutil
import subprocess

from laboratory import LabError
from laboratory.named import ADDRESS, Named
from laboratory.ports import pick_ports
from laboratory.slave import OPTIONS

CHECKCONF = "/usr/bin/named-checkconf"
CHECK_SECONDS = 60
PAGE = 1000

INCLUDE = re.compile(r'^\s*include "([^"]+)";', re.MULTILINE)
CLAUSE = re.compile(r'^zone "([^"]+)" \{.*\}; # master=(\S+)(?: generation=(\d+))? made=(\d+)$',
                    re.MULTILINE)
DATA = re.compile(r'file "([^"]+)"')
# The zone that named keeps the managed keys of its view in (RFC 5011).
OWN_ZONES = 1

COUNT = re.compile(r"number of zones: (\d+) \((\d+) automatic\)")


class Wrong(Exception):
    """A promise is broken; the text says which, and how."""


@dataclasses.dataclass(frozen=True)
class Row:
    """What the registry says about a zone of one master."""

    state: str
    generation: int


def read_disk(slave):
    """{zone: master} of the zones that named would have if it started now; Wrong if it wouldn't."""
    done = subprocess.run([CHECKCONF, "-l", slave.named.configuration], capture_output=True,
                          text=True, timeout=CHECK_SECONDS, check=False)
    if done.returncode:
        raise Wrong(f"named would refuse its configuration: {done.stdout.strip()}")
    zones = {clause[1]: clause[2] for path in list_includes(slave)
             for clause in CLAUSE.finditer(path.read_text())}
    checked = {line.split(" ")[0] for line in done.stdout.splitlines()
               if line.endswith((" secondary", " slave"))}
    if checked != set(zones):
        raise Wrong(f"named reads {sorted(checked ^ set(zones))[:5]} otherwise than this harness")
    return zones


def list_includes(slave):
    """The files that named reads zones from, in the order in which it does."""
    waiting, found = [slave.include], []
    while waiting:
        path = waiting.pop(0)
        found.append(path)
        waiting += [path.parent / name for name in INCLUDE.findall(path.read_text())]
    return found


def read_rows(slave):
    """{(zone, master): Row} of everything that is wanted of this slave."""
    rows, after = {}, ""
    while after is not None:
        status, page = slave.ask("GET", f"/v1/zones?limit={PAGE}" + (after and f"&after={after}"))
        if status != 200:
            raise LabError(f"{slave.name} doesn't list its zones: {page}")
        for zone in page["zones"]:
            rows[zone["zone"], zone["master"]] = Row(zone["state"], zone["generation"])
        after = page["next"]
    return rows


def list_owned(rows):
    """{zone: master} of the zones that aren't just claimed."""
    return {zone: master for (zone, master), row in rows.items() if row.state != "claimed"}


def count_zones(named):
    """How many zones the running named has of configured ones."""
    match = COUNT.search(named.rndc("status"))
    if not match:
        raise LabError("rndc status doesn't tell the number of zones")
    return int(match[1]) - int(match[2]) - OWN_ZONES


def find_unlike(lab, slave, owners):
    """The first zone that named doesn't serve as its owner does (None: not at all), or None."""
    serials = {master.name: master.read_serials() for master in lab.masters}
    for zone, owner in owners.items():
        wanted = serials[owner][zone] if owner else None
        try:
            served = slave.named.get_serial(zone)
        except TimeoutError:
            return f"named doesn't answer for '{zone}'"
        if served != wanted:
            return f"named serves '{zone}' with {served}, not {wanted} of {owner or 'nobody'}"
    return None


def list_litter(slave):
    """What lies where the agent and named write though nothing needs it."""
    includes = list_includes(slave)
    names = {path.name for path in includes}
    found = [path for path in slave.include.parent.rglob("*") if path.is_file()
             and path.name.removesuffix(".previous") not in names]
    data = {name for path in includes for name in DATA.findall(path.read_text())}
    return found + [path for path in (slave.directory / "data").iterdir()
                    if str(path).removesuffix(".jnl") not in data]


def start_copy(lab, slave):
    """Starts a named of its own on a copy of the configuration; Wrong where it doesn't start.

    The copy has the same zones and no data: that it starts, with all of them, is all that is asked.
    """
    directory = lab.home / "copy"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    (directory / "data").mkdir()
    named = Named(directory, lab.home, *pick_ports(2))
    for path in list_includes(slave):
        copy = directory / path.relative_to(slave.directory)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text().replace(str(slave.directory), str(directory)))
    named.configure(OPTIONS, directory / slave.include.relative_to(slave.directory))
    try:
        named.start()
        return count_zones(named)
    except LabError as error:
        raise Wrong(f"a named started at that instant doesn't start: {error}") from None
    finally:
        named.stop()


__all__ = ["ADDRESS", "Row", "Wrong", "count_zones", "find_unlike", "list_litter", "list_owned",
           "read_disk", "read_rows", "start_copy"]
