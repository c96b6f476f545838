"""A slave: a named, and `zonepush-agent` beside it."""

from .basics import LabError, replace_file
from .daemon import Daemon
from .host import Host
from .local_http import ask
from .named import ADDRESS, RNDC

# Defaults of named fetch 20 new zones a second.
OPTIONS = ["notify no", "serial-query-rate 1000", "transfers-in 100", "transfers-per-ns 50"]

CONFIGURATION = """\
listen = {address}:{http}
socket = {socket}
state = {directory}/state
key = {key}
include = {include}
data = {directory}/data
audit = {audit}
group =
named-conf = {named_conf}
rndc = {rndc}
rndc-key = {rndc_key}
rndc-port = {control}
named-address = {address}:{dns}
retry = 0.5
"""

SOCKET_PATH_MAX = 107  # sun_path, unix(7)


class Slave(Host):
    program = "zonepush-agent"

    def __init__(self, home, name, ports, programs):
        super().__init__(home, name, ports, programs)
        self.http = ports["http"]
        self.url = f"http://{ADDRESS}:{self.http}"
        self.socket = self.directory / "socket"
        self.audit = self.directory / "audit.jsonl"
        self.include = self.directory / "include" / "zones.conf"
        argv = [self.executable, "-c", self.configuration, "run"]
        self.agent = Daemon("agent", argv, self.directory, home)

    def prepare(self):
        """Makes all its files and its key."""
        if len(str(self.socket)) > SOCKET_PATH_MAX:
            raise LabError(f"'{self.socket}' is too long for a socket; take a shorter folder")
        self.include.parent.mkdir(parents=True)
        replace_file(self.include, "")
        self.named.configure(OPTIONS, self.include)
        replace_file(self.configuration, self._render_configuration())
        self._prepare_program()

    def _render_configuration(self):
        return CONFIGURATION.format(
            address=ADDRESS,
            http=self.http,
            socket=self.socket,
            directory=self.directory,
            key=self.key,
            include=self.include,
            audit=self.audit,
            named_conf=self.named.configuration,
            rndc=RNDC,
            rndc_key=self.named.key,
            control=self.named.control,
            dns=self.named.port,
        )

    def start(self):
        self.named.start()
        self.start_agent()

    def read_shards(self):
        """All that named reads of our zones, as one text."""
        return "".join(shard.read_text() for shard in self.shards)

    @property
    def shards(self):
        return sorted((self.include.parent / "shards").glob("??.conf"))

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
