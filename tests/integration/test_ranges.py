# tests/integration/test_ranges.py - a label outside a range is refused
# SPDX-License-Identifier: BSD-2-Clause
"""Range of sender, receiver, user, and of the processes at both ends: each is
refused at its own step, and the peer never learns which."""

import pytest

from testlib import table
from testlib.process import eventually
from testlib.programs import Listener
from testlib.world import CHIEF, CLERK, DESK, STRANGER, VAULT, as_uid


def refused_at_sender(world, *options, **who):
    """Call beta; the audit record that refused it, with nothing sent."""
    mark = world.alpha.audit.mark()
    with Listener() as listener:
        outcome = world.client(listener.port, *options, **who)
        assert (listener.connections, listener.octets) == (0, 0)
    assert outcome.status == 1, outcome
    record = world.alpha.audit.since(mark)[-1]
    assert record["result"] == "deny"
    return record


def refused_at_receiver(world, server, *options, **who):
    """The audit record of beta that refused it; (record, client's error)."""
    mark = world.beta.audit.mark()
    outcome = world.client(server, *options, **who)
    assert outcome.status == 1, outcome
    assert outcome.context is None
    assert not server.of("message")
    record = world.beta.audit.wait(mark, result="deny")
    return record, outcome.errors[-1]


def test_process_of_the_sender(world, several_uids):
    record = refused_at_sender(world, "-l", "grave", uid=CLERK)
    assert (record["step"], record["code"]) == ("S6", "TRR_PROCESS_RANGE")


def test_accreditation_of_the_sender(world, several_uids):
    record = refused_at_sender(world, "-l", "utmost", uid=CHIEF)
    assert (record["step"], record["code"]) == ("S8", "TRR_SENDER_RANGE")
    assert record["label"] == "TOPSECRET"


def test_accreditation_of_the_receiver(world):
    record = refused_at_sender(world, "-l", "grave:antenna")
    assert (record["step"], record["code"]) == ("S9", "TRR_RECEIVER_RANGE")
    assert record["label"] == "SECRET:RADAR"
    assert record["receiver"] == "beta.example.test"


def test_clearance_of_the_user(world):
    record = refused_at_sender(world, "-l", "grave", user="bob")
    assert (record["step"], record["code"]) == ("S10", "TRR_CLEARANCE")
    assert record["user"] == "bob@EXAMPLE.TEST"


def test_user_without_clearance_of_his_own(world):
    """Only users whose entry states a clearance are held to one."""
    outcome = world.client(world.server("beta"), user="carol")
    assert outcome.delivered, outcome


def test_category_without_counterpart(world, several_uids):
    record = refused_at_sender(world, "-l", "grave:atom", uid=CHIEF)
    assert (record["step"], record["code"]) == ("S7", "TRR_LABEL_UNMAPPED")


def test_process_of_the_receiver(world, several_uids):
    server = world.server("beta", uid=DESK)
    record, error = refused_at_receiver(world, server, "-l", "grave")
    assert (record["step"], record["code"]) == ("R10", "TRR_PROCESS_RANGE")
    assert record["label"] == "SECRET"
    assert record["sender"] == "alpha.example.test"
    assert "PROCESS" not in error["text"].upper()


def test_receiving_process_above_the_label(world, several_uids):
    server = world.server("beta", uid=VAULT)
    record, _ = refused_at_receiver(world, server, "-l", "official")
    assert (record["step"], record["code"]) == ("R10", "TRR_PROCESS_RANGE")


def test_receiving_process_without_a_rule(make_world, several_uids):
    """Both administrators find the refusal by one identifier."""
    accept = str(as_uid(STRANGER))
    world = make_world(
        changes={"beta": {"services": {"sample": {"accept": accept}}}})
    sealed = world.alpha.audit.mark()
    record, _ = refused_at_receiver(world, world.server("beta", uid=STRANGER))
    assert (record["step"], record["code"]) == ("R10", "TRR_NO_LABEL")
    sent = world.alpha.audit.wait(sealed, event="seal", result="allow")
    assert record["correlation"] == sent["correlation"]


