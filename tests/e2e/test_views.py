"""Where named has views, the agent's zones stand in one of them."""

import pytest
from laboratory import plesk
from laboratory.basics import poll, replace_file

VIEWS = """\
view "inside" {{
	match-clients {{ 127.0.0.1; }};
	{include}
}};
view "outside" {{
	match-clients {{ any; }};
	zone "shop.example" {{ type primary; file "{directory}/shop.db"; }};
}};
"""


@pytest.fixture
def lab(make_lab):
    """The slave's named has the agent's zones in the view `inside`."""
    lab = make_lab(masters=1, slaves=1)
    slave = lab.slaves[0]
    conf = slave.named.configuration
    include = f'include "{slave.include}";'
    replace_file(slave.directory / "shop.db", plesk.render_zone_file(7))
    replace_file(conf, conf.read_text().replace(
        include, VIEWS.format(include=include, directory=slave.directory)))
    slave.named.rndc("reconfig")
    return lab


def use_view(slave, view):
    with slave.configuration.open("a") as file:
        file.write(f"view = {view}\n")
    slave.agent.stop()
    slave.start_agent()


def test_a_zone_in_a_view(lab):
    master, slave = lab.masters[0], lab.slaves[0]
    use_view(slave, "inside")
    done = master.change("create", ["shop.example"])
    assert (done.returncode, done.stderr) == (0, "")
    slave.named.wait_for_serials(master.read_serials())
    assert "type: secondary" in slave.named.rndc("zonestatus", "shop.example", "IN", "inside")

    master.change("update", ["shop.example"])
    slave.named.wait_for_serials(master.read_serials())

    done = master.change("delete", ["shop.example"])
    assert (done.returncode, done.stderr) == (0, "")
    poll(lambda: slave.named.get_serial("shop.example") is None)
    # The zone of that name in the other view is somebody else's.
    assert "type: primary" in slave.named.rndc("zonestatus", "shop.example", "IN", "outside")


def test_a_view_that_isnt_there(lab):
    master, slave = lab.masters[0], lab.slaves[0]
    use_view(slave, "insied")
    assert master.change("create", ["shop.example"]).returncode == 0
    done = master.change("delete", ["shop.example"])
    assert done.returncode == 0
    # A reconfig does what the deletion in the view that is named couldn't.
    poll(lambda: slave.ask("GET", "/v1/zones/shop.example")[0] == 404)
