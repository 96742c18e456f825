# tests/testlib/stores.py - the same entries in a server and in a file
# SPDX-License-Identifier: BSD-2-Clause
"""What "trustrealm" writes to, to be compared."""

import base64
import os
import socket
import threading

from . import table
from .directory import Directory
from .process import run
from .site import Site
from .tool import trustrealm

BETA, GAMMA, DELTA = (
    table.system_dn(name) for name in ("beta", "gamma", "delta"))
ALICE, BOB = (table.user_dn(name) for name in ("alice", "bob"))
SYSTEM = ("trPrincipal", "trustrealm/new.example.test@EXAMPLE.TEST")
NAVY = "trFormat=navy+trRealmName=engineering,ou=maps," + table.BASE
PASSWORD = "table-manners"
USER = "uid=%s,cn=example.test,cn=gssapi,cn=auth"

# What bob may write: not gamma, no account, and no system that is new.
ACCESS = """\
access to dn.exact={gamma} by dn.exact={bob} read by * break
access to dn.subtree={people} by dn.exact={bob} read by * break
access to dn.exact=ou=systems,{suffix} attrs=children
    by dn.exact={bob} none by * break
access to dn.exact=ou=systems,{base} attrs=children
    by dn.exact={bob} none by * break
access to dn.subtree={suffix} by dn.exact={bob} write by * break
limits dn.exact={bob} size=unlimited
""".format(gamma=GAMMA, people=table.PEOPLE, base=table.BASE,
           suffix=table.SUFFIX, bob=USER % "bob")


def parse(ldif):
    """{DN: sorted [(attribute, value)]} of LDIF text."""
    entries = {}
    text = ldif.replace("\r\n", "\n").replace("\n ", "")
    for block in text.split("\n\n"):
        dn, values = None, []
        for line in block.splitlines():
            if line.startswith("#") or not line:
                continue
            name, value = line.split(":", 1)
            if value.startswith(":"):
                value = base64.b64decode(value[1:]).decode()
            value = value.strip()
            if name == "dn":
                dn = value
            else:
                values.append((name, value))
        if dn:
            assert dn not in entries
            entries[dn] = sorted(values)
    return entries


class File:
    """An LDIF file."""

    name = "ldif"

    def __init__(self, path):
        self.path = str(path)
        self.options = ["--ldif", self.path, "--base", table.BASE]

    def reset(self, entries):
        with open(self.path, "w") as out:
            out.write(table.ldif(entries))
        os.chmod(self.path, 0o600)

    def dump(self):
        with open(self.path) as file:
            return parse(file.read())


class Server:
    """A Directory, which we administer through its socket."""

    name = "ldap"

    def __init__(self, directory):
        self.directory = directory
        self.options = ["--uri", directory.ldapi, "--base", table.SUFFIX]

    def reset(self, entries):
        wanted = parse(table.ldif(entries))
        there = self.dump()
        gone = [dn for dn in sorted(there, key=len, reverse=True)
                if there[dn] != wanted.get(dn)]
        if gone:
            self.directory.modify("\n".join(
                "dn: %s\nchangetype: delete\n" % dn for dn in gone))
        left = self.dump() if there != wanted else there
        added = [e for e in entries
                 if list(parse(e))[0] not in left]
        if added:
            self.directory.add(table.ldif(added))

    def dump(self):
        return parse(self.directory.search(table.SUFFIX))


