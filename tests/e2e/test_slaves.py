"""The verbs about slaves: added, shown, paused, resumed, replaced by a rebuilt one, and removed."""

import re

LABORATORY = {"masters": 1, "slaves": 2}
NOBODY = "A" * 43
CLOSED = "http://127.0.0.1:1"


def owned(slave):
    """The zones that the slave holds, all of them master1's."""
    return {row["zone"] for row in slave.ask("GET", "/v1/zones?limit=1000")[1]["zones"]
            if row["state"] != "failing"}


def show(master, name):
    """`slave show` as a dictionary."""
    lines = master.run("slave", "show", name).stdout.splitlines()
    return dict(re.split(r":\s+", line, maxsplit=1) for line in lines)


def create(master, *zones):
    assert master.change("create", zones).returncode == 0


def refused(master, *words):
    done = master.run(*words)
    assert done.returncode == 1 and not done.stdout, done
    return done.stderr


def test_what_is_refused(master, lab):
    key = lab.slaves[0].key_id
    assert "isn't" in refused(master, "slave", "add", "NS2", "--key", key, CLOSED)
    assert "http://HOST:PORT" in refused(master, "slave", "add", "ns2", "--key", key, "nonsense")
    assert "key id" in refused(master, "slave", "add", "ns2", "--key", "nonsense", CLOSED)
    assert "IP address" in refused(master, "slave", "add", "ns2", "--key", key, "--dns", "x", CLOSED)
    assert "already" in refused(master, "slave", "add", "slave1", "--key", key, CLOSED)
    for verb in "show", "pause", "resume", "remove":
        assert "slave1, slave2" in refused(master, "slave", verb, "nobody")
    assert "slave1, slave2" in refused(master, "slave", "replace", "nobody", "--key", key)
    assert master.run("slave", "replace", "slave1").returncode == 2
    assert [line.split()[0] for line in master.must_run("slave", "list").splitlines()[1:]] == [
        "slave1", "slave2"]


def test_one_that_does_not_answer_is_added_all_the_same(master):
    done = master.run("slave", "add", "late", "--key", NOBODY, CLOSED)
    assert done.returncode == 1 and "'late' is added, but doesn't answer" in done.stderr
    assert show(master, "late")["answers"].startswith("no (")

    # It can't be emptied, so that nothing is removed; without that, it can.
    assert "nothing is deleted" in refused(master, "slave", "remove", "late", "--purge")
    assert show(master, "late")["sending"] == "yes"
    master.must_run("slave", "remove", "late")
    assert "late" not in master.must_run("slave", "list")


def test_paused(master, lab, zone):
    paused, other = lab.slaves
    assert "is paused" in master.must_run("slave", "pause", "slave1")
    create(master, zone)
    assert zone in owned(other)
    master.must_run("deliver")
    assert zone not in owned(paused)
    assert re.search(r"^slave1 .* paused .*", master.run("status").stdout, re.M)
    assert (show(master, "slave1")["sending"], show(master, "slave1")["changes owed"]) == (
        "paused", "1")

    assert "changes acknowledged: 1" in master.must_run("slave", "resume", "slave1")
    assert zone in owned(paused)
    assert show(master, "slave1")["changes owed"] == "0"


def test_show(master, lab):
    shown = show(master, "slave1")
    assert (shown["name"], shown["url"]) == ("slave1", lab.slaves[0].url)
    assert shown["key"] == lab.slaves[0].key_id
    assert shown["its named"] == "runs" and shown["answers"].startswith("yes")
    assert shown["took changes"] != "never"


def test_removed_and_added_again(master, lab, zone):
    """Without --purge its zones stay as they are; what is deleted meanwhile stays there."""
    slave = lab.slaves[0]
    create(master, zone)
    assert "keeps the zones" in master.must_run("slave", "remove", "slave1")
    assert zone in owned(slave)
    done = master.must_run("slave", "add", "slave1", "--key", slave.key_id, "--dns", "192.0.2.53",
                           slave.url)
    assert "slave 'slave1' is added; changes acknowledged:" in done
    count = len(owned(slave))
    assert f"zones wanted: {count}; the slave has {count}, will have 0, and 0 fail" in done
    assert show(master, "slave1")["public DNS"] == "192.0.2.53:53"


