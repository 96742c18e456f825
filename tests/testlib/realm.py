# tests/testlib/realm.py - a Kerberos realm with a real KDC
# SPDX-License-Identifier: BSD-2-Clause
"""A realm of its own in a scratch directory, its KDC on a loopback port."""

import os
import re
import shlex
import signal

from . import servers
from .process import Failure, base_environment, run
from .scratch import free_port

#: The first is that of principals; what is after it comes first in contexts.
ENCTYPES = {
    "aes256-sha1": ["aes256-cts-hmac-sha1-96"],
    "aes256-sha384": ["aes256-cts-hmac-sha384-192"],
    "rc4": ["aes256-cts-hmac-sha1-96", "arcfour-hmac"],
}

KRB5_CONF = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
    permitted_enctypes = {permitted}
    allow_rc4 = true
    forwardable = true
[realms]
    {realm} = {{
        kdc = {host}:{port}
        admin_server = {host}:{admin_port}
    }}
[domain_realm]
    .{domain} = {realm}
"""

KDC_CONF = """\
[kdcdefaults]
    kdc_listen = ""
    kdc_tcp_listen = {address}:{port}
[realms]
    {realm} = {{
        kadmind_listen = {address}:{admin_port}
        kpasswd_listen = {address}:{password_port}
        database_name = {path}/principal
        key_stash_file = {path}/stash
        acl_file = {path}/acl
        master_key_type = {enctype}
        supported_enctypes = {supported}
        max_life = 1d
        max_renewable_life = 1d
        default_principal_flags = +preauth
    }}
[dbmodules]
    db_module_dir = {modules}
[logging]
    kdc = FILE:{path}/kdc.log
    admin_server = FILE:{path}/kadmin.log
