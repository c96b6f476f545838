"""The protocol as an independent implementation: signing, sending, verifying, and tampering.

Nothing here calls zonepush. The signatures are made with python3-cryptography, from PROTOCOL.md alone.
"""

import base64
import hashlib
import http.client
import json
import re
import secrets
import socket
import socketserver
import threading
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (Encoding, PublicFormat,
                                                          load_pem_private_key)

TIMEOUT = 30
COMPONENTS = ("@method", "@path", "content-type", "content-digest", "zonepush-agent")


def key_id_of(public):
    """The key id of a public key: base64url without padding."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def digest_of(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


class Signer:
    """Somebody with a private key; every part of a request can be chosen otherwise than right."""

    def __init__(self, key=None):
        if key is None:
            self.key = Ed25519PrivateKey.generate()
        else:
            self.key = load_pem_private_key(key.read_bytes(), None)
        self.key_id = key_id_of(self.key.public_key())

    def sign(self, method, target, body, agent, **choices):
        """The header fields of a signed request."""
        path, mark, query = target.partition("?")
        values = {
            "@method": method,
            "@path": path,
            "@query": mark + query,
            "content-type": "application/json",
            "content-digest": digest_of(body),
            "zonepush-agent": agent,
            **choices.get("values", {}),
        }
        components = list(choices.get("components", COMPONENTS))
        if mark and "components" not in choices:
            components.insert(2, "@query")
        created = int(choices.get("created", time.time()))
        parameters = {
            "created": created,
            "expires": created + 60,
            "nonce": secrets.token_hex(16),
            "keyid": self.key_id,
            "tag": "zonepush-v1",
            **choices.get("parameters", {}),
        }
        covered = " ".join(f'"{name}"' for name in components)
        written = "".join(
            f";{key}={value}" if isinstance(value, int) else f';{key}="{value}"'
            for key, value in parameters.items()
            if value is not None
        )
        signed = f"({covered}){written}"
        lines = [f'"{name}": {values[name]}' for name in components]
        base = "\n".join([*lines, f'"@signature-params": {signed}'])
        signature = base64.b64encode(self.key.sign(base.encode())).decode()
        label = choices.get("label", "sig")
        return {
            "Content-Type": values["content-type"],
            "Content-Digest": values["content-digest"],
            "Zonepush-Agent": values["zonepush-agent"],
            "Signature-Input": f"{label}={signed}",
            "Signature": f"{label}=:{signature}:",
        }


class Reply:
    """A reply as it came."""

    def __init__(self, raw):
        self.status = raw.status
        self.headers = {name.lower(): value for name, value in raw.getheaders()}
        self.body = raw.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """The last part of the problem's type."""
        return self.json["type"].rpartition(":")[2]

    @property
    def is_signed(self):
        return "signature" in self.headers


def send(url, method, target, headers, body=b""):
    """Sends exactly this."""
    host = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=TIMEOUT)
    try:
        connection.request(method, target, body, headers)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def call(slave, signer, method, target, content=None, agent=None, **choices):
    """One rightly signed request to a slave's agent, but for what is chosen otherwise."""
    body = b"" if content is None else json.dumps(content).encode()
    sent = choices.pop("body", body)
    headers = signer.sign(method, target, body, agent or slave.key_id, **choices)
    return send(slave.url, method, target, headers, sent)


def verify_reply(reply, request, agent):
    """Checks a reply's signature as PROTOCOL.md section 4 says; raises where anything is wrong."""
    method, target, headers = request
    path, mark, query = target.partition("?")
    label, _, signed = reply.headers["signature-input"].partition("=")
    value = re.fullmatch(rf"{label}=:(.*):", reply.headers["signature"]).group(1)
    covered = re.fullmatch(r"\((.*?)\)(.*)", signed)
    values = {
        '"@status"': str(reply.status),
        '"content-type"': reply.headers["content-type"],
        '"content-digest"': reply.headers["content-digest"],
        '"zonepush-state"': reply.headers["zonepush-state"],
        '"@method";req': method,
        '"@path";req': path,
        '"content-digest";req': headers["Content-Digest"],
        '"zonepush-agent";req': headers["Zonepush-Agent"],
    }
    if mark:
        values['"@query";req'] = mark + query
    names = covered.group(1).split(" ")
    assert set(names) == set(values)
    nonce = re.search(r'nonce="([^"]*)"', headers["Signature-Input"]).group(1)
    assert f';nonce="{nonce}"' in covered.group(2)
    assert f';keyid="{agent}"' in covered.group(2)
    assert ';tag="zonepush-v1"' in covered.group(2)
    base = "\n".join([*(f"{name}: {values[name]}" for name in names),
                      f'"@signature-params": {signed}'])
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(agent + "="))
    public.verify(base64.b64decode(value), base.encode())
    assert reply.headers["content-digest"] == digest_of(reply.body)


__all__ = ["InvalidSignature", "Middle", "Reply", "Signer", "call", "digest_of", "exchange", "render",
           "send", "verify_reply"]


def render(method, target, fields, body=b""):
    """The bytes of a request with these fields and no other but Host."""
    lines = [f"{method} {target} HTTP/1.1", "Host: a",
             *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def exchange(address, data, seconds=TIMEOUT):
    """Sends raw bytes and reads until the other side closes."""
    with socket.create_connection(address, timeout=seconds) as channel:
        channel.sendall(data)
        received = b""
        while True:
            try:
                part = channel.recv(65536)
            except ConnectionResetError:
                return received
            if not part:
                return received
            received += part


class Middle(socketserver.ThreadingTCPServer):
    """Somebody between master and slave who may change what passes.

    `requests` and `replies` are functions from bytes to bytes, called with everything that one
    side sent up to then has been read: requests whole, replies whole.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, slave, requests=None, replies=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.slave = slave
        self.change_request = requests or (lambda data: data)
        self.change_reply = replies or (lambda data: data)
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        middle = self.server
        data = _read_message(self.request)
        middle.seen.append(data)
        target = urllib.parse.urlsplit(middle.slave.url)
        with socket.create_connection((target.hostname, target.port), TIMEOUT) as agent:
            agent.sendall(middle.change_request(data))
            reply = _read_message(agent)
        self.request.sendall(middle.change_reply(reply))


def _read_message(channel):
    """One HTTP message whose content has a Content-Length."""
    channel.settimeout(TIMEOUT)
    data = b""
    while b"\r\n\r\n" not in data:
        part = channel.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length.group(1)):
        part = channel.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body