def test_purged(master, lab, zone):
    """All of the master's zones go there and nowhere else, and can come back."""
    slave, other = lab.slaves
    zones = [f"{number}.{zone}" for number in range(30)]
    create(master, *zones)
    before = owned(other)
    assert set(zones) <= before

    done = master.must_run("slave", "remove", "slave1", "--purge")
    assert f"zones deleted on 'slave1': {len(before)}\n" in done
    assert not owned(slave) and owned(other) == before

    done = master.run("slave", "add", "slave1", "--key", slave.key_id, slave.url)
    assert done.returncode == 0 and "newer" not in done.stderr
    assert owned(slave) == before


def test_purge_that_fails_half_way(master, make_lab, zone):
    """A zone that can't be deleted there keeps the slave; resuming brings everything back."""
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    zones = {f"{number}.{zone}" for number in range(3)}
    create(master, *zones)
    # A generation that this outbox never gave.
    status, _ = slave.ask("PUT", f"/v1/zones/0.{zone}?master=master1&generation={2**52}", {})
    assert status in (200, 202)

    problem = refused(master, "slave", "remove", "slave1", "--purge")
    assert f"it didn't delete zone '0.{zone}' (stale" in problem and "resume slave1" in problem
    assert owned(slave) == {f"0.{zone}"}
    assert show(master, "slave1")["sending"] == "paused"

    master.must_run("slave", "resume", "slave1")
    assert owned(slave) == zones


def test_rebuilt_with_another_key(make_lab, zone):
    lab = make_lab(masters=1, slaves=2)
    master, (slave, new) = lab.masters[0], lab.slaves
    master.must_run("slave", "remove", "slave2", "--purge")
    create(master, zone)
    assert not owned(new)

    # The URL alone would lead to an agent whose key isn't the known one.
    done = master.run("slave", "replace", "slave1", "--key", slave.key_id, new.url)
    assert done.returncode == 1 and "is replaced, but doesn't answer as it should" in done.stderr

    done = master.must_run("slave", "replace", "slave1", "--key", new.key_id, new.url)
    assert "slave 'slave1' is replaced; changes acknowledged: 1, refused: 0" in done
    assert owned(new) == {zone}


def test_the_transfer_acl(make_lab):
    """Plesk lets a slave's address transfer; taken out is only what zonepush put there."""
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    acl = master.plesk.state / "acl"
    key = slave.key_id
    assert acl.read_text() == "127.0.0.1\n"
    # Another slave on the same host needs it still.
    assert master.run("slave", "add", "second", "--key", NOBODY, CLOSED).returncode == 1
    master.must_run("slave", "remove", "slave1")
    assert acl.read_text() == "127.0.0.1\n"
    master.must_run("slave", "remove", "second")
    assert acl.read_text() == ""

    acl.write_text("127.0.0.1\n10.127.0.0.1\n")
    master.must_run("slave", "add", "slave1", "--key", key, slave.url)
    master.must_run("slave", "remove", "slave1")
    assert acl.read_text() == "127.0.0.1\n10.127.0.0.1\n"

    acl.write_text("1127.0.0.1\n")
    (master.plesk.state / "fail").write_text("licence expired")
    done = master.run("slave", "add", "slave1", "--key", key, slave.url)
    assert done.returncode == 0
    assert "licence expired" in done.stderr and "-add-acl 127.0.0.1`" in done.stderr
    master.plesk.program.unlink()
    master.must_run("slave", "remove", "slave1")
    done = master.run("slave", "add", "slave1", "--key", key, slave.url)
    assert done.returncode == 0 and "no Plesk here" in done.stderr
    assert "allow-transfer" in done.stderr and acl.read_text() == "1127.0.0.1\n"
