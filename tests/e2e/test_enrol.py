"""One line lets a master in, over a network that somebody else reads and changes."""

import base64
import hashlib
import hmac
import itertools
import json
import sqlite3
import subprocess

import pytest
from fake_agents import FakeAgents
from laboratory.basics import poll
from wire import Signer, call, send, verify_reply

LABORATORY = {"masters": 1, "slaves": 1}
TARGET = "/v1/enrol"

_numbers = itertools.count(1)


class Newcomer:
    """Zonepush on a machine that no slave knows yet, beside the laboratory's Plesk."""

    def __init__(self, master, folder):
        self.master, self.configuration = master, folder / "zonepush.conf"
        self.key = folder / "key.pem"
        text = master.configuration.read_text()
        text = text.replace(f"{master.directory}/state\n", f"{folder}/state\n")
        text = text.replace(f"{master.key}\n", f"{self.key}\n")
        self.configuration.write_text(f"{text}primaries = 127.0.0.1:{master.named.port}\n")

    def run(self, *words, content=""):
        return subprocess.run(
            [self.master.executable, "-c", self.configuration, *words],
            input=content, capture_output=True, text=True, check=False,
        )


@pytest.fixture
def newcomer(master, folder):
    return Newcomer(master, folder)


@pytest.fixture
def name():
    return f"newcomer-{next(_numbers)}"


def invite(slave, *words):
    """The word of a new invitation."""
    done = slave.run("invite", "--endpoint", f"127.0.0.1:{slave.http}", *words)
    assert done.returncode == 0, done.stderr
    *command, word = done.stdout.split()
    assert command == ["zonepush", "slave", "add"]
    return word


class Token:
    """What an invitation holds, taken out of it as PROTOCOL.md section 12 says."""

    def __init__(self, word):
        start, self.agent, token, _ = word.rsplit(".", 3)
        self.endpoint = start.removeprefix("zp1.")
        key = base64.urlsafe_b64decode(token + "==")
        self.id = hmac.digest(key, b"zp-id", "sha256")[:8].hex()
        self._secret = hmac.digest(key, b"zp-enrol", "sha256")

    def prove(self, master, agent=None):
        text = f"{agent or self.agent}\n{master}".encode()
        mac = hmac.digest(self._secret, text, "sha256")
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def content_of(token, key_id, **more):
    return {"invitation": token.id, "proof": token.prove(key_id), **more}


def details(master, **more):
    return {"primaries": [f"127.0.0.1:{master.named.port}"], **more}


def masters_of(slave):
    return {row["name"]: row["key"] for row in slave.ask("GET", "/v1/masters")[1]["masters"]}


def must_be_refused(reply, words=""):
    assert (reply.status, reply.problem) == (403, "invitation-invalid")
    assert words in reply.json["detail"]


def with_checksum(text):
    digest = hashlib.sha256(text.encode()).digest()[:3]
    return f"{text}.{base64.urlsafe_b64encode(digest).decode()}"


def test_one_line(slave, newcomer, master, name, zone):
    word = invite(slave, "--name", name)
    done = newcomer.run("slave", "add", word, "--name", "ns")
    assert done.returncode == 0, done.stderr
    assert f"knows this master as '{name}'" in done.stdout
    key = newcomer.run("key", "show").stdout.strip()
    assert masters_of(slave)[name] == key
    document = json.dumps([{"command": "create", "zone": {"name": f"{zone}."}}])
    assert newcomer.run("hook", content=document).returncode == 0
    assert slave.ask("GET", f"/v1/zones/{zone}")[1]["master"] == name
    assert "used" in slave.run("invitation", "list").stdout


def test_from_standard_input(slave, newcomer, name):
    word = invite(slave, "--name", name)
    done = newcomer.run("slave", "add", "-", content=f"zonepush slave add {word}\n")
    assert done.returncode == 0, done.stderr
    assert name in masters_of(slave)


