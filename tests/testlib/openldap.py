# tests/testlib/openldap.py - Debian's slapd on a machine, and its clients
# SPDX-License-Identifier: BSD-2-Clause
"""A server for users as doc/apps/sasl sets it up, with some people in it; not
the one that holds the table (directory.py)."""

from . import guide, table
from .world import STAFF

OPENLDAP = 20041
ETC = "/etc/ldap/"
SLAPD = ["slapd", "-h", "ldap:/// ldapi:///", "-u", "openldap", "-g",
         "openldap", "-F", ETC + "slapd.d", "-d", "stats"]
#: What the package does when it is installed.
INSTALL = """
mkdir -p /run/slapd /var/lib/ldap /etc/ldap/slapd.d /etc/ldap/sasl2
sed -e "s/@SUFFIX@/$SUFFIX/" -e /olcRootPW/d /usr/share/slapd/slapd.init.ldif |
    slapadd -F /etc/ldap/slapd.d -n 0
slapadd -F /etc/ldap/slapd.d -n 1 -l "$PEOPLE"
chown -R openldap /run/slapd /var/lib/ldap /etc/ldap/slapd.d
"""
#: alice may write about herself.
ACCESS = """\
dn: olcDatabase={1}mdb,cn=config
changetype: modify
replace: olcAccess
olcAccess: to * by self write by users read
"""
BIG = 300000


def people():
    entries = [table.entry(table.SUFFIX, objectClass=[
        "dcObject", "organization"], dc="example", o="example"),
        table.unit("people", table.SUFFIX)]
    for user in ("alice", "bob", "big"):
        entries.append(table.entry(
            table.user_dn(user), objectClass=["account", "extensibleObject"],
            uid=user, description="x" * BIG if user == "big" else user))
    return table.ldif(entries)


class Slapd:
    """A server on a machine, with Debian's places of its files."""

    def __init__(self, world, name):
        self.machine = machine = world.machine(name)
        machine.user("openldap", OPENLDAP, "/var/lib/ldap")
        machine.write("/var/tmp/people.ldif", people())
        machine.script(INSTALL, SUFFIX=table.SUFFIX,
                       PEOPLE="/var/tmp/people.ldif",
                       PATH="/usr/sbin:/usr/bin:/sbin:/bin")
        guide.follow(world, name, "sasl", start=self.start)

    def start(self):
        self.process = self.machine.spawn(SLAPD, self.machine.name + "/slapd")
        self.machine.wait_port(389, self.process)
        self.configure(ACCESS)

    def configure(self, ldif):
        """Change the configuration as its administrator."""
        self.machine.run(["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H",
                          "ldapi:///"], input=ldif)


def ldap(world, *command, user="alice", uid=STAFF, sender="alpha", to="beta",
         plugin=True, input=None, port=389):
    """Run one of the programs to its end."""
    name, *options = command or ("ldapwhoami",)
    return world.machine(sender).run(
        [name, "-Q", "-H", "ldap://%s:%d" % (table.host(to), port),
         *options],
        env=world.environment(user, uid, sender, plugin), uid=uid,
        check=False, input=input)
