# tests/testlib/system.py - one system of the table, with its trustrealmd
# SPDX-License-Identifier: BSD-2-Clause
"""Several systems live on one machine: each has its own configuration, key,
state, socket and audit file.  A program belongs to the system whose socket
its environment names, or on whose machine (hosts.py) it runs."""

import json
import os
import signal
import socket
import time

from . import call, hosts, table
from .process import PATIENCE, Failure, children_of, eventually, run
from .token import tlv


def render(config):
    """Text of a configuration {section: {key: value or {key: value}}}; a
    list is joined by blanks."""
    def value_of(value):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (list, tuple)):
            return " ".join(str(v) for v in value)
        return str(value)

    lines = []
    for section, keys in config.items():
        lines.append("[%s]" % section)
        for key, value in keys.items():
            if value is None:
                continue
            if isinstance(value, dict):
                lines.append("    %s = {" % key)
                lines += ["        %s = %s" % (k, value_of(v))
                          for k, v in value.items()]
                lines.append("    }")
            else:
                lines.append("    %s = %s" % (key, value_of(value)))
    return "\n".join(lines) + "\n"


#: Of every decision; what is allowed with a label has a value for each.
RECORDED = ("step", "reason", "sender", "receiver", "user", "realm", "label",
            "table_age", "correlation")


def is_whole(record):
    """Whether an audit record has all that it should."""
    if "result" not in record:
        return True                     # of no decision
    if record["result"] == "allow" and not record["bypass"]:
        return all(record.get(key) is not None for key in RECORDED)
    return set(RECORDED) <= set(record) and record["reason"] is not None


class Audit:
    """The audit file of a system: a JSON object a line."""

    def __init__(self, path):
        self.path = path

    def mark(self):
        """Where the file ends now."""
        try:
            return os.path.getsize(self.path)
        except FileNotFoundError:
            return 0

    def since(self, mark=0, **wanted):
        """Records written after mark whose members are as wanted."""
        try:
            with open(self.path, "rb") as log:
                log.seek(mark)
                lines = log.read().decode().splitlines(True)
        except FileNotFoundError:
            return []
        # The last one may be half written.
        records = [json.loads(line) for line in lines if line.endswith("\n")]
        assert all(is_whole(record) for record in records), records
        return [r for r in records
                if all(r.get(k) == v for k, v in wanted.items())]

    def wait(self, mark=0, **wanted):
        """The first record after mark that is as wanted."""
        return eventually(
            lambda: self.since(mark, **wanted),
            what=lambda: "audit record %s in %s" % (wanted,
                                                    self.since(mark)))[0]


