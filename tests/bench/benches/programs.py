"""Small programs in C that benchmarks need, built on the spot."""

import pathlib
import sys

from .common import run

FOLDER = pathlib.Path(__file__).resolve().parents[1]
COMPILER = "cc"

# A library that takes the waiting for the disk out of a program; the crash harness has it.
sys.path.insert(0, str(FOLDER.parent / "faults"))

from harness.shim import build_shim, preload  # noqa: E402


def build(name, folder, *libraries):
    """Compiles NAME.c of this folder into another one, and returns the program's path."""
    program = folder / name
    run([COMPILER, "-O2", "-D_GNU_SOURCE", "-o", program, FOLDER / f"{name}.c", *libraries])
    return program


__all__ = ["build", "build_shim", "preload"]
