"""A stand-in for `plesk`, as far as zonepush uses it. Run as: plesk_program.py FOLDER WORD...

FOLDER is the master's; what Plesk would keep in its database is in FOLDER/plesk:

    script     the command in the custom DNS backend's slot
    acl        addresses that may transfer, one a line
    zones      the active zones, one a line; without it, those of the master's zones.conf

and what a test wants it to do wrong:

    fail       exits with status 1 and says this text
    only       the list has no more than so many zones
    counts     what the next counts say, one a line, each used once
    deaf       changes are answered as good and not made
"""

import argparse
import pathlib
import re
import sys

ZONE_PATTERN = re.compile(r'^zone "([^"]+)"', re.MULTILINE)
WHERE = "from dns_zone where status=0 and type='master'"
SLOT = "select name,value from ServiceNodeConfiguration where section='dnsConnector'"


class Plesk:
    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "plesk"
        self.state.mkdir(exist_ok=True)

    def read(self, name, otherwise=""):
        try:
            return (self.state / name).read_text()
        except FileNotFoundError:
            return otherwise

    def write(self, name, text):
        if not (self.state / "deaf").exists():
            (self.state / name).write_text(text)

    def zones(self):
        listed = self.read("zones", None)
        if listed is None:
            return ZONE_PATTERN.findall((self.folder / "zones.conf").read_text())
        return listed.split()

    def query(self, text):
        """The rows of what `plesk db -Ne` is asked."""
        if text == f"select count(*) {WHERE}":
            return [self._next_count()]
        if text == f"select name {WHERE}":
            only = self.read("only")
            return self.zones()[: int(only) if only else None]
        if text == SLOT:
            script = self.read("script")
            return [f"custom\t{'true' if script else 'false'}", f"custom_script\t{script}"]
        domain = re.fullmatch(f"select name {re.escape(WHERE)} and (.*)", text)
        if domain:
            named = re.fullmatch(r"\(name='([^'%]+)' or name like '%\.([^'%]+)'\)", domain[1])
            return [z for z in self.zones() if z == named[1] or z.endswith(f".{named[2]}")]
        raise SystemExit(f"ERROR 1064 (42000): this stand-in doesn't know the query {text!r}")

    def _next_count(self):
        first, _, rest = self.read("counts").partition("\n")
        if not first:
            return str(len(self.zones()))
        (self.state / "counts").write_text(rest)
        return first

    def server_dns(self, words):
        parser = argparse.ArgumentParser()
        parser.add_argument("-u", action="store_true")
        parser.add_argument("-i", action="store_true")
        parser.add_argument("--enable-custom-backend", dest="enable")
        parser.add_argument("--disable-custom-backend", dest="disable", action="store_true")
        parser.add_argument("-add-acl", dest="add")
        parser.add_argument("-remove-acl", dest="remove")
        options = parser.parse_args(words)
        acl = self.read("acl").split()
        if options.enable:
            self.write("script", options.enable)
        if options.disable:
            self.write("script", "")
        if options.add and options.add not in acl:
            acl.append(options.add)
        if options.remove:
            acl = [address for address in acl if address != options.remove]
        if options.add or options.remove:
            self.write("acl", "".join(f"{address}\n" for address in acl))
        if options.i:
            print("".join(f"acl: {address}\n" for address in acl), end="")


def main():
    plesk = Plesk(pathlib.Path(sys.argv[1]))
    words = sys.argv[2:]
    complaint = plesk.read("fail")
    if complaint:
        print(complaint, file=sys.stderr)
        return 1
    if words[:2] == ["db", "-Ne"] and len(words) == 3:
        print("".join(f"{row}\n" for row in plesk.query(words[2])), end="")
    elif words[:2] == ["bin", "server_dns"]:
        plesk.server_dns(words[2:])
    else:
        raise SystemExit(f"this stand-in doesn't know `plesk {' '.join(words)}`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
