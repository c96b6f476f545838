"""What two HTTP programs could read differently is refused, and slow or many clients harm nobody."""

import json
import socket
import threading
import time

import pytest
from laboratory import poll
from wire import Signer, call, send
from wire import exchange as send_raw

REFUSED = {
    "length and coding": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 2\r\n",
    "two other lengths": b"Content-Length: 2\r\nContent-Length: 40\r\n",
    "signed length": b"Content-Length: +2\r\n",
    "two codings": b"Transfer-Encoding: gzip, chunked\r\n",
    "unknown coding": b"Transfer-Encoding: identity\r\n",
    "coding in capitals": b"Transfer-Encoding: CHUNKED\r\n",
    "two hosts": b"Host: other\r\n",
    "blank in a name": b"Content Length: 2\r\n",
    "derived component as a field": b"@method: POST\r\nContent-Length : 2\r\n",
    "high byte": b"X-A: \xc3\xa4\r\n",
    "content coding": b"Content-Encoding: gzip\r\n",
}


def address(slave):
    return ("127.0.0.1", slave.http)


def ask(slave, data, seconds=20):
    """Sends raw bytes; gives the status of the first reply and everything that came."""
    received = send_raw(address(slave), data, seconds)
    status = int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else None
    return status, received


@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED.keys())
def test_ambiguous_requests(slave, fields):
    status, received = ask(slave, b"POST /v1/changes HTTP/1.1\r\nHost: a\r\n" + fields +
                           b"\r\n{}GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n")
    assert status in (400, None), received[:300]
    assert b":unsigned" not in received, "the rest was taken for a second request"


@pytest.mark.parametrize("line", [
    b"GET /v1/status HTTP/1.0", b"GET http://a/v1/status HTTP/1.1", b"GET //v1/status HTTP/1.1",
    b"GET /v1/status#a HTTP/1.1", b"GET /v1/\xff HTTP/1.1", b"GET * HTTP/1.1",
    b"GET /" + b"a" * 1100 + b" HTTP/1.1",
])
def test_targets(slave, line):
    status, received = ask(slave, line + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert status in (400, 401, None), received
    if status:
        assert b"malformed" in received


def test_no_host(slave):
    status, received = ask(slave, b"GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert status in (400, None), received[:300]


def test_too_many_fields_and_too_long_ones(slave):
    for fields in (b"".join(b"X%d: y\r\n" % number for number in range(100)),
                   b"X: " + b"y" * 40000 + b"\r\n"):
        status, received = ask(slave, b"GET /v1/status HTTP/1.1\r\nHost: a\r\n" + fields +
                               b"Connection: close\r\n\r\n")
        assert status in (400, 413, 431, None), received[:200]


def test_a_problem_is_a_document_and_not_signed_for_strangers(slave):
    status, received = ask(slave, b"GET /v1/status HTTP/1.1\r\nHost: a\r\n"
                           b"Connection: close\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert status == 401
    assert b"application/problem+json" in head and b"Signature" not in head
    problem = json.loads(body)
    assert problem["type"] == "urn:zonepush:problem:unsigned"
    assert problem["status"] == 401 and problem["title"] and problem["detail"]


def test_too_large(master, slave):
    signer = Signer(master.key)
    headers = signer.sign("POST", "/v1/changes", b"", slave.key_id)
    head = "POST /v1/changes HTTP/1.1\r\nHost: a\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in headers.items())
    status, received = ask(slave, head.encode() + b"Content-Length: 5000000\r\n\r\n")
    assert status == 413 and b"too-large" in received


def test_not_json(master, slave):
    signer = Signer(master.key)
    reply = call(slave, signer, "GET", "/v1/status", values={"content-type": "text/plain"})
    assert (reply.status, reply.problem, reply.is_signed) == (415, "not-json", True)


def test_unknown_paths_and_methods(master, slave):
    signer = Signer(master.key)
    reply = call(slave, signer, "GET", "/v1/nothing")
    assert (reply.status, reply.problem, reply.is_signed) == (404, "not-found", True)
    reply = call(slave, signer, "DELETE", "/v1/changes")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


def test_a_client_that_never_ends_is_ended(slave):
    """A byte now and then keeps the library's own time-out away; the agent's limit is absolute."""
    with socket.create_connection(address(slave), 60) as channel:
        began = time.monotonic()
        channel.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX: ")

        def is_ended():
            try:
                channel.sendall(b"y")
                channel.settimeout(1)
                return channel.recv(1) == b""
            except TimeoutError:
                return False
            except (BrokenPipeError, ConnectionResetError):
                return True

        poll(is_ended, 60, "the agent closed the connection")
        assert time.monotonic() - began > 5, "a slow but honest client has some time"


def test_a_good_master_among_many_idle_connections(lab, master, slave, zone):
    idle = []
    try:
        for _ in range(40):
            channel = socket.create_connection(address(slave), 10)
            channel.sendall(b"GET /v1/sta")
            idle.append(channel)
        assert master.change("create", [zone]).stderr == ""
        slave.named.wait_for_serials({zone: master.read_serials()[zone]})
    finally:
        for channel in idle:
            channel.close()


def test_parallel_masters(master, slave, zone):
    signer = Signer(master.key)
    results = []

    def push(number):
        reply = call(slave, signer, "PUT", f"/v1/zones/n{number}.{zone}?generation=1")
        results.append(reply.json["result"])

    threads = [threading.Thread(target=push, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["applied"] * 20


def test_who_does_not_want_to_wait(master, slave, zone):
    signer = Signer(master.key)
    target = f"/v1/zones/{zone}?generation=1"
    headers = signer.sign("PUT", target, b"", slave.key_id)
    reply = send(slave.url, "PUT", target, {**headers, "Prefer": "wait=0"})
    assert reply.status in (200, 202, 503), "applied at once, stored, or not even that yet"
    poll(lambda: call(slave, signer, "PUT", target).json["result"] == "unchanged")
