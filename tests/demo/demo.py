#!/usr/bin/python3
# tests/demo/demo.py - what trustrealm does, shown on real parts
# SPDX-License-Identifier: BSD-2-Clause
"""A KDC, an LDAP server and the daemons of several systems, all real, and
eight scenes with the evidence for each.  "sh tools/quickstart demo"."""

import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from testlib import table                                    # noqa: E402
from testlib.agent import Refused, establish                 # noqa: E402
from testlib.process import PATIENCE, eventually             # noqa: E402
from testlib.programs import Listener                        # noqa: E402
from testlib.servers import Missing                          # noqa: E402
from testlib.token import (KRB5, TAG, Token, flipped,        # noqa: E402
                           make, trailer)
from testlib.world import (CHIEF, CLERK, DESK, ROOT, SERVICE,  # noqa: E402
                           SINGLE, VAULT, World)

TARGET = "sample@beta.example.test"
BY_PASSES = {
    "beta": {"policy": {"allow-bypass": "true"}},
    "alpha": {"policy": {"allow-bypass": "true",
                         "bypass-to": "plain/epsilon.example.test@*"}}}
if ROOT:
    BY_PASSES["alpha"]["rules"] = {"single": {
        "uid": SINGLE, "lowest": "open", "highest": "open", "label": "open"}}


class Show:
    """Prints evidence and counts what held."""

    def __init__(self):
        self.passed = self.failed = 0

    def scene(self, number, title):
        print("\n%d. %s" % (number, title))

    def check(self, held, text):
        print("   %s %s" % ("ok  " if held else "FAIL", text))
        if held:
            self.passed += 1
        else:
            self.failed += 1
        sys.stdout.flush()

    def note(self, text):
        print("        " + text)

    def record(self, system, record):
        """A line of audit record."""
        words = [system.name, record["result"], record["event"]]
        for key in ("step", "code", "realm", "label", "user"):
            if record.get(key) is not None:
                words.append(record[key])
        if "local_label" in record:
            words.append("(here: %s)" % record["local_label"])
        if record["correlation"] is not None:
            words.append("#" + record["correlation"][:8])
        self.note("audit  " + "  ".join(words))


show = Show()


def denied(system, mark):
    return system.audit.wait(mark, result="deny")


# --- 1 ------------------------------------------------------------------

def unmodified_programs(world):
    show.scene(1, "Debian's gss-client on alpha, gss-server on beta, only "
               "GSS_MECH_CONFIG set")
    marks = world.alpha.audit.mark(), world.beta.audit.mark()
    server = world.gss_server()
    result = world.gss_client(server, "a labelled message")
    show.check(result.status == 0
               and 'Received message: "a labelled message"'
               in server.finish(),
               'gss-server: Received message: "a labelled message"')
    sent = world.alpha.audit.since(marks[0], result="allow")[-1]
    taken = world.beta.audit.since(marks[1], result="allow")[-1]
    show.record(world.alpha, sent)
    show.record(world.beta, taken)
    show.check(sent["realm"] == taken["realm"] == "engineering",
               "trust realm engineering at both ends")
    show.check((sent["local_label"], taken["label"], taken["local_label"])
               == ("official", "INTERNAL", "blue"),
               "label official -> INTERNAL -> blue, as alpha's policy gives "
               "this uid")
    show.check(sent["correlation"] == taken["correlation"],
               "both records carry the same correlation id")


# --- 2 ------------------------------------------------------------------

def labels(world):
    show.scene(2, "Labels by message, over krb5, the own OID and SPNEGO")
    server = world.server("beta")
    for mechanism in ("krb5", "trustrealm", "spnego"):
        seen, fine = [], True
        for protection in ("wrap", "integrity", "mic", "iov"):
            outcome = world.client(server, "-m", mechanism, "-P", protection,
                                   "-L", "", "-L", "grave:cipher",
                                   "-L", "open")
            seen = [r["peer_saw"]["label"] for r in outcome.replies]
            fine = fine and outcome.delivered and seen == [
                "INTERNAL", "SECRET:CRYPTO", "PUBLIC"]
        show.check(fine, "%-10s wrap, integrity, mic, iov: beta saw %s"
                   % (mechanism, " ".join(seen)))
    outcome = world.client(server, "-L", "grave:antenna", "-L", "open")
    show.check(outcome.status == 1 and len(outcome.replies) == 1,
               "grave:antenna is outside the agreed range %s: refused, the "
               "next message goes on" % " .. ".join(
                   outcome.context["range"]))