@pytest.mark.parametrize("cut", [
    lambda word: word[:-1], lambda word: word[:-30], lambda word: word[1:], lambda _: "",
    lambda word: word.replace("zp1", "zp2"), lambda word: word.swapcase(),
    lambda word: word.replace(":", "."),
])
def test_a_line_that_was_cut(slave, newcomer, cut):
    before = masters_of(slave)
    word = invite(slave)
    done = newcomer.run("slave", "add", "-", content=cut(word))
    assert done.returncode == 1
    assert "isn't a whole invitation" in done.stderr
    assert word.split(".")[-2] not in done.stderr
    assert masters_of(slave) == before


def test_another_key_in_the_place_of_the_masters(slave, master, name):
    """Who sees the request can't have another key let in by it."""
    token, good, evil = Token(invite(slave, "--name", name)), Signer(), Signer()
    seen = content_of(token, good.key_id, **details(master))
    must_be_refused(call(slave, evil, "POST", TARGET, seen), "the proof is wrong")
    headers = good.sign("POST", TARGET, json.dumps(seen).encode(), slave.key_id)
    changed = {**headers, "Signature-Input": headers["Signature-Input"].replace(good.key_id,
                                                                              evil.key_id)}
    assert send(slave.url, "POST", TARGET, changed, json.dumps(seen).encode()).status == 401
    other = json.dumps({**seen, "primaries": ["192.0.2.66"]}).encode()
    assert send(slave.url, "POST", TARGET, headers, other).status == 400
    assert name not in masters_of(slave)
    assert call(slave, good, "POST", TARGET, seen).status == 200
    assert masters_of(slave)[name] == good.key_id


def test_a_proof_for_another_agent(slave, master, name):
    token, signer = Token(invite(slave, "--name", name)), Signer()
    other = Signer().key_id
    content = {**content_of(token, signer.key_id, **details(master)),
               "proof": token.prove(signer.key_id, other)}
    must_be_refused(call(slave, signer, "POST", TARGET, content))
    content = content_of(token, signer.key_id, **details(master))
    assert call(slave, signer, "POST", TARGET, content, agent=other).status == 421
    assert name not in masters_of(slave)


def test_replayed_and_repeated(slave, master, name):
    """A lost reply can be had again; but not once the key was taken away."""
    token, signer = Token(invite(slave, "--name", name)), Signer()
    body = json.dumps(content_of(token, signer.key_id, **details(master))).encode()
    headers = signer.sign("POST", TARGET, body, slave.key_id)
    for _ in range(2):
        reply = send(slave.url, "POST", TARGET, headers, body)
        assert (reply.status, reply.json["name"]) == (200, name)
        verify_reply(reply, ("POST", TARGET, headers), slave.key_id)
    slave.must_run("master", "revoke", name)
    must_be_refused(send(slave.url, "POST", TARGET, headers, body), "taken away since")
    assert masters_of(slave)[name] is None


def test_the_line_in_other_hands(slave, master, newcomer, name):
    word = invite(slave, "--name", name)
    token, first, second = Token(word), Signer(), Signer()
    assert call(slave, first, "POST", TARGET,
                content_of(token, first.key_id, **details(master))).status == 200
    reply = call(slave, second, "POST", TARGET,
                 content_of(token, second.key_id, **details(master)))
    must_be_refused(reply, f"another key used this invitation: {first.key_id}")
    done = newcomer.run("slave", "add", word)
    assert done.returncode == 1 and "another key used this invitation" in done.stderr
    assert newcomer.run("slave", "list").stdout.count("127.0.0.1") == 0
    assert masters_of(slave)[name] == first.key_id


def test_a_line_whose_time_is_over(slave, master, newcomer, name):
    word = invite(slave, "--name", name, "--ttl", "60")
    with sqlite3.connect(slave.directory / "state" / "registry.db", timeout=10) as registry:
        registry.execute("UPDATE invitation SET expires_at = 1 WHERE name = ?", (name,))
    done = newcomer.run("slave", "add", word)
    assert done.returncode == 1 and "the time of this invitation is over" in done.stderr
    assert "expired" in slave.run("invitation", "list").stdout


def test_a_line_that_was_revoked(slave, newcomer, name):
    word = invite(slave, "--name", name)
    slave.must_run("invitation", "revoke", Token(word).id)
    done = newcomer.run("slave", "add", word)
    assert done.returncode == 1 and "there is no such invitation" in done.stderr
    assert slave.run("invitation", "revoke", Token(word).id).returncode == 1
    assert slave.run("invitation", "revoke", "nonsense").returncode == 2


