# tests/integration/test_unmodified.py - programs that know nothing of labels
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's gss-client and gss-server, and Python, with nothing but
GSS_MECH_CONFIG."""

import re

import pytest

from testlib.agent import establish
from testlib.process import run
from testlib.world import CLERK, SERVICE, STRANGER, as_uid


def attribute(server, name):
    """Value of a name attribute as gss-server prints it."""
    found = re.search(r"Attribute trustrealm-%s Authenticated.*?\n\n(.*?)\n"
                      % name, server.text(), re.DOTALL)
    return found and found.group(1).strip()


def exchange(world, message="hello", **who):
    """Send message with gss-client; (Result, server, records of alpha, of
    beta)."""
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    server = world.gss_server()
    result = world.gss_client(server, message, **who)
    server.finish()
    return (result, server, world.alpha.audit.since(alpha),
            world.beta.audit.since(beta))


def test_message_is_delivered(world):
    result, server, _, _ = exchange(world, "a labelled message")
    assert result.status == 0, result
    assert 'Received message: "a labelled message"' in server.text()
    assert "Signature verified." in result.out


def test_both_ends_record_the_same_association(world):
    result, _, alpha, beta = exchange(world)
    assert result.status == 0, result
    sent = [r for r in alpha if r["result"] == "allow"]
    taken = [r for r in beta if r["result"] == "allow"]
    assert sent and taken, (alpha, beta)
    assert len({r["correlation"] for r in sent + taken}) == 1
    for record in (sent[-1], taken[-1]):
        assert record["realm"] == "engineering"
        assert record["label"] == "INTERNAL"
        assert record["sender"] == "alpha.example.test"
        assert record["receiver"] == "beta.example.test"
        assert record["user"] == "alice@EXAMPLE.TEST"
        assert record["service"] == "sample"
        assert record["table_age"] >= 0
        assert record["bypass"] is False
    assert sent[-1]["local_label"] == "official"
    assert taken[-1]["local_label"] == "blue"


def test_label_is_that_of_the_uid(world, several_uids):
    result, _, _, beta = exchange(world, uid=CLERK)
    assert result.status == 0, result
    assert [r["label"] for r in beta if r["event"] == "accept"] == ["PUBLIC"]


def test_acceptor_sees_name_attributes(world):
    result, server, _, _ = exchange(world)
    assert result.status == 0, result
    assert attribute(server, "realm") == "engineering"
    assert attribute(server, "label") == "INTERNAL"
    assert attribute(server, "label-local") == "blue"
    assert attribute(server, "peer-system") == "alpha.example.test"
    assert attribute(server, "state") == "labelled"


@pytest.mark.parametrize("option", ["-spnego", "-nomutual", "-seq",
                                    "-noreplay"])
def test_options_of_gss_client(world, option):
    result, server, _, _ = exchange(world, options=[option])
    assert result.status == 0, result
    assert 'Received message: "hello"' in server.text()
    assert attribute(server, "label") == "INTERNAL"


def test_own_mechanism_by_oid(world):
    result, server, _, _ = exchange(
        world, options=["-mech", world.mechanism_oid])
    assert result.status == 0, result
    assert attribute(server, "label") == "INTERNAL"


def test_exported_context_goes_on(world):
    server = world.gss_server(options=("-once", "-export"))
    result = world.gss_client(server, "after export")
    assert result.status == 0, result
    assert 'Received message: "after export"' in server.finish()


def test_library_that_is_opened_later(world):
    """Python has no libgssapi; a module of it does, opened for itself."""
    assert "libgssapi" not in run(["ldd", "/usr/bin/python3"]).out
    ours, theirs = establish(world.agent("alpha"),
                             world.agent("beta", None, SERVICE),
                             "sample@" + world.beta.host)
    assert theirs.unwrap(ours.wrap(b"hello")) == b"hello"
    assert (ours.label(), theirs.label()) == ("INTERNAL", "INTERNAL")


def test_process_without_a_label_is_refused(world, several_uids):
    result, server, alpha, beta = exchange(world, uid=STRANGER)
    assert result.status != 0
    assert "Received" not in server.text()
    assert [(r["result"], r["step"], r["code"]) for r in alpha] == [
        ("deny", "S6", "TRR_NO_LABEL")]
    assert alpha[0]["uid"] == as_uid(STRANGER)
    assert beta == []
    assert "no rule of the policy matches uid 20009" in result.text


def test_other_enctype(make_world):
    world = make_world(enctype="aes256-sha384")
    result, server, _, beta = exchange(world)
    assert result.status == 0, result
    assert 'Received message: "hello"' in server.text()
    assert beta[-1]["label"] == "INTERNAL"


def test_table_without_a_directory(make_world):
    world = make_world(source="ldif")
    result, server, _, beta = exchange(world)
    assert result.status == 0, result
    assert 'Received message: "hello"' in server.text()
    assert beta[-1]["realm"] == "engineering"
