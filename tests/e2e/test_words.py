"""What each verb says when it can't do what it is asked: what is wrong, with what, and what to do."""

import contextlib
import os
import re
import resource
import shutil
import subprocess

import pytest
from fake_agents import FakeAgents
from laboratory import plesk

LABORATORY = {"masters": 1, "slaves": 1}
VERBS = ["hook", "event", "install", "uninstall", "deliver", "check", "curl", "explain", "log",
         "sync", "status", "slave add", "slave replace", "slave list", "slave show", "slave pause",
         "slave resume", "slave remove", "key init", "key show", "key rotate"]
KEY = "A" * 43


def known_verbs(master):
    return [verb for verb in re.findall(r"^  ([a-z]+(?: [a-z]+)?)", master.must_run("help"), re.M)
            if verb != "c"]


def get_line(done):
    """The first line of what was said: it names program and subject."""
    line = done.stderr.splitlines()[0]
    assert line.startswith("zonepush: "), line
    return line



def test_every_verb_is_tried_here(master):
    assert set(known_verbs(master)) <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_unknown_options(master, verb):
    if verb not in known_verbs(master):
        pytest.skip(f"there is no `{verb}` here")
    done = master.run(*verb.split(), "--frobnicate")
    assert done.returncode == 2 and not done.stdout
    assert f"{verb}: there is no option '--frobnicate'" in get_line(done)
    assert "the arguments must be: " in get_line(done)


@pytest.mark.parametrize("verb", VERBS)
def test_too_many_arguments(master, verb):
    if verb in ("sync", "check") or verb not in known_verbs(master):
        pytest.skip(f"`{verb}` takes any number, or isn't there")
    done = master.run(*verb.split(), *["one-more.example"] * 9)
    assert done.returncode == 2 and not done.stdout
    assert f"{verb}: the arguments must be: " in get_line(done)
    assert "for example: " in done.stderr


@pytest.mark.parametrize("words", [
    ["frobnicate"], ["slave"], ["slave", "frobnicate"], ["key"], ["hook2"], ["--frobnicate"]])
def test_unknown_verbs(master, words):
    done = master.run(*words)
    assert done.returncode == 2 and not done.stdout
    assert words[-1] in get_line(done)
    assert "zonepush" in done.stderr.partition("\n")[2] or "-c FILE and -v can" in done.stderr


@pytest.mark.parametrize("words", [
    ["slave", "show"], ["slave", "pause"], ["slave", "resume"], ["slave", "remove"],
    ["slave", "remove", "--purge"], ["slave", "replace", "--key", KEY], ["sync"],
    ["curl"]])
def test_unknown_slaves(master, words):
    more = ["GET", "/v1/status"] if words == ["curl"] else []
    done = master.run(*words, "nobody", *more)
    assert done.returncode == 1 and not done.stdout
    assert "there is no slave 'nobody'; known are: slave1" in get_line(done)


WRONG = [
    (["slave", "add", "NS 2", "--key", KEY, "http://192.0.2.1:1"], "'NS 2' isn't"),
    (["slave", "add", "ns2", "http://192.0.2.1:1"], "zonepush-agent key show"),
    (["slave", "add", "ns2", "--key", "short", "http://192.0.2.1:1"], "'short'"),
    (["slave", "add", "ns2", "--key", KEY, "ftp://192.0.2.1"], "http"),
    (["slave", "add", "ns2", "--key", KEY, "http://u@192.0.2.1:1"], "without user"),
    (["slave", "add", "ns2", "--key", KEY, "http://192.0.2.1:1/x"], "without user, path"),
    (["slave", "add", "ns2", "--key"], "--key needs a value"),
    (["slave", "add", "ns2", "--key", KEY, "--dns", "192.0.2.1:0", "http://192.0.2.1:1"], "port"),
    (["slave", "remove", "slave1", "--purge=yes"], "--purge takes no value"),
    (["explain", "a..example"], "'a..example' isn't a zone name"),
    (["explain", "never-seen.example"], "never-seen.example"),
    (["check", "a..example"], "'a..example' isn't a zone name"),
    (["sync", "--from", "/nonexistent/list"], "/nonexistent/list"),
    (["key", "init"], "key.pem"),
]