def test_somebody_answers_in_the_agents_place(slave, newcomer, name):
    """What another key signs isn't believed: nothing is stored, and the line is still good."""
    word = invite(slave, "--name", name)
    with FakeAgents(1) as (fake,):
        start, rest = word.rsplit(".", 1)[0].split(str(slave.http) + ".", 1)
        done = newcomer.run("slave", "add", with_checksum(f"{start}{fake.port}.{rest}"))
        assert done.returncode == 1 and "isn't rightly signed" in done.stderr
    assert "127.0.0.1" not in newcomer.run("slave", "list").stdout
    assert name not in masters_of(slave)
    done = newcomer.run("slave", "add", word)
    assert done.returncode == 0, done.stderr


def test_an_unknown_invitation_and_odd_contents(slave, master):
    signer = Signer()
    token = Token(with_checksum(f"zp1.h:1.{slave.key_id}.AAAAAAAAAAAAAAAAAAAAAA"))
    must_be_refused(call(slave, signer, "POST", TARGET, content_of(token, signer.key_id)))
    for content in ({}, {"invitation": "x", "proof": "y"}, [], {"invitation": token.id},
                    {**content_of(token, signer.key_id), "path": "/etc/passwd"},
                    content_of(token, signer.key_id, name="UPPER"),
                    content_of(token, signer.key_id, primaries=["x"])):
        assert call(slave, signer, "POST", TARGET, content).status == 400, content
    assert send(slave.url, "POST", TARGET, {"Content-Type": "application/json"}, b"{}").status == 401
    # A key that isn't let in gets nowhere else.
    for method, target in (("GET", "/v1/zones"), ("GET", "/v1/enrol"), ("GET", "/v1/masters"),
                           ("POST", "/v1/changes"), ("POST", "/v1/enrol/")):
        assert call(slave, signer, method, target).status == 401, target


def test_what_the_invitation_leaves_open(slave, newcomer, master, name):
    done = newcomer.run("slave", "add", invite(slave), "--as", name, "--name", "ns")
    assert done.returncode == 0, done.stderr
    status, shown = slave.ask("GET", f"/v1/masters/{name}")
    assert status == 200
    assert shown["primaries"] == [f"127.0.0.1:{master.named.port}"]
    done = newcomer.run("slave", "add", invite(slave), "--as", name, "--name", "ns")
    assert done.returncode == 1 and "there is a slave 'ns' already" in done.stderr
    token, signer = Token(invite(slave)), Signer()
    reply = call(slave, signer, "POST", TARGET,
                 content_of(token, signer.key_id, **details(master, name=name)))
    assert (reply.status, reply.problem) == (409, "exists")


def test_a_new_key_for_a_known_master(slave, master, newcomer, name, zone):
    """Its zones stay its own; the old key is over at once."""
    signer, fresh = Signer(), Signer()
    token = Token(invite(slave, "--name", name))
    call(slave, signer, "POST", TARGET, content_of(token, signer.key_id, **details(master)))
    put = f"/v1/zones/{zone}?generation=1"
    assert call(slave, signer, "PUT", put, {}).status in (200, 202)
    assert slave.run("invite", "--name", name).returncode == 1
    token = Token(invite(slave, "--for", name))
    assert call(slave, fresh, "POST", TARGET, content_of(token, fresh.key_id)).status == 200
    assert call(slave, signer, "GET", f"/v1/zones/{zone}").status == 401
    assert call(slave, fresh, "GET", f"/v1/zones/{zone}").json["master"] == name