# --- 3 ------------------------------------------------------------------

def peers(world):
    show.scene(3, "Systems in no common trust realm, or in another one")
    for peer, what in (("delta", "in the table, in no trust realm"),
                       ("epsilon", "not in the table")):
        mark = world.alpha.audit.mark()
        with Listener() as listener:
            outcome = world.client(listener.port, to=peer)
            show.check(outcome.status == 1 and listener.octets == 0
                       and listener.connections == 0,
                       "%s (%s): refused, %d octets reached its socket"
                       % (peer, what, listener.octets))
        show.record(world.alpha, denied(world.alpha, mark))
        explained = world.explain("alpha", peer)
        words = explained.out.strip().rpartition("\n")[2].split("\t")
        show.check(explained.status == 1 and "refused" in words,
                   "trustrealm explain: refused, " + words[-1])
    outcome = world.client(world.server("gamma"), to="gamma")
    show.check(outcome.delivered
               and outcome.context["trust_realm"] == "corporate",
               "gamma: delivered in trust realm corporate, label "
               + outcome.context["label"])


# --- 4 ------------------------------------------------------------------

def ranges(world):
    show.scene(4, "A label outside a range, each at its step")
    cases = [
        ("receiver's accreditation", "S9", ("-l", "grave:antenna"), {}),
        ("user's clearance", "S10", ("-l", "grave"), {"user": "bob"}),
    ]
    if ROOT:
        cases = [
            ("sending process", "S6", ("-l", "grave"), {"uid": CLERK}),
            ("sender's accreditation", "S8", ("-l", "utmost"),
             {"uid": CHIEF}),
        ] + cases
    for what, step, options, who in cases:
        mark = world.alpha.audit.mark()
        with Listener() as listener:
            outcome = world.client(listener.port, *options, **who)
            record = denied(world.alpha, mark)
            show.check(outcome.status == 1 and record["step"] == step
                       and listener.octets == 0,
                       "%s: refused at %s" % (what, record["step"]))
        show.record(world.alpha, record)
    if not ROOT:
        show.note("not shown: ranges of single processes (needs root, "
                  "for programs under several uids)")
        return
    mark = world.beta.audit.mark()
    outcome = world.client(world.server("beta", uid=DESK), "-l", "grave")
    record = denied(world.beta, mark)
    show.check(outcome.status == 1 and record["step"] == "R10",
               "receiving process: refused at %s" % record["step"])
    show.record(world.beta, record)
    show.check("process" not in outcome.errors[-1]["text"].lower(),
               'the peer hears only: "%s"' % outcome.errors[-1]["text"])


# --- 5 ------------------------------------------------------------------

def refused(call, *arguments):
    try:
        call(*arguments)
        return False
    except Refused:
        return True


def forgeries(world):
    show.scene(5, "A user who forges")
    alice = world.agent("alpha", "alice")
    beta = world.agent("beta", None, SERVICE, KRB5RCACHENAME="none:")
    honest = establish(alice, beta, TARGET)
    forged_tokens(world, alice, beta)
    forged_replies(alice, beta)
    forged_messages(alice, beta)
    honest[1].unwrap(honest[0].wrap(b"beside"))
    show.check(alice.alive() and beta.alive() and world.beta.running(),
               "honest traffic beside it went on; nothing crashed")


def forged_tokens(world, alice, beta):
    bob = world.agent("alpha", "bob", CLERK)
    plain = world.agent("alpha", "alice", plugin=False)

    def fresh(agent=alice):
        return Token(agent.initiate(TARGET)[1])

    token = fresh()
    show.check(refused(beta.accept, plain.initiate(TARGET)[1]),
               "own token without our part: refused")
    show.check(refused(beta.accept, token.with_(trailer=b"")),
               "trailer stripped: refused")
    show.check(refused(beta.accept, token.with_(trailer=fresh().trailer)),
               "environment moved to another context: refused")
    show.check(refused(beta.accept, token.with_(trailer=fresh(bob).trailer)),
               "environment of another user's process: refused")
    lifted = token.trailer_fields()[1]
    show.check(refused(beta.accept, lifted) and refused(
        beta.accept, make(0x60, make(6, KRB5) + b"\x01\0" + lifted)),
        "system AP-REQ lifted out and used as a log-in: refused")

    used = bytes(fresh())
    beta.accept(used)
    again = refused(beta.accept, used)
    world.beta.restart()
    show.check(again and refused(beta.accept, used),
               "replay, the application's replay cache off: refused, also "
               "after a restart of the daemon")

    octets, accepted = len(bytes(fresh())), 0
    for at in range(octets):
        context, token = alice.initiate(TARGET)
        accepted += not refused(lambda: context.step(
            beta.accept(flipped(token, at % len(token)))[1]))
        context.forget()
    show.check(accepted == 0, "a bit flipped in every one of %d bytes of "
               "the first token: %d contexts" % (octets, accepted))


