"""What two HTTP programs could read differently is refused, and nothing behind it is executed.

Behind every shape stands a request that is rightly signed: whoever takes it for one makes a zone.
"""

import re

import pytest
from wire import Signer, call, exchange, render

LABORATORY = {"masters": 1, "slaves": 1}

GET = b"GET /v1/status HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /v1/changes HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

FRAMING = {
    "length and coding": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "coding and length": b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "two equal lengths": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": b"Content-Length: 2\r\ncontent-length: 400\r\n\r\n{}",
    "list of lengths": b"Content-Length: 2, 2\r\n\r\n{}",
    "plus": b"Content-Length: +2\r\n\r\n{}",
    "minus": b"Content-Length: -2\r\n\r\n{}",
    "hexadecimal": b"Content-Length: 0x2\r\n\r\n{}",
    "blank within": b"Content-Length: 1 2\r\n\r\n{}",
    "empty length": b"Content-Length: \r\n\r\n{}",
    "length over 64 bits": b"Content-Length: 18446744073709551618\r\n\r\n{}",
    "zero byte behind a length": b"Content-Length: 2\x000\r\n\r\n{}",
    "identity": b"Transfer-Encoding: identity\r\n\r\n",
    "gzip": b"Transfer-Encoding: gzip\r\n\r\n",
    "gzip, chunked": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked, chunked": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "xchunked": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "Chunked": b"Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
    "chunked in quotes": b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "chunked with a parameter": b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
    "chunked behind a form feed": b"Transfer-Encoding: \x0cchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "content coding": b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
}

LINES = {
    "blank before the colon": b"Content-Length : 0\r\n\r\n",
    "blank in a name": b"Content Length: 2\r\n\r\n",
    "empty name": b": a\r\n\r\n",
    "no colon": b"Content-Length\r\n\r\n",
    "derived component as a field": b"@method: POST\r\n\r\n",
    "folded": b"X: a\r\n b\r\n\r\n",
    "folded coding": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "folded at the end": b"X: a\r\n \r\n\r\n",
    "bare LF": b"X: a\nY: b\r\n\r\n",
    "bare LF before a blank less": b"X: a\nY:  b\r\n\r\n",
    "bare LF at the end": b"X: a\r\n\n",
    "bare LF everywhere": b"X: a\n\n",
    "bare CR": b"X: a\rY: b\r\n\r\n",
    "CR CR LF": b"X: a\r\r\n\r\n",
    "zero byte in a value": b"X: a\0b\r\n\r\n",
    "zero byte in a name": b"X\0Y: a\r\n\r\n",
    "zero byte at the end": b"X: a\0\r\n\r\n",
    "control byte": b"X: a\x01\r\n\r\n",
    "delete": b"X: a\x7f\r\n\r\n",
    "UTF-8": b"X: \xc3\xa4\r\n\r\n",
    "high byte in a name": b"X\xe4: a\r\n\r\n",
    "second Host": b"Host: a\r\n\r\n",
    "second Host in capitals": b"HOST: b\r\n\r\n",
}

REQUEST_LINES = {
    "HTTP/1.0": b"GET /v1/status HTTP/1.0",
    "HTTP/1.2": b"GET /v1/status HTTP/1.2",
    "HTTP/2.0": b"GET /v1/status HTTP/2.0",
    "http/1.1": b"GET /v1/status http/1.1",
    "HTTP/0.9": b"GET /v1/status",
    "no target": b"GET HTTP/1.1",
    "absolute form": b"GET http://a/v1/status HTTP/1.1",
    "asterisk form": b"OPTIONS * HTTP/1.1",
    "authority form": b"CONNECT a:53 HTTP/1.1",
    "relative": b"GET v1/status HTTP/1.1",
    "two slashes": b"GET //v1/status HTTP/1.1",
    "fragment": b"GET /v1/status#a HTTP/1.1",
    "high byte": b"GET /v1/\xff HTTP/1.1",
    "zero byte": b"GET /v1/status\0 HTTP/1.1",
    "zero byte in the method": b"GET\0X /v1/status HTTP/1.1",
    "HTAB": b"GET /v1/\tstatus HTTP/1.1",
    "bare CR": b"GET /v1/status\rX HTTP/1.1",
    "blank": b"GET /v1/sta tus HTTP/1.1",
    "two blanks before the target": b"GET  /v1/status HTTP/1.1",
    "two blanks behind the target": b"GET /v1/status  HTTP/1.1",
    "blank at the end": b"GET /v1/status HTTP/1.1 ",
    "method that is no token": b"G@T /v1/status HTTP/1.1",
    "long target": b"GET /" + b"a" * 1024 + b" HTTP/1.1",
}