def test_revoked_zones_stay_until_they_are_given_or_purged(slave, master, name, zone):
    signer, heir = Signer(), Signer()
    zones = [f"{zone}", f"second.of.{zone}", f"third.of.{zone}"]
    for who, label in ((signer, name), (heir, f"{name}-heir")):
        token = Token(invite(slave, "--name", label))
        assert call(slave, who, "POST", TARGET,
                    content_of(token, who.key_id, **details(master))).status == 200
    for one in zones:
        call(slave, signer, "PUT", f"/v1/zones/{one}?generation=1", {})
    call(slave, heir, "PUT", f"/v1/zones/{zones[0]}?generation=1", {})
    assert slave.run("master", "purge", name).returncode == 1
    slave.must_run("master", "revoke", name)
    assert call(slave, signer, "DELETE", f"/v1/zones/{zone}?generation=2").status == 401
    assert slave.ask("GET", f"/v1/zones/{zone}")[1]["master"] == name
    assert "given: 1; it still has 2" in slave.must_run("master", "give", name, f"{name}-heir")
    assert slave.ask("GET", f"/v1/zones/{zone}")[1]["master"] == f"{name}-heir"
    assert "deleted: 2; it still has 0" in slave.must_run("master", "purge", name)
    for one in zones[1:]:
        assert slave.ask("GET", f"/v1/zones/{one}")[0] == 404
    poll(lambda: zones[1] not in slave.read_shards() and zones[0] in slave.read_shards())


def test_a_policy(slave, master, name, zone):
    signer = Signer()
    token = Token(invite(slave, "--name", name, "--suffix", f"{zone},other.example",
                         "--max-zones", "2", "--primaries", f"127.0.0.1:{master.named.port}"))
    reply = call(slave, signer, "POST", TARGET,
                 content_of(token, signer.key_id, primaries=["192.0.2.66"]))
    assert reply.json["primaries"] == [f"127.0.0.1:{master.named.port}"]
    assert reply.json["policy"]["suffixes"] == [zone, "other.example"]

    def put(one):
        reply = call(slave, signer, "PUT", f"/v1/zones/{one}?generation=1", {})
        return reply.status if reply.status < 300 else reply.problem

    assert put(f"evil-{zone}") == "not-allowed"
    assert put("example") in ("not-allowed", "name-reserved")
    assert put(zone) in (200, 202) and put(f"a.{zone}") in (200, 202)
    assert put(f"b.{zone}") == "zone-limit"
    assert call(slave, signer, "DELETE", f"/v1/zones/a.{zone}?generation=2").status in (200, 202)
    assert put(f"b.{zone}") in (200, 202)

    reply = call(slave, signer, "PUT", "/v1/master?generation=1", {"primaries": ["192.0.2.66"]})
    assert (reply.status, reply.problem) == (403, "not-allowed")
    # What is there stays and can be changed, whatever the policy says now.
    slave.must_run("master", "policy", name, "--suffix", "elsewhere.example")
    assert call(slave, signer, "PUT", f"/v1/zones/{zone}?generation=5", {}).status in (200, 202)
    slave.must_run("master", "policy", name, "--suffix", "none", "--max-zones", "none",
                   "--allow-primaries", "none")
    assert "may have:  anything" in slave.must_run("master", "show", name)
    assert put(f"evil-{zone}") in (200, 202)


@pytest.mark.parametrize(("words", "text"), [
    (("invite", "--ttl", "soon"), "isn't a time"),
    (("invite", "--ttl", "5"), "60 seconds to 30 days"),
    (("invite", "--ttl", "31d"), "60 seconds to 30 days"),
    (("invite", "--name", "UP"), "can't be a master's name"),
    (("invite", "--for", "nobody"), "there is no master 'nobody'"),
    (("invite", "--for", "master1", "--suffix", "a.example"), "'for' means a master"),
    (("invite", "--endpoint", "host:99999"), "isn't HOST"),
    (("invite", "--endpoint", "a b"), "isn't HOST:PORT"),
    (("invite", "--primaries", "x"), "x"),
    (("invite", "--max-zones", "-1"), "isn't a number"),
    (("invite", "--suffix", "a..b"), "suffixes"),
    (("master", "policy", "master1"), "say which limit"),
    (("master", "policy", "nobody", "--max-zones", "1"), "there is no master 'nobody'"),
    (("master", "policy", "master1", "--max-zones", "0"), "isn't a number"),
    (("master", "revoke", "nobody"), "there is no master 'nobody'"),
    (("master", "revoke", "master1", "x"), "key id"),
    (("master", "purge", "master1"), "still has a key"),
    (("master", "show", "Nobody"), "can't be a master's name"),
])
def test_wrong_words(slave, words, text):
    done = slave.run(*words)
    assert done.returncode in (1, 2)
    assert text in done.stderr
