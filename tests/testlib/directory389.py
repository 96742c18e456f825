# tests/testlib/directory389.py - a real 389 Directory Server with the table
# SPDX-License-Identifier: BSD-2-Clause
"""ns-slapd with the project's schema, Content Synchronization (RFC 4533) and
SASL/GSSAPI, from one directory; used as directory.Directory is.

Systems and people log in as the entry whose trPrincipal is their Kerberos
principal; the tests are its administrator over ldapi with EXTERNAL.
"""

import base64
import os
import pwd
import re
import shutil

from . import servers, table
from .directory import Directory
from .process import Failure, eventually
from .scratch import free_port

#: What a server needs beyond its minimal configuration.
PLUGINS = ("Views", "Class of Service", "Multisupplier Replication Plugin",
           "Retro Changelog Plugin", "Content Synchronization", "whoami")

ENTRYUUID = """
dn: cn=%(name)s,cn=plugins,cn=config
objectClass: top
objectClass: nsSlapdPlugin
cn: %(name)s
nsslapd-pluginpath: lib%(library)s
nsslapd-plugininitfunc: %(name)s_plugin_init
nsslapd-plugintype: %(type)s
nsslapd-pluginenabled: on
nsslapd-pluginId: %(name)s
nsslapd-pluginVersion: none
nsslapd-pluginVendor: 389 Project
nsslapd-pluginDescription: %(name)s
"""

SITE = """
dn: cn=sasl,cn=config
objectClass: top
objectClass: nsContainer
cn: sasl

dn: cn=mapping,cn=sasl,cn=config
objectClass: top
objectClass: nsContainer
cn: mapping

dn: cn=principal,cn=mapping,cn=sasl,cn=config
objectClass: top
objectClass: nsSaslMapping
cn: principal
nsSaslMapRegexString: ^[^@]+$
nsSaslMapBaseDNTemplate: {suffix}
nsSaslMapFilterTemplate: (trPrincipal=&@{realm})

dn: cn=userroot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
nsslapd-suffix: {suffix}
cn: userroot

dn: cn="{suffix}",cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: {suffix}
nsslapd-state: backend
nsslapd-backend: userroot
"""


def _packaged(name):
    return servers.packaged(name, "389-ds-base's " + name)


class Directory389(Directory):
    """Its entries are added when it starts for the first time."""

    def __init__(self, scratch, realm, keytab, machine=None):
        super().__init__(scratch, realm, keytab, machine)
        self.libraries = _packaged("/usr/lib/*/dirsrv")
        # The server has a semaphore of this name, for the whole machine.
        self.name = "ds-" + os.path.basename(scratch.path)
        self._entries = None

    def create(self, entries):
        for name in (self.name + "/schema", "db", "log", "run", "tmp", "lock",
                     "ldif", "bak", "inst"):
            self.scratch.mkdir("ldap/" + name)
        for name in ("slapd-collations.conf", "certmap.conf"):
            shutil.copy(_packaged("/etc/dirsrv/config/" + name),
                        os.path.join(self.path, self.name))
        schema = os.path.join(self.path, self.name, "schema")
        shutil.copytree(_packaged("/usr/share/dirsrv/schema"), schema,
                        dirs_exist_ok=True)
        shutil.copy(servers.built("doc/schema/60trustrealm.ldif"), schema)
        self._entries = table.ldif(entries)

    def start(self):
        for _ in range(10):
            self.scratch.write("ldap/%s/dse.ldif" % self.name,
                               self._configuration())
            self._process = self.scratch.spawn(
                [servers.program("ns-slapd"), "-D",
                 os.path.join(self.path, self.name), "-i",
                 self.path + "/run/pid", "-d", "16384"], "ldap/ns-slapd",
                env=self._environment(), machine=self.machine)
            try:
                eventually(self._answers, what="ns-slapd's answer")
                os.unlink("/dev/shm/sem.%s.stats" % self.name)
                break
            except Failure:
                if "in use" not in self._process.text():
                    raise
            self.port = free_port()
        if self._entries:
            self._tool("ldapmodify", "-a", input=self._entries)
            self._entries = None

    def _configuration(self):
        """The package's own minimal configuration, filled in."""
        data = _packaged("/usr/share/dirsrv/data/template-dse-minimal.ldif")
        with open(data) as template:
            text = template.read().rstrip("\n") + "\n"
        with open(data.replace("-minimal", "")) as template:
            full = template.read()
        for name in PLUGINS:
            text += "\n" + re.search(
                r"^dn: cn=%s,cn=plugins.*?(?=^$|\Z)" % name, full,
                re.MULTILINE | re.DOTALL).group().replace(
                    "nsslapd-pluginenabled: off", "nsslapd-pluginenabled: on")
        text += ENTRYUUID % {"name": "entryuuid", "type": "betxnpreoperation",
                             "library": "entryuuid-plugin"}
        text += SITE.format(suffix=table.SUFFIX, realm=self.realm.name)
        names = {
            "config_dir": self.name, "schema_dir": self.name + "/schema",
            "cert_dir": self.name, "lock_dir": "lock", "tmp_dir": "tmp",
            "ldif_dir": "ldif", "bak_dir": "bak", "run_dir": "run",
            "inst_dir": "inst", "log_dir": "log", "db_dir": "db",
            "ldapi": "ldapi"}
        values = {key: os.path.join(self.path, name)
                  for key, name in names.items()}
        # Nobody knows the password: its hash is no hash of anything.
        values.update(
            fqdn=self.host, ds_port=str(self.port), rootdn="cn=admin",
            ds_user=pwd.getpwuid(os.geteuid()).pw_name,
            ldapi_enabled="on", ldapi_autobind="on",
            ds_passwd="{SSHA512}" + base64.b64encode(
                os.urandom(72)).decode())
        text = text.replace("nsslapd-mode: 600", "nsslapd-mode: 600\n"
                            "nsslapd-cache-autosize: 0\n"
                            "nsslapd-dbcachesize: 1048576")
        text = re.sub("%([a-z_]+)%", lambda m: values[m.group(1)], text)
        text = re.sub(r"(?mi)^(nsslapd-pluginpath: )(\S+)", r"\1%s/plugins/"
                      r"\2.so" % self.libraries, text)
        return re.sub("\n\n\n+", "\n\n", text)

    def _environment(self):
        env = super()._environment()
        env["LD_LIBRARY_PATH"] = ":".join(
            [env.get("LD_LIBRARY_PATH", ""), self.libraries,
             self.libraries + "/plugins"])
        return env
