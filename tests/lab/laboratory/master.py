"""A master: a named whose zones the laboratory keeps as Plesk would, and `zonepush` beside it."""

import contextlib
import fcntl
import hashlib
import re
import sys
import time

from . import plesk, plesk_program
from .basics import LabError, replace_file, write_wrapper
from .host import Host

# Plesk's named doesn't notify a slave that isn't an NS of the zone.
OPTIONS = ["notify no", "transfers-out 200", "tcp-clients 500", "check-names primary ignore"]

ZONE_LINE = 'zone "{name}" {{ type primary; file "{file}"; }}; # serial {serial}\n'
ZONE_PATTERN = re.compile(r'zone "([^"]+)" .* file "([^"]+)"; }; # serial (\d+)\n')

NAME_PATTERN = re.compile(r"[a-z0-9_/-]{1,63}(\.[a-z0-9_/-]{1,63})*")
FILE_STEM_MAX = 200


class Master(Host):
    program = "zonepush"

    def __init__(self, home, name, ports, programs):
        super().__init__(home, name, ports, programs)
        self.zones_file = self.directory / "zones.conf"
        self.plesk = PleskStandIn(self.directory)

    def prepare(self):
        """Makes all its files and its key."""
        (self.directory / "zones").mkdir(parents=True)
        replace_file(self.zones_file, "")
        self.named.configure(OPTIONS, self.zones_file)
        replace_file(
            self.configuration,
            f"state = {self.directory}/state\nkey = {self.key}\ngroup =\n"
            f"plesk = {self.plesk.program}\nchain = {self.directory}/chain\n"
            f"named = 127.0.0.1:{self.named.port}\n"
            f"named-conf = {self.named.configuration}\n",
        )
        self.plesk.prepare()
        self._prepare_program()

    def hook(self, document):
        """Gives a document (text or bytes) to the hook as Plesk does, and returns the outcome."""
        return self.run("hook", content=document)

    def change(self, action, names):
        """What Plesk does: changes named, then gives all of it to the hook in one document."""
        return self.hook(plesk.document(self.publish(action, names)))

    def publish(self, action, names):
        """Changes the zones in named ("create", "update", "delete") and returns Plesk's commands.

        Where it returns, named serves what the commands say.
        """
        names = list(dict.fromkeys(_check_name(name) for name in names))
        with self._edit() as zones:
            _check_there(zones, names, action != "create")
            if action == "delete":
                return self._unpublish(zones, names)
            serials = {name: _next_serial(zones, name) for name in names}
            for name, serial in serials.items():
                self._write_zone(zones, name, serial)
            self._write_zones(zones)
            self._load(action, names)
            self.named.wait_for_serials(serials)
        return [plesk.command(action, name, serial) for name, serial in serials.items()]

    def publish_many(self, names):
        """Creates zones that share one zone file, so that very many of them come up quickly."""
        template = self.directory / "zones" / "template"
        serial = int(time.time())
        with self._edit() as zones:
            _check_there(zones, names, False)
            replace_file(template, plesk.render_zone_file(serial))
            zones.update({name: (template, serial) for name in names})
            self._write_zones(zones)
            self.named.rndc("reconfig")
            self.named.wait_for_serials(dict.fromkeys(names, serial), 30 + len(names) / 500)
        return [plesk.command("create", name, serial, with_records=False) for name in names]

    def read_serials(self):
        """{zone: serial} of everything that it has."""
        return {name: serial for name, (_, serial) in self._read_zones().items()}

    @contextlib.contextmanager
    def _edit(self):
        with open(self.directory / "zones.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self._read_zones()

    def _read_zones(self):
        """zones.conf as {name: (file, serial)}."""
        found = ZONE_PATTERN.findall(self.zones_file.read_text())
        return {name: (file, int(serial)) for name, file, serial in found}

    def _write_zones(self, zones):
        lines = [
            ZONE_LINE.format(name=name, file=file, serial=serial)
            for name, (file, serial) in zones.items()
        ]
        replace_file(self.zones_file, "".join(lines))

    def _write_zone(self, zones, name, serial):
        file = self.directory / "zones" / _file_name(name)
        replace_file(file, plesk.render_zone_file(serial, plesk.is_reverse(name)))
        zones[name] = (file, serial)

    def _load(self, action, names):
        if action == "create":
            self.named.rndc("reconfig")
        elif len(names) == 1:
            self.named.rndc("reload", names[0])
        else:
            self.named.rndc("reload")

    def _unpublish(self, zones, names):
        for name in names:
            del zones[name]
        self._write_zones(zones)
        self.named.rndc("reconfig")
        for name in names:
            (self.directory / "zones" / _file_name(name)).unlink(missing_ok=True)
        return [plesk.command("delete", name) for name in names]


class PleskStandIn:
    """`plesk` on the master; plesk_program.py says what it can be told."""

    def __init__(self, directory):
        self.directory = directory
        self.program = directory / "plesk-program"
        self.state = directory / "plesk"

    def prepare(self):
        self.state.mkdir(exist_ok=True)
        write_wrapper(
            self.program,
            [sys.executable, plesk_program.__file__, self.directory],
            "a stand-in for plesk",
        )

    @contextlib.contextmanager
    def told(self, **texts):
        """For a while it behaves as these files say."""
        for name, text in texts.items():
            (self.state / name).write_text(str(text))
        try:
            yield
        finally:
            for name in texts:
                (self.state / name).unlink(missing_ok=True)

    def read(self, name):
        """What it keeps there; "" where there is nothing."""
        path = self.state / name
        return path.read_text() if path.exists() else ""


def _check_name(name):
    name = name.lower().removesuffix(".")
    if len(name) > 253 or not NAME_PATTERN.fullmatch(name):
        raise LabError(f"'{name}' isn't a name that the laboratory's masters can have")
    return name


def _check_there(zones, names, wanted):
    for name in names:
        if (name in zones) != wanted:
            raise LabError(f"the master has {'no' if wanted else 'already a'} zone '{name}'")


def _next_serial(zones, name):
    _, last = zones.get(name, (None, 0))
    return max(int(time.time()), last + 1)


def _file_name(name):
    stem = name.replace("/", "+")
    if len(stem) > FILE_STEM_MAX:
        stem = f"{stem[:100]}~{hashlib.sha256(name.encode()).hexdigest()}"
    return f"{stem}.zone"
