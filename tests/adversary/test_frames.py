# tests/adversary/test_frames.py - tokens in other clothes
# SPDX-License-Identifier: BSD-2-Clause
"""A token framed for another mechanism, or not at all, is taken for what it
is or for nothing: there is no way round the acceptor's daemon."""

import pytest
from attacks import TARGET, refused

from testlib.token import KRB5, Token, make, tagged

OIDS = {
    "krb5": KRB5,
    "draft": bytes.fromhex("2b05010502"),
    "microsoft": bytes.fromhex("2a864882f712010202"),
    "iakerb": bytes.fromhex("2b0601050205"),
    "user to user": bytes.fromhex("2a864886f71201020203"),
    "ntlm": bytes.fromhex("2b06010401823702020a"),
}
SPNEGO = bytes.fromhex("2b0601050502")


def spnego(token, mechanisms=(KRB5,)):
    """NegTokenInit with an optimistic token."""
    types = make(0x30, b"".join(make(6, oid) for oid in mechanisms))
    init = make(0x30, tagged(0, types) + tagged(2, make(4, token)))
    return make(0x60, make(6, SPNEGO) + tagged(0, init))


@pytest.mark.parametrize("name", OIDS)
def test_labelled_token_framed_anew(world, alice, beta, name):
    """Whoever takes it, takes its label."""
    token = Token(alice.initiate(TARGET)[1]).with_(oid=OIDS[name])
    if name == "krb5":
        assert beta.accept(token)[0].label() == "INTERNAL"
        return
    mark = world.beta.audit.mark()
    refused(beta.accept, token)
    assert not world.beta.audit.since(mark, result="allow")


@pytest.mark.parametrize("name", OIDS)
@pytest.mark.parametrize("stripped", [True, False])
def test_plain_token_framed_anew(world, alice, plain, beta, name, stripped):
    if stripped:
        token = Token(Token(alice.initiate(TARGET)[1]).with_(trailer=b""))
    else:
        token = Token(plain.initiate(TARGET)[1])
    refused(beta.accept, token.with_(oid=OIDS[name]))


@pytest.mark.parametrize("who", ["labelled", "plain"])
def test_token_without_a_frame(world, alice, plain, beta, who):
    """Raw AP-REQ, with and without what followed it."""
    token = Token((alice if who == "labelled" else plain)
                  .initiate(TARGET)[1])
    refused(beta.accept, token.body)
    refused(beta.accept, token.body + token.trailer + b"\0")
    if token.trailer:
        refused(beta.accept, token.body + token.trailer)


@pytest.mark.parametrize("mechanisms", [(KRB5,), (OIDS["microsoft"], KRB5),
                                        (OIDS["ntlm"], KRB5),
                                        (OIDS["iakerb"],)])
def test_spnego_is_no_way_round(alice, plain, beta, mechanisms):
    """A plain or stripped token inside of a negotiation."""
    refused(beta.accept, spnego(plain.initiate(TARGET)[1], mechanisms))
    stripped = Token(alice.initiate(TARGET)[1]).with_(trailer=b"")
    refused(beta.accept, spnego(stripped, mechanisms))


ERROR = make(0x7e, make(0x30, b"".join(
    (tagged(0, make(2, b"\5")), tagged(1, make(2, b"\x1e")),
     tagged(4, make(0x18, b"20260101000000Z")), tagged(5, make(2, b"\0")),
     tagged(6, make(2, b"\x25")), tagged(9, make(0x1b, b"EXAMPLE.TEST")),
     tagged(10, make(0x30, tagged(0, make(2, b"\1")) + tagged(
         1, make(0x30, make(0x1b, b"beta")))))))))


@pytest.mark.parametrize("reply", [
    b"", b"\0", ERROR, make(0x60, make(6, KRB5) + b"\3\0" + ERROR),
    make(0x60, make(6, KRB5) + b"\2\0" + make(0x6f, b"")),
    make(0x60, make(6, KRB5) + b"\2\0"), make(0x60, make(6, KRB5)),
    make(0x60, make(6, KRB5) + b"\1\0" + make(0x6e, b"")),
    make(0x6f, b"\x30\0"),
], ids=range(9))
def test_reply_of_somebody_else(alice, beta, reply):
    """Ends this attempt, and gives nothing."""
    context, token = alice.initiate(TARGET)
    _, honest, _ = beta.accept(token)
    refused(context.step, reply)
    refused(context.wrap, b"never sent")
    # Not even when the honest reply comes after all.
    if reply:
        refused(context.step, honest)
        refused(context.wrap, b"never sent")


@pytest.mark.parametrize("bits", [0x1000, 0x40])
def test_styles_that_cannot_be_labelled(alice, bits):
    """DCE style and anonymous contexts."""
    error = refused(alice.initiate, TARGET, bits=bits)
    assert "cannot be labelled" in str(error)


def test_style_that_is_labelled(alice):
    """GSS_C_EXTENDED_ERROR_FLAG"""
    assert Token(alice.initiate(TARGET, bits=0x4000)[1]).trailer