def test_dry_run_lets_by_and_says_what(make_world):
    """Both records name the step that would have refused, and why."""
    tried = {"policy": {"allow-dry-run": True}}
    world = make_world(changes={"alpha": tried, "beta": tried})
    for realm in table.ENGINEERING, table.CORPORATE:
        world.change(realm, "trMode", "dry-run")
    marks = world.alpha.audit.mark(), world.beta.audit.mark()
    outcome = world.client(world.server("beta"), "-l", "grave:antenna")
    assert outcome.delivered, outcome
    sent = world.alpha.audit.wait(marks[0], event="seal", result="allow")
    taken = world.beta.audit.wait(marks[1], event="accept", result="allow")
    for record, step in (sent, "S9"), (taken, "R8"):
        assert record["dry_run"] and record["step"] == step
        assert "not within" in record["reason"]
        assert "of beta.example.test" in record["reason"]


@pytest.fixture
def narrow_beta(make_world):
    """Beta's table is narrower than alpha's: its own file."""
    world = make_world(source="ldif")

    def narrow(*edits):
        text = table.ldif(table.entries())
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path = world.scratch.write("narrow.ldif", text, 0o644)
        world.beta.config["table"]["source"] = "ldif:" + path
        before = world.beta.table_generation()
        world.beta.restart()
        # Until the file is loaded, the table of before serves.
        eventually(lambda: world.beta.table_generation() > before,
                   what="the narrower table")
        return world
    return narrow


def test_receiver_knows_a_narrower_sender(narrow_beta):
    world = narrow_beta(("engineering PUBLIC SECRET:CRYPTO,RADAR",
                         "engineering PUBLIC INTERNAL"))
    record, _ = refused_at_receiver(world, world.server("beta"),
                                    "-l", "grave")
    assert (record["step"], record["code"]) == ("R7", "TRR_SENDER_RANGE")


def test_receiver_knows_itself_narrower(narrow_beta):
    world = narrow_beta(("engineering PUBLIC SECRET:CRYPTO\n",
                         "engineering PUBLIC INTERNAL\n"))
    record, _ = refused_at_receiver(world, world.server("beta"),
                                    "-l", "grave")
    assert (record["step"], record["code"]) == ("R8", "TRR_RECEIVER_RANGE")


def test_receiver_knows_a_narrower_user(narrow_beta):
    world = narrow_beta(
        ("trClearance: engineering PUBLIC SECRET:CRYPTO,RADAR",
         "trClearance: engineering PUBLIC INTERNAL"))
    record, _ = refused_at_receiver(world, world.server("beta"),
                                    "-l", "grave")
    assert (record["step"], record["code"]) == ("R14", "TRR_CLEARANCE")


def test_receiver_does_not_know_the_sender(narrow_beta):
    """What counts is the authenticated principal, not a name."""
    world = narrow_beta(("trPrincipal: trustrealm/alpha.",
                         "trPrincipal: trustrealm/omega."))
    record, _ = refused_at_receiver(world, world.server("beta"))
    assert record["step"] == "R5"


def test_label_policies_differ(narrow_beta):
    world = narrow_beta(("trCategory: 2 RADAR", "trCategory: 3 RADAR"))
    record, _ = refused_at_receiver(world, world.server("beta"))
    assert (record["step"], record["code"]) == ("R6", "TRR_DIGEST")


def test_process_that_may_not_accept(world):
    server = world.server("beta")
    record, _ = refused_at_receiver(world, server, service="other")
    assert (record["step"], record["code"]) == ("R3", "TRR_SERVICE")


def test_the_peer_hears_the_same_for_every_reason(narrow_beta):
    """Token and error at the initiator do not tell the reasons apart."""
    heard = []
    for edit in (
            ("engineering PUBLIC SECRET:CRYPTO,RADAR",
             "engineering PUBLIC INTERNAL"),
            ("engineering PUBLIC SECRET:CRYPTO\n",
             "engineering PUBLIC INTERNAL\n"),
            ("trCategory: 2 RADAR", "trCategory: 3 RADAR")):
        world = narrow_beta(edit)
        _, error = refused_at_receiver(world, world.server("beta"),
                                       "-l", "grave")
        heard.append((error["major"], error["minor"], error["text"]))
    assert len(set(heard)) == 1, heard


def test_other_contexts_are_not_disturbed(world):
    server = world.server("beta")
    running = world.start_client(server, "-n", "20", "-i", "0.05")
    running.wait("reply")
    for label in ("grave:antenna", "utmost"):
        world.client(server, "-l", label)
    world.client(server, service="other")
    assert running.finish() == 0
    assert len(running.of("reply")) == 20
