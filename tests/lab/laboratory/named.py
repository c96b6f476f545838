"""A named of the laboratory: its configuration, its control channel, its start and end."""

import base64
import secrets
import shutil
import subprocess

from .basics import LabError, replace_file, write_wrapper
from .daemon import Daemon
from .soa import get_serial, wait_for_serials

ADDRESS = "127.0.0.1"
PROGRAM = "/usr/sbin/named"
RNDC = "/usr/sbin/rndc"
DIG = "/usr/bin/dig"

CONFIGURATION = """\
options {{
	directory "{directory}";
	listen-on port {port} {{ {address}; }};
	listen-on-v6 {{ none; }};
	pid-file none;
	lock-file none;
	session-keyfile "{directory}/session.key";
	managed-keys-directory "{directory}";
	recursion no;
	dnssec-validation no;
	minimal-responses yes;
	allow-transfer {{ {address}; }};
{options}}};
include "{directory}/rndc.key";
controls {{
	inet {address} port {control} allow {{ {address}; }} keys {{ "rndc-key"; }};
}};
include "{include}";
"""

CONTROL = """\
include "{directory}/rndc.key";
options {{
	default-key "rndc-key";
	default-server {address};
	default-port {control};
}};
"""

KEY = 'key "rndc-key" {{\n\talgorithm hmac-sha256;\n\tsecret "{secret}";\n}};\n'


def copy_program(home):
    """Copies named into the laboratory: AppArmor keeps the packaged path out of other folders."""
    if not shutil.which(PROGRAM):
        raise LabError(f"{PROGRAM} isn't there; install bind9, or run `make deps`")
    (home / "bin").mkdir()
    shutil.copy(PROGRAM, home / "bin" / "named")


class Named:
    """One named in `directory`, on 127.0.0.1 `port` with the control channel on `control`."""

    def __init__(self, directory, home, port, control):
        self.directory = directory
        self.port = port
        self.control = control
        self.configuration = directory / "named.conf"
        self.key = directory / "rndc.key"
        argv = [home / "bin" / "named", "-g", "-n", "1", "-c", self.configuration]
        self.daemon = Daemon("named", argv, directory, home)

    @property
    def server(self):
        return (ADDRESS, self.port)

    def configure(self, options, include):
        """Writes named.conf with these options, one a line, and everything beside it."""
        places = {"directory": self.directory, "address": ADDRESS, "control": self.control}
        lines = "".join(f"\t{option};\n" for option in options)
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        replace_file(self.key, KEY.format(secret=secret), 0o600)
        replace_file(self.directory / "rndc.conf", CONTROL.format(**places), 0o600)
        replace_file(
            self.configuration,
            CONFIGURATION.format(port=self.port, options=lines, include=include, **places),
        )
        write_wrapper(
            self.directory / "rndc",
            [RNDC, "-c", self.directory / "rndc.conf"],
            f"rndc for the named of {self.directory.name}",
        )
        write_wrapper(
            self.directory / "dig",
            [DIG, f"@{ADDRESS}", "-p", self.port],
            f"dig that asks the named of {self.directory.name}",
        )

    def start(self):
        self.daemon.start(lambda: self._rndc("status").returncode == 0)

    def stop(self, *number):
        self.daemon.stop(*number)

    def rndc(self, *words):
        """Runs a control command and returns what it prints; LabError where it fails."""
        done = self._rndc(*words)
        if done.returncode:
            raise LabError(
                f"rndc {' '.join(words)} on {self.directory.name} failed: {done.stdout.strip()}\n"
                f"{self.daemon.read_tail()}"
            )
        return done.stdout

    def knows(self, zone):
        """Whether the zone is configured, loaded or not."""
        done = self._rndc("zonestatus", zone)
        return done.returncode == 0 or "zone not loaded" in done.stdout

    def _rndc(self, *words):
        return subprocess.run(
            [self.directory / "rndc", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def get_serial(self, zone):
        """See soa.get_serial()."""
        return get_serial(self.server, zone)

    def wait_for_serials(self, wanted, seconds=15):
        """See soa.wait_for_serials(); LabError with the end of named's log."""
        try:
            wait_for_serials(self.server, wanted, seconds)
        except LabError as error:
            raise LabError(f"{self.directory.name}: {error}\n{self.daemon.read_tail()}") from None