CHUNKS = {
    "size with a sign": b"+0\r\n\r\n",
    "size with 0x": b"0x2\r\n{}\r\n0\r\n\r\n",
    "size with a blank before": b" 2\r\n{}\r\n0\r\n\r\n",
    "size with a blank behind": b"2 \r\n{}\r\n0\r\n\r\n",
    "size that is no number": b"two\r\n{}\r\n0\r\n\r\n",
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "size over 64 bits": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "more than the size": b"2\r\n{}}\r\n0\r\n\r\n",
}


def read_statuses(received):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


@pytest.fixture
def attack(master, slave, zone):
    """Sends bytes with a rightly signed change behind them, which must not be executed."""
    signer = Signer(master.key)
    target = f"/v1/zones/{zone}?generation=1"

    def send_with_smuggled(data):
        smuggled = render("PUT", target, signer.sign("PUT", target, b"", slave.key_id))
        received = exchange(("127.0.0.1", slave.http), data + smuggled, 20)
        assert call(slave, signer, "GET", f"/v1/zones/{zone}").status == 404, received[:300]
        statuses = read_statuses(received)
        assert len(set(statuses)) <= 1, received  # libmicrohttpd sends some of its refusals twice
        return statuses[0] if statuses else None

    return send_with_smuggled


def test_a_change_behind_a_good_request_is_executed(master, slave, zone):
    """What the tests below smuggle does make a zone where it isn't refused."""
    signer = Signer(master.key)
    target = f"/v1/zones/{zone}?generation=1"
    first = render("GET", "/v1/status", signer.sign("GET", "/v1/status", b"", slave.key_id))
    second = render("PUT", target, {**signer.sign("PUT", target, b"", slave.key_id),
                                    "Connection": "close"})
    received = exchange(("127.0.0.1", slave.http), first + second, 20)
    assert read_statuses(received) == [200, 200]
    assert call(slave, signer, "GET", f"/v1/zones/{zone}").json["generation"] == 1


@pytest.mark.parametrize("rest", FRAMING.values(), ids=FRAMING)
def test_where_the_content_ends(attack, rest):
    assert attack(POST + rest) in (400, 413)


@pytest.mark.parametrize("rest", LINES.values(), ids=LINES)
def test_field_lines(attack, rest):
    assert attack(GET + rest) == 400


@pytest.mark.parametrize("line", REQUEST_LINES.values(), ids=REQUEST_LINES)
def test_request_lines(attack, line):
    assert attack(line + b"\r\nHost: a\r\n\r\n") in (400, 505, None)


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\0\r\n"])
def test_the_end_of_the_request_line(attack, line_end):
    assert attack(b"GET /v1/status HTTP/1.1" + line_end + b"Host: a\r\n\r\n") in (400, None)


def test_no_host(attack):
    assert attack(b"GET /v1/status HTTP/1.1\r\n\r\n") == 400


def test_the_preface_of_http_2(attack):
    assert attack(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") in (400, 505)


def sign_chunked(signer, slave, content):
    fields = signer.sign("POST", "/v1/changes", content, slave.key_id)
    return render("POST", "/v1/changes", {**fields, "Transfer-Encoding": "chunked"})


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_bad_chunks(master, slave, attack, chunks):
    assert attack(sign_chunked(Signer(master.key), slave, b"{}") + chunks) in (400, 413)


@pytest.mark.parametrize("chunks", [
    b"2\r\n{}\r\n0\r\n\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"0002\r\n{}\r\n000\r\n\r\n",
    b"2;a=b\r\n{}\r\n0;c\r\n\r\n", b"2\r\n{}\r\n0\r\nTrailer: a\r\nHost: b\r\n\r\n",
    b"2\n{}\n0\n\n",
])
def test_chunks_are_the_last_on_their_connection(master, slave, attack, chunks):
    """They may be read in more ways than one: so whatever the rest is, it isn't a request."""
    assert attack(sign_chunked(Signer(master.key), slave, b"{}") + chunks) in (400, 422)


def test_trailers_are_never_fields(master, slave, attack):
    signer = Signer(master.key)
    fields = signer.sign("POST", "/v1/changes", b"{}", slave.key_id)
    signature = fields.pop("Signature")
    head = render("POST", "/v1/changes", {**fields, "Transfer-Encoding": "chunked"})
    trailer = f"2\r\n{{}}\r\n0\r\nSignature: {signature}\r\n\r\n".encode()
    assert attack(head + trailer) == 401


def test_content_of_a_refused_request_is_no_request(master, slave, attack):
    """Refused by its head alone; its content is the signed change."""
    assert attack(POST + b"Content-Length: 400\r\n\r\n") == 401
    signer = Signer(master.key)
    fields = signer.sign("POST", "/v1/nothing", b"", slave.key_id)
    assert attack(render("POST", "/v1/nothing", {**fields, "Content-Length": "400"})) == 404
