# tests/testlib/openssh.py - Debian's ssh and sshd on machines
# SPDX-License-Identifier: BSD-2-Clause
"""Client and server as doc/apps/openssh sets them up."""

from . import guide, table

SSHD = "/usr/sbin/sshd"
SSHD_CONFIG = """\
Include /etc/ssh/sshd_config.d/*.conf
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM yes
PidFile none
LogLevel VERBOSE
Subsystem sftp /usr/lib/openssh/sftp-server
"""
DROP_IN = "/etc/ssh/sshd_config.d/trustrealm.conf"
KEYEX = ("-o", "PreferredAuthentications=gssapi-keyex")
WITH_MIC = ("-o", "PreferredAuthentications=gssapi-with-mic", "-o",
            "GSSAPIKeyExchange=no")


class Sshd:
    """sshd on a machine, with more lines than the guide's configuration."""

    def __init__(self, world, name, *lines):
        self.machine = world.machine(name)
        self._config = "\n".join(lines) + "\n" + guide.shown("openssh",
                                                             DROP_IN)
        self.start()

    def start(self):
        self.machine.write(DROP_IN, self._config)
        self._process = self.machine.spawn([SSHD, "-D", "-e"],
                                           self.machine.name + "/sshd")
        self._process.wait_for("Server listening on 0.0.0.0")

    def stop(self):
        self._process.stop()
        self.machine.kill_all("sshd: ")


def _prepare_server(machine):
    machine.user("sshd", 119, "/run/sshd", "/usr/sbin/nologin")
    machine.write("/etc/ssh/sshd_config", SSHD_CONFIG)
    machine.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                 "/etc/ssh/ssh_host_ed25519_key"])


def prepare(world, servers=("beta", "epsilon")):
    """Keys, accounts and what the guide says but for starting sshd."""
    known = []
    for name in servers:
        machine = world.machine(name)
        _prepare_server(machine)
        guide.follow(world, name, "openssh", start=lambda: None)
        key = machine.read("/etc/ssh/ssh_host_ed25519_key.pub").split()
        known.append("%s %s %s" % (machine.host, *key[:2]))
    for name in "alpha", "epsilon":
        world.machine(name).write("/etc/ssh/ssh_known_hosts",
                                  "\n".join(known) + "\n")
        guide.follow(world, name, "openssh", "On the client")


def arguments(options, command, to, login):
    return (["ssh", "-o", "BatchMode=yes", "-v", "-l", login] + list(options)
            + [table.host(to)] + list(command))
