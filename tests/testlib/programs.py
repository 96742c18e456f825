# tests/testlib/programs.py - GSS-API programs that tests talk through
# SPDX-License-Identifier: BSD-2-Clause
"""gss-label, the project's test tool, and Debian's unmodified gss-client and
gss-server.  Servers listen on 127.0.0.1; names are given separately, so no
name service is needed."""

import json
import socket

from .process import Failure, eventually, run
from .scratch import free_port


def parse_events(text):
    """The JSON lines in text; the last one may be half written."""
    return [json.loads(line) for line in text.splitlines(True)
            if line.startswith("{") and line.endswith("\n")]


def pick(events, **wanted):
    return [e for e in events
            if all(e.get(k) == v for k, v in wanted.items())]


class Outcome:
    """What a run of "gss-label client" or "token" came to."""

    def __init__(self, result):
        self.result = result
        self.status = result.status
        self.events = parse_events(result.out)

    def of(self, event, **wanted):
        return pick(self.events, event=event, **wanted)

    @property
    def context(self):
        found = self.of("context")
        return found[0] if found else None

    @property
    def replies(self):
        return self.of("reply")

    @property
    def errors(self):
        return self.of("error")

    @property
    def delivered(self):
        return self.status == 0

    def __repr__(self):
        return repr(self.result)


class _Label:
    """gss-label that goes on while the test does something."""

    _process = None

    def events(self):
        return parse_events(self._process.text())

    def of(self, event, **wanted):
        return pick(self.events(), event=event, **wanted)

    def wait(self, event, count=1, **wanted):
        """At least count events of this kind."""
        eventually(lambda: len(self.of(event, **wanted)) >= count,
                   what=lambda: "event %s %s in:\n%s" % (
                       event, wanted, self._process.text()))
        return self.of(event, **wanted)

    def alive(self):
        return self._process.alive()

    def text(self):
        return self._process.text()

    def kill(self):
        self._process.kill()


class LabelServer(_Label):
    """"gss-label server" on a system, until the end of the scratch."""

    def __init__(self, system, uid, options=(), **environment):
        env = system.environment(uid)
        env.update(environment)
        env = {k: v for k, v in env.items() if v is not None}
        world = system.world
        self.system = system
        self._process = system.scratch.spawn(
            [world.program("gss-label"), "server", "--json", "-a",
             "127.0.0.1", "-p", "0"] + list(options),
            "%s/server-%d" % (system.name, world.next_number()), env=env,
            uid=uid)
        self._process.wait_for(r'"listening"')
        self.pid = self._process.pid
        self.port = pick(self.events(), event="listening")[0]["port"]


class LabelClient(_Label):
    """"gss-label client" that goes on while the test does something."""

    def __init__(self, system, uid, ccache, to, service, options=()):
        world = system.world
        self._process = system.scratch.spawn(
            [world.program("gss-label"), "client", "--json", "-p", to]
            + list(options) + ["127.0.0.1", service],
            "%s/client-%d" % (system.name, world.next_number()),
            env=system.environment(uid, ccache), uid=uid)

    def finish(self):
        return self._process.wait(60, check=False)


def label_client(system, uid, ccache, port, service, options=(), plugin=True,
                 **environment):
    """Run "gss-label client" to its end; a variable None is left out."""
    env = system.environment(uid, ccache, plugin)
    env.update(environment)
    env = {k: v for k, v in env.items() if v is not None}
    return Outcome(run(
        [system.world.program("gss-label"), "client", "--json", "-p", port]
        + list(options) + ["127.0.0.1", service],
        env=env, uid=uid, check=False))


class GssServer:
    """Debian's gss-server, for one connection.  finish() before text()."""

    def __init__(self, system, uid, service, options=("-once",)):
        for _ in range(10):
            self.port = free_port()
            self._process = system.scratch.spawn(
                [system.world.program("gss-server"), "-port", self.port,
                 "-verbose"] + list(options) + [service],
                "%s/gss-server-%d" % (system.name,
                                      system.world.next_number()),
                env=system.environment(uid), uid=uid)
            try:
                self._process.wait_for("^starting")
                return
            except Failure:
                if "in use" not in self._process.text():
                    raise
        raise Failure("gss-server finds no free port")

    def text(self):
        return self._process.text()

    def finish(self):
        """Wait for its end, when all of its output is there."""
        self._process.wait(check=False)
        return self.text()


def gss_client(system, uid, ccache, port, service, message, options=(),
               plugin=True):
    """Run Debian's gss-client; its Result."""
    return run([system.world.program("gss-client"), "-port", port]
               + list(options) + ["127.0.0.1", service, message],
               env=system.environment(uid, ccache, plugin), uid=uid,
               check=False)


class Listener:
    """A peer that only counts what came to a TCP port of 127.0.0.1; to be
    asked when the client has ended."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self._connections = self._octets = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()

    @property
    def connections(self):
        self._count()
        return self._connections

    @property
    def octets(self):
        self._count()
        return self._octets

    def _count(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except BlockingIOError:
                return
            self._connections += 1
            with peer:
                peer.settimeout(10)
                while data := peer.recv(65536):
                    self._octets += len(data)
