"""A slave: a named, and `zonepush-agent` beside it."""

import subprocess

from .basics import LabError, replace_file, write_wrapper
from .daemon import Daemon
from .local_http import ask
from .named import ADDRESS, RNDC, Named

# Defaults of named fetch 20 new zones a second.
OPTIONS = ["notify no", "serial-query-rate 1000", "transfers-in 100", "transfers-per-ns 50"]

CONFIGURATION = """\
listen = {address}:{http}
socket = {socket}
state = {directory}/state
key = {key}
include = {include}
data = {directory}/data
group =
named-conf = {named_conf}
rndc = {rndc}
rndc-key = {rndc_key}
rndc-port = {control}
retry = 0.5
"""

SOCKET_PATH_MAX = 107  # sun_path, unix(7)


class Slave:
    def __init__(self, home, name, ports, program):
        self.name = name
        self.directory = home / name
        self.program = program
        self.named = Named(self.directory, home, ports["dns"], ports["control"])
        self.configuration = self.directory / "zonepush-agent.conf"
        self.key = self.directory / "key.pem"
        self.socket = self.directory / "socket"
        self.include = self.directory / "include" / "zones.conf"
        self.http = ports["http"]
        self.url = f"http://{ADDRESS}:{self.http}"
        argv = [program, "-c", self.configuration, "run"]
        self.agent = Daemon("agent", argv, self.directory, home)

    def prepare(self):
        """Makes all its files and its key."""
        if len(str(self.socket)) > SOCKET_PATH_MAX:
            raise LabError(f"'{self.socket}' is too long for a socket; take a shorter folder")
        self.include.parent.mkdir(parents=True)
        replace_file(self.include, "")
        self.named.configure(OPTIONS, self.include)
        replace_file(self.configuration, self._render_configuration())
        write_wrapper(
            self.directory / "zonepush-agent",
            [self.program, "-c", self.configuration],
            f"zonepush-agent of {self.name}",
        )
        self.zonepush_agent("key", "init")

    def _render_configuration(self):
        return CONFIGURATION.format(
            address=ADDRESS,
            http=self.http,
            socket=self.socket,
            directory=self.directory,
            key=self.key,
            include=self.include,
            named_conf=self.named.configuration,
            rndc=RNDC,
            rndc_key=self.named.key,
            control=self.named.control,
        )

    @property
    def key_id(self):
        return self.zonepush_agent("key", "show").strip()

    def zonepush_agent(self, *words):
        """Runs a verb and returns what it prints; LabError where it fails."""
        done = subprocess.run(
            [self.directory / "zonepush-agent", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LabError(
                f"zonepush-agent {' '.join(words)} on {self.name} failed: {done.stderr}"
            )
        return done.stdout

    def start(self):
        self.named.start()
        self.start_agent()

    def start_agent(self):
        """Starts the agent and waits until it answers on its unix socket."""
        self.agent.start(self._answers)

    def ask(self, method, target, content=None):
        """One request over the agent's unix socket: (status, JSON)."""
        return ask(self.socket, method, target, content)

    def _answers(self):
        try:
            status, _ = self.ask("GET", "/v1/status")
        except OSError:
            return False
        return status == 200

    def stop(self):
        self.agent.stop()
        self.named.stop()
