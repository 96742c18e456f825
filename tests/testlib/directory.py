# tests/testlib/directory.py - a real LDAP server that holds the table
# SPDX-License-Identifier: BSD-2-Clause
"""slapd with the project's schema, syncprov and SASL/GSSAPI.

Systems read the table as their Kerberos principals; the tests are its
administrator over ldapi with EXTERNAL.
"""

import os
import re
import signal
import urllib.parse

from . import servers, table
from .process import Failure, eventually, run
from .scratch import free_port

SLAPD_CONF = """\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schema}
modulepath {modules}
moduleload back_mdb
moduleload syncprov
pidfile {path}/slapd.pid
sasl-host {host}
sasl-realm {realm}
sasl-secprops noplain,noanonymous
authz-regexp gidNumber=.*\\\\+uidNumber={uid},cn=peercred,cn=external,cn=auth
    cn=admin,{suffix}
{globals}database mdb
suffix {suffix}
directory {path}/db
maxsize 67108864
dbnosync
rootdn cn=admin,{suffix}
{indexes}overlay syncprov
{access}"""


def documented_indexes():
    """The lines of doc/SCHEMA; slapd refuses one that is wrong."""
    with open(os.path.join(servers.source_directory(), "doc/SCHEMA")) as file:
        text = file.read().partition("\nIndexes\n")[2]
    lines = re.findall("^    (index .*)", text, re.MULTILINE)
    if not lines:
        raise Failure("doc/SCHEMA documents no indexes")
    return "\n".join(lines) + "\n"


ACCESS = """\
access to dn.subtree={suffix}
    by dn.regex=^uid=trustrealm/[^,]+(,cn={realm})?,cn=gssapi,cn=auth$ read
    by * none
"""


class Directory:
    """create() with entries, then start, stop, kill, start as needed: the
    port stays, what was written stays.  keytab: of ldap/host.  It runs on
    machine, or on a loopback port."""

    NAME = "ldap"

    def __init__(self, scratch, realm, keytab, machine=None):
        self.scratch = scratch
        self.realm = realm
        self.keytab = keytab
        self.path = scratch.mkdir(self.NAME)
        self.machine = machine
        self.host = machine.host if machine else "127.0.0.1"
        self.port = 389 if machine else free_port()
        self._process = None

    @property
    def uri(self):
        return "ldap://%s:%d" % (self.host, self.port)

    @property
    def ldapi(self):
        return "ldapi://" + urllib.parse.quote(self.path + "/ldapi", safe="")

    def create(self, entries=()):
        schema = servers.built("doc/schema/trustrealm.schema")
        os.mkdir(self.path + "/db")
        os.mkdir(self.path + "/sasl")
        self.scratch.write(self.NAME + "/slapd.conf", SLAPD_CONF.format(
            schemas=servers.ldap_schemas(), modules=servers.ldap_modules(),
            schema=schema, host=self.host, path=self.path,
            realm=self.realm.name, suffix=table.SUFFIX, uid=os.geteuid(),
            indexes=documented_indexes(), globals=self._globals(),
            access=self._access()))
        self.scratch.write(self.NAME + "/sasl/slapd.conf",
                           "keytab: %s\nmech_list: GSSAPI EXTERNAL\n"
                           % self.keytab)
        self.load(table.ldif(entries))

    def load(self, ldif):
        """More entries, while it does not run."""
        run([servers.program("slapadd"), "-q", "-f",
             self.path + "/slapd.conf", "-b", table.SUFFIX],
            env=self._environment(), input=ldif, timeout=300)

    def start(self):
        for _ in range(10):
            self._process = self.scratch.spawn(
                [servers.program("slapd"), "-d", "stats", "-f",
                 self.path + "/slapd.conf", "-h",
                 "%s %s" % (self.uri, self.ldapi)], self.NAME + "/slapd",
                env=self._environment(), machine=self.machine)
            try:
                self._process.wait_for("slapd starting")
                eventually(self._answers, what="slapd's answer")
                return
            except Failure:
                if "in use" not in self._process.text():
                    raise
            self.port = free_port()
        raise Failure("slapd finds no free port")

    def stop(self):
        self._process.stop()

    def kill(self):
        """As a crash: at once, connections cut."""
        self._process.kill()

    def freeze(self):
        """It is there but does not answer, until thaw()."""
        self._process.signal(signal.SIGSTOP)

    def thaw(self):
        self._process.signal(signal.SIGCONT)

    def add(self, entry):
        self._tool("ldapmodify", "-a", input=entry)

    def modify(self, change, **options):
        """Make a change in LDIF; options as those of run()."""
        return self._tool("ldapmodify", input=change, **options)

    def delete(self, dn):
        self.modify("dn: %s\nchangetype: delete\n" % dn)

    def replace(self, dn, attribute, *values, **options):
        """Give attribute these values; none removes it."""
        lines = ["dn: " + dn, "changetype: modify", "replace: " + attribute]
        lines += ["%s: %s" % (attribute, value) for value in values]
        return self.modify("\n".join(lines) + "\n", **options)

    def search(self, base=table.BASE, filter="(objectClass=*)", *attributes):
        return self._tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b",
                          base, filter, *attributes).out

    def _globals(self):
        """What slapd.conf has before the table's database ..."""
        return ""

    def _access(self):
        """... and at its end."""
        return ACCESS.format(suffix=table.SUFFIX, realm=self.realm.name)

    def context_csn(self):
        """Where the server stands."""
        return sorted(re.findall("^contextCSN: (.*)$", self._tool(
            "ldapsearch", "-LLL", "-s", "base", "-b", table.SUFFIX,
            "contextCSN", check=False).out, re.MULTILINE))

    def _tool(self, name, *arguments, **options):
        return run([servers.program(name), "-Q", "-Y", "EXTERNAL", "-H",
                    self.ldapi] + list(arguments), **options)

    def _answers(self):
        if not self._process.alive():
            raise Failure(self._process.text())
        return self._tool("ldapwhoami", check=False).status == 0

    def _environment(self):
        env = servers.environment()
        env["KRB5_CONFIG"] = self.realm.config
        env["KRB5_KTNAME"] = "FILE:" + self.keytab
        env["KRB5RCACHENAME"] = "none:"
        env["SASL_CONF_PATH"] = self.path + "/sasl"
        return env


MIRROR = """\
syncrepl rid=1 provider=%s bindmethod=sasl saslmech=EXTERNAL
    searchbase=%s type=refreshAndPersist retry="1 +"
multiprovider on
"""


class Mirror(Directory):
    """A second server, that follows the first and takes writes itself."""

    NAME = "mirror"

    def __init__(self, first):
        super().__init__(first.scratch, first.realm, first.keytab,
                         first.machine)
        self.first = first

    def start(self):
        super().start()
        eventually(lambda: self.context_csn() >= self.first.context_csn(),
                   what="the mirror's content")

    def _globals(self):
        return "serverID 2\n"

    def _access(self):
        return super()._access() + MIRROR % (self.first.ldapi, table.SUFFIX)