class Between:
    """A unix socket in front of a directory's own: calls before(n) when the
    nth modification comes through, and then passes it on, unless that returns
    what the connection breaks by.  search_of: when a search of that DN comes,
    instead.  The server seems to have no assertion control unless assertions,
    and to say other octets where replaced has them, for as many.
    seen(octets): what comes through."""

    #: It is not passed on; or the answer is not; or what follows on that is
    #: not; or it is not passed on, and there is no other connection.
    CUT, UNANSWERED, ENDED, AWAY = "cut", "unanswered", "ended", "away"
    #: Not passed on either; "insufficient access" is the answer.
    REFUSED = "refused"

    WRITES = {0x66, 0x68, 0x4a}         # modify, add, delete
    SEARCH = 0x63

    def __init__(self, scratch, directory, before, search_of=None,
                 assertions=True, replaced=(), seen=None):
        self.path = scratch.join("between")
        self.uri = "ldapi://" + self.path.replace("/", "%2F")
        self._target = directory.path + "/ldapi"
        self._before = before
        self._search_of = search_of
        self._seen = seen or (lambda octets: None)
        self._replaced = dict(replaced)
        if not assertions:
            self._replaced[b"1.3.6.1.1.12"] = b"1.3.6.1.1.99"
        self._count = 0
        self._ends = {}
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self._socket.close()
        os.unlink(self.path)

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            for source, target, watch in ((client, server, True),
                                          (server, client, False)):
                threading.Thread(target=self._copy, daemon=True,
                                 args=(source, target, watch)).start()

    def _copy(self, source, target, watch):
        while True:
            try:
                octets = source.recv(1 << 20)
            except OSError:
                return
            if not octets:
                target.close()
                return
            if self._ends.get(source) == self.UNANSWERED:
                target.shutdown(socket.SHUT_RDWR)
                return
            if self._ends.get(source) == self.ENDED:
                target.shutdown(socket.SHUT_RD)
            if watch:
                self._seen(octets)
            if watch and self._awaited(octets):
                self._count += 1
                fate = self._before(self._count)
                if fate == self.REFUSED:
                    source.sendall(self._refusal(octets))
                    continue
                if self._breaks(fate, source, target):
                    return
            for old, new in self._replaced.items():
                octets = octets.replace(old, new)
            try:
                target.sendall(octets)
            except OSError:
                return

    def _breaks(self, fate, client, server):
        self._ends[server] = fate
        if fate == self.AWAY:
            self._socket.shutdown(socket.SHUT_RDWR)
        if fate in (self.CUT, self.AWAY):
            client.shutdown(socket.SHUT_RDWR)
            server.shutdown(socket.SHUT_RDWR)
        return fate in (self.CUT, self.AWAY)

    @staticmethod
    def _split(octets):
        """The number of a request, and its operation."""
        at = 2 + (octets[1] & 0x7f if octets[1] & 0x80 else 0)
        end = at + 2 + octets[at + 1]
        return octets[at:end], octets[end]

    def _refusal(self, octets):
        number, operation = self._split(octets)
        answer = bytes([(operation | 0x20) + 1, 7, 10, 1, 50, 4, 0, 4, 0])
        return bytes([0x30, len(number + answer)]) + number + answer

    def _awaited(self, octets):
        _, operation = self._split(octets)
        if self._search_of is None:
            return operation in self.WRITES
        return operation == self.SEARCH and self._search_of.encode() in octets


class Shared(Directory):
    """That bob may write to, and its administrator with a password through
    TLS."""

    def create(self, entries):
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", self.scratch.join("tls.key"), "-out",
             self.certificate, "-days", "2", "-subj", "/CN=" + self.host,
             "-addext", "subjectAltName=IP:" + self.host])
        super().create(entries)

    @property
    def certificate(self):
        return self.scratch.join("tls.pem")

    def _globals(self):
        return "TLSCertificateFile %s\nTLSCertificateKeyFile %s\n" % (
            self.certificate, self.scratch.join("tls.key"))

    def _access(self):
        return "rootpw %s\n" % PASSWORD + ACCESS + super()._access()


def entries():
    return table.suffix_entries() + table.entries()


class Stores(Site):
    """A server and a file with the same entries, and a KDC.  Use as a context
    manager."""

    def __init__(self):
        super().__init__(Shared, entries(), ("bob", "stranger"))
        self.server = Server(self.directory)
        self.file = File(self.scratch.join("table.ldif"))
        self.stores = (self.server, self.file)

    def reset(self):
        for store in self.stores:
            store.reset(entries())

    def run(self, store, *arguments):
        return trustrealm(*arguments, *store.options)

    def both(self, *arguments):
        """Do it to both; the results, which must be the same."""
        a, b = (self.run(store, *arguments) for store in self.stores)
        assert (a.status, sorted(a.out.splitlines())) == \
            (b.status, sorted(b.out.splitlines())), (a, b)
        assert (a.err.replace(self.directory.ldapi, "IT")
                == b.err.replace(self.file.path, "IT"))
        assert self.server.dump() == self.file.dump()
        return a

    def as_user(self, user, *arguments):
        """Over TCP, by the user's ticket."""
        return trustrealm(*arguments, "--uri", self.directory.uri, "--base",
                          table.SUFFIX, **self.environment(user))
