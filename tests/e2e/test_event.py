"""`zonepush event`: the second way in, by what Plesk tells its event handlers."""

import os
import subprocess

import pytest

LABORATORY = {"masters": 1, "slaves": 1}


def event(master, **variables):
    done = subprocess.run(
        [master.directory / "zonepush", "event"],
        env={key: os.environ[key] for key in os.environ if key.endswith("SAN_OPTIONS")} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def held_by(lab):
    return {row["zone"] for row in lab.slaves[0].ask("GET", "/v1/zones?limit=1000")[1]["zones"]}


def test_no_domain(lab):
    status, text = event(lab.masters[0], OTHER="x")
    assert status == 1 and "no domain is named" in text


@pytest.mark.parametrize("name", ["no name.example", "a'; drop table dns_zone; --", "ä.example"])
def test_names_that_are_none(lab, name):
    status, text = event(lab.masters[0], NEW_DOMAIN_NAME=name)
    assert status == 1 and "event: '" in text
    assert held_by(lab) == set()


def test_plesk_that_fails(lab):
    master = lab.masters[0]
    master.change("create", ["stays.example"])
    with master.plesk.told(fail="no database"):
        status, text = event(master, OLD_DOMAIN_NAME="stays.example")
    assert status == 1 and "no database" in text and "stays.example" in held_by(lab)


def test_what_is_new(lab):
    master = lab.masters[0]
    master.publish("create", ["new.example", "sub.new.example", "other.example", "xnew.example"])
    assert event(master, NEW_DOMAIN_NAME="New.Example")[0] == 0
    assert {"new.example", "sub.new.example"} <= held_by(lab)
    assert not {"other.example", "xnew.example"} & held_by(lab)
    assert event(master, NEW_DOMAIN_ALIAS_NAME="other.example")[0] == 0
    assert "other.example" in held_by(lab)


def test_what_is_gone(lab):
    """Both have to say so: the event, and Plesk's list."""
    master = lab.masters[0]
    zones = ["gone.example", "sub.gone.example", "xgone.example"]
    master.change("create", zones)
    assert event(master, OLD_DOMAIN_NAME="gone.example", NEW_DOMAIN_NAME="")[0] == 0
    assert set(zones) <= held_by(lab)

    master.publish("delete", zones)
    names = {"OLD_DOMAIN_NAME": "gone.example", "NEW_DOMAIN_NAME": "gone.example"}
    assert event(master, **names)[0] == 0
    assert set(zones) <= held_by(lab)
    assert event(master, OLD_DOMAIN_NAME="gone.example")[0] == 0
    assert set(zones) & held_by(lab) == {"xgone.example"}


def test_another_name(lab):
    master = lab.masters[0]
    master.change("create", ["before.example"])
    master.publish("delete", ["before.example"])
    master.publish("create", ["after.example"])
    names = {"OLD_DOMAIN_NAME": "before.example", "NEW_DOMAIN_NAME": "after.example"}
    assert event(master, **names)[0] == 0
    assert "after.example" in held_by(lab) and "before.example" not in held_by(lab)
