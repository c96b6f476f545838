"""An outbox that is lost, damaged, or used twice: rebuilt without a single deletion."""

import re
import shutil
import sqlite3
import subprocess

import pytest
from laboratory.basics import poll

ZONES = [f"z{number}.example" for number in range(30)]


@pytest.fixture
def lab(make_lab):
    """With zones, one of which was deleted, and nothing owed."""
    lab = make_lab(masters=1, slaves=2)
    lab.masters[0].change("create", [*ZONES, "gone.example"])
    lab.masters[0].change("delete", ["gone.example"])
    return lab


def state(master):
    return master.directory / "state"


def damage(master, how):
    """Breaks the outbox as a crashed disk might."""
    path = state(master) / "outbox.db"
    with sqlite3.connect(path) as outbox:
        outbox.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    if how == "nonsense":
        path.write_bytes(b"nonsense" * 1000)
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2 // 4096 * 4096])
    elif how == "zeroes":
        path.write_bytes(content[:4096] + bytes(len(content) - 4096))


def held_by(slave):
    return {row["zone"] for row in slave.ask("GET", "/v1/zones?limit=1000")[1]["zones"]}



def run(master, *words, status=0):
    done = master.run(*words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def wait_until_served(lab):
    master = lab.masters[0]
    poll(lambda: master.run("check", "--all").returncode == 0)


def test_a_lost_outbox(lab):
    """The slaves are known still, and sync brings back all the rest."""
    master = lab.masters[0]
    wait_until_served(lab)
    run(master, "slave", "pause", "slave2")
    for path in state(master).glob("outbox.db*"):
        path.unlink()
    assert re.search(r"slave2 .*paused", run(master, "slave", "list"))
    run(master, "slave", "resume", "slave2")
    generations = {zone: lab.slaves[0].ask("GET", f"/v1/zones/{zone}")[1]["made"] for zone in ZONES}
    assert "slave1" in run(master, "slave", "list")
    text = run(master, "sync")
    assert text.count("\n+ ") == len(ZONES) and not re.search(r"^[-!]", text, re.M)
    assert "the ones wanted" in text
    for slave in lab.slaves:
        assert held_by(slave) == set(ZONES)
    made = {zone: lab.slaves[0].ask("GET", f"/v1/zones/{zone}")[1]["made"] for zone in ZONES}
    assert made == generations
    assert run(master, "check", "--all")


def test_a_lost_state_directory(lab):
    """The slaves, too, have to be added again; they still have the zones, and keep them."""
    master = lab.masters[0]
    shutil.rmtree(state(master))
    for slave in lab.slaves:
        run(master, "slave", "add", slave.name, "--key", slave.key_id, slave.url)
    run(master, "sync")
    for slave in lab.slaves:
        assert held_by(slave) == set(ZONES)
    assert run(master, "sync", "--dry-run").count("30 zones, the ones wanted") == 2


@pytest.mark.parametrize("how", ["nonsense", "cut", "zeroes"])
def test_a_damaged_outbox(lab, how):
    master = lab.masters[0]
    lab.slaves[1].agent.stop()
    master.change("delete", ["z0.example"])
    lab.slaves[1].start_agent()
    damage(master, how)
    if how == "nonsense":
        for verb in (["hook"], ["status"], ["deliver"], ["slave", "list"]):
            assert "`zonepush sync` does so" in run(master, *verb, status=1)
    text = run(master, "sync", status=1)
    kept = list(state(master).glob("outbox.db.damaged-*"))
    assert kept and str(kept[0]).removesuffix("-wal").removesuffix("-shm") in text
    assert "it is kept as" in text and text.count("\n+ ") == len(ZONES) - 1
    # What was owed is forgotten, and seen.
    assert "- z0.example (kept, never wanted here)" in text
    assert held_by(lab.slaves[0]) == set(ZONES[1:]) and held_by(lab.slaves[1]) == set(ZONES)
    run(master, "sync", "--prune")
    assert held_by(lab.slaves[1]) == set(ZONES[1:])
    master.change("create", ["after.example"])
    assert "after.example" in held_by(lab.slaves[1])


def test_a_damaged_outbox_and_many_who_notice(lab):
    """Only one of them moves it aside; none takes the new one for it, or undoes its work."""
    master = lab.masters[0]
    damage(master, "nonsense")
    many = [
        subprocess.Popen(
            [master.executable, "-c", master.configuration, "sync"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(8)
    ]
    texts = [one.communicate()[1] for one in many]
    assert sum("it is kept as" in text for text in texts) == 1, texts
    kept = [path for path in state(master).glob("outbox.db.damaged-*") if path.name[-1].isdigit()]
    assert len(kept) == 1 and kept[0].read_bytes().startswith(b"nonsense")
    run(master, "sync")
    for slave in lab.slaves:
        assert held_by(slave) == set(ZONES)


def test_an_old_outbox_put_back(lab):
    """As of a backup: what was made since is Plesk's to tell, what was deleted since stays so."""
    master = lab.masters[0]
    with sqlite3.connect(state(master) / "outbox.db") as outbox:
        outbox.execute("VACUUM INTO ?", (str(master.directory / "backup.db"),))
    master.change("create", ["newer.example", "gone.example"])
    master.change("delete", ["z1.example"])
    for path in state(master).glob("outbox.db*"):
        path.unlink()
    shutil.copy(master.directory / "backup.db", state(master) / "outbox.db")
    text = run(master, "sync")
    wanted = set(ZONES) - {"z1.example"} | {"newer.example", "gone.example"}
    assert held_by(lab.slaves[0]) == wanted | {"z1.example"}
    assert "- z1.example (kept" in text
    run(master, "sync", "--prune")
    assert held_by(lab.slaves[0]) == wanted == held_by(lab.slaves[1])


class Clone:
    """Zonepush on a copy of a master's machine, whose Plesk has these zones."""

    def __init__(self, master, zones):
        self.master, self.zones = master, " ".join(zones)
        self.folder = master.directory / "clone"
        self.configuration = self.folder / "zonepush.conf"
        shutil.copytree(state(master), self.folder / "state")
        shutil.copy(master.key, self.folder / "key.pem")
        text = master.configuration.read_text()
        for name in ("state", "key.pem"):
            text = text.replace(f"{master.directory}/{name}\n", f"{self.folder}/{name}\n")
        self.configuration.write_text(text)

    def run(self, *words, content=""):
        with self.master.plesk.told(zones=self.zones):
            return subprocess.run(
                [self.master.executable, "-c", self.configuration, *words],
                input=content, capture_output=True, text=True, check=False,
            )


def test_a_clone(lab):
    """The same key on two servers: seen, explained, and neither undoes what the other does."""
    master = lab.masters[0]
    clone = Clone(master, [*ZONES, "own.example"])

    # The clone's own domain, and one that both have and the original deletes.
    done = clone.run("hook", content='[{"command":"create","zone":{"name":"own.example."}}]')
    assert done.returncode == 0
    master.change("delete", ["z2.example"])
    text = run(master, "sync")
    assert "- own.example (kept, never wanted here)" in text
    assert "if no other server uses this one's key (a clone?)" in text
    done = clone.run("sync")
    assert "+ z2.example" in done.stdout
    assert "lost, restored or cloned (does another server use this one's key?)" in done.stderr
    for _ in range(2):
        text = run(master, "sync", "--prune-overdue")
        assert "- z2.example (kept, made there after it was deleted here)" in text
        for slave in lab.slaves:
            assert held_by(slave) == {*ZONES, "own.example"}


def test_a_clone_that_deletes_what_both_have(lab):
    """The slaves can't tell the two; the first one's next sync finds it, and brings it back."""
    master = lab.masters[0]
    clone = Clone(master, ZONES[1:])
    done = clone.run("hook", content='[{"command":"delete","zone":{"name":"z0.example."}}]')
    assert done.returncode == 0
    assert held_by(lab.slaves[0]) == set(ZONES[1:])
    done = master.run("sync", "--prune-overdue")
    assert "+ z0.example" in done.stdout
    assert "does another server use this one's key?" in done.stderr
    for slave in lab.slaves:
        assert held_by(slave) == set(ZONES)


def test_a_clone_that_gets_its_own_key(lab):
    """What the manual says to do about it: each then has its own zones, on the same slaves."""
    master = lab.masters[0]
    clone = Clone(master, ["own.example", "z0.example"])
    clone.run("hook", content='[{"command":"create","zone":{"name":"own.example."}}]')
    (clone.folder / "key.pem").unlink()
    (clone.folder / "key.pem.pub").unlink(missing_ok=True)
    shutil.rmtree(clone.folder / "state")
    assert clone.run("key", "init").returncode == 0
    key = clone.run("key", "show").stdout.strip()
    assert key != master.key_id
    for slave in lab.slaves:
        primaries = f"127.0.0.1:{master.named.port}"
        slave.must_run("master", "add", "--primaries", primaries, "--", "clone", key)
        done = clone.run("slave", "add", "--key", slave.key_id, slave.name, slave.url)
        assert done.returncode == 0, done.stderr

    # What it made by the old key is the first one's, until that lets go of it.
    done = clone.run("sync")
    assert done.returncode == 1 and "own.example" in done.stderr and "owned" in done.stderr
    assert "- own.example\n" in run(master, "sync", "--prune")
    poll(lambda: "own.example" not in clone.run("sync").stderr)

    def owners(slave):
        rows = slave.ask("GET", "/v1/zones?limit=1000")[1]["zones"]
        return {(row["zone"], row["master"]) for row in rows if row["state"] != "claimed"}

    for slave in lab.slaves:
        poll(lambda: owners(slave) == {*((zone, "master1") for zone in ZONES),
                                       ("own.example", "clone")})
    assert run(master, "sync").count("30 zones, the ones wanted") == 2
