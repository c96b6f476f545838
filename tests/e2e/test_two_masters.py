"""Two masters on the same slaves: each sees and changes what is its own, by verbs and by raw requests."""

import json
import re

import pytest
from wire import Signer, call

LABORATORY = {"masters": 2, "slaves": 2}


@pytest.fixture(scope="module")
def names(lab):
    """What each of the two has: three zones, and one that both want, which the first has."""
    first, second = lab.masters
    zones = {
        "first": [f"f{n}.example" for n in range(3)],
        "second": [f"s{n}.example" for n in range(3)],
        "both": ["both.example"],
    }
    assert first.change("create", zones["first"] + zones["both"]).returncode == 0
    done = second.change("create", zones["second"] + zones["both"])
    assert done.returncode == 0 and "refused zone 'both.example'" in done.stderr
    return zones


@pytest.fixture
def signers(lab):
    return [Signer(master.key) for master in lab.masters]


def get(slave, signer, target, status=200):
    reply = call(slave, signer, "GET", target)
    assert reply.status == status, reply.body
    return reply.json


def listed(slave, signer):
    return {row["zone"]: (row["master"], row["state"])
            for row in get(slave, signer, "/v1/zones?limit=1000")["zones"]}


def held(slave, master):
    rows = slave.ask("GET", f"/v1/zones?master={master}&limit=1000")[1]["zones"]
    return {row["zone"]: (row["generation"], row["state"]) for row in rows}


# Refusals: what the other has can be neither read nor changed.


def test_raw_requests_about_what_is_the_others(lab, names, signers):
    first, second = signers
    slave = lab.slaves[0]
    before = held(slave, "master2"), held(slave, "master1")
    for zone in names["second"]:
        assert get(slave, first, f"/v1/zones/{zone}", 404)["type"].endswith("unknown-zone")
        reply = call(slave, first, "PUT", f"/v1/zones/{zone}?generation={2**52}", {})
        assert (reply.status, reply.problem) == (409, "owned")
        # To take that back is its own affair, and nobody else's.
        reply = call(slave, first, "DELETE", f"/v1/zones/{zone}?generation={2**52 + 1}")
        assert (reply.status, reply.json["result"]) == (200, "applied")
        changes = {"changes": [{"zone": zone, "present": False, "generation": 2**52 + 2}]}
        assert call(slave, first, "POST", "/v1/changes", changes).status == 200
        assert get(slave, second, f"/v1/zones/{zone}")["state"] == "applied"
    # No master says who it is but by its key, and owners aren't given from afar.
    for target in ("/v1/zones?master=master2", "/v1/status?master=master2",
                   "/v1/zones/s0.example?master=master2"):
        assert call(slave, first, "GET", target).status == 400
    assert call(slave, first, "PUT", "/v1/zones/s0.example/owner",
                {"master": "master1"}).status == 403
    assert call(slave, first, "GET", "/v1/zones/s0.example/masters").status == 403
    assert call(slave, first, "GET", "/v1/masters").status == 403
    assert (held(slave, "master2"), held(slave, "master1")) == before


def test_raw_requests_see_their_own(lab, names, signers):
    first, second = signers
    slave = lab.slaves[0]
    assert listed(slave, first) == {zone: ("master1", "applied")
                                    for zone in names["first"] + names["both"]}
    assert listed(slave, second) == {
        **{zone: ("master2", "applied") for zone in names["second"]},
        "both.example": ("master2", "claimed")}
    assert get(slave, second, "/v1/status")["zones"] == {
        "applied": 3, "accepted": 0, "failing": 0, "claimed": 1}
    for signer, count in ((first, 4), (second, 4)):
        assert sum(bucket["zones"] for bucket in get(slave, signer, "/v1/digests")["buckets"]) == count
    assert get(slave, first, "/v1/master")["name"] == "master1"


def test_the_settings_of_one(lab, names, signers):
    """Other primaries for the zones of the one are none of the other's."""
    first, second = signers
    slave = lab.slaves[0]
    before = get(slave, second, "/v1/master")
    mine = get(slave, first, "/v1/master")
    new = {"primaries": ["192.0.2.9:53"]}
    generation = max(mine["generation"] or 0, 1)
    assert call(slave, first, "PUT", f"/v1/master?generation={generation + 1}", new).status == 200
    assert get(slave, second, "/v1/master") == before
    back = {"primaries": mine["primaries"]}
    assert call(slave, first, "PUT", f"/v1/master?generation={generation + 2}", back).status == 200


# The verbs.


def test_status_and_show_count_their_own(lab, names):
    for master, wanted in zip(lab.masters, (4, 4)):
        status = json.loads(master.run("status", "--json").stdout)
        assert status["zones"] == wanted
    shown = [master.run("slave", "show", "slave1").stdout for master in lab.masters]
    assert re.search(r"^zones there: +4, served \d, to come 0, failing 0$", shown[0], re.M)
    assert re.search(r"^zones there: +3, served \d, to come 0, failing 1$", shown[1], re.M)


def test_explain_says_whose_it_is(lab, names):
    done = lab.masters[0].run("explain", "s0.example")
    assert "master2" not in done.stdout + done.stderr
    done = lab.masters[1].run("explain", "both.example")
    assert "owned" in done.stdout + done.stderr


def test_sync_leaves_what_is_the_others(lab, names):
    """Even with --prune and --force: to this master the other's zones aren't there."""
    first, second = lab.masters
    before = [held(slave, "master2") for slave in lab.slaves]
    done = first.run("sync", "--from", "plesk", "--prune", "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "s0.example" not in done.stdout
    assert [held(slave, "master2") for slave in lab.slaves] == before
    assert "f0.example" not in second.run("sync", "--dry-run", "--prune", "--force").stdout


def test_pausing_is_for_one_alone(lab, names):
    first, second = lab.masters
    first.must_run("slave", "pause", "slave1")
    done = second.change("create", ["while-paused.example"])
    assert done.returncode == 0
    assert "while-paused.example" in held(lab.slaves[0], "master2")
    first.must_run("slave", "resume", "slave1")
    assert second.change("delete", ["while-paused.example"]).returncode == 0


def test_purge_leaves_what_is_the_others(lab, names):
    """And what both want goes to the one who stays, without a gap."""
    first, second = lab.masters
    slave, other = lab.slaves
    done = first.must_run("slave", "remove", "slave1", "--purge")
    assert "zones deleted on 'slave1': 4\n" in done
    second.run("sync", "slave1", "--from", "outbox")
    assert not held(slave, "master1")
    assert {zone for zone, (_, state) in held(slave, "master2").items() if state == "applied"} == {
        *names["second"], *names["both"]}
    assert set(held(other, "master1")) == {*names["first"], *names["both"]}
    assert held(other, "master2")["both.example"][1] == "claimed"

    # It comes back, as one that is there too late for the zone that both want.
    done = first.run("slave", "add", "slave1", "--key", slave.key_id, slave.url)
    assert done.returncode == 1 and "refused zone 'both.example'" in done.stderr
    assert set(held(slave, "master1")) == {*names["first"], *names["both"]}
