"""Keys that follow each other, on both sides, without a moment in which nobody can speak."""

import base64
import itertools
import pathlib
import sqlite3

import pytest
from laboratory import plesk
from laboratory.basics import poll
from test_enrol import Token, content_of, invite
from wire import Signer, call, send, verify_reply

_numbers = itertools.count(1)


@pytest.fixture
def name():
    return f"rotating-{next(_numbers)}"


@pytest.fixture
def signer(slave, name):
    """A master that is let in."""
    signer, token = Signer(), Token(invite(slave, "--name", name))
    content = content_of(token, signer.key_id, primaries=["127.0.0.1"])
    assert call(slave, signer, "POST", "/v1/enrol", content).status == 200
    yield signer
    slave.must_run("master", "revoke", name)


def prove(new, old, agent):
    text = f"zonepush-v1 key\n{agent}\n{old.key_id}\n{new.key_id}".encode()
    return base64.urlsafe_b64encode(new.key.sign(text)).decode().rstrip("=")


def bring_in(slave, old, new, proof=None, **choices):
    content = {"proof": proof or prove(new, old, slave.key_id)}
    return call(slave, old, "PUT", f"/v1/keys/{new.key_id}", content, **choices)


def may_speak(slave, signer):
    return call(slave, signer, "GET", "/v1/zones").status == 200


def keys_of(slave, name):
    keys = slave.ask("GET", f"/v1/masters/{name}")[1]["keys"]
    return {row["key"]: row["ends_at"] for row in keys}


def end_now(slave, key_id):
    """As if the time that the key still had were over."""
    with sqlite3.connect(slave.directory / "state" / "registry.db", timeout=10) as registry:
        registry.execute("UPDATE master_key SET ends_at = 1 WHERE key_id = ?", (key_id,))


def test_refusals(slave, signer, name):
    new, other = Signer(), Signer()
    for reply, status in (
            (bring_in(slave, new, new), 401),
            (bring_in(slave, signer, new, proof="A" * 86), 400),
            (bring_in(slave, signer, new, proof="x"), 400),
            (bring_in(slave, signer, new, proof=prove(other, signer, slave.key_id)), 400),
            (bring_in(slave, signer, new, proof=prove(new, other, slave.key_id)), 400),
            (bring_in(slave, signer, new, proof=prove(new, signer, other.key_id)), 400),
            (call(slave, signer, "PUT", f"/v1/keys/{new.key_id}", {}), 400),
            (call(slave, signer, "PUT", f"/v1/keys/{new.key_id}?x=1", {}), 400),
            (call(slave, signer, "PUT", "/v1/keys/short", {"proof": "x"}), 400),
    ):
        assert reply.status == status, reply.body
    assert slave.ask("PUT", f"/v1/keys/{new.key_id}", {"proof": "x"})[0] == 404
    assert list(keys_of(slave, name)) == [signer.key_id]


def test_a_key_of_another_master(slave, master, signer):
    taken = Signer(master.key)
    reply = bring_in(slave, signer, taken)
    assert (reply.status, reply.problem) == (409, "exists")


def test_the_old_key_ends_when_the_new_one_is_used(slave, signer, name):
    new, third = Signer(), Signer()
    assert bring_in(slave, signer, new).json == {"key": new.key_id, "result": "applied"}
    assert bring_in(slave, signer, new).json["result"] == "unchanged"
    assert may_speak(slave, signer)
    assert keys_of(slave, name) == {new.key_id: None, signer.key_id: None}

    assert may_speak(slave, new) and may_speak(slave, signer)
    poll(lambda: keys_of(slave, name)[signer.key_id] is not None)
    assert keys_of(slave, name)[new.key_id] is None
    reply = bring_in(slave, signer, third)
    assert (reply.status, reply.problem) == (403, "not-allowed")
    reply = bring_in(slave, new, signer)
    assert (reply.status, reply.problem) == (403, "not-allowed")

    end_now(slave, signer.key_id)
    assert call(slave, signer, "GET", "/v1/zones").status == 401
    assert may_speak(slave, new)
    assert bring_in(slave, new, third).status == 200
    assert signer.key_id not in keys_of(slave, name)


def test_no_more_keys_than_eight(slave, signer, name):
    for _ in range(7):
        assert bring_in(slave, signer, Signer()).status == 200
    reply = bring_in(slave, signer, Signer())
    assert (reply.status, reply.problem) == (403, "not-allowed")
    assert len(keys_of(slave, name)) == 8
    slave.must_run("master", "revoke", name)
    assert not may_speak(slave, signer) and keys_of(slave, name) == {}