@pytest.mark.parametrize("words, said", WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_arguments_that_cannot_be(master, words, said):
    if words == ["key", "init"]:
        master.must_run("key", "show")
    done = master.run(*words)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


# The surroundings of all verbs: configuration, key, state.


@pytest.fixture
def elsewhere(master, folder):
    """Runs a verb of the master with a configuration of the test's."""
    shutil.copy(master.key, folder / "key.pem")

    def run(*words, **changes):
        settings = {"state": folder / "state", "key": folder / "key.pem", "group": "", **changes}
        conf = folder / "zonepush.conf"
        conf.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        return master.run("-c", str(conf), *words)

    return run


@pytest.mark.parametrize("changes, said", [
    ({"stat": "/x"}, "stat"),
    ({"deadline": "soon"}, "deadline"),
    ({"group": "no-such-group"}, "there is no group 'no-such-group'"),
    ({"state": "relative"}, "state"),
    ({"state": "/dev/null/x"}, "/dev/null/x"),
])
@pytest.mark.parametrize("verb", [["hook"], ["deliver"], ["status"], ["slave", "list"], ["sync"],
                                  ["slave", "show", "x"], ["explain", "a.example"]])
def test_configuration(elsewhere, verb, changes, said):
    done = elsewhere(*verb, **changes)
    assert done.returncode == 1 and not done.stdout
    assert said in get_line(done)


def test_no_configuration(master):
    done = master.run("-c", "/nonexistent/zonepush.conf", "status")
    assert done.returncode == 1 and "/nonexistent/zonepush.conf" in get_line(done)


@pytest.mark.parametrize("verb", [["deliver"], ["status"], ["key", "show"], ["sync"]])
def test_no_key(elsewhere, verb):
    done = elsewhere(*verb, key="/nonexistent/key.pem")
    assert done.returncode == 1 and "/nonexistent/key.pem" in done.stderr


def test_a_key_that_others_can_read(elsewhere, folder):
    (folder / "key.pem").chmod(0o644)
    done = elsewhere("status")
    assert done.returncode == 1 and "key.pem" in get_line(done)


# The clock.


@pytest.mark.parametrize("ahead, said", [(3600, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_wrong_by_an_hour(make_lab, ahead, said):
    """By how much, and whose; the change is delivered all the same."""
    master = make_lab(masters=1, slaves=0).masters[0]
    amount = re.compile(rf"\b3(59|60)\d s {said} this machine's")
    with FakeAgents(1) as (agent,):
        agent.clock_ahead = ahead
        done = master.run("slave", "add", "ns2", "--key", agent.key_id, agent.url)
        assert done.returncode == 0, done.stderr
        done = master.hook(plesk.document([plesk.command("create", "a.example", 1)]))
        assert done.returncode == 0 and agent.zones == {"a.example"}
        assert amount.search(done.stderr) and "'ns2'" in done.stderr
        assert amount.search(master.run("status").stdout)
        assert amount.search(master.run("slave", "show", "ns2").stdout)


# The disk.


@contextlib.contextmanager
def full_disk(folder):
    """A file system of half a megabyte, for root alone."""
    place = folder / "small"
    place.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", place], check=False).returncode == 0
    if not mounted:
        pytest.skip("only root can mount a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def fill(path):
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def run_hook(master, conf, *names):
    document = plesk.document([plesk.command("create", name, 1) for name in names])
    return master.run("-c", str(conf), "hook", content=document)


def write_conf(master, folder, state):
    conf = folder / "zonepush.conf"
    conf.write_text(f"state = {state}\nkey = {master.key}\ngroup =\n")
    return conf


def test_a_full_disk(master, folder):
    """The hook fails and says so; what was stored before is there, and there is room again."""
    with full_disk(folder) as place:
        conf = write_conf(master, folder, place / "state")
        assert run_hook(master, conf, "before.example").returncode == 0
        fill(place / "ballast")
        done = run_hook(master, conf, *[f"lost{n}.example" for n in range(2000)])
        assert done.returncode == 1
        assert "is lost unless Plesk sends it" in done.stderr and "No space left" in done.stderr
        (place / "ballast").unlink()
        assert run_hook(master, conf, "after.example").returncode == 0
        assert "zones wanted here: 2" in master.run("-c", str(conf), "status").stdout


def test_files_that_may_not_grow(master, folder):
    """The same without root: a limit on the size of files."""
    conf = write_conf(master, folder, folder / "state")
    assert run_hook(master, conf, "before.example").returncode == 0
    document = plesk.document([plesk.command("create", f"lost{n}.example", 1)
                               for n in range(2000)])
    done = subprocess.run(
        [master.directory / "zonepush", "-c", conf, "hook"], input=document.encode(),
        capture_output=True, check=False, restore_signals=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
    assert done.returncode == 1 and b"is lost unless Plesk" in done.stderr, done.stderr
    assert run_hook(master, conf, "after.example").returncode == 0
    assert "zones wanted here: 2" in master.run("-c", str(conf), "status").stdout
