# tests/testlib/world.py - the systems of the table, all running
# SPDX-License-Identifier: BSD-2-Clause
"""A KDC, a directory, users, and systems alpha and beta with their daemons.

As root, programs run under several uids, which the systems' policies tell
apart, and the daemons under one of their own.  As an ordinary user all have
the same uid and the policy has one rule.
"""

import os
import pwd
import re
import shutil

from . import programs, servers, table
from .agent import Agent
from .directory import Directory
from .hosts import Network
from .process import eventually, run
from .realm import Realm
from .scratch import Scratch
from .system import System

ROOT = os.geteuid() == 0

# uids that nobody has.
STAFF = 20001       #: wide range
CLERK = 20002       #: narrow range
SINGLE = 20003      #: one label only
CHIEF = 20004       #: more than the system's accreditation
STRANGER = 20009    #: no rule matches
SERVICE = 20011     #: accepts, wide range
DESK = 20012        #: accepts, narrow range
VAULT = 20013       #: accepts, one high label only

USERS = ("alice", "bob", "carol")
ACCOUNTS = {"alice": STAFF, "bob": CLERK, "carol": SINGLE}
SYSTEMS = ("alpha", "beta", "gamma", "delta", "epsilon")
SERVICES = ("sample", "plain", "other", "host", "nfs")

PROGRAMS = ("tools/trustrealmd", "tools/trustrealm/trustrealm",
            "tools/gss-label/gss-label")
SAMPLES = ("gss-client", "gss-server")
PLUGIN = "mech/.libs/mech_trustrealm.so"
MECH_CONFIG = "mech/mech.d/trustrealm.conf"


def built_with(name):
    """A string of config.h."""
    with open(servers.built("config.h")) as header:
        return re.search(r'define %s "(.*)"' % name, header.read()).group(1)


def socket_directory():
    """Where programs were built to find trustrealmd's socket."""
    with open(servers.built("tools/trustrealm.conf")) as sample:
        return re.search(r"^ *socket = (\S+)/socket$", sample.read(),
                         re.MULTILINE).group(1)


def sanitizer_environment(plugin):
    """What programs need to load a plugin built with AddressSanitizer.  They
    are other people's, and leak."""
    with open(plugin, "rb") as library:
        needed = re.search(rb"libasan\.so\.[0-9]+", library.read())
    if needed is None:
        return {}
    return {"LD_PRELOAD": needed.group().decode(),
            "ASAN_OPTIONS": "detect_leaks=0"}


def daemon_uid():
    """The user that programs were built to take trustrealmd from, where it
    exists; else root, whom they believe as well.  None when not root."""
    if not ROOT:
        return None
    try:
        return pwd.getpwnam(built_with("TR_DAEMON_USER")).pw_uid
    except KeyError:
        return 0


def as_uid(uid):
    """uid to run a program as: None (our own) when not root."""
    return uid if ROOT else None


