# tests/testlib/samples.py - Cyrus SASL's sample programs
# SPDX-License-Identifier: BSD-2-Clause
"""sasl-sample-client and sasl-sample-server know no network: each prints lines
for the other, which the tests carry.  The first ones are the tokens of the
context; four messages of it follow: two agree on the layer, and then each
program sends the other one through it."""

import base64
import contextlib
import os
import re

from . import servers, table
from .process import eventually
from .world import SERVICE, STAFF

CLIENT, SERVER = "sasl-sample-client", "sasl-sample-server"
NAME = "sample"         # of the service
KEYTAB = "/etc/sample.keytab"
LINE = re.compile("^([CS]: .*)\n", re.MULTILINE)
TOKENS = 4          # lines before the context's own messages: 0 to 3
MESSAGES = 4


def prepare(world):
    """The programs have room for no more than small tickets."""
    for service in NAME, "trustrealm":
        world.realm.modify("%s/%s" % (service, table.host("beta")),
                           "+no_auth_data_required")


def serve(world, name):
    world.machine(name).write("/etc/sasl2/sample.conf",
                              "keytab: %s\n" % KEYTAB)
    world.systems[name].install_keys(KEYTAB, SERVICE)


class System:
    """The programs, with the Kerberos of the system."""

    OPTIONS = ("-s", NAME, "-m", "GSSAPI")

    @classmethod
    def client(cls, world, machine, user, to):
        return [CLIENT, *cls.OPTIONS, "-n", to, "-u", user]

    @classmethod
    def server(cls, world, machine):
        return [SERVER, *cls.OPTIONS, "-d", machine.host]

    @staticmethod
    def variables(machine):
        return {}


class Heimdal(System):
    """The same programs with Heimdal's module, which is unpacked apart."""

    FOLDER = "/usr/heimdal/usr/lib/x86_64-linux-gnu/sasl2"
    OPTIONS = (*System.OPTIONS, "-p", FOLDER)
    CONFIG = "/etc/heimdal.conf"

    @classmethod
    def variables(cls, machine):
        servers.packaged(cls.FOLDER, "libsasl2-modules-gssapi-heimdal")
        # It asks by UDP first, which this KDC does not listen to.
        machine.write(cls.CONFIG, machine.read("/etc/krb5.conf").replace(
            "kdc = ", "kdc = tcp/"))
        return {"KRB5_CONFIG": cls.CONFIG}


class Exchange:
    """Both programs.  line: the one to be carried now, which its writer has
    put out and waits for the answer to; None when it has ended instead."""

    def __init__(self, world, user="alice", uid=STAFF, sender="alpha",
                 to="beta", plugin=True, options=(), client=System,
                 server=System):
        def start(machine, argv, uid, *environments):
            env = {}
            for more in environments:
                env.update(more)
            return machine.spawn(
                ["stdbuf", "-oL", *argv, *options],
                "%s-%d" % (os.path.basename(argv[0]), world.next_number()),
                uid=uid, env=env, with_stdin=True)
        here, there = world.machine(sender), world.machine(to)
        self.client = start(
            here, client.client(world, here, user, there.host), uid,
            world.environment(user, uid, sender, plugin),
            client.variables(here))
        self.server = start(
            there, server.server(world, there), SERVICE,
            world.systems[to].environment(SERVICE), server.variables(there))
        self._carried = 0
        self.line = self._wait()

    def turn(self):
        """Who writes the next line, and who reads it."""
        ends = self.server, self.client
        return ends[self._carried % 2], ends[(self._carried + 1) % 2]

    def _wait(self):
        writer, _ = self.turn()

        def lines():
            ended = not writer.alive()
            return LINE.findall(writer.text())[self._carried // 2:] or \
                ended and [None]
        return eventually(lines, what="a line of " + writer.argv[2])[0]

    def carry(self, lines=TOKENS + MESSAGES):
        """So many, if a program does not end before."""
        while lines > 0 and self.line is not None:
            self.turn()[1].tell(self.line)
            self._carried += 1
            self.line = self._wait()
            lines -= 1

    def token(self):
        """What the client's first line has for Kerberos, in base64."""
        octets = base64.b64decode(self.line[len("C: "):])
        return base64.b64encode(octets.partition(b"\0")[2])

    def answer(self, token):
        """Let the client have this (base64) for the line."""
        self.client.tell("S: " + token)

    def finish(self):
        """Carry what is left; whether all has arrived."""
        self.carry()
        both = self.client, self.server
        for program in both:
            with contextlib.suppress(BrokenPipeError):
                program.stdin.close()
        ended = [program.wait(check=False) for program in both]
        arrived = ("decoded message 'srv message 1'" in self.client.text()
                   and "decoded message 'client message 1'" in
                   self.server.text())
        assert arrived == (ended == [0, 0]), self.said()
        return arrived

    def said(self):
        return self.client.text() + self.server.text()

    def close(self):
        self.client.kill()
        self.server.kill()
