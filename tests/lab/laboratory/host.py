"""What a master and a slave have in common: a named, a program of ours, a key."""

import os
import subprocess

from .basics import LabError, write_wrapper
from .named import Named

RUN_SECONDS = 600


class Host:
    """`program` is the name of our program there, and of the wrapper in the host's directory."""

    program = None

    def __init__(self, home, name, ports, programs):
        self.name = name
        self.directory = home / name
        self.named = Named(self.directory, home, ports["dns"], ports["control"])
        self.executable = programs / self.program
        self.configuration = self.directory / f"{self.program}.conf"
        self.key = self.directory / "key.pem"

    @property
    def key_id(self):
        return self.must_run("key", "show").strip()

    def run(self, *words, content=b""):
        """Runs a verb with `content` (text or bytes) on standard input; returns the outcome."""
        done = subprocess.run(
            [self.directory / self.program, *words],
            input=content.encode() if isinstance(content, str) else content,
            capture_output=True,
            # Plesk promises a hook nothing around it, but the sanitizers want their options.
            cwd="/",
            env={key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")},
            timeout=RUN_SECONDS,
            check=False,
        )
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        return done

    def must_run(self, *words):
        """Runs a verb and returns what it prints; LabError where it fails."""
        done = self.run(*words)
        if done.returncode:
            raise LabError(
                f"{self.name}: `{self.program} {' '.join(words)}` failed "
                f"({done.returncode}):\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def _prepare_program(self):
        write_wrapper(
            self.directory / self.program,
            [self.executable, "-c", self.configuration],
            f"{self.program} of {self.name}",
        )
        self.must_run("key", "init")
