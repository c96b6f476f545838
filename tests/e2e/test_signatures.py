"""No effect without a valid signature, meant for this agent, seen for the first time, in order."""

import json
import time

import pytest
from wire import COMPONENTS, InvalidSignature, Signer, call, digest_of, send, verify_reply


@pytest.fixture
def signer(master):
    return Signer(master.key)


def changes(zone, generation, present=True, **more):
    return {"changes": [{"zone": zone, "present": present, "generation": generation, **more}]}


def now():
    return int(time.time() * 1e6)


def must_be_unknown(slave, zone):
    status, _ = slave.ask("GET", f"/v1/zones/{zone}")
    assert status == 404


def push(slave, signer, zone, **choices):
    return call(slave, signer, "POST", "/v1/changes", changes(zone, now()), **choices)


def test_an_independent_implementation_is_understood(slave, signer, zone):
    body = json.dumps(changes(zone, now())).encode()
    headers = signer.sign("POST", "/v1/changes", body, slave.key_id)
    reply = send(slave.url, "POST", "/v1/changes", headers, body)
    assert reply.status == 200
    assert reply.json["results"][0]["result"] == "applied"
    assert reply.headers["cache-control"] == "no-store"
    verify_reply(reply, ("POST", "/v1/changes", headers), slave.key_id)

    target = f"/v1/zones/{zone}?generation={now()}"
    headers = signer.sign("DELETE", target, b"", slave.key_id)
    reply = send(slave.url, "DELETE", target, headers)
    assert (reply.status, reply.json["result"]) == (200, "applied")
    verify_reply(reply, ("DELETE", target, headers), slave.key_id)
    with pytest.raises(InvalidSignature):
        other = signer.sign("DELETE", target, b"x", slave.key_id)
        other["Signature-Input"] = headers["Signature-Input"]
        verify_reply(reply, ("DELETE", target, other), slave.key_id)


def test_more_components_in_any_order(slave, signer, zone):
    reply = push(slave, signer, zone,
                 components=("zonepush-agent", "content-type", "@method", "content-digest",
                             "@path"))
    assert reply.status == 200
    reply = push(slave, signer, zone, components=("@authority", *COMPONENTS),
                 values={"@authority": f"127.0.0.1:{slave.http}"})
    assert reply.status == 200


def test_an_unknown_key(slave, zone):
    reply = push(slave, Signer(), zone)
    assert (reply.status, reply.problem, reply.is_signed) == (401, "unsigned", False)
    must_be_unknown(slave, zone)


def test_no_signature(slave, zone):
    body = json.dumps(changes(zone, 1)).encode()
    reply = send(slave.url, "POST", "/v1/changes", {"Content-Type": "application/json"}, body)
    assert (reply.status, reply.problem, reply.is_signed) == (401, "unsigned", False)
    must_be_unknown(slave, zone)


def test_an_altered_body(slave, signer, zone):
    other = json.dumps(changes(f"other.{zone}", now())).encode()
    reply = push(slave, signer, zone, body=other)
    assert (reply.status, reply.problem, reply.is_signed) == (400, "malformed", True)
    must_be_unknown(slave, zone)
    must_be_unknown(slave, f"other.{zone}")


def test_an_altered_body_with_its_digest(slave, signer, zone):
    body = json.dumps(changes(zone, now())).encode()
    headers = signer.sign("POST", "/v1/changes", body, slave.key_id)
    other = body.replace(zone.encode(), b"o" + zone.encode())
    headers["Content-Digest"] = digest_of(other)
    reply = send(slave.url, "POST", "/v1/changes", headers, other)
    assert (reply.status, reply.problem) == (401, "unsigned")
    must_be_unknown(slave, zone)


@pytest.mark.parametrize("method, target", [("PUT", "/v1/changes"), ("POST", "/v1/change"),
                                            ("POST", "/v1/changes?a=b")])
def test_an_altered_target(slave, signer, zone, method, target):
    body = json.dumps(changes(zone, now())).encode()
    headers = signer.sign("POST", "/v1/changes", body, slave.key_id)
    reply = send(slave.url, method, target, headers, body)
    assert (reply.status, reply.problem) == (401, "unsigned")


def test_an_altered_query(slave, signer, zone):
    headers = signer.sign("PUT", f"/v1/zones/{zone}?generation=1", b"", slave.key_id)
    reply = send(slave.url, "PUT", f"/v1/zones/{zone}?generation=2", headers)
    assert (reply.status, reply.problem) == (401, "unsigned")


def test_meant_for_another_agent(lab, slave, signer, zone):
    reply = push(slave, signer, zone, agent=lab.slaves[1].key_id)
    assert (reply.status, reply.problem) == (421, "wrong-agent")
    must_be_unknown(slave, zone)


@pytest.mark.parametrize("missing", ["@method", "@path", "content-type", "content-digest",
                                     "zonepush-agent"])
def test_a_component_that_is_not_covered(slave, signer, zone, missing):
    components = [name for name in ("@method", "@path", "content-type", "content-digest",
                                    "zonepush-agent") if name != missing]
    reply = push(slave, signer, zone, components=components)
    assert (reply.status, reply.problem) == (401, "unsigned")
    must_be_unknown(slave, zone)


