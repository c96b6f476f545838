"""Everything over IPv6: requests, transfers, questions for serials."""

import socket

import pytest
from laboratory.basics import poll, replace_file
from wire import Signer, call


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_over_ipv6_alone(make_lab):
    lab = make_lab(masters=1, slaves=1)
    master, slave = lab.masters[0], lab.slaves[0]
    conf = master.named.configuration
    replace_file(conf, conf.read_text()
                 .replace("listen-on-v6 { none; };",
                          f"listen-on-v6 port {master.named.port} {{ ::1; }};")
                 .replace("allow-transfer { 127.0.0.1; };",
                          "allow-transfer { ::1; };\n\tallow-query { ::1; 127.0.0.1; };"))
    master.named.rndc("reconfig")
    text = slave.configuration.read_text()
    listen = f"listen = 127.0.0.1:{slave.http}"
    replace_file(slave.configuration, text.replace(listen, f"listen = [::1]:{slave.http}"))
    slave.agent.stop()
    slave.start_agent()
    slave.url = f"http://[::1]:{slave.http}"

    slave.must_run("master", "set", "master1", "--primaries", f"[::1]:{master.named.port}")
    assert "[::1]" in slave.must_run("master", "list")
    master.publish("create", ["six.example"])
    reply = call(slave, Signer(master.key), "PUT", "/v1/zones/six.example?generation=1", {})
    assert (reply.status, reply.json["result"]) == (200, "applied")
    assert f"primaries {{ ::1 port {master.named.port}; }}" in slave.read_shards()
    slave.named.wait_for_serials(master.read_serials())
    poll(lambda: slave.ask("GET", "/v1/zones/six.example")[1]["serving"]["state"] == "serving")

    # It is moved to where nobody answers: one alarm, with the address as it is written in full.
    slave.must_run("master", "set", "master1", "--primaries", "[::1]:9")
    poll(lambda: [alarm["address"] for alarm in slave.ask("GET", "/v1/status")[1]["primaries"]]
         == ["[::1]:9"], 40)
