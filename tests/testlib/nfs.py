# tests/testlib/nfs.py - NFS on machines
# SPDX-License-Identifier: BSD-2-Clause
"""NFS-Ganesha as doc/apps/nfs sets it up, and a client in user space."""

import re

from . import guide, servers, table
from .process import eventually
from .world import STAFF

CLIENT = "tests/apps/nfs_client"
PORT = 2049
GROUP = 20041
CONFIG = "/etc/ganesha/ganesha.conf"
EXPORT = "/srv/internal"
PREPARE = """
grep -q ^nfs-internal: /etc/group || echo "nfs-internal:x:$GROUP:" >>/etc/group
[ -e /etc/mtab ] || ln -s /proc/self/mounts /etc/mtab
mkdir -p /run/ganesha /var/lib/nfs/ganesha
"""
#: It makes clients wait after a start, and keeps a socket of the user's.
TEST_CONFIG = """
NFSV4 {
    Graceless = true;
    RecoveryBackend = fs;
}
"""


class Ganesha:
    """On a machine; sectype: instead of the guide's."""

    def __init__(self, world, name, sectype="krb5p"):
        servers.need_real_root("NFS-Ganesha opens files by handle")
        self.machine = machine = world.machine(name)
        machine.script(PREPARE, GROUP=str(GROUP))
        self.sectype = sectype
        guide.follow(world, name, "nfs", start=self.start)

    def start(self):
        machine = self.machine
        config = machine.read(CONFIG)
        assert "SecType = krb5p;" in config
        machine.write(CONFIG, config.replace(
            "SecType = krb5p;", "SecType = %s;" % self.sectype) + TEST_CONFIG)
        self.process = machine.spawn(
            ["setpriv", "--groups", "nfs-internal", "/usr/bin/ganesha.nfsd",
             "-F", "-L", "STDERR"], machine.name + "/ganesha")
        machine.wait_port(PORT, self.process)

    def file(self, name, text, uid=STAFF):
        """A file that clients may have from the export."""
        return self.machine.write(EXPORT + "/" + name, text, 0o600, uid)

    def stop(self):
        self.process.stop()
        self.machine.script('rm -r "$EXPORT"', EXPORT=EXPORT)


def accept_as_nfs(system, label):
    """The rule of the guide, with this system's label; it comes first."""
    rules = dict(system.config["rules"])
    rules.pop("nfs", None)
    system.config["rules"] = {
        "nfs": {"uid": 0, "gid": GROUP, "lowest": label, "highest": label},
        **rules}
    system.config["policy"]["rules"] = list(system.config["rules"])


def command(world, sec, to, port=None):
    """Of a client on a machine."""
    return [world.staged(CLIENT), sec, table.host(to)] + (
        [str(port)] if port else [])


def nfs(world, *lines, sec="krb5p", user="alice", uid=STAFF, sender="alpha",
        to="beta", port=None, plugin=True):
    """Copy files to the end of lines, by nfs_client."""
    return world.machine(sender).run(
        command(world, sec, to, port), uid=uid, check=False,
        env=world.environment(user, uid, sender, plugin),
        input="".join(line + "\n" for line in lines))


class Mount:
    """nfs_client that goes on while the test does something."""

    def __init__(self, world, sec="krb5p", sender="alpha"):
        self._process = world.machine(sender).spawn(
            command(world, sec, "beta"),
            "nfs-%d" % world.next_number(), uid=STAFF, with_stdin=True,
            env=world.environment(system=sender))
        self._process.wait_for("^connected$")

    def ask(self, line):
        """Copy a file; "done", or why not."""
        before = len(self.text())
        self._process.tell(line)
        ended = re.compile("^(?:done|status [0-9]+|.*refused: .*)$",
                           re.MULTILINE)
        return eventually(lambda: ended.search(self.text(), before),
                          what=line).group()

    def text(self):
        return self._process.text()

    def close(self):
        self._process.kill()
