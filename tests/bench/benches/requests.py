"""Signed requests that the agent verifies in a second, beside what libsodium alone verifies."""

import pathlib
import subprocess
import sys

from laboratory import LabError, plesk
from laboratory.named import ADDRESS

from .common import Size, laboratory, read_cpu_seconds
from .programs import build

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))

from wire import Signer  # noqa: E402

STANDARD = Size(zones=1000, rounds=20000)
CONNECTIONS = 32


def bench(size):
    with laboratory(masters=1, slaves=1) as lab:
        (slave,), (master,) = lab.slaves, lab.masters
        names = [f"known{number:06d}.example" for number in range(size.zones)]
        master.hook(plesk.document(master.publish_many(names)))
        requests = sign_requests(slave, Signer(master.key), names, size.rounds)
        alone = measure_libsodium(lab.home)
        before = read_cpu_seconds(slave.agent.pid)
        seconds = send_requests(lab, slave, requests)
        report(size, seconds, read_cpu_seconds(slave.agent.pid) - before, alone)


def sign_requests(slave, signer, names, count):
    """That many requests for zones, one after the other, each with a nonce of its own."""
    requests, audience = [], slave.key_id
    for number in range(count):
        target = f"/v1/zones/{names[number % len(names)]}"
        fields = {"Host": f"{ADDRESS}:{slave.http}",
                  **signer.sign("GET", target, b"", audience)}
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        requests.append("\r\n".join([*lines, "", ""]))
    return "".join(requests).encode()


def measure_libsodium(folder):
    program = build("verify_rate", folder, "-lsodium")
    return float(subprocess.run([program], capture_output=True, text=True, check=True).stdout)


def send_requests(lab, slave, requests):
    """Seconds until all are answered."""
    program = build("keepalive", lab.home)
    done = subprocess.run([program, ADDRESS, str(slave.http), str(CONNECTIONS)], input=requests,
                          capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"keepalive failed: {done.stderr.decode()}")
    good, bad, seconds = done.stdout.split()
    if int(bad):
        raise LabError(f"{int(bad)} of {int(good) + int(bad)} requests weren't answered 200")
    return float(seconds)


def report(size, seconds, cpu, alone):
    rate = size.rounds / seconds
    print(f"{size.rounds} signed requests for a zone, {size.zones} known, over {CONNECTIONS} "
          f"connections:")
    print(f"the agent:  {rate:.0f} verified, answered and signed in a second; "
          f"{cpu * 1e6 / size.rounds:.0f} µs of a core each")
    print(f"libsodium:  {alone:.0f} verified in a second on one core; the agent {rate / alone:.0%}")
