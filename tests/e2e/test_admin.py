"""What the slave's administrator can do and see: settings of masters, owners, maintenance, explain."""

import hashlib
import json
import time

import pytest
from laboratory.basics import poll, replace_file
from wire import Signer, call

LABORATORY = {"masters": 2, "slaves": 1}
NOBODY = "192.0.2.9"


def put(slave, zone, master="master1"):
    return slave.ask("PUT", f"/v1/zones/{zone}?master={master}", {})


def set_master(slave, content, master="master1", generation=None):
    more = f"&generation={generation}" if generation else ""
    return slave.ask("PUT", f"/v1/master?master={master}{more}", content)


def get_problem(answer):
    status, problem = answer
    return status, problem["type"].rpartition(":")[2]


def primary_of(lab, number=0):
    return f"127.0.0.1:{lab.masters[number].named.port}"


def line_of(slave, zone):
    return next(line for line in slave.read_shards().splitlines() if f'"{zone}"' in line)


def test_identity(slave):
    status, identity = slave.ask("GET", "/v1/identity")
    assert status == 200 and identity["agent"] == slave.key_id
    assert identity["instance"] == slave.ask("GET", "/v1/status")[1]["instance"]
    assert identity["bind"].startswith("9.") and identity["version"]
    assert slave.ask("GET", "/v1/identity?x=1")[0] == 400
    assert slave.ask("DELETE", "/v1/identity")[0] == 405


def test_digests(slave):
    zones = [f"d{number}.example" for number in range(30)]
    for zone in zones:
        put(slave, zone)
    assert slave.ask("GET", "/v1/digests?master=nobody")[0] == 400
    assert slave.ask("GET", "/v1/zones?bucket=1")[0] == 400
    assert slave.ask("GET", "/v1/zones?bucket=1G")[0] == 400

    status, answer = slave.ask("GET", "/v1/digests?master=master1")
    assert (status, answer["algorithm"], len(answer["buckets"])) == (200, "sha-256", 256)
    names = {}
    for row in slave.ask("GET", "/v1/zones?master=master1&limit=1000")[1]["zones"]:
        bucket = hashlib.sha256(row["zone"].encode()).digest()[0]
        names.setdefault(bucket, []).append(row["zone"])
    for number, bucket in enumerate(answer["buckets"]):
        wanted = sorted(names.get(number, []))
        text = "".join(f"{name}\n" for name in wanted)
        assert bucket["zones"] == len(wanted)
        assert bucket["digest"] == hashlib.sha256(text.encode()).hexdigest()
        listed = slave.ask("GET", f"/v1/zones?master=master1&bucket={number:02x}")[1]["zones"]
        assert [row["zone"] for row in listed] == wanted

    # What other masters want is no affair of this one.
    before = slave.ask("GET", "/v1/digests?master=master2")[1]
    put(slave, "one-more.example")
    assert slave.ask("GET", "/v1/digests?master=master2")[1] == before


@pytest.mark.parametrize("content", [
    None, {}, [], {"primaries": []}, {"primaries": "192.0.2.1"}, {"primaries": [7]},
    {"primaries": ["host.example"]}, {"primaries": ["0.0.0.0"]}, {"primaries": ["192.0.2.1"] * 9},
    {"primaries": ["192.0.2.1"], "tsig": ""}, {"primaries": ["192.0.2.1"], "tsig": 'a"b'},
    {"primaries": ["192.0.2.1"], "tsig": 5}, {"primaries": ["192.0.2.1"], "more": 1},
])
def test_wrong_settings(slave, content):
    before = slave.ask("GET", "/v1/master?master=master1")[1]
    assert set_master(slave, content)[0] == (400 if content is None else 422)
    assert slave.ask("GET", "/v1/master?master=master1")[1] == before


def test_settings_in_order(lab, slave):
    put(slave, "settled.example")
    primary = primary_of(lab)
    assert set_master(slave, {"primaries": [primary, NOBODY]}, generation=2**52)[0] in (200, 202)
    assert f"{NOBODY} port 53" in line_of(slave, "settled.example")
    assert get_problem(set_master(slave, {"primaries": [NOBODY]}, generation=7)) == (409, "stale")
    assert get_problem(set_master(slave, {"primaries": [NOBODY]}, generation=2**52)) == (
        409, "generation-reused")
    status, answer = set_master(slave, {"primaries": [primary, NOBODY]}, generation=2**52)
    assert (status, answer["result"]) == (200, "unchanged")
    # Without a generation it is the newest.
    status, answer = set_master(slave, {"primaries": [primary]})
    assert (status, answer["result"], answer["generation"]) == (200, "applied", 2**52 + 1)
    assert NOBODY not in slave.read_shards()


