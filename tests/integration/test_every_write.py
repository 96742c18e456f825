# tests/integration/test_every_write.py - what befalls the writes of commands
# SPDX-License-Identifier: BSD-2-Clause
"""Whatever befalls each write of each command: the directory is as it was, or
as it was to be, or the same command makes it so; and the exit status says
which."""

import signal
import subprocess

import pytest

from testlib import table
from testlib.process import base_environment, eventually
from testlib.stores import SYSTEM, Between, entries
from testlib.tool import program, trustrealm

BETA = "beta.example.test"
ALICES = "alice@" + table.REALM
RANGE = ["--realm", "corporate", "--low", "OPEN", "--high", "OPEN"]
NARROWER = ["--realm", "engineering", "--high", "INTERNAL"]

#: What is done before, the command, and of how many writes it is.
COMMANDS = {
    "realm add": ([], ["realm", "add", "new", "--doi", "9", "--level",
                       "0 LOW"], 1),
    "realm set": ([], ["realm", "set", "corporate", "--priority", "3",
                       "--lifetime", "60", "--mode", "dry-run"], 1),
    "realm remove": ([], ["realm", "remove", "corporate", "--force"], 8),
    "system add": ([], ["system", "add", "new.example.test", "--principal",
                        SYSTEM[1]], 1),
    "system set": ([], ["system", "set", BETA, "--alias", "b.example.test",
                        "--principal", SYSTEM[1]], 1),
    "system join": ([], ["system", "join", BETA, *RANGE], 1),
    "system leave": ([], ["system", "leave", BETA, "--all"], 1),
    "system restrict": ([], ["system", "restrict", BETA, *NARROWER], 1),
    "system unrestrict": ([["system", "restrict", BETA, *NARROWER]],
                          ["system", "unrestrict", BETA, *NARROWER[:2]], 1),
    "system disable": ([], ["system", "disable", BETA], 1),
    "system enable": ([["system", "disable", BETA]],
                      ["system", "enable", BETA], 1),
    "system remove": ([], ["system", "remove", BETA], 1),
    "clearance set": ([], ["clearance", "set", ALICES, *RANGE], 1),
    "clearance set, new": ([], ["clearance", "set", "new@" + table.REALM,
                                *RANGE], 2),
    "clearance limit": ([], ["clearance", "limit", "new@" + table.REALM], 2),
    "clearance restrict": ([], ["clearance", "restrict", ALICES,
                                "--realm", "corporate", "--high", "OPEN"], 1),
    "clearance remove": ([], ["clearance", "remove", ALICES, "--force"], 1),
    "map add": ([], ["map", "add", "corporate/air", "--level", "a OPEN"], 1),
    "map set": ([], ["map", "set", "corporate/navy", "--unset",
                     "category"], 1),
    "map remove": ([], ["map", "remove", "corporate/navy"], 1),
}


@pytest.fixture(params=COMMANDS)
def command(site, request):
    return Command(site, *COMMANDS[request.param])


