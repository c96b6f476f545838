"""What others do to named's configuration beside the agent: it notices, and gives way."""

import contextlib

import pytest
from laboratory import plesk
from laboratory.basics import poll, replace_file

ZONE = 'zone "{name}" {{ type primary; file "{file}"; }};\n'


@pytest.fixture
def slave(make_lab):
    return make_lab(masters=1, slaves=1).slaves[0]


def put(slave, zone):
    """The status and the answer's, or problem's, word."""
    status, answer = slave.ask("PUT", f"/v1/zones/{zone}?master=master1", {})
    return status, answer.get("result") or answer["type"].rpartition(":")[2]


def get_state(slave, zone):
    answer = slave.ask("GET", f"/v1/zones/{zone}?master=master1")[1]
    return answer["state"], answer["problem"]


def get_words(slave, zone):
    return slave.ask("GET", f"/v1/zones/{zone}?master=master1")[1]["error"] or ""


def get_error(slave):
    return slave.ask("GET", "/v1/status")[1]["named"]["error"] or ""


@contextlib.contextmanager
def edited(slave, more):
    """named's configuration with something at its end."""
    conf = slave.named.configuration
    before = conf.read_text()
    replace_file(conf, before + more)
    yield
    replace_file(conf, before)


def test_a_zone_that_is_written_by_hand_wins(slave):
    assert put(slave, "shop.example") == (200, "applied")
    assert put(slave, "other.example") == (200, "applied")
    replace_file(slave.directory / "hand.db", plesk.render_zone_file(7))
    hand = ZONE.format(name="Shop.Example.", file=slave.directory / "hand.db")
    with edited(slave, hand):
        # Nobody asks: the agent sees it by itself, before named has to read both.
        poll(lambda: get_state(slave, "shop.example") == ("failing", "by-hand"))
        poll(lambda: '"shop.example"' not in slave.read_shards())
        slave.named.rndc("reconfig")
        assert "type: primary" in slave.named.rndc("zonestatus", "shop.example")
        assert '"other.example"' in slave.read_shards()
        assert put(slave, "shop.example") == (409, "by-hand")
        poll(lambda: f"{slave.named.configuration}:" in get_words(slave, "shop.example"))

    poll(lambda: get_state(slave, "shop.example") == ("applied", None))
    assert not slave.named.get_serial("shop.example")


def test_a_half_edit_is_told_and_not_ours(slave):
    assert put(slave, "shop.example") == (200, "applied")
    assert put(slave, "gone.example") == (200, "applied")
    with edited(slave, 'zone "half.example" { type primary\n'):
        poll(lambda: f"{slave.named.configuration}:" in get_error(slave))
        assert slave.run("status").returncode == 1
        # What needs nothing of the configuration is done all the same.
        status, answer = slave.ask("DELETE", "/v1/zones/gone.example?master=master1")
        assert (status, answer["result"]) == (200, "applied")
        assert not slave.named.knows("gone.example")

        assert put(slave, "new.example") == (503, "named-config-broken")
        assert get_state(slave, "shop.example") == ("applied", None)

    poll(lambda: get_state(slave, "new.example") == ("applied", None))
    poll(lambda: get_error(slave) == "")
    assert slave.named.knows("new.example")


@pytest.mark.parametrize("readable", [True, False], ids=["database", "named"])
def test_a_zone_that_another_tool_made(slave, readable):
    conf = slave.named.configuration
    replace_file(slave.directory / "tool.db", plesk.render_zone_file(7))
    replace_file(conf, conf.read_text().replace("recursion no;",
                                                "recursion no;\n\tallow-new-zones yes;"))
    if not readable:
        with slave.configuration.open("a") as file:
            file.write("named-nzd2nzf = /bin/false\n")
    slave.agent.stop()
    slave.named.stop()
    slave.named.start()
    slave.start_agent()
    slave.named.rndc("addzone", "tool.example",
                     '{ type primary; file "%s"; };' % (slave.directory / "tool.db"))

    generation = 1
    changes = [{"zone": zone, "present": True, "generation": generation}
               for zone in ("one.example", "tool.example", "two.example")]
    status, answer = slave.ask("POST", "/v1/changes?master=master1", {"changes": changes})
    assert status == 200
    assert [result.get("problem", result["result"])
            for result in answer["results"]] == ["applied", "by-hand", "applied"]
    assert '"tool.example"' not in slave.read_shards()
    poll(lambda: "rndc delzone tool.example" in get_words(slave, "tool.example"))

    # named starts with both.
    slave.named.stop()
    slave.named.start()
    assert slave.named.knows("tool.example") and slave.named.knows("one.example")

    slave.named.rndc("delzone", "tool.example")
    if readable:
        poll(lambda: get_state(slave, "tool.example") == ("applied", None))
    else:
        assert put(slave, "tool.example") == (200, "applied")
    assert "secondary" in slave.named.rndc("showzone", "tool.example")


def test_an_include_in_another_view_is_told(slave):
    conf = slave.named.configuration
    include = f'include "{slave.include}";'
    replace_file(conf, conf.read_text().replace(
        include, f'view "outside" {{ match-clients {{ any; }}; {include} }};'))
    poll(lambda: "'outside'" in slave.agent.log.read_text())
    assert "set `view`" in slave.agent.log.read_text()