def test_all_zones_of_a_master_move_at_once(make_lab):
    lab = make_lab(masters=2, slaves=1)
    slave, (old, new) = lab.slaves[0], lab.masters
    zones = [f"mv{number}.example" for number in range(20)]
    assert old.change("create", zones).returncode == 0
    new.publish("create", zones)
    poll(lambda: all(slave.named.get_serial(zone) for zone in zones))
    log = slave.named.daemon.log
    before = log.read_text(errors="replace").count("command 'reconfig'")
    assert set_master(slave, {"primaries": [primary_of(lab, 1)]})[0] == 200
    assert log.read_text(errors="replace").count("command 'reconfig'") == before + 1
    assert f"port {old.named.port}" not in slave.read_shards()
    old.named.stop()
    new.publish("update", zones)
    for zone in zones:
        slave.ask("PUT", f"/v1/zones/{zone}?master=master1", {"serial": 1})
    slave.named.wait_for_serials(new.read_serials())


def test_a_master_sets_its_own(lab, slave):
    """Signed: no ?master=, and a generation is needed."""
    signer = Signer(lab.masters[0].key)

    def send(method, target, content=None):
        return call(slave, signer, method, target, content)

    assert send("GET", "/v1/master").json["name"] == "master1"
    content = {"primaries": [primary_of(lab)]}
    assert send("PUT", "/v1/master", content).status == 422
    assert send("PUT", "/v1/master?master=master2&generation=1", content).status == 400
    reply = send("PUT", f"/v1/master?generation={2**53 - 1}", content)
    assert (reply.status, reply.json["result"]) == (200, "unchanged")
    for path in ("/v1/maintenance", "/v1/zones/x.example/owner"):
        assert send("PUT", path, {}).status == 403
    assert send("GET", "/v1/zones/x.example/masters").status == 403


def test_verbs_for_masters(lab, slave):
    for words in (["set"], ["set", "master2"], ["set", "NO!", "--tsig", "none"]):
        assert slave.run("master", *words).returncode == 2
    done = slave.run("master", "set", "nobody", "--tsig", "none")
    assert done.returncode == 1 and "there is no master 'nobody'" in done.stderr
    slave.must_run("master", "set", "master2", "--primaries", f"{primary_of(lab, 1)},{NOBODY}")
    assert NOBODY in slave.must_run("master", "list")
    slave.must_run("master", "set", "master2", "--primaries", primary_of(lab, 1))
    assert NOBODY not in slave.must_run("master", "list")


