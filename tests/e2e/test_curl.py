"""Requests by hand: `zonepush curl`, and the same with openssl alone."""

import json
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "proto" / "sign-with-openssl"


def curl(lab, *words, status=0):
    done = lab.masters[0].run("curl", *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def by_shell(line):
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


# Refusals.


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["slave1", "GET"],
        ["slave1", "get", "/v1/status"],
        ["slave1", "GET", "v1/status"],
        ["slave1", "GET", "/v1/a b"],
        ["slave1", "GET", "/v1/status", "body", "more"],
        ["-y", "slave1", "GET", "/v1/status"],
    ],
)
def test_command_lines_that_are_wrong(lab, words):
    curl(lab, *words, status=2)


def test_what_is_not_there(lab):
    assert "known are: slave1, slave2" in curl(lab, "ns9", "GET", "/", status=1).stderr
    done = curl(lab, "slave1", "POST", "/v1/changes", "@/nonexistent", status=1)
    assert "can't read '@/nonexistent' (No such file" in done.stderr


def test_a_slave_that_says_no(lab):
    done = curl(lab, "-x", "slave1", "GET", "/v1/zones/none.example", status=1)
    assert "unknown-zone" in done.stdout


def test_a_signature_counts_once(lab):
    line = curl(lab, "slave1", "GET", "/v1/status").stdout
    assert by_shell(line)[0] == 0
    status, text, _ = by_shell(line)
    assert status == 22 and "replayed" in text


# What it is for.


def test_a_line_for_the_shell(lab):
    line = curl(lab, "slave1", "GET", "/v1/zones?limit=2&after=a.example").stdout
    assert line.count("\n") == 1 and line.startswith("/usr/bin/curl -sS ")
    status, text, _ = by_shell(line)
    assert status == 0 and "zones" in json.loads(text)


def test_bodies(lab, tmp_path):
    """Quotes and all, in the line and in a file."""
    odd = '{"changes":[{"zone":"it\'s $HOME `x`","present":true,"generation":7}]}'
    status, text, _ = by_shell(curl(lab, "slave1", "POST", "/v1/changes", odd).stdout)
    assert status == 0 and json.loads(text)["results"][0]["result"] == "refused"

    path = tmp_path / "a body"
    path.write_text('{"changes":[{"zone":"filed.example","present":true,"generation":7}]}\n')
    done = curl(lab, "-x", "slave2", "POST", "/v1/changes", f"@{path}")
    assert json.loads(done.stdout)["results"][0]["result"] == "applied"
    done = curl(lab, "-x", "slave2", "PUT", "/v1/zones/put.example?generation=3", "{}")
    assert json.loads(done.stdout)["result"] == "applied"
    done = curl(lab, "-x", "slave2", "DELETE", "/v1/zones/put.example?generation=4")
    assert json.loads(done.stdout)["result"] == "applied"


@pytest.mark.parametrize(
    "method, target, body",
    [
        ("GET", "/v1/status", None),
        ("GET", "/v1/zones?limit=1", None),
        ("PUT", "/v1/zones/by-hand.example?generation=5", '{"serial":1}'),
        ("DELETE", "/v1/zones/by-hand.example?generation=6", None),
    ],
)
def test_openssl_alone(lab, method, target, body):
    master, slave = lab.masters[0], lab.slaves[0]
    words = [SCRIPT, master.key, slave.key_id, method, target] + ([body] if body else [])
    fields = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    command = ["curl", "-sS", "--fail-with-body", "-H", "@-", "-X", method, slave.url + target]
    command += ["--data-binary", body] if body else []
    done = subprocess.run(command, input=fields, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert isinstance(json.loads(done.stdout), dict)
