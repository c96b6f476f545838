"""The unix socket: the same API for root, with plain curl; and the agent's own verbs."""

import json
import subprocess

import pytest


def curl(slave, *words):
    """Runs curl as an administrator would: (status, JSON)."""
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", "--unix-socket", slave.socket, *words],
        capture_output=True, text=True, check=True, timeout=60)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def test_a_change_by_hand(master, slave, zone):
    master.publish("create", [zone])
    url = f"http://localhost/v1/zones/{zone}"
    status, reply = curl(slave, "-X", "PUT", url)
    assert (status, reply["result"]) == (200, "applied")
    slave.named.wait_for_serials({zone: master.read_serials()[zone]})
    status, reply = curl(slave, url)
    assert (status, reply["master"], reply["state"]) == (200, "master1", "applied")
    status, reply = curl(slave, "-X", "DELETE", url)
    assert (status, reply["result"]) == (200, "applied")
    slave.named.wait_for_serials({zone: None})
    status, reply = curl(slave, url)
    assert (status, reply["type"]) == (404, "urn:zonepush:problem:unknown-zone")


def test_a_batch_by_hand(slave, zone):
    content = json.dumps({"changes": [{"zone": zone, "present": True, "generation": 1, "anew": True,
                                       "serial": 17}]})
    status, reply = curl(slave, "-d", content, "http://localhost/v1/changes")
    assert (status, reply["results"][0]["result"]) == (200, "applied")


@pytest.mark.parametrize("words, status, problem", [
    (["-X", "PUT", "http://localhost/v1/zones/a..example"], 422, "name-invalid"),
    (["-X", "PUT", "http://localhost/v1/zones/local"], 422, "name-reserved"),
    (["-X", "PUT", "http://localhost/v1/zones/a.example?master=nobody"], 400, "malformed"),
    (["-X", "PUT", "http://localhost/v1/zones/a.example?generation=0"], 422, "change-invalid"),
    (["-X", "PUT", "http://localhost/v1/zones/a.example?other=1"], 400, "malformed"),
    (["-X", "PUT", "-d", "[]", "http://localhost/v1/zones/a.example"], 422, "change-invalid"),
    (["-X", "PUT", "-d", '{"file":"/etc/passwd"}', "http://localhost/v1/zones/a.example"], 422,
     "change-invalid"),
    (["-X", "DELETE", "-d", "{}", "http://localhost/v1/zones/a.example"], 422, "change-invalid"),
    (["http://localhost/v1/zones?limit=0"], 400, "malformed"),
    (["http://localhost/v1/zones?after=a%00b"], 400, "malformed"),
    (["-d", '{"name":"X","key":"","primaries":[]}', "http://localhost/v1/masters"], 400,
     "malformed"),
    (["-d", "{", "http://localhost/v1/masters"], 400, "malformed"),
])
def test_mistakes(slave, words, status, problem):
    assert curl(slave, *words)[0] == status
    assert curl(slave, *words)[1]["type"] == f"urn:zonepush:problem:{problem}"


def test_classless_reverse_zones_in_a_path(slave):
    url = "http://localhost/v1/zones/128%2F25.100.51.198.in-addr.arpa"
    status, reply = curl(slave, "-X", "PUT", url)
    assert (status, reply["zone"]) == (200, "128/25.100.51.198.in-addr.arpa")
    assert curl(slave, "-X", "DELETE", url)[0] == 200


def test_pages(slave, zone):
    names = sorted(f"n{number}.{zone}" for number in range(25))
    content = json.dumps({"changes": [{"zone": name, "present": True, "generation": 1}
                                      for name in names]})
    assert curl(slave, "-d", content, "http://localhost/v1/changes")[0] == 200
    seen, after = [], "0"
    while after is not None:
        _, page = curl(slave, f"http://localhost/v1/zones?limit=10&after={after}")
        assert len(page["zones"]) <= 10
        seen += [entry["zone"] for entry in page["zones"]]
        after = page["next"]
    assert seen == sorted(set(seen))
    assert set(names) <= set(seen)


def test_verbs(slave, master):
    assert "named      running" in slave.run("status").stdout
    assert json.loads(slave.run("status", "--json").stdout)["named"]["running"] is True
    assert isinstance(json.loads(slave.run("zone", "list", "--json").stdout), list)
    listed = slave.run("master", "list").stdout
    assert master.key_id in listed and f"127.0.0.1:{master.named.port}" in listed
    assert slave.run("key", "show").stdout == slave.key_id + "\n"
    assert slave.run("--version").stdout.startswith("zonepush-agent ")


@pytest.mark.parametrize("words, text", [
    (["master", "add", "m"], "the arguments must be"),
    (["master", "add", "m", "K"], "--primaries is needed"),
    (["master", "add", "m", "K", "--primaries", "192.0.2.1"], "isn't a key id"),
    (["master", "add", "Big", "KEY", "--primaries", "192.0.2.1"], "a master's name is"),
    (["master", "add", "m", "KEY", "--primaries", "ns1.example"], "names aren't looked up"),
    (["master", "add", "m", "KEY", "--primaries", "0.0.0.0"], "unspecified"),
    (["master", "add", "m", "KEY", "--primaries", "192.0.2.1:0"], "a port is 1 to 65535"),
    (["master", "add", "m", "KEY", "--primaries", "fe80::1"], "link-local"),
    (["master", "add", "m", "MASTER", "--primaries", "192.0.2.1"], "known already"),
    (["master", "add", "master1", "KEY", "--primaries", "192.0.2.1"], "known already"),
    (["zone", "list", "--yaml"], "no option '--yaml'"),
    (["zone", "destroy"], "there is no verb 'zone destroy'"),
    (["key", "init"], "is kept"),
])
def test_wrong_command_lines(slave, master, words, text):
    names = {"KEY": "A" * 43, "MASTER": master.key_id}
    done = slave.run(*(names.get(word, word) for word in words))
    assert done.returncode != 0
    assert text in done.stderr, done.stderr


def test_v6_and_several_primaries(slave):
    done = slave.run("master", "add", "six", "A" * 42 + "E", "--primaries",
                     "2001:db8::1,[2001:DB8::2]:5300,192.0.2.9:53")
    assert done.returncode == 0, done.stderr
    listed = json.loads(slave.run("master", "list", "--json").stdout)["masters"]
    primaries = next(entry["primaries"] for entry in listed if entry["name"] == "six")
    assert primaries == ["[2001:db8::1]:53", "[2001:db8::2]:5300", "192.0.2.9:53"]
    status, reply = slave.ask("PUT", "/v1/zones/six.example?master=six")
    assert (status, reply["result"]) == (200, "applied")
    assert ("primaries { 2001:db8::1 port 53; 2001:db8::2 port 5300; 192.0.2.9 port 53; }"
            in slave.read_shards())
    status, reply = slave.ask("PUT", "/v1/zones/more.example")
    assert status == 400 and "?master=NAME" in reply["detail"]