def test_a_key_that_named_doesnt_know(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    primary = primary_of(lab)
    put(slave, "keyed.example")
    before = slave.read_shards()
    answer = set_master(slave, {"primaries": [primary], "tsig": "transfer-key"})
    assert get_problem(answer) == (422, "key-unknown")
    done = slave.run("master", "set", "master1", "--tsig", "transfer-key")
    assert done.returncode == 1 and "no TSIG key 'transfer-key'" in done.stderr
    assert slave.read_shards() == before

    key = 'key "Transfer-Key" { algorithm hmac-sha256; secret "c2VjcmV0LW9mLXRoZS10ZXN0"; };\n'
    for named in (master.named, slave.named):
        replace_file(named.configuration, named.configuration.read_text() + key)
    conf = master.named.configuration
    replace_file(conf, conf.read_text().replace("allow-transfer { 127.0.0.1; };",
                                                "allow-transfer { key transfer-key; };"))
    master.named.rndc("reconfig")
    poll(lambda: set_master(slave, {"primaries": [primary], "tsig": "transfer-key"})[0] == 200)
    assert 'key "transfer-key"' in line_of(slave, "keyed.example")
    assert master.change("create", ["keyed.example", "other.example"]).returncode == 0
    slave.named.wait_for_serials(master.read_serials())
    assert "transfer-key" in slave.must_run("master", "list")

    # The key vanishes from named's configuration: named starts all the same.
    conf = slave.named.configuration
    replace_file(conf, conf.read_text().replace(key, ""))
    slave.named.stop()
    slave.named.start()
    slave.named.wait_for_serials(master.read_serials())
    slave.must_run("master", "set", "master1", "--tsig", "none")
    assert "transfer-key" not in slave.read_shards()


def test_a_zone_is_given(slave):
    assert put(slave, "given.example")[0] in (200, 202)
    for content in (None, {}, {"master": 7}, {"master": "master2", "more": 1}):
        assert slave.ask("PUT", "/v1/zones/given.example/owner", content)[0] == 400
    done = slave.run("zone", "give", "given.example", "nobody")
    assert done.returncode == 1 and "no master 'nobody'" in done.stderr
    done = slave.run("zone", "give", "given.example", "master2")
    assert done.returncode == 1 and "no claim" in done.stderr
    assert slave.run("zone", "give", "not a zone", "master2").returncode == 2

    assert put(slave, "given.example", "master2")[0] == 409
    port = next(word for word in line_of(slave, "given.example").split() if word.endswith(";")
                and word[:-1].isdigit())
    slave.must_run("zone", "give", "given.example", "master2")
    assert "master=master2" in line_of(slave, "given.example")
    assert f"port {port}" not in line_of(slave, "given.example")
    row = slave.ask("GET", "/v1/zones/given.example?master=master1")[1]
    assert (row["state"], row["problem"]) == ("claimed", "owned")
    slave.must_run("zone", "give", "given.example", "master1")
    assert "master=master1" in line_of(slave, "given.example")


def test_maintenance(make_lab):
    slave = make_lab(masters=1, slaves=1).slaves[0]
    put(slave, "before.example")
    for content in (None, {}, {"on": 1}, {"on": True, "x": 1}):
        assert slave.ask("PUT", "/v1/maintenance", content)[0] == 400
    assert slave.run("maintenance").returncode == 2
    assert slave.run("maintenance", "perhaps").returncode == 2

    slave.must_run("maintenance", "on")
    shards = slave.read_shards()
    assert put(slave, "meanwhile.example")[0] == 202
    status, answer = slave.ask("DELETE", "/v1/zones/before.example?master=master1")
    assert (status, answer["result"]) == (202, "accepted")
    done = slave.run("status")
    assert done.returncode == 1 and "maintenance" in done.stdout
    # It lasts, whatever happens to the agent.
    slave.agent.stop()
    slave.start_agent()
    time_of = slave.ask("GET", "/v1/status")[1]["started"]
    assert time_of <= time.time()
    assert slave.read_shards() == shards and slave.named.knows("before.example")
    assert not slave.named.knows("meanwhile.example")

    slave.must_run("maintenance", "off")
    assert slave.named.knows("meanwhile.example") and not slave.named.knows("before.example")


def test_explain(make_lab):
    lab = make_lab(masters=2, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    assert slave.run("explain").returncode == 2
    assert slave.run("explain", "not a zone").returncode == 2
    done = slave.run("explain", "none.example")
    assert done.returncode == 1 and "no master wants it" in done.stdout

    assert master.change("create", ["shop.example"]).returncode == 0
    put(slave, "shop.example", "master2")
    poll(lambda: slave.run("explain", "shop.example").returncode == 0)
    text = slave.must_run("explain", "Shop.Example.")
    serial = master.read_serials()["shop.example"]
    for words in ("master1    applied", "master2    claimed", "owned:", "knows it", "all is well",
                  f"here {serial}, primary {serial}", 'zone "shop.example" { type secondary;',
                  "bytes, of"):
        assert words in text
    answer = json.loads(slave.must_run("explain", "shop.example", "--json"))
    assert answer["well"] is True and answer["data"]["size"] > 0

    put(slave, "lost.example")
    poll(lambda: "doesn't serve it" in slave.run("explain", "lost.example").stdout)
    slave.named.rndc("delzone", "shop.example")
    assert "doesn't know it" in slave.run("explain", "shop.example").stdout
    slave.named.stop()
    assert "doesn't answer" in slave.run("explain", "shop.example").stdout
