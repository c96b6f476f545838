"""HTTP over a unix socket: what `curl --unix-socket` does."""

import http.client
import json
import socket

TIMEOUT = 70  # seconds; an agent lets a change wait 60


class LocalConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(path, method, target, content=None):
    """One request to the socket `path`; returns the status and the JSON of the reply."""
    connection = LocalConnection(path)
    try:
        body = None if content is None else json.dumps(content)
        connection.request(method, target, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()
