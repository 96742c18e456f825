# tests/testlib/agent.py - processes whose GSS calls a test decides
# SPDX-License-Identifier: BSD-2-Clause
"""The test stands between two agents: it carries tokens from one to the
other, and does with them whatever a man in the middle can do."""

import itertools
import json
import select

from .process import PATIENCE, Failure


class Refused(Exception):
    """A GSS call failed; token: what it put out all the same, or None."""

    def __init__(self, answer):
        super().__init__(answer["error"])
        self.major = answer["major"]
        self.minor = answer["minor"]
        token = answer.get("token")
        self.token = bytes.fromhex(token) if token else None


class Agent:
    """A process on system that runs as uid with a user's ticket cache."""

    def __init__(self, system, uid, ccache=None, plugin=True, **environment):
        world = system.world
        env = system.environment(uid, ccache, plugin)
        env["TR_OID_ARC"] = world.oid_arc
        env.update(environment)
        self.system = system
        self._ids = itertools.count(1)
        self._process = system.spawn(
            ["/usr/bin/python3", world.script("agent_main.py")],
            "agent-%d" % world.next_number(),
            env=env, uid=uid, with_stdin=True, with_stdout=True)

    def call(self, name, **arguments):
        """Make a call; octets of the answer are bytes.  Refused when it
        fails, Failure when the process died or does not answer."""
        for key, value in arguments.items():
            if isinstance(value, bytes):
                arguments[key] = value.hex()
        line = json.dumps(dict(arguments, call=name)) + "\n"
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError:
            raise self._died() from None
        ready, _, _ = select.select([self._process.stdout], [], [],
                                    30 * PATIENCE)
        if not ready:
            raise Failure("%s: no answer" % name)
        answer = self._process.stdout.readline()
        if not answer:
            raise self._died()
        answer = json.loads(answer)
        if "error" in answer:
            raise Refused(answer)
        for key in ("token", "message"):
            if answer.get(key) is not None:
                answer[key] = bytes.fromhex(answer[key])
        return answer

    def _died(self):
        self._process.wait(check=False)
        return Failure("the program ended with status %s:\n%s" % (
            self._process.status, self._process.text()))

    @property
    def pid(self):
        return self._process.pid

    def alive(self):
        return self._process.alive()

    def waits_for_daemon(self):
        """Whether it waits for an answer."""
        with open("/proc/%d/wchan" % self.pid) as wchan:
            return "poll" in wchan.read()

    def initiate(self, target, **options):
        """A context of its own and its first token."""
        context = Context(self, next(self._ids))
        answer = self.call("init", id=context.id, target=target, **options)
        return context, answer["token"]

    def accept(self, token, context=None):
        """(context, reply token, client) of an acceptor."""
        context = context or Context(self, next(self._ids))
        try:
            answer = self.call("accept", id=context.id, token=token)
        except Refused:
            self.call("forget", id=context.id)
            raise
        return context, answer["token"], answer["client"]


class Context:
    """One end of a security context, in an agent."""

    def __init__(self, agent, id):
        self.agent = agent
        self.id = id

    def _call(self, name, **arguments):
        return self.agent.call(name, id=self.id, **arguments)

    def step(self, token):
        return self._call("step", token=token)["token"]

    def wrap(self, message, conf=True):
        return self._call("wrap", message=message, conf=conf)["token"]

    def unwrap(self, token):
        return self._call("unwrap", token=token)["message"]

    def mic(self, message):
        return self._call("mic", message=message)["token"]

    def verify(self, message, token):
        self._call("verify", message=message, token=token)

    def unwrap_stream(self, token):
        return self._call("unwrap_stream", token=token)["message"]

    def wrap_parts(self, message, conf=True):
        """[header, data, trailer], as wrap_iov() fills them."""
        return [bytes.fromhex(part) for part in self._call(
            "wrap_parts", message=message, conf=conf)["parts"]]

    def unwrap_parts(self, header, data, trailer):
        return self._call("unwrap_parts", header=header, data=data,
                          trailer=trailer)["message"]

    def verify_iov(self, message, token):
        self._call("verify_iov", message=message, token=token)

    def set_label(self, label):
        self._call("set_label", label=label)

    def inquire(self, number):
        return self._call("inquire", number=number)["values"]

    def label(self):
        """Established label, in the trust realm's format."""
        return self.inquire(3)[0]

    def message_label(self):
        """Label of the message delivered last: (trust realm's, local)."""
        return tuple(self.inquire(9))

    def forget(self):
        self._call("forget")


def establish(initiator, acceptor, target, **options):
    """A context between two agents: both ends of it."""
    ours, token = initiator.initiate(target, **options)
    theirs, reply, _ = acceptor.accept(token)
    ours.step(reply)
    return ours, theirs