def forged_replies(alice, beta):
    def forged(forge):
        context, first = alice.initiate(TARGET)
        _, reply, _ = beta.accept(first)
        return refused(context.step, Token(reply).with_(
            trailer=forge(Token(first).trailer_fields())))

    show.check(forged(lambda sent: b"") and
               forged(lambda sent: trailer(2, 1, sent[1])),
               "reply stripped, acceptance reflected: refused")

    octets = len(beta.accept(alice.initiate(TARGET)[1])[1])
    accepted = 0
    for at in range(octets):
        context, first = alice.initiate(TARGET)
        theirs, reply, _ = beta.accept(first)
        accepted += not refused(context.step, flipped(reply, at % len(reply)))
        context.forget()
        theirs.forget()
    show.check(accepted == 0, "a bit flipped in every one of %d bytes of "
               "the reply: %d contexts" % (octets, accepted))


def forged_messages(alice, beta):
    """A labelled MIC is a head, with the record, and a MIC."""
    ours, theirs = establish(alice, beta, TARGET)
    other, _ = establish(alice, beta, TARGET)
    for context in ours, other:
        context.set_label("grave")
    message, mic = ours.wrap(b"secret"), ours.mic(b"secret")
    foreign = other.mic(b"secret")
    for context in ours, other:
        context.set_label("")
    unlabelled = ours.mic(b"secret")
    head, plain = mic[:-len(unlabelled)], mic[-len(unlabelled):]
    foreign = foreign[:-len(unlabelled)]
    attempts = [refused(theirs.unwrap, flipped(message, at))
                for at in range(len(message))]
    attempts += [refused(theirs.verify, text, plain) for text in (
        b"secret", b"secret" + head,
        b"secret" + head[TAG + 2:] + head[TAG:TAG + 2] + head[:TAG])]
    attempts += [refused(theirs.verify, b"secret", graft) for graft in (
        head + unlabelled, foreign + unlabelled, foreign + plain)]
    own = head[:TAG + 2] + os.urandom(len(head) - TAG - 2)
    show.check(refused(theirs.verify, b"secret", own + plain),
               "label record of his own making: refused")
    show.check(all(attempts), "label record cut, moved, grafted, or a bit "
               "flipped in every byte of the message: %d delivered"
               % attempts.count(False))
    show.check(theirs.unwrap(message) == b"secret"
               and theirs.message_label()[0] == "SECRET",
               "the untouched message: delivered, SECRET")


# --- 6 ------------------------------------------------------------------

def plain_peers(world):
    show.scene(6, "Plain Kerberos peers")
    server = world.server("beta")
    outcome = world.client(server, plugin=False)
    show.check(outcome.status == 1 and not server.of("message"),
               "plain client, no by-pass: refused by beta")
    outcome = world.client(server, service="plain", plugin=False)
    context = server.of("context")
    show.check(outcome.delivered and context[-1]["state"] == "unlabelled",
               "plain client, by-pass for plain/beta and alice: delivered, "
               + context[-1]["state"])
    record = world.beta.audit.since(0, bypass=True, result="allow")[-1]
    show.record(world.beta, record)
    show.check(record["local_label"] == "white", "under the lowest label")
    show.check(world.client(server, service="plain", user="bob",
                            plugin=False).status == 1,
               "the same for bob: refused")
    server = world.server("beta", GSS_MECH_CONFIG="/dev/null")
    outcome = world.client(server)
    show.check(outcome.status == 1 and not server.of("message"),
               'server without the plugin: "%s"' % outcome.errors[-1]["text"])
    if not ROOT:
        show.note("not shown: by-pass and the range of processes (needs "
                  "root, for programs under several uids)")
        return
    server = world.server("beta", uid=VAULT)
    outcome = world.client(server, service="plain", plugin=False)
    show.check(outcome.status == 1 and not server.of("message"),
               "plain client, by-pass, a server of a higher range: refused")
    server = world.server("epsilon", GSS_MECH_CONFIG="/dev/null")
    outcome = world.client(server, to="epsilon", service="plain", uid=SINGLE)
    show.check(outcome.delivered and outcome.context["state"] == "unlabelled",
               "plain server, by-pass for plain/epsilon, a process of only "
               "the lowest label: delivered")
    with Listener() as listener:
        outcome = world.client(listener.port, to="epsilon", service="plain")
        show.check(outcome.status == 1 and listener.octets == 0,
                   "the same, a process of a higher range: refused, %d "
                   "octets reached its socket" % listener.octets)


