"""What a hook may be given: one clear line for each mistake, and the good rest is done."""

import pytest
from laboratory import plesk

WHOLE_INPUT = [
    (b"", "empty"),
    (b" \n\t ", "empty"),
    (b"create example.com", "JSON"),
    (b'[{"command":"create","zone":{"name":"a.example."}}', "JSON"),
    (b'[{"command":"create","zone":{"name":"a.example."}}] x', "JSON"),
    (b'"create"', "array"),
    (b"17", "array"),
    (b"null", "array"),
    (b"\xff\xfe[]", "JSON"),
]


@pytest.mark.parametrize("text, word", WHOLE_INPUT)
def test_input_that_is_no_document(master, text, word):
    done = master.hook(text)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert word in done.stderr and "nothing of it is stored" in done.stderr


ENTRIES = [
    ({"command": "create"}, "no zone name"),
    ({"command": "create", "zone": None}, "no zone name"),
    ({"command": "create", "zone": {"displayName": "a.example."}}, "no zone name"),
    ({"command": "create", "zone": {"name": 17}}, "no zone name"),
    ({"command": "create", "zone": {"name": ""}}, "isn't a zone name"),
    ({"command": "create", "zone": {"name": "."}}, "isn't a zone name"),
    ({"command": "create", "zone": {"name": "a..example."}}, "empty label"),
    ({"command": "create", "zone": {"name": "*.example."}}, "'*'"),
    ({"command": "create", "zone": {"name": "a b.example."}}, "' '"),
    ({"command": "create", "zone": {"name": "a\\046b.example."}}, "can't stand there"),
    ({"command": "create", "zone": {"name": "a/b.example."}}, "'/'"),
    ({"command": "create", "zone": {"name": "m\u00fcnchen.example."}}, "A-labels"),
    ({"command": "create", "zone": {"name": "a\u0000.example."}}, "zero byte"),
    ({"command": "create", "zone": {"name": f"{'a' * 64}.example."}}, "longer than 63"),
    ({"command": "create", "zone": {"name": "a." * 127 + "example."}}, "longer than 253"),
    ({"command": "create", "zone": {"name":
      'a.com" { type primary; file "/etc/passwd"; }; zone "b.com'}}, "isn't a zone name"),
    ({"command": "rename", "zone": {"name": "a.example."}}, "isn't a known command"),
    ({"command": None, "zone": {"name": "a.example."}}, "no `command`"),
    ({}, "no `command`"),
    ([], "isn't an object"),
    ("create", "isn't an object"),
]


@pytest.mark.parametrize("entry, words", ENTRIES)
def test_a_bad_entry_among_good_ones(lab, master, zone, entry, words):
    names = [f"a.{zone}", f"b.{zone}"]
    first, second = master.publish("create", names)
    done = master.hook(plesk.document([first, entry, second]))
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "command 2: " in done.stderr and words in done.stderr
    lab.slaves[0].named.wait_for_serials({name: master.read_serials()[name] for name in names})


def test_a_reserved_name_is_refused_by_the_slaves_alone(lab, master, zone):
    good = master.publish("create", [zone])
    bad = plesk.command("create", "printer.local", 17)
    done = master.hook(plesk.document([bad, *good]))
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert len(lines) == len(lab.slaves), done.stderr
    assert all("refused zone 'printer.local'" in line and "allow-reserved" in line
               for line in lines)
    lab.slaves[0].named.wait_for_serials({zone: master.read_serials()[zone]})
    assert master.hook(plesk.document([plesk.command("delete", "printer.local")])).stderr == ""


def test_five_megabytes(lab, master, zone):
    [command] = master.publish("create", [zone])
    command["zone"]["rr"] = [{"host": zone, "type": "TXT", "value": "x" * 1000}] * 5000
    done = master.hook(plesk.document([command]))
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1 and "unusually" in done.stderr
    lab.slaves[0].named.wait_for_serials({zone: master.read_serials()[zone]})


@pytest.mark.parametrize("serial", ["1760000000", 1760000000, 17.5, "x", -1, 2**63, None, [], {}])
def test_any_serial(lab, master, zone, serial):
    [command] = master.publish("create", [zone])
    command["zone"]["soa"]["serial"] = serial
    done = master.hook(plesk.document([command]))
    assert (done.returncode, done.stderr) == (0, "")
    lab.slaves[0].named.wait_for_serials({zone: master.read_serials()[zone]})


def test_records_never_matter(lab, master, zone):
    [command] = master.publish("create", [zone])
    command["zone"]["rr"] = ["x", None, 1e300, {"host": "\u0000", "type": []}, [[[]]]]
    command["zone"]["more"] = {"a": 1}
    text = plesk.document([command]).replace('"more"', '"rr":17,"rr"')
    done = master.hook(text)
    assert (done.returncode, done.stderr) == (0, "")
    lab.slaves[0].named.wait_for_serials({zone: master.read_serials()[zone]})
