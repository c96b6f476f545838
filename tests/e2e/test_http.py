"""HTTP as a master uses it: limits of a request, problems, many requests at once."""

import json
import socket
import threading
import time

from laboratory import poll
from wire import Signer, call, render, send
from wire import exchange as send_raw

def address(slave):
    return ("127.0.0.1", slave.http)


def ask(slave, data, seconds=20):
    """Sends raw bytes; gives the status of the first reply and everything that came."""
    received = send_raw(address(slave), data, seconds)
    status = int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else None
    return status, received


def test_too_many_fields_and_too_long_ones(slave):
    for fields in (b"".join(b"X%d: y\r\n" % number for number in range(100)),
                   b"X: " + b"y" * 40000 + b"\r\n"):
        status, received = ask(slave, b"GET /v1/status HTTP/1.1\r\nHost: a\r\n" + fields +
                               b"Connection: close\r\n\r\n")
        assert status in (400, 413, 431, None), received[:200]


def test_as_many_fields_as_may_be_and_as_long_as_they_may_be(master, slave):
    signed = Signer(master.key).sign("GET", "/v1/status", b"", slave.key_id)
    more = {f"X{number}": "y" * 200 for number in range(64 - len(signed) - 2)}
    fields = {**more, **signed, "Connection": "close"}
    status, received = ask(slave, render("GET", "/v1/status", fields))
    assert status == 200, received[:300]
    status, received = ask(slave, render("GET", "/v1/status", {**fields, "One-More": "y"}))
    assert status == 400 and b"malformed" in received


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
