"""Fixtures around the laboratory: real named, real agents, real keys, all on loopback.

The tests of a module share one laboratory, `lab`, and each has zones of its own in it; who stops a
program there starts it again. A test that wants to break more makes itself another with `make_lab`.
"""

import contextlib
import itertools
import pathlib
import re
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))

from laboratory import Lab  # noqa: E402
from laboratory.basics import read_tail  # noqa: E402

SANITIZER_REPORT = re.compile(r"runtime error:|ERROR: \w+Sanitizer", re.ASCII)

_numbers = itertools.count(1)
_open_labs = []


@pytest.fixture(scope="module")
def lab(request):
    """A master and two slaves, or what the module's LABORATORY says."""
    with _laboratory(**getattr(request.module, "LABORATORY", {"masters": 1, "slaves": 2})) as lab:
        yield lab


@pytest.fixture
def make_lab():
    """Makes a laboratory for one test alone: make_lab(masters=1, slaves=2, zones=0)."""
    with contextlib.ExitStack() as labs:
        yield lambda **numbers: labs.enter_context(_laboratory(**numbers))


@contextlib.contextmanager
def _laboratory(**numbers):
    with _short_folder() as home:
        lab = Lab.up(home, **numbers)
        _open_labs.append(lab)
        try:
            yield lab
        finally:
            _open_labs.remove(lab)
            lab.stop()
            reports = [text for text in map(_read_report, lab.slaves) if text]
            lab.remove()
        assert not reports, "\n".join(reports)


def _read_report(slave):
    """What a sanitizer had to say about an agent, if anything."""
    text = slave.agent.log.read_text(errors="replace")
    return read_tail(slave.agent.log, 60) if SANITIZER_REPORT.search(text) else None


@contextlib.contextmanager
def _short_folder():
    """Not pytest's tmp_path, which is too long for the path of a unix socket."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="zonepush-e2e."))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the ends of the daemons' logs under a test that failed."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for lab in _open_labs:
            for log in sorted(lab.home.glob("*/*.log")):
                report.sections.append((str(log), read_tail(log)))


@pytest.fixture
def master(lab):
    return lab.masters[0]


@pytest.fixture
def slave(lab):
    return lab.slaves[0]


@pytest.fixture
def zone(request):
    """The name of a zone that nobody has used yet, with the test's name in it."""
    word = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    return f"{word}-{next(_numbers)}.example"


@pytest.fixture
def folder():
    """An empty folder with a short path."""
    with _short_folder() as path:
        yield path