class World:
    """Use as a context manager, or start() and close().

    source: "ldap", or "ldif" for a table without a directory.  changes:
    {system: {section: {key: value}}} laid over the configurations.  hosts:
    these systems, and one called kdc for KDC and directory, are machines of
    their own (hosts.py), on which every user has an account; those that run
    no trustrealmd have no mechanism either.  directory: a class of servers.
    """

    def __init__(self, enctype="aes256-sha1", source="ldap",
                 run=("alpha", "beta"), changes=None, hosts=(),
                 directory=Directory):
        self.scratch = Scratch()
        self.network = None
        if hosts:
            try:
                self.network = Network(self.scratch, ("kdc",) + tuple(hosts),
                                       table.DOMAIN, socket_directory())
            except BaseException:
                self.scratch.close()
                raise
        kdc = self.machine("kdc")
        self.realm = Realm(self.scratch, table.REALM, enctype, kdc)
        self.source = source
        self._run = run
        self._number = 0
        self._caches = {}
        self.users_keytab = self.scratch.join("users.keytab")
        self.directory = directory(self.scratch, self.realm,
                                   self.scratch.join("ldap.keytab"), kdc)
        self.systems = {}
        self._changes = changes or {}
        self.mech_config = self.scratch.join("mech.conf")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception):
        self.close()

    def __getattr__(self, name):
        try:
            return self.__dict__["systems"][name]
        except KeyError:
            raise AttributeError(name) from None

    # --- setting up -----------------------------------------------------

    def start(self):
        self._stage()
        self._make_systems()
        self._make_realm()
        if self.source == "ldap":
            self.directory.create(table.suffix_entries() + table.entries())
            self.directory.start()
            for system in self.systems.values():
                system.config["table"]["source"] = self.directory.uri
        for name, sections in self._changes.items():
            for section, keys in sections.items():
                self.systems[name].config[section].update(keys)
        running = [self.systems[name] for name in self._run]
        for system in running:
            system.start(wait=False)
        for system in running:
            system.wait_ready()

    def close(self):
        if self.network:
            self.network.close()
        self.scratch.close()

    def machine(self, name):
        """The machine that system name is, or None."""
        if self.network is None:
            return None
        return self.network.get(name)

    def _stage(self):
        """Copy programs to where every uid can use them."""
        folder = self.scratch.mkdir("bin", 0o755)
        for name in PROGRAMS:
            self.staged(name)
        for name in SAMPLES:
            shutil.copy(servers.program(name), folder)
        plugin = self.staged(PLUGIN)
        self.sanitizer_environment = sanitizer_environment(plugin)
        with open(servers.built(MECH_CONFIG)) as installed:
            text = installed.read()
        self.scratch.write("mech.conf", re.sub(
            r"\S*mech_trustrealm\.so", plugin, text), 0o644)

    def staged(self, name):
        """Copy of a file that was built, where every uid can use it."""
        path = self.program(os.path.basename(name))
        if not os.path.exists(path):
            shutil.copy(servers.built(name), path)
            os.chmod(path, 0o755)
        return path

    def program(self, name):
        return self.scratch.join("bin", name)

    def _make_realm(self):
        keytabs = {
            self.users_keytab: USERS,
            self.directory.keytab: ["ldap/" + self.directory.host],
        }
        for system in self.systems.values():
            keytabs[system.keytab] = ["trustrealm/" + system.host]
            keytabs[system.services_keytab] = [
                "%s/%s" % (service, system.host) for service in SERVICES]
        self.realm.create(keytabs)
        for system in self.systems.values():
            if system.uid is not None:
                os.chown(system.keytab, system.uid, system.uid)
            os.chmod(system.services_keytab, 0o644)
        os.chmod(self.users_keytab, 0o644)
        self.realm.start()
        for machine in self.network or ():
            self._install(machine)

    def _install(self, machine):
        """What an administrator puts on each machine."""
        with open(self.realm.config) as config:
            machine.write("/etc/krb5.conf", config.read())
        for user, uid in ACCOUNTS.items():
            machine.user(user, uid)
        if machine.name not in self.systems:
            return
        self.systems[machine.name].install_keys("/etc/krb5.keytab")
        if machine.name not in self._run:
            return
        with open(self.mech_config) as config:
            machine.write("/etc/gss/mech.d/trustrealm.conf", config.read())

    def _make_systems(self):
        uid = daemon_uid()
        for name in SYSTEMS:
            fmt = "navy" if name == "beta" else "ministry"
            system = System(self, name, fmt, self._table_source(), uid,
                            self.machine(name))
            self.systems[name] = system
            if fmt == "ministry":
                self._ministry_policy(system)
            else:
                self._navy_policy(system)

    def _table_source(self):
        if self.source == "ldif":
            return {"source": "ldif:" + self.scratch.write(
                "table.ldif", table.ldif(table.entries()), 0o644)}
        return {"base": table.SUFFIX,
                "heartbeat": "1s", "retry": "1s"}

    @staticmethod
    def _ministry_policy(system):
        wide = ("open", "grave:cipher,antenna", "official")
        if not ROOT:
            system.rule("staff", os.geteuid(), *wide)
            accept = [os.geteuid()]
        else:
            system.rule("staff", STAFF, *wide)
            system.rule("clerk", CLERK, "open", "official")
            system.rule("single", SINGLE, "official", "official")
            system.rule("chief", CHIEF, "open",
                        "utmost:cipher,antenna,atom", "official")
            system.rule("service", SERVICE, *wide)
            accept = [SERVICE]
        if system.machine:
            system.rule("root", 0, *wide)
        system.service("sample", accept)

    @staticmethod
    def _navy_policy(system):
        wide = ("white", "red:code,echo", "blue")
        if not ROOT:
            system.rule("service", os.geteuid(), *wide)
            accept = [os.geteuid()]
        else:
            system.rule("service", SERVICE, *wide)
            system.rule("desk", DESK, "white", "blue")
            system.rule("vault", VAULT, "red", "red:code")
            system.rule("staff", STAFF, *wide)
            accept = [SERVICE, DESK, VAULT]
        if system.machine:
            system.rule("root", 0, *wide)
        system.service("sample", accept)
        system.service("plain", accept,
                       bypass=["alice@" + table.REALM])

    # --- using it -------------------------------------------------------

    @property
    def oid_arc(self):
        return built_with("TR_OID_ARC")

    @property
    def mechanism_oid(self):
        """The mechanism's own OID, in the form that gss-client takes."""
        return "{ %s 1 1 }" % self.oid_arc.replace(".", " ")

    def script(self, name):
        """A Python program of this package, or of a path, where every uid can
        read it."""
        path = self.program(os.path.basename(name))
        if not os.path.exists(path):
            shutil.copy(os.path.join(os.path.dirname(__file__), name), path)
            os.chmod(path, 0o644)
        return path

    def agent(self, system="alpha", user="alice", uid=STAFF, **options):
        """A process of user on system that makes the calls of a test."""
        ccache = self.ccache(user, uid) if user else None
        return Agent(self.systems[system], as_uid(uid), ccache, **options)

    def explain(self, sender, receiver, *options):
        """What "trustrealm explain" says on the sending system."""
        system = self.systems[sender]
        return system.trustrealm("explain", "-c", system.config_path, "--from",
                                 system.host, "--to", table.host(receiver),
                                 *options)

    def copy_of(self, keytab, uid):
        """A keytab again, for a program of uid."""
        with open(keytab, "rb") as original:
            return self.scratch.write("stolen.keytab", original.read(), 0o600,
                                      as_uid(uid))

    def both_ends(self):
        """The environment of a program that plays both ends, alice on alpha
        and the service on beta (tests/glue/glue.h)."""
        env = self.beta.environment(as_uid(SERVICE),
                                    self.ccache("alice", SERVICE))
        return dict(env, INITIATOR_SOCKET=self.alpha.socket,
                    ACCEPTOR_SOCKET=self.beta.socket,
                    ACCEPTOR_HOST=self.beta.host)

    def ask_daemon(self, system, uid, octets):
        """Send octets to the daemon of system as uid; its answer, empty when
        it hung up."""
        return run(["/usr/bin/python3", self.script("call_main.py"),
                    self.systems[system].socket], uid=as_uid(uid),
                   input=octets, binary=True).out

    def change(self, dn, attribute, *values):
        """Directory.replace(), and wait until all daemons have it."""
        before = self.generations()
        self.directory.replace(dn, attribute, *values)
        self.wait_for_change(before)

    def generations(self):
        """Of the table of every daemon, before the directory is changed."""
        return {system: system.table_generation()
                for system in self.systems.values() if system.running()}

    def wait_for_change(self, before):
        for system, old in before.items():
            eventually(lambda: system.table_generation() > old,
                       what="the change at " + system.name)

    def next_number(self):
        self._number += 1
        return self._number

    def ccache(self, user, uid=STAFF):
        """A ticket cache of user that a program of uid can use."""
        uid = as_uid(uid)
        key = (user, uid)
        if key not in self._caches:
            folder = self.scratch.mkdir("cc-%s" % uid, 0o700, uid)
            path = os.path.join(folder, user)
            self.realm.kinit(user, self.users_keytab, path, uid)
            self._caches[key] = path
        return self._caches[key]

    def environment(self, user="alice", uid=STAFF, system="alpha",
                    plugin=True):
        """Of a program of user on system; None: a user without tickets."""
        ccache = self.ccache(user, uid) if user else None
        return self.systems[system].environment(as_uid(uid), ccache, plugin)

    def forget_tickets(self):
        """Later programs start with new ticket caches."""
        for path in self._caches.values():
            os.unlink(path)
        self._caches.clear()

    def server(self, system="beta", uid=SERVICE, options=(), **environment):
        """A gss-label server on system."""
        return programs.LabelServer(self.systems[system], as_uid(uid),
                                    options, **environment)

    def client(self, server, *options, system="alpha", user="alice",
               uid=STAFF, service="sample", to="beta", **more):
        """Run a gss-label client to its end; server: one, or a port."""
        port = server if isinstance(server, int) else server.port
        return programs.label_client(
            self.systems[system], as_uid(uid), self.ccache(user, uid), port,
            "%s@%s" % (service, table.host(to)), options, **more)

    def start_client(self, server, *options, to="beta"):
        return programs.LabelClient(
            self.alpha, as_uid(STAFF), self.ccache("alice", STAFF),
            server.port, "sample@" + table.host(to), options)

    def talking_client(self, server):
        """One that has had a reply, and goes on until it is killed."""
        client = self.start_client(server, "-n", "100000", "-i", "0.05")
        client.wait("reply")
        return client

    def gss_server(self, system="beta", uid=SERVICE, service="sample",
                   options=("-once",)):
        return programs.GssServer(
            self.systems[system], as_uid(uid),
            "%s@%s" % (service, table.host(system)), options)

    def gss_client(self, server, message, options=(), system="alpha",
                   user="alice", uid=STAFF, service="sample", to="beta",
                   plugin=True):
        port = server if isinstance(server, int) else server.port
        return programs.gss_client(
            self.systems[system], as_uid(uid), self.ccache(user, uid), port,
            "%s@%s" % (service, table.host(to)), message, options, plugin)
