"""The laboratory as a whole: a folder with masters and slaves in it."""

import json
import os
import pathlib
import re
import shlex
import shutil

from . import plesk
from .basics import LabError, replace_file
from .daemon import end_all
from .master import Master
from .named import ADDRESS, copy_program
from .ports import pick_ports
from .slave import Slave

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]

STATE = "lab.json"
PATH_PATTERN = re.compile(r"[\w./+ -]+", re.ASCII)

# What one request carries at most, and one document of the laboratory.
BULK_MAX = 10000


class Lab:
    """`home` is its folder; `masters` and `slaves` are what runs there."""

    def __init__(self, home, state):
        programs = pathlib.Path(state["build"])
        self.home = home
        self.is_home_made = state["is_home_made"]
        self.masters = [
            Master(home, f"master{number}", ports, programs)
            for number, ports in enumerate(state["masters"], 1)
        ]
        self.slaves = [
            Slave(home, f"slave{number}", ports, programs)
            for number, ports in enumerate(state["slaves"], 1)
        ]

    @classmethod
    def up(cls, folder, masters=1, slaves=2, zones=0):
        """Makes a laboratory in an empty or new folder and starts it.

        Every slave lets every master in. `zones` zones of master1 (zone000001.example and so on)
        are served by all slaves before this returns. What fails leaves nothing behind.
        """
        lab = cls._make(pathlib.Path(folder).resolve(), masters, slaves)
        try:
            lab._prepare()
            lab._start()
            lab._introduce()
            lab._provision(zones)
        except BaseException:
            lab.down()
            raise
        return lab

    @classmethod
    def load(cls, folder):
        """The laboratory that runs in a folder."""
        home = pathlib.Path(folder).resolve()
        try:
            state = json.loads((home / STATE).read_text())
        except OSError as error:
            raise LabError(f"there is no laboratory in '{folder}' ({error.strerror})") from None
        return cls(home, state)

    @classmethod
    def _make(cls, home, masters, slaves):
        programs = _find_programs()
        is_home_made = not home.exists()
        if not is_home_made and (not home.is_dir() or any(home.iterdir())):
            raise LabError(f"'{home}' is there and isn't an empty folder; name another")
        if not PATH_PATTERN.fullmatch(str(home)):
            raise LabError(f"'{home}' holds characters that configuration files can't quote")
        ports = iter(pick_ports(2 * masters + 3 * slaves))
        state = {
            "build": str(programs),
            "is_home_made": is_home_made,
            "masters": [{"dns": next(ports), "control": next(ports)} for _ in range(masters)],
            "slaves": [
                {"dns": next(ports), "control": next(ports), "http": next(ports)}
                for _ in range(slaves)
            ],
        }
        home.mkdir(parents=True, exist_ok=True)
        replace_file(home / STATE, json.dumps(state, indent=2))
        return cls(home, state)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def find_master(self, name):
        for master in self.masters:
            if master.name == name:
                return master
        names = ", ".join(master.name for master in self.masters)
        raise LabError(f"there is no master '{name}' here, only {names}")

    def down(self):
        """Ends everything that runs in the laboratory, and removes it."""
        self.stop()
        self.remove()

    def stop(self):
        end_all(list(self.home.glob("*/*.pid")), self.home)

    def remove(self):
        for path in self.home.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        if self.is_home_made:
            self.home.rmdir()

    def _prepare(self):
        copy_program(self.home)
        for host in [*self.masters, *self.slaves]:
            host.prepare()
        replace_file(self.home / "env", self._render_environment())

    def _start(self):
        for master in self.masters:
            master.named.start()
        for slave in self.slaves:
            slave.start()

    def _introduce(self):
        for master in self.masters:
            primaries = f"{ADDRESS}:{master.named.port}"
            # `--` because a key id can begin with a hyphen.
            words = ["--primaries", primaries, "--", master.name, master.key_id]
            for slave in self.slaves:
                slave.must_run("master", "add", *words)
                keys = ["--key", slave.key_id, "--dns", f"{ADDRESS}:{slave.named.port}"]
                master.must_run("slave", "add", *keys, slave.name, slave.url)

    def _provision(self, count):
        if not count:
            return
        master = self.masters[0]
        commands = master.publish_many([f"zone{n:06d}.example" for n in range(1, count + 1)])
        for first in range(0, count, BULK_MAX):
            done = master.hook(plesk.document(commands[first : first + BULK_MAX]))
            if done.returncode:
                raise LabError(f"the hook refused the zones: {done.stderr}")
        master.must_run("deliver")
        for slave in self.slaves:
            slave.named.wait_for_serials(master.read_serials(), 60 + count / 100)

    def _render_environment(self):
        variables = {}
        for number, master in enumerate(self.masters, 1):
            variables |= {
                f"MASTER{number}_DNS": f"{ADDRESS} {master.named.port}",
                f"MASTER{number}_CONF": master.configuration,
                f"MASTER{number}_NAMED_CONF": master.named.configuration,
                f"MASTER{number}_KEY": master.key,
                f"MASTER{number}_KEYID": master.key_id,
            }
        for number, slave in enumerate(self.slaves, 1):
            variables |= {
                f"SLAVE{number}_DNS": f"{ADDRESS} {slave.named.port}",
                f"SLAVE{number}_URL": slave.url,
                f"SLAVE{number}_SOCKET": slave.socket,
                f"SLAVE{number}_CONF": slave.configuration,
                f"SLAVE{number}_NAMED_CONF": slave.named.configuration,
                f"SLAVE{number}_KEY": slave.key,
                f"SLAVE{number}_KEYID": slave.key_id,
            }
        return "".join(f"{key}={shlex.quote(str(text))}\n" for key, text in variables.items())


def _find_programs():
    """The folder of the programs under test: $BUILD, or `build` in the repository."""
    programs = pathlib.Path(os.environ.get("BUILD") or REPOSITORY / "build").resolve()
    for name in (Master.program, Slave.program):
        if not os.access(programs / name, os.X_OK):
            raise LabError(f"'{programs / name}' isn't there; run `make` first")
    return programs
