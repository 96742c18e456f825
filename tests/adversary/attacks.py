# tests/adversary/attacks.py - what the attacks have in common
# SPDX-License-Identifier: BSD-2-Clause

import os

import pytest

from testlib.agent import Refused

TARGET = "sample@beta.example.test"
#: The context flag that says "a trailer was sent" (mech/plugin/marker.h).
MARKER = 0x2000
#: Every length that a token can be cut to takes a while more.
THOROUGH = "TR_THOROUGH" in os.environ


def exchange_new(initiator, acceptor):
    ours, token = initiator.initiate(TARGET)
    theirs, reply, client = acceptor.accept(token)
    assert client == "alice@EXAMPLE.TEST"
    ours.step(reply)
    exchange(ours, theirs)
    return ours, theirs


def exchange(ours, theirs):
    for label, seen in (("", "INTERNAL"), ("grave", "SECRET"),
                        ("", "INTERNAL")):
        ours.set_label(label)
        assert theirs.unwrap(ours.wrap(b"honest")) == b"honest"
        assert theirs.message_label()[0] == seen
        assert ours.unwrap(theirs.wrap(b"answer")) == b"answer"


def refused_by_beta(world, beta, token, code):
    """Beta refuses the token: its daemon for this reason or, with None, its
    Kerberos, which leaves the daemon out of it.  The audit record."""
    mark = world.beta.audit.mark()
    refused(beta.accept, token)
    records = world.beta.audit.since(mark, result="deny")
    assert [r["code"] for r in records] == ([code] if code else []), records
    return records[0] if code else None


def refused(function, *arguments, **options):
    """Call function, which has to be refused; how it was."""
    with pytest.raises(Refused) as caught:
        function(*arguments, **options)
    return caught.value
