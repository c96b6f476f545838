"""What Plesk has of a zone: its records, its zone file, and the JSON that the hook is given."""

import json

TTL = 86400
TIMES = {"refresh": 10800, "retry": 3600, "expire": 604800, "minimum": 10800}
NAME_SERVER = "ns1.hosting.example."


def render_zone_file(serial, is_reverse=False):
    """A zone file in relative names, which many zones can share; its data follow the serial."""
    record = "10 PTR www.shop.example." if is_reverse else f"www A {_address_of(serial)}"
    times = " ".join(str(seconds) for seconds in TIMES.values())
    return (
        f"$TTL {TTL}\n"
        f"@ SOA {NAME_SERVER} admin {serial} {times}\n"
        f"@ NS {NAME_SERVER}\n"
        f"{record}\n"
    )


def command(word, zone, serial=None, with_records=True):
    """One command about a zone; with `soa` and `rr` where a serial is given."""
    name = f"{zone}."
    content = {"name": name, "displayName": _to_unicode(name)}
    if serial is not None:
        content["soa"] = _render_soa(zone, serial)
        content["rr"] = _render_records(zone, serial) if with_records else []
    return {"command": word, "zone": content}


def pointer_command(word, address, hostname):
    """createPTRs or deletePTRs."""
    return {"command": word, "ptr": {"ip_address": address, "hostname": hostname}}


def document(commands):
    """A document as PHP's json_encode() writes it: without blanks, ASCII, `/` as `\\/`."""
    return json.dumps(commands, separators=(",", ":")).replace("/", "\\/")


def is_reverse(zone):
    return zone.endswith((".in-addr.arpa", ".ip6.arpa"))


def _address_of(serial):
    return f"203.0.113.{serial % 254 + 1}"


def _to_unicode(name):
    """The name as a person reads it; as it stands where it is no IDN (RFC 5890)."""
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return name


def _render_soa(zone, serial):
    return {
        "email": f"admin@{zone}",
        "status": 0,
        "type": "master",
        "ttl": TTL,
        **TIMES,
        "serial": serial,
        "serial_format": "UNIXTIMESTAMP",
    }


def _render_records(zone, serial):
    name = f"{zone}."
    if is_reverse(zone):
        record = (f"10.{name}", "PTR", "www.shop.example.")
    else:
        record = (f"www.{name}", "A", _address_of(serial))
    return [
        {
            "host": host,
            "displayHost": _to_unicode(host),
            "type": kind,
            "displayValue": value,
            "opt": "",
            "value": value,
        }
        for host, kind, value in [(name, "NS", NAME_SERVER), record]
    ]