class Command:
    """One of them, and the directory without and with it."""

    def __init__(self, site, first, arguments, writes):
        self.site, self.arguments, self.writes = site, arguments, writes
        self._first = first
        self.before = self.again()
        count = []
        assert self.run(count.append).status == 0
        assert count == list(range(1, writes + 1))
        self.after = site.server.dump()
        assert self.after != self.before

    def again(self):
        """From the start; what is there."""
        self.site.server.reset(entries())
        for arguments in self._first:
            assert self.site.run(self.site.server, *arguments).status == 0
        return self.site.server.dump()

    def run(self, befalls):
        """befalls(n) ahead of write n."""
        with Between(self.site.scratch, self.site.directory,
                     befalls) as between:
            return trustrealm(*self.arguments, "--uri", between.uri,
                              "--base", table.SUFFIX)

    def ended(self, number, by):
        """By a signal, when the server has write number."""
        child = None

        def end(n):
            if n == number:
                child.send_signal(by)
                if by == signal.SIGKILL:
                    child.wait()

        with Between(self.site.scratch, self.site.directory, end) as between:
            child = subprocess.Popen(
                [program(), *self.arguments, "--uri", between.uri, "--base",
                 table.SUFFIX], env=base_environment(),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert child.wait(60) == -by

    def each(self):
        """Each of its writes, from the start."""
        for number in range(1, self.writes + 1):
            self.again()
            yield number

    def is_done_again(self):
        done = self.site.run(self.site.server, *self.arguments)
        assert done.status == 0, done
        assert self.site.server.dump() == self.after


def test_refused(command):
    for number in command.each():
        done = command.run({number: Between.REFUSED}.get)
        assert done.status == 1 and "Insufficient access" in done.err, done
        assert done.err.count("taken back") == number - 1
        assert command.site.server.dump() == command.before


@pytest.mark.parametrize("fate", [Between.CUT, Between.UNANSWERED,
                                  Between.ENDED])
def test_the_connection_breaks(command, fate):
    for number in command.each():
        done = command.run({number: fate}.get)
        assert done.status == 0, done
        assert command.site.server.dump() == command.after


def test_the_server_goes_away(command):
    for number in command.each():
        done = command.run({number: Between.AWAY}.get)
        assert done.status == 3, done
        assert "whether it was changed is not known" in done.err
        assert done.err.count("could not be taken back") == number - 1
        command.is_done_again()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_it_is_ended(command, by):
    """Once the server has that write: then all is done, or can be."""
    for number in command.each():
        command.ended(number, by)
        if by == signal.SIGINT or number == command.writes:
            eventually(lambda: command.site.server.dump() == command.after)
        else:
            eventually(lambda: command.site.server.dump() != command.before)
            command.is_done_again()


def test_somebody_else_is_faster(command):
    """With every entry that there is, so with those that it changes."""
    def touch(n):
        if n == number:
            for dn in command.site.server.dump():
                if not dn.startswith(("ou=", "dc=")):
                    command.site.directory.replace(dn, "description",
                                                   "touched")

    for number in command.each():
        done = command.run(touch)
        after = command.site.server.dump()
        if done.status == 0:
            assert set(command.after) > set(command.before)
            continue
        assert done.status == 1 and "somebody else has changed it" in done.err
        assert {dn: [value for value in after[dn] if value != (
            "description", "touched")] for dn in after} == command.before


# --- import: each entry by itself ---------------------------------------

IMPORTED = [table.system("beta", ["engineering PUBLIC INTERNAL"]),
            table.system("new1", ["engineering PUBLIC INTERNAL"]),
            table.system("gamma", ["corporate OPEN OPEN"])]


@pytest.fixture
def imports(site):
    path = site.scratch.write("import.ldif", "\n".join(IMPORTED))
    return Command(site, [], ["import", path, "--widen"], len(IMPORTED))


@pytest.mark.parametrize("fate, status", [(Between.REFUSED, 1),
                                          (Between.AWAY, 3)])
def test_import_that_stops(imports, fate, status):
    """It says where, and goes on there."""
    for number in imports.each():
        done = imports.run({number: fate}.get)
        assert done.status == status, done
        assert "stopped after %d of 3 entries" % (number - 1) in done.err
        there = imports.site.server.dump()
        assert sum(there.get(dn) != imports.before.get(dn) for dn in {
            *there, *imports.before}) == number - 1
        imports.is_done_again()


@pytest.mark.parametrize("fate", [Between.CUT, Between.UNANSWERED,
                                  Between.ENDED])
def test_import_though_the_connection_breaks(imports, fate):
    for number in imports.each():
        done = imports.run({number: fate}.get)
        assert done.status == 0, done
        assert imports.site.server.dump() == imports.after


def test_import_after_a_kill(imports):
    for number in imports.each():
        imports.ended(number, signal.SIGKILL)
        eventually(lambda: imports.site.server.dump() != imports.before)
        imports.is_done_again()