"""


class Realm:
    """create() once, then start(), stop() and start() again as often as
    needed.  Everything is in directory/kdc; config is for clients.  The KDC
    runs on machine, or on a loopback port."""

    def __init__(self, scratch, name="EXAMPLE.TEST", enctype="aes256-sha1",
                 machine=None):
        self.scratch = scratch
        self.name = name
        self.enctypes = ENCTYPES[enctype]
        self.machine = machine
        self.path = scratch.mkdir("kdc")
        self.port = 88 if machine else free_port()
        self.admin_port = free_port()
        self._process = self._kadmind = None

    def create(self, keytabs):
        """Make the database with the principals of keytabs: {path: [principal
        ...]}; each keytab is written with the keys of its principals."""
        self._write()
        run([servers.program("kdb5_util"), "-r", self.name, "-P", "master",
             "create", "-s"], env=self._environment())
        self.add(keytabs)

    def add(self, keytabs):
        """Add principals, as create() does."""
        commands = []
        for path, principals in keytabs.items():
            for principal in principals:
                # Nobody looks at what the KDC could say about a system.
                flags = ("+requires_preauth +no_auth_data_required"
                         if principal.startswith("trustrealm/") else "")
                commands.append("addprinc -randkey %s %s" % (flags, principal))
                commands.append("ktadd -q -norandkey -k %s %s"
                                % (path, principal))
        done = self._kadmin(commands)
        for path in keytabs:
            if not os.path.exists(path):
                raise Failure("no keytab %s: %r" % (path, done))

    def add_with_password(self, principal, password):
        self._kadmin(["addprinc -pw %s %s" % (password, principal)])

    def modify(self, principal, *options):
        self._kadmin(["modprinc %s %s" % (" ".join(options), principal)])

    def limit_sessions(self, principal, enctype):
        """Tickets for it have such a session key."""
        self._kadmin(["setstr %s session_enctypes %s" % (principal, enctype)])

    def prefer(self, enctype):
        """Clients and services do, from now on."""
        with open(self.config) as config:
            text = config.read()
        first = "permitted_enctypes = "
        self.scratch.write("krb5.conf", text.replace(first, first + enctype +
                                                     " "), 0o644)

    def show(self, principal):
        """What the KDC knows of it, in UTC."""
        return self._kadmin(["getprinc " + principal]).out

    def remove(self, principal):
        self._kadmin(["delprinc -force " + principal])

    def principals(self):
        """What there are, one a line."""
        return self._kadmin(["listprincs"]).out

    def _kadmin(self, commands):
        return run([servers.program("kadmin.local"), "-r", self.name,
                    "-p", "tests"],
                   env=dict(self._environment(), TZ="UTC"),
                   input="\n".join(commands) + "\n")

    def start(self):
        for _ in range(10):
            self._write()
            self._process = self.scratch.spawn(
                [servers.program("krb5kdc"), "-n"], "kdc/krb5kdc",
                env=self._environment(), machine=self.machine)
            if self._ready():
                return
            self.port = free_port()
        raise Failure("krb5kdc finds no free port:\n" + self._log())

    def set_password(self, principal, password):
        self._kadmin(["cpw -keepold -pw \"%s\" %s" % (password, principal)])

    def key_for(self, principal, keytab):
        """Put the key that principal has now into the keytab, too."""
        self._kadmin(["ktadd -q -norandkey -k %s %s" % (keytab, principal)])

    def change_key(self, principal):
        self._kadmin(["cpw -randkey " + principal])

    def unlimit(self, principal):
        """No maximum life of its tickets but that of the realm."""
        self._kadmin(["modprinc -maxlife 0 " + principal])

    def key_command(self, principal, keytab):
        """What key_for() does, as a line for a shell."""
        return shlex.join([
            "env", *("%s=%s" % one for one in self._environment().items()),
            servers.program("kadmin.local"), "-r", self.name, "-q",
            "ktadd -q -norandkey -k %s %s" % (keytab, principal)])

    def add_policy(self, name, *options):
        """For passwords."""
        self._kadmin(["addpol %s %s" % (" ".join(options), name)])

    def start_administration(self, rules):
        """kadmind, with these lines of kadm5.acl from now on."""
        self.scratch.write("kdc/acl", "\n".join(rules) + "\n")
        if self._kadmind:
            self._kadmind.stop()
        for _ in range(10):
            self._kadmind = self.scratch.spawn(
                [servers.program("kadmind"), "-nofork", "-r", self.name],
                "kdc/kadmind", env=self._environment(), machine=self.machine)
            try:
                self._kadmind.wait_for("starting")
                return
            except Failure:
                if "in use" not in self._kadmind.text():
                    raise
            self.admin_port = free_port()
            self._write()
        raise Failure("kadmind finds no free port")

    def stop(self):
        self._process.stop()

    def freeze(self):
        """The KDC is there but does not answer, until thaw()."""
        self._process.signal(signal.SIGSTOP)

    def thaw(self):
        self._process.signal(signal.SIGCONT)

    def kinit(self, principal, keytab, ccache, uid=None, service=None):
        """Get a ticket for principal into the file ccache, for uid; one that
        is good for service alone."""
        run([servers.program("kinit"), "-k", "-t", keytab, "-c",
             "FILE:" + ccache] + (["-S", service] if service else []) +
            [principal], env=self.environment(), machine=self.machine)
        if uid is not None:
            os.chown(ccache, uid, uid)

    @property
    def config(self):
        return self.scratch.join("krb5.conf")

    def administered_through(self, port, env):
        """That environment, but kadmind is at that port."""
        with open(self.config) as config:
            text = config.read()
        path = self.scratch.write("krb5.through", re.sub(
            r"(admin_server = .*):\d+", r"\1:%d" % port, text), 0o644)
        return dict(env, KRB5_CONFIG=path)

    def environment(self):
        """For clients and services of this realm."""
        env = base_environment()
        env["KRB5_CONFIG"] = self.config
        return env

    def principal(self, name):
        return "%s@%s" % (name, self.name)

    def _write(self):
        machine = self.machine
        values = dict(address=machine.address if machine else "127.0.0.1",
                      host=machine.host if machine else "127.0.0.1",
                      realm=self.name, port=self.port, path=self.path,
                      admin_port=self.admin_port, password_port=free_port(),
                      enctype=self.enctypes[0],
                      permitted=" ".join(reversed(self.enctypes)),
                      supported=" ".join(e + ":normal" for e in self.enctypes),
                      domain=self.name.lower(),
                      modules=servers.kdb_modules())
        self.scratch.write("krb5.conf", KRB5_CONF.format(**values), 0o644)
        self.scratch.write("kdc/kdc.conf", KDC_CONF.format(**values))

    def _environment(self):
        env = servers.environment()
        env["KRB5_CONFIG"] = self.config
        env["KRB5_KDC_PROFILE"] = os.path.join(self.path, "kdc.conf")
        return env

    def _log(self):
        try:
            with open(os.path.join(self.path, "kdc.log"),
                      errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def _ready(self):
        """True when it serves; False when the port was taken."""
        try:
            self._process.wait_for("starting")
        except Failure:
            if "in use" in self._log() + self._process.text():
                return False
            raise Failure(self._log() + self._process.text()) from None
        return True