# --- 7 ------------------------------------------------------------------

def limit_age(world, age):
    for system in world.alpha, world.beta:
        system.config["table"]["maximum-staleness"] = age
        system.reload()


def outages(world):
    show.scene(7, "LDAP killed, then a daemon; maximum staleness 3 s")
    server = world.server("beta")
    running = world.talking_client(server)
    world.directory.kill()
    show.check(world.client(server).delivered,
               "LDAP killed: traffic goes on from the table")
    mark = world.alpha.audit.mark()
    limit_age(world, "3s")
    running.wait("error")
    outcome = world.client(server)
    record = denied(world.alpha, mark)
    show.check(outcome.status == 1 and record["code"] == "TRR_STALE",
               "past maximum staleness: refused, " + record["code"])
    world.directory.start()
    eventually(lambda: world.client(server).delivered, what="traffic")
    show.check(True, "LDAP back: traffic resumes without restart")
    running.kill()
    limit_age(world, None)

    running = world.talking_client(server)
    world.alpha.kill()
    killed = time.monotonic()
    outcome = world.client(server)
    show.check(outcome.status == 1 and time.monotonic() - killed < PATIENCE,
               'trustrealmd killed: at once "%s"'
               % outcome.errors[-1]["text"])
    running.wait("error")
    world.alpha.start()
    replies = len(running.of("reply"))
    running.wait("reply", count=replies + 3)
    show.check(world.client(server).delivered,
               "restarted: works again, also for the program that was "
               "running")
    running.kill()


# --- 8 ------------------------------------------------------------------

def withdrawal(world):
    show.scene(8, "Membership of beta withdrawn in LDAP, a context is live")
    ours, theirs = establish(world.agent("alpha", "alice"),
                             world.agent("beta", None, SERVICE), TARGET)
    theirs.unwrap(ours.wrap(b"before"))
    marks = world.alpha.audit.mark(), world.beta.audit.mark()
    world.directory.replace(table.system_dn("beta"), "trMembership")
    written = time.monotonic()
    for system, end, mark in zip((world.alpha, world.beta), (ours, theirs),
                                 marks):
        eventually(lambda: refused(end.wrap, b"after"), what="refusal")
        after = time.monotonic() - written
        show.check(after < PATIENCE, "%s: next message refused %.0f ms after "
                   "the LDAP write" % (system.name, after * 1000))
        show.record(system, denied(system, mark))


# --- all ----------------------------------------------------------------

def play(scenes, **options):
    """Run scenes in a world of their own."""
    with World(**options) as world:
        for scene in scenes:
            try:
                scene(world)
            except Exception:
                show.check(False, "the scene broke off")
                traceback.print_exc(limit=-3)


def main():
    started = time.monotonic()
    print("trustrealm: a real KDC and LDAP server; systems alpha and beta in "
          "trust realms\nengineering and corporate, gamma in corporate, "
          "delta in none, epsilon unknown")
    try:
        play([unmodified_programs, labels, peers, ranges, forgeries],
             run=("alpha", "beta", "gamma"))
        play([plain_peers], changes=BY_PASSES)
        play([outages, withdrawal])
    except Missing as missing:
        show.check(False, str(missing))
    except KeyboardInterrupt:
        return 130
    print("\n%.0f seconds" % (time.monotonic() - started))
    print("%d passed, %d failed" % (show.passed, show.failed))
    return 0 if show.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
