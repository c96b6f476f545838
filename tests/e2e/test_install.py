"""Plesk's one slot for a DNS backend: taken only with leave, kept in sight, given back."""

import json
import stat

import pytest
from laboratory import plesk

OTHER = "/usr/local/bin/other-backend --all"


@pytest.fixture
def master(lab):
    master = lab.masters[0]
    yield master
    for name in ("script", "deaf"):
        (master.plesk.state / name).unlink(missing_ok=True)
    for path in (master.directory / "chain", master.directory / "state" / "installed"):
        path.unlink(missing_ok=True)


def occupy(master, command=OTHER):
    (master.plesk.state / "script").write_text(command)


def slot(master):
    return master.plesk.read("script")


def run(master, *words, status=0):
    done = master.run(*words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def chain(master, tmp_path, text):
    """Has the hook call a program that is this shell script; returns what it writes to."""
    output = tmp_path / "output"
    program = tmp_path / "backend"
    program.write_text(f"#!/bin/sh\n{text.format(output=output)}\n")
    program.chmod(0o755)
    occupy(master, f"'{program}' one 'two  words'")
    run(master, "install", "--chain")
    return output


# Refusals.


def test_a_slot_that_is_taken(master):
    occupy(master)
    text = run(master, "install", status=1)
    assert f"Plesk calls '{OTHER}' already" in text and "--chain" in text
    assert slot(master) == OTHER and not (master.directory / "chain").exists()


def test_no_plesk(master):
    configuration = master.configuration.read_text()
    try:
        master.configuration.write_text(
            configuration.replace(str(master.plesk.program), "/nonexistent/plesk")
        )
        for verb in ("install", "uninstall"):
            text = run(master, verb, status=1)
            assert "'/nonexistent/plesk' can't be run" in text and "is this the Plesk" in text
    finally:
        master.configuration.write_text(configuration)


def test_plesk_that_fails(master):
    with master.plesk.told(fail="Unable to connect to database"):
        assert "status 1: Unable to connect to database" in run(master, "install", status=1)


def test_plesk_that_does_not_do_it(master):
    """Its exit status isn't taken for the deed."""
    with master.plesk.told(deaf=""):
        text = run(master, "install", status=1)
    assert "and has '' now" in text
    assert not (master.directory / "state" / "installed").exists()


@pytest.mark.parametrize("words", [["install", "x"], ["uninstall", "--chain"], ["event", "x"]])
def test_command_lines_that_are_wrong(master, words):
    run(master, *words, status=2)


# The slot.


def test_there_and_back(master):
    text = run(master, "install")
    command = slot(master)
    assert command == f'"{master.executable}" -c "{master.configuration}" hook'
    assert f"Plesk calls '{command}' now" in text
    run(master, "install")
    assert slot(master) == command
    assert "Plesk calls nothing now" in run(master, "uninstall")
    assert slot(master) == ""
    assert "Plesk calls nothing" in run(master, "uninstall")


def test_dry_run(master):
    occupy(master)
    text = run(master, "install", "--chain", "--dry-run")
    assert f"'{OTHER}', which Plesk calls now, would be called by the hook" in text
    assert "would have Plesk call" in text and slot(master) == OTHER
    assert not (master.directory / "chain").exists()
    run(master, "install", "--chain")
    assert f"would have Plesk call '{OTHER}'" in run(master, "uninstall", "--dry-run")
    assert slot(master) != OTHER


def test_the_previous_command_is_put_back(master):
    occupy(master)
    run(master, "install", "--chain")
    assert (master.directory / "chain").read_text() == f"{OTHER}\n"
    run(master, "install")
    assert (master.directory / "chain").read_text() == f"{OTHER}\n"
    run(master, "uninstall")
    assert slot(master) == OTHER and not (master.directory / "chain").exists()


def test_a_slot_that_is_somebody_else_s_by_now(master):
    run(master, "install")
    occupy(master)
    assert f"Plesk calls '{OTHER}', which isn't zonepush" in run(master, "uninstall")
    assert slot(master) == OTHER


@pytest.mark.parametrize(
    "now, words", [(OTHER, f"Plesk calls '{OTHER}' instead"), ("", "doesn't call zonepush any more")]
)
def test_a_slot_that_was_lost_is_noticed(master, now, words):
    run(master, "status")
    run(master, "install")
    run(master, "status")
    occupy(master, now)
    for verb in ("status", "sync"):
        text = run(master, verb, status=1)
        assert words in text and "`zonepush install" in text
    run(master, "install", "--chain")
    run(master, "sync")


# Both commands.


def test_the_same_input_for_both(lab, master, tmp_path):
    output = chain(master, tmp_path, 'echo "$#:$2" >{output}; cat >>{output}')
    document = plesk.document(master.publish("create", ["chained.example"]))
    done = master.hook(document)
    assert (done.returncode, done.stderr) == (0, "")
    arguments, _, content = output.read_text().partition("\n")
    assert arguments == "2:two  words" and json.loads(content) == json.loads(document)
    assert lab.slaves[0].ask("GET", "/v1/zones/chained.example")[0] == 200


def test_a_previous_command_that_fails(lab, master, tmp_path):
    chain(master, tmp_path, "echo no such thing; exit 3")
    done = master.change("create", ["kept.example"])
    assert done.returncode == 0
    assert "which had Plesk's slot before, failed (exit status 3: no such thing)" in done.stderr
    assert lab.slaves[0].ask("GET", "/v1/zones/kept.example")[0] == 200


def test_a_failure_of_ours_is_not_the_other_one_s(master, tmp_path):
    output = chain(master, tmp_path, "cat >{output}")
    outbox = master.directory / "state" / "outbox.db"
    moved = outbox.rename(outbox.with_suffix(".moved"))
    try:
        outbox.mkdir()
        assert master.hook("[]").returncode == 1
    finally:
        outbox.rmdir()
        moved.rename(outbox)
    assert output.read_text() == "[]"
    output.unlink()
    assert master.hook("[nonsense").returncode == 1
    assert output.read_text() == "[nonsense"


def test_a_command_that_others_could_have_written(master, tmp_path):
    """A hook may be root's: it runs nothing that others wrote."""
    output = chain(master, tmp_path, "cat >{output}")
    path = master.directory / "chain"
    path.chmod(path.stat().st_mode | stat.S_IWGRP)
    done = master.hook("[]")
    assert done.returncode == 0 and not output.exists()
    assert "may be written by others than root, so that it isn't run" in done.stderr
    assert "nothing is changed" in run(master, "uninstall", status=1)
