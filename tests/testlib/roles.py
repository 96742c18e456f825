# tests/testlib/roles.py - administrators with roles, and their directory
# SPDX-License-Identifier: BSD-2-Clause
"""The sample tree with its roles, the files of access rules in force, and
people who log in to it with tickets."""

import os
import re

from . import servers, table
from .directory import Directory
from .directory389 import Directory389
from .process import run
from .site import Site
from .tool import program

#: Of roles.ldif: aud(itor), rosa (role officer), olga and oscar (owners of
#: engineering), paula (label policy officer), sid (system administrator).
#: zoe has no role.
PEOPLE = ("aud", "rosa", "olga", "oscar", "paula", "sid", "zoe")

#: Results of a server.
INSUFFICIENT_ACCESS = 50
CONSTRAINT_VIOLATION = 19

#: A system that is to come, and its principal.
ZETA = "zeta.example.test"
PRINCIPAL = "trustrealm/%s@%s" % (ZETA, table.REALM)

def document(name):
    """A file of doc/schema for the suffix of the tests."""
    try:
        path = servers.built("doc/schema/" + name)
    except servers.Missing:
        path = os.path.join(servers.source_directory(), "doc/schema", name)
    with open(path) as file:
        return file.read().replace("dc=example,dc=com", table.SUFFIX).replace(
            "EXAMPLE.COM", table.REALM)


def kadmin_rules():
    """Lines of kadm5.acl, of doc/SCHEMA."""
    with open(os.path.join(servers.source_directory(), "doc/SCHEMA")) as file:
        text = re.sub(r" \\\n +", " ", file.read())
    return [line.strip().replace("EXAMPLE.COM", table.REALM)
            for line in text.splitlines()
            if re.match(r"    \S+@EXAMPLE.COM +[a-z]+ +\S+( -\w+)*$", line)]


def modify(dn, *parts):
    """parts: (what, attribute, value ...)."""
    lines = ["dn: " + dn, "changetype: modify"]
    for what, attribute, *values in parts:
        lines.append("%s: %s" % (what, attribute))
        lines += ["%s: %s" % (attribute, value) for value in values]
        lines.append("-")
    return "\n".join(lines) + "\n"


def add(dn, **attributes):
    return table.entry(dn, **attributes).replace(
        "\n", "\nchangetype: add\n", 1)


def delete(dn):
    return "dn: %s\nchangetype: delete\n" % dn


def rename(dn, rdn, below=None, keep=False):
    """With keep, it has the old name as well."""
    return "dn: %s\nchangetype: modrdn\nnewrdn: %s\ndeleteoldrdn: %d\n" \
        "newsuperior: %s\n" % (dn, rdn, not keep,
                               below or dn.split(",", 1)[1])


def proposal(name, target, change):
    """That an entry is to have a value or, after "-", to have it no more."""
    return add("cn=%s,ou=pending,%s" % (name, table.BASE),
               objectClass="trPending", cn=name, trTarget=target,
               trChange=change)


def person(name):
    return "uid=%s,%s" % (name, table.PEOPLE)


def people_entries():
    return [table.entry(person(name), objectClass=["account", "trSubject"],
                        uid=name, trPrincipal="%s@%s" % (name, table.REALM))
            for name in PEOPLE]


def tree():
    """The whole tree: what is above it, people, sample and roles."""
    return table.suffix_entries() + people_entries() + [
        document("sample.ldif"), document("roles.ldif")]


class RolesDirectory(Directory):
    """authz.conf and access.conf in slapd.conf."""

    def _globals(self):
        return document("authz.conf")

    def _access(self):
        return document("access.conf")


class ConfigRolesDirectory(RolesDirectory):
    """authz.ldif and access.ldif in cn=config."""

    rules = "access.ldif"

    def _globals(self):
        return "database config\nrootdn cn=admin,%s\n" % table.SUFFIX

    def _access(self):
        return ""

    def start(self):
        super().start()
        self.modify(document("authz.ldif"))
        self.modify(document(self.rules))


class TwoPersonsDirectory(RolesDirectory):
    """access-two.conf before access.conf."""

    def _access(self):
        return document("access-two.conf") + document("access.conf")


class ConfigTwoPersonsDirectory(ConfigRolesDirectory):
    """access-two.ldif."""

    rules = "access-two.ldif"


class RolesDirectory389(Directory389):
    """access-389.ldif."""

    def start(self):
        super().start()
        self.modify(document("access-389.ldif"))


class Administration(Site):
    """The whole tree in a directory of that class, and everybody's ticket.
    Use as a context manager."""

    def __init__(self, directory=RolesDirectory):
        super().__init__(directory, tree(), PEOPLE)

    def start_kadmind(self, rules=None):
        """sid may there what a system administrator may, rosa what takes
        one's rights, paula only look; they have tickets for it."""
        self.realm.start_administration(
            (rules or kadmin_rules()) + ["paula@%s i *" % table.REALM])
        for name in ("sid", "rosa", "paula"):
            self.realm.kinit(name, self.keytab, self.kadmin_ccache(name),
                             service="kadmin/admin")

    def kadmin_ccache(self, name):
        return self.scratch.join("kadm." + name)

    def by_kadmin(self, name):
        """Options by which that person is known to kadmind."""
        return ("--admin-cache", "FILE:" + self.kadmin_ccache(name))

    def can_log_in(self, principal=PRINCIPAL, keytab=None):
        """Does the KDC take the keytab's key?"""
        done = run([servers.program("kinit"), "-k", "-t",
                    keytab or self.keytab, "-c",
                    "FILE:" + self.scratch.join("cc.try"), principal],
                   env=self.realm.environment(), check=False)
        return done.status == 0

    def keys(self, keytab, *options):
        """What klist says of a keytab."""
        return run([servers.program("klist"), "-k", *options, keytab],
                   env=self.realm.environment()).out

    def may(self, name, change, otherwise=INSUFFICIENT_ACCESS):
        """Make that change (LDIF) as that person; False when the server does
        not permit it, with that result."""
        done = run([servers.program("ldapmodify"), "-Q", "-N", "-Y", "GSSAPI",
                    "-H", self.directory.uri], env=self.environment(name),
                   input=change, check=False)
        assert done.status in (0, otherwise), done
        return done.status == 0

    def sees(self, name, base, filter="(objectClass=*)", *attributes):
        """What that person finds (LDIF)."""
        done = run([servers.program("ldapsearch"), "-Q", "-LLL", "-o",
                    "ldif-wrap=no", "-N", "-Y", "GSSAPI", "-H",
                    self.directory.uri, "-b", base, filter] +
                   list(attributes), env=self.environment(name), check=False)
        return done.out

    def trustrealm(self, name, *arguments, directory=True, input=None):
        """Run the tool as that person; what it left (process.Result)."""
        options = ["--uri", self.directory.uri, "--base", table.BASE]
        return run([program(), *arguments, *(options if directory else ())],
                   env=self.environment(name), check=False, input=input)