class System:
    """config is changed freely before start(), restart() or reload()."""

    def __init__(self, world, name, fmt, source, uid=None, machine=None):
        self.world = world
        self.machine = machine
        self.scratch = world.scratch
        self.name = name
        self.host = table.host(name)
        self.uid = uid
        self.path = self.scratch.mkdir(name, 0o711, uid)
        self.keytab = self.scratch.join(name + ".keytab")
        self.services_keytab = self.scratch.join(name + ".services.keytab")
        self.scratch.mkdir(name + "/state", 0o700, uid)
        self.scratch.mkdir(name + "/rcache", 0o1777)
        self.socket = os.path.join(
            machine.shared if machine else self.path, "socket")
        if machine and uid is not None:
            os.chown(machine.shared, uid, uid)
        self.audit = Audit(os.path.join(self.path, "records.audit"))
        levels, categories = table.FORMATS[fmt]
        self.config = {
            "system": {
                "name": self.host,
                "principal": "trustrealm/" + self.host,
                "keytab": "FILE:" + self.keytab,
                "state-directory": self.path + "/state",
                "socket": (machine.run_directory + "/socket" if machine
                           else self.socket),
            },
            "table": dict(source),
            "labels": {"format": fmt, "levels": levels,
                       "categories": categories},
            "policy": {"backend": "policy"},
            "rules": {},
            "services": {},
            "attributes": {},
            "audit": {"target": "file:" + self.audit.path,
                      "level": "debug"},
        }
        self.options = ["-d"]   # of trustrealmd, and more variables for it
        self.variables = {}
        self.before = []        # a program that starts it
        self._process = None

    def rule(self, name, uid, lowest, highest, label=None):
        """Give processes of uid a range and a label; first rule first."""
        self.config["rules"][name] = {
            "uid": uid, "lowest": lowest, "highest": highest,
            "label": label or lowest}
        self.config["policy"]["rules"] = list(self.config["rules"])

    def service(self, name, accept, **more):
        self.config["services"][name] = dict(accept=accept, **more)

    def install_keys(self, path, uid=0):
        """The keys of its services, in a keytab for uid on its machine."""
        with open(self.services_keytab, "rb") as keytab:
            self.machine.write(path, keytab.read(), 0o600, uid)

    def know_time(self, ahead):
        """Before it starts: so many seconds ahead of the clock is a time that
        a KDC has vouched for."""
        self.scratch.write(self.name + "/state/clock",
                           "%d\n" % (time.time() + ahead), uid=self.uid)

    # --- the daemon -----------------------------------------------------

    @property
    def config_path(self):
        return os.path.join(self.path, "trustrealm.conf")

    def write_config(self):
        self.scratch.write(self.name + "/trustrealm.conf",
                           render(self.config), 0o644)

    def daemon_environment(self):
        if self.machine:
            return dict(hosts.environment(), **self.variables)
        env = self.world.realm.environment()
        env["KRB5CCNAME"] = "MEMORY:none"
        env.update(self.variables)
        return env

    def start(self, wait=True):
        """Start trustrealmd; wait until it has a table that it can use."""
        self.write_config()
        self._process = self.scratch.spawn(
            [*self.before, self.world.program("trustrealmd"), *self.options,
             "-c", self.config_path], self.name + "/trustrealmd",
            env=self.daemon_environment(), uid=self.uid,
            machine=self.machine)
        if wait:
            self.wait_ready()

    def wait_ready(self, timeout=30):
        def ready():
            if not self._process.alive():
                raise Failure("trustrealmd of %s ended:\n%s" % (
                    self.name, self._process.text()))
            try:
                return self.status()["table"]["fresh"] > 0
            except (OSError, KeyError):
                return False
        eventually(ready, timeout, lambda: "trustrealmd of %s:\n%s" % (
            self.name, self._process.text()))

    def stop(self):
        return self._process.stop()

    def kill(self):
        self._process.kill()

    def restart(self):
        self.stop()
        self.start()

    def signal(self, signum):
        self._process.signal(signum)

    def reload(self):
        self.write_config()
        self._process.signal(signal.SIGHUP)

    def running(self):
        return self._process is not None and self._process.alive()

    def log(self):
        return self._process.text()

    def freeze(self):
        """The daemon is there but does not answer, until thaw()."""
        self._process.signal(signal.SIGSTOP)

    def thaw(self):
        self._process.signal(signal.SIGCONT)

    def pause_table(self):
        """The process that follows the directory stands still."""
        for pid in children_of(self._process.pid):
            os.kill(pid, signal.SIGSTOP)

    def resume_table(self):
        for pid in children_of(self._process.pid):
            os.kill(pid, signal.SIGCONT)

    def answers(self):
        """True when the daemon can be asked, whatever its table is."""
        try:
            self.status()
            return True
        except OSError:
            return False

    def status(self):
        """What the daemon says of itself (JSON), over its socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(10 * PATIENCE)
            s.connect(self.socket)
            s.send(call.STATUS)
            octets = s.recv(1 << 18)
        if octets[:1] != bytes([call.STATE]):
            raise Failure("not the answer expected: %r" % octets[:40])
        return json.loads(tlv(tlv(octets)[1])[1])

    def table_generation(self):
        return self.status()["table"]["generation"]

    # --- programs on this system ----------------------------------------

    def environment(self, uid=None, ccache=None, plugin=True):
        """Of an application here that runs as uid, with a ticket cache."""
        if self.machine:
            env = hosts.environment()
            if ccache:
                env["KRB5CCNAME"] = "FILE:" + ccache
            if not plugin:
                env["GSS_MECH_CONFIG"] = "/dev/null"
            return env
        env = self.world.realm.environment()
        env["HOME"] = self.path
        env.update(self.world.sanitizer_environment)
        env["TRUSTREALM_SOCKET"] = self.socket
        env["GSS_MECH_CONFIG"] = (self.world.mech_config if plugin
                                  else "/dev/null")
        env["KRB5_KTNAME"] = "FILE:" + self.services_keytab
        env["KRB5CCNAME"] = "FILE:" + ccache if ccache else "MEMORY:none"
        env["KRB5RCACHENAME"] = "file2:%s/rcache/%s" % (
            self.path, os.geteuid() if uid is None else uid)
        return env

    def trustrealm(self, *arguments, uid=None):
        """Run the administration tool here; its Result."""
        return run([self.world.program("trustrealm"), *arguments], uid=uid,
                   env=self.environment(), check=False)

    def spawn(self, argv, log, **options):
        """Start a program here; its output goes to LOG.log."""
        return self.scratch.spawn(argv, "%s/%s" % (self.name, log),
                                  machine=self.machine, **options)

    def run(self, argv, **options):
        """Run a program here to its end."""
        return run(argv, machine=self.machine, **options)
