"""Small libraries in C that are preloaded into an agent to make it worse."""

import pathlib
import subprocess

from laboratory import LabError

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "broken"
COMPILER = "cc"


def list_shims():
    """The names of all of them."""
    return sorted(path.stem for path in SOURCES.glob("*.c"))


def build_shim(name, folder):
    """Compiles one of them into a folder and returns its path."""
    library = folder / f"{name}.so"
    argv = [COMPILER, "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-o", library,
            SOURCES / f"{name}.c"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"the compiler refuses {name}.c: {done.stderr}")
    return library


def preload(slave, library):
    """The agent of a slave runs with a library from its next start on."""
    slave.agent.argv = ["/usr/bin/env", f"LD_PRELOAD={library}", *slave.agent.argv]
