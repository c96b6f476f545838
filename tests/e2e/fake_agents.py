"""Agents that hold no named, many in one thread: they verify nothing, remember, and sign replies.

Written from PROTOCOL.md alone, as wire.py is. Also hosts that are no agents at all: ports that
refuse, that drop what comes, or that take a connection and never answer.
"""

import asyncio
import base64
import json
import re
import secrets
import socket
import threading
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from wire import digest_of, key_id_of

ADDRESS = "127.0.0.1"


class FakeAgent:
    """`zones` is what it holds; `requests` are the bodies that it was sent, with their times."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.key_id = key_id_of(self.key.public_key())
        self.instance = secrets.token_hex(16)
        self.applied_seq = 0
        self.zones = set()
        self.requests = []
        self.clock_ahead = 0
        self.url = self.port = None

    def answer(self, method, target, headers, body):
        """The whole reply to a request, as bytes."""
        created = int(re.search(r"created=(\d+)", headers["signature-input"]).group(1))
        if not -300 <= created - self._clock() <= 60:
            problem = {"type": "urn:zonepush:problem:not-fresh", "title": "not fresh",
                       "status": 425, "detail": "the request isn't of this time",
                       "clock": self._clock(), "not_before": 1}
            return self._sign(method, target, headers, problem, 425)
        if target == "/v1/changes":
            content = self._apply(json.loads(body)["changes"])
        else:
            content = self._describe()
        return self._sign(method, target, headers, content)

    def _clock(self):
        return int(time.time()) + self.clock_ahead

    def _apply(self, changes):
        self.requests.append(changes)
        self.applied_seq += 1
        for change in changes:
            if change["present"]:
                self.zones.add(change["zone"])
            else:
                self.zones.discard(change["zone"])
        return {"results": [{"zone": change["zone"], "result": "applied",
                             "generation": change["generation"]} for change in changes]}

    def _describe(self):
        return {"version": "fake", "instance": self.instance, "applied_seq": self.applied_seq,
                "clock": self._clock(), "started": 0, "masters": 1, "queued": 0,
                "zones": {"applied": len(self.zones), "accepted": 0, "failing": 0, "claimed": 0},
                "named": {"running": True, "version": None, "error": None}}

    def _sign(self, method, target, headers, content, status=200):
        body = json.dumps(content).encode()
        kind = "application/json" if status == 200 else "application/problem+json"
        path, mark, query = target.partition("?")
        nonce = re.search(r'nonce="([^"]*)"', headers["signature-input"]).group(1)
        state = f'instance="{self.instance}", applied-seq={self.applied_seq}'
        digest = digest_of(body)
        values = {'"@status"': str(status), '"content-type"': kind,
                  '"content-digest"': digest, '"zonepush-state"': state,
                  '"@method";req': method, '"@path";req': path}
        if mark:
            values['"@query";req'] = mark + query
        values['"content-digest";req'] = headers["content-digest"]
        values['"zonepush-agent";req'] = headers["zonepush-agent"]
        signed = (f'({" ".join(values)});created={self._clock()};nonce="{nonce}";'
                  f'keyid="{self.key_id}";tag="zonepush-v1"')
        base = "\n".join([*(f"{name}: {value}" for name, value in values.items()),
                          f'"@signature-params": {signed}'])
        signature = base64.b64encode(self.key.sign(base.encode())).decode()
        head = [f"HTTP/1.1 {status} -", "Cache-Control: no-store", f"Content-Type: {kind}",
                f"Content-Length: {len(body)}", f"Content-Digest: {digest}",
                f"Zonepush-State: {state}", f"Signature-Input: zp={signed}",
                f"Signature: zp=:{signature}:", "Connection: close"]
        return "\r\n".join([*head, "", ""]).encode() + body

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        start, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip()
                   for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = start.split(" ")
        writer.write(self.answer(method, target, headers, body))
        await writer.drain()
        writer.close()


class FakeAgents:
    """So many agents, in a thread of their own."""

    def __init__(self, count, address=ADDRESS):
        self.agents = [FakeAgent() for _ in range(count)]
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        for agent in self.agents:
            self._loop.run_until_complete(self._listen(agent))
        self._thread.start()
        return self.agents

    async def _listen(self, agent):
        server = await asyncio.start_server(agent.serve, self._address, 0)
        agent.port = server.sockets[0].getsockname()[1]
        agent.url = f"http://{self._address}:{agent.port}"

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class DeadPorts:
    """Ports of three kinds; the sockets behind them stay until the end."""

    def __init__(self):
        self._sockets = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for channel in self._sockets:
            channel.close()

    def refusing(self):
        """Nobody listens there; nobody else gets the port, for it is bound."""
        return self._bind()

    def dropping(self):
        """Its queue is full: the kernel drops what asks for a connection."""
        url = self._bind(backlog=0)
        address = self._sockets[-1].getsockname()
        for _ in range(2):
            channel = socket.socket()
            channel.setblocking(False)
            channel.connect_ex(address)
            self._sockets.append(channel)
        return url

    def silent(self):
        """The kernel takes connections, and nobody ever reads from them."""
        return self._bind(backlog=64)

    def _bind(self, backlog=None):
        channel = socket.socket()
        channel.bind((ADDRESS, 0))
        if backlog is not None:
            channel.listen(backlog)
        self._sockets.append(channel)
        return f"http://{ADDRESS}:{channel.getsockname()[1]}"
