"""Fixtures around the laboratory: real named, real agents, real keys, all on loopback."""

import itertools
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))

from laboratory import Lab  # noqa: E402

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def lab():
    """One master and two slaves that all tests share; each test has zones of its own."""
    with _lab(masters=1, slaves=2) as laboratory:
        yield laboratory


@pytest.fixture
def make_lab():
    """Makes a laboratory for one test alone, which may break what it likes in it."""
    made = []

    def make(**numbers):
        made.append(_lab(**numbers))
        return made[-1]

    yield make
    for laboratory in made:
        laboratory.down()


@pytest.fixture
def master(lab):
    return lab.masters[0]


@pytest.fixture
def slave(lab):
    return lab.slaves[0]


@pytest.fixture
def zone():
    """The name of a zone that no other test has."""
    return f"z{next(NUMBERS)}.example"


@pytest.fixture
def folder():
    """A short path to an empty folder: unix sockets don't take long ones."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="zp-"))
    yield path
    shutil.rmtree(path)


def _lab(**numbers):
    return Lab.up(tempfile.mkdtemp(prefix="zp-"), **numbers)


@pytest.fixture(autouse=True)
def no_sanitizer_complaint(request):
    """No daemon of the shared laboratory may have been ended, or have complained, in a test."""
    yield
    if "lab" not in request.fixturenames:
        return
    for machine in request.getfixturevalue("lab").slaves:
        log = machine.agent.log.read_text(errors="replace")
        assert "Sanitizer" not in log and "runtime error" not in log, log[-4000:]