@pytest.mark.parametrize("parameters", [
    {"created": None}, {"expires": None}, {"nonce": None}, {"keyid": None}, {"tag": None},
    {"tag": "zonepush-v2"}, {"nonce": "short"}, {"nonce": "n" * 65}, {"alg": "rsa-v1_5-sha256"},
    {"expires": 2**40}, {"more": 1}, {"keyid": "master1"},
])
def test_wrong_parameters(slave, signer, zone, parameters):
    reply = push(slave, signer, zone, parameters=parameters)
    assert (reply.status, reply.problem) == (401, "unsigned")
    must_be_unknown(slave, zone)


def test_a_replayed_request(slave, signer, zone):
    body = json.dumps(changes(zone, now())).encode()
    headers = signer.sign("POST", "/v1/changes", body, slave.key_id)
    assert send(slave.url, "POST", "/v1/changes", headers, body).status == 200
    reply = send(slave.url, "POST", "/v1/changes", headers, body)
    assert (reply.status, reply.problem, reply.is_signed) == (409, "replayed", True)


@pytest.mark.parametrize("age", [-120, 400])
def test_a_wrong_clock(slave, signer, zone, age):
    body = json.dumps(changes(zone, now())).encode()
    headers = signer.sign("POST", "/v1/changes", body, slave.key_id, created=time.time() - age)
    reply = send(slave.url, "POST", "/v1/changes", headers, body)
    assert (reply.status, reply.problem) == (425, "not-fresh")
    assert abs(reply.json["clock"] - time.time()) < 5
    verify_reply(reply, ("POST", "/v1/changes", headers), slave.key_id)
    must_be_unknown(slave, zone)


def test_an_old_generation(slave, signer, zone):
    def result(generation, **more):
        reply = call(slave, signer, "POST", "/v1/changes", changes(zone, generation, **more))
        assert reply.status == 200
        return reply.json["results"][0]

    assert result(10)["result"] == "applied"
    assert result(10)["result"] == "unchanged"
    assert result(11, present=False)["result"] == "applied"
    stale = result(10)
    assert (stale["result"], stale["generation"]) == ("stale", 11)
    reused = result(11)
    assert (reused["result"], reused["problem"]) == ("refused", "generation-reused")
    must_be_unknown(slave, zone)

    reply = call(slave, signer, "PUT", f"/v1/zones/{zone}?generation=9")
    assert (reply.status, reply.problem, reply.json["generation"]) == (409, "stale", 11)


def test_one_bad_change_leaves_its_neighbours_alone(slave, signer, zone):
    generation = now()
    content = {"changes": [
        {"zone": f"a.{zone}", "present": True, "generation": generation},
        {"zone": "a b", "present": True, "generation": generation},
        {"zone": f"b.{zone}", "present": True},
        {"zone": "printer.local", "present": True, "generation": generation},
        {"zone": f"c.{zone}", "present": True, "generation": generation, "masters": "192.0.2.1"},
        17,
        {"zone": f"d.{zone}", "present": True, "generation": generation},
    ]}
    reply = call(slave, signer, "POST", "/v1/changes", content)
    assert reply.status == 200
    results = reply.json["results"]
    assert [result["result"] for result in results] == [
        "applied", "refused", "refused", "refused", "refused", "refused", "applied"]
    assert [result.get("problem") for result in results[1:6]] == [
        "name-invalid", "change-invalid", "name-reserved", "change-invalid", "change-invalid"]
    assert "masters" in results[4]["detail"]


@pytest.mark.parametrize("content", [
    [], {}, {"changes": []}, {"changes": {}}, {"changes": [], "more": 1}, "x", 17, None,
    {"changes": [{"zone": "a.example", "present": True, "generation": 1}] * 10001},
])
def test_contents_that_are_refused_whole(slave, signer, content):
    body = json.dumps(content).encode()
    headers = signer.sign("POST", "/v1/changes", body, slave.key_id)
    reply = send(slave.url, "POST", "/v1/changes", headers, body)
    assert reply.status in (400, 413) and reply.problem in ("malformed", "too-large")
    assert reply.is_signed


def test_a_master_sees_its_own_zones_only(make_lab, zone):
    lab = make_lab(masters=2, slaves=1)
    slave = lab.slaves[0]
    first, second = (Signer(master.key) for master in lab.masters)
    assert push(slave, first, zone).json["results"][0]["result"] == "applied"

    refused = push(slave, second, zone).json["results"][0]
    assert (refused["result"], refused["problem"]) == ("refused", "owned")
    claim = call(slave, second, "GET", f"/v1/zones/{zone}").json
    assert (claim["master"], claim["state"], claim["problem"]) == ("master2", "claimed", "owned")
    assert call(slave, second, "GET", "/v1/zones").json == {"zones": [claim], "next": None}
    assert call(slave, second, "GET", "/v1/status").json["zones"]["applied"] == 0
    deletion = call(slave, second, "POST", "/v1/changes", changes(zone, now(), False))
    assert deletion.json["results"][0]["result"] == "applied"
    assert call(slave, second, "GET", f"/v1/zones/{zone}").status == 404
    assert call(slave, second, "GET", "/v1/zones").json == {"zones": [], "next": None}
    reply = call(slave, first, "GET", f"/v1/zones/{zone}")
    assert (reply.status, reply.json["master"]) == (200, "master1")


def test_local_resources_are_not_for_masters(slave, signer):
    assert call(slave, signer, "GET", "/v1/masters").problem == "not-local"
    reply = call(slave, signer, "POST", "/v1/masters",
                 {"name": "evil", "key": signer.key_id, "primaries": ["192.0.2.66"]})
    assert (reply.status, reply.problem) == (403, "not-local")