def test_a_master_rotates(lab, master, zone):
    """One slave is down: the present key stays; then the hourly sync goes on."""
    first, second = lab.slaves
    old = master.key_id
    second.agent.stop()
    done = master.run("key", "rotate")
    assert done.returncode == 1
    assert "1 of 2 slaves know the next key" in done.stderr
    assert "slave 'slave2' doesn't know the next key yet" in done.stderr
    assert master.key_id == old
    # Meanwhile all goes on with the key that everybody knows.
    assert master.hook(plesk.document([plesk.command("create", zone, 1)])).returncode == 0
    assert first.ask("GET", f"/v1/zones/{zone}")[0] == 200

    second.start_agent()
    done = master.run("sync", "--from", "outbox")
    assert done.returncode == 0, done.stderr
    assert "this master's key is now" in done.stdout
    assert master.key_id != old
    assert master.must_run("key", "show").strip() == master.key_id
    assert not pathlib.Path(f"{master.key}.next").exists()
    assert not pathlib.Path(f"{master.key}.next.pub").exists()
    assert master.hook(plesk.document([plesk.command("update", zone, 2)])).returncode == 0
    master.run("status")  # every slave hears from the new key
    for one in lab.slaves:
        poll(lambda one=one: {key: end is None for key, end in keys_of(one, "master1").items()}
             == {master.key_id: True, old: False})


def test_leaving_a_slave_behind(lab, master):
    second = lab.slaves[1]
    second.agent.stop()
    try:
        done = master.run("key", "rotate", "--force")
        assert done.returncode == 0
        assert "slaves that know it: 1 of 2" in done.stdout
        assert "zonepush-agent invite --for NAME" in done.stdout
    finally:
        second.start_agent()
    assert "doesn't know" not in master.run("slave", "show", "slave1").stderr
    token = Token(invite(second, "--for", "master1"))
    signer = Signer(master.key)
    assert call(second, signer, "POST", "/v1/enrol",
                content_of(token, signer.key_id)).status == 200
    assert master.run("sync", "--from", "outbox").returncode == 0


def test_an_agent_rotates(lab, slave, master, signer, name, zone):
    old = slave.key_id
    done = slave.run("key", "rotate")
    assert done.returncode == 1
    assert "2 masters don't use the next key yet" in done.stderr
    assert name in done.stderr and "master1" in done.stderr
    next_key = done.stdout.split()[-1]
    shown = slave.ask("GET", "/v1/key")[1]
    assert shown == {"key": old, "next": next_key, "left": ["master1", name]}

    # Both keys are good; whoever names the next one gets a reply signed by it.
    for key in (old, next_key):
        headers = signer.sign("GET", "/v1/identity", b"", key)
        reply = send(slave.url, "GET", "/v1/identity", headers)
        assert reply.status == 200
        verify_reply(reply, ("GET", "/v1/identity", headers), key)
        assert f'next-key="{next_key}"' in reply.headers["zonepush-state"]
    assert call(slave, signer, "GET", "/v1/identity", agent=Signer().key_id).status == 421
    poll(lambda: slave.ask("GET", "/v1/key")[1]["left"] == ["master1"])

    # A master takes it over as it delivers something.
    assert master.hook(plesk.document([plesk.command("create", zone, 1)])).returncode == 0
    assert next_key in master.must_run("slave", "list")
    assert master.hook(plesk.document([plesk.command("update", zone, 2)])).returncode == 0
    poll(lambda: slave.ask("GET", "/v1/key")[1]["left"] == [])
    done = slave.run("key", "rotate")
    assert done.returncode == 0, done.stderr
    assert f"this agent's key is now {next_key}" in done.stdout
    assert slave.key_id == next_key
    assert slave.ask("GET", "/v1/key")[1] == {"key": next_key, "next": None, "left": []}
    assert call(slave, signer, "GET", "/v1/identity", agent=old).status == 421
    assert "doesn.t answer" not in master.must_run("slave", "show", "slave1")
    slave.agent.stop()
    slave.start_agent()
    assert call(slave, signer, "GET", "/v1/identity", agent=next_key).status == 200


def test_an_idle_master_follows_by_sync(slave, master):
    assert slave.run("key", "rotate").returncode == 1
    next_key = slave.ask("GET", "/v1/key")[1]["next"]
    assert master.run("sync", "--from", "outbox", "--dry-run").returncode in (0, 1)
    assert next_key not in master.must_run("slave", "list")
    assert master.run("sync", "--from", "outbox").returncode == 0
    assert next_key in master.must_run("slave", "list")


def test_an_invitation_outlives_the_rotation(slave, name):
    slave.run("key", "rotate")
    token, signer = Token(invite(slave, "--name", name)), Signer()
    assert token.agent == slave.ask("GET", "/v1/key")[1]["next"]
    assert slave.run("key", "rotate", "--force").returncode == 0
    assert call(slave, signer, "POST", "/v1/enrol",
                content_of(token, signer.key_id, primaries=["127.0.0.1"])).status == 200


@pytest.mark.parametrize("who", ["slave", "master"])
def test_a_damaged_next_key(request, who):
    host = request.getfixturevalue(who)
    path = pathlib.Path(f"{host.key}.next")
    path.write_text("nonsense")
    path.chmod(0o600)
    try:
        done = host.run("key", "rotate")
        assert done.returncode == 1 and str(path) in done.stderr
    finally:
        path.unlink()
