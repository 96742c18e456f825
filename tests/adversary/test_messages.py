# tests/adversary/test_messages.py - attacks on labelled messages
# SPDX-License-Identifier: BSD-2-Clause
"""A label record moved, grafted, cut or flipped is never delivered, for both
enctypes, with and without confidentiality, and in MICs."""

import itertools

import pytest
from attacks import TARGET, refused

from testlib.agent import Refused, establish
from testlib.token import TAG, flipped
from testlib.world import SERVICE

HEADER = 16             # of an RFC 4121 wrap token
MESSAGE = b"a message of some length"


@pytest.fixture(scope="module", params=["aes256-sha1", "aes256-sha384"])
def agents(request, alice, beta, make_module_world):
    if request.param == "aes256-sha1":
        return alice, beta
    other = make_module_world(enctype=request.param)
    return other.agent("alpha"), other.agent("beta", None, SERVICE)


#: No sequence: tokens that never arrive are no gap that anybody minds.
FLAGS = ["mutual", "replay", "confidentiality", "integrity"]


@pytest.fixture
def pair(agents):
    return establish(*agents, TARGET, flags=FLAGS)


def labelled(context, protect, label="grave"):
    """protect() with another label than the established one."""
    context.set_label(label)
    token = protect()
    context.set_label("")
    return token


@pytest.mark.parametrize("unwrap", ["unwrap", "unwrap_stream"])
@pytest.mark.parametrize("conf", [True, False])
@pytest.mark.parametrize("label", ["", "grave"])
def test_flipped_bit_in_every_byte_of_a_message(pair, unwrap, conf, label):
    ours, theirs = pair
    unwrap = getattr(theirs, unwrap)
    ours.set_label(label)
    token = ours.wrap(MESSAGE, conf)
    delivered = []
    for position in range(len(token)):
        try:
            unwrap(flipped(token, position))
            delivered.append(position)
        except Refused:
            pass
    assert delivered == []
    assert unwrap(token) == MESSAGE
    assert theirs.message_label()[0] == ("SECRET" if label else "INTERNAL")


@pytest.mark.parametrize("conf", [True, False])
@pytest.mark.parametrize("label", ["", "grave"])
def test_flipped_bit_in_every_byte_of_iov_buffers(pair, conf, label):
    ours, theirs = pair
    ours.set_label(label)
    parts = ours.wrap_parts(MESSAGE, conf)
    delivered = []
    for number, part in enumerate(parts):
        for position in range(len(part)):
            changed = list(parts)
            changed[number] = flipped(part, position)
            try:
                theirs.unwrap_parts(*changed)
                delivered.append((number, position))
            except Refused:
                pass
    assert delivered == []
    assert theirs.unwrap_parts(*parts) == MESSAGE
    assert theirs.message_label()[0] == ("SECRET" if label else "INTERNAL")


@pytest.mark.parametrize("verify", ["verify", "verify_iov"])
@pytest.mark.parametrize("label", ["", "grave"])
def test_flipped_bit_in_every_byte_of_a_mic(pair, verify, label):
    ours, theirs = pair
    verify = getattr(theirs, verify)
    ours.set_label(label)
    token = ours.mic(MESSAGE)
    delivered = []
    for position in range(len(token)):
        try:
            verify(MESSAGE, flipped(token, position))
            delivered.append(position)
        except Refused:
            pass
    for position in range(len(MESSAGE)):
        refused(verify, flipped(MESSAGE, position), token)
    assert delivered == []
    verify(MESSAGE, token)
    assert theirs.message_label()[0] == ("SECRET" if label else "INTERNAL")


@pytest.mark.parametrize("kind", ["0101", "0102", "0201", "0404", "0405",
                                  "60"])
def test_stream_of_another_kind(pair, kind):
    """Libraries have been seen to crash on such."""
    ours, theirs = pair
    token = ours.wrap(MESSAGE)
    for rest in range(2, len(token)):
        refused(theirs.unwrap_stream, bytes.fromhex(kind) + token[rest:])


@pytest.mark.parametrize("unwrap", ["unwrap", "unwrap_stream"])
@pytest.mark.parametrize("conf", [True, False])
@pytest.mark.parametrize("label", ["", "grave"])
def test_cut_message(pair, unwrap, conf, label):
    """Libraries have been seen to abort on such."""
    ours, theirs = pair
    unwrap = getattr(theirs, unwrap)
    token = labelled(ours, lambda: ours.wrap(MESSAGE, conf), label)
    for length in range(len(token)):
        refused(unwrap, token[:length])
        refused(unwrap, token[length + 1:])
    assert unwrap(token) == MESSAGE


@pytest.mark.parametrize("conf", [True, False])
@pytest.mark.parametrize("label", ["", "grave"])
def test_cut_iov_buffers(pair, conf, label):
    ours, theirs = pair
    parts = labelled(ours, lambda: ours.wrap_parts(MESSAGE, conf), label)
    for number, part in enumerate(parts):
        for length in range(len(part)):
            for cut in (part[:length], part[length + 1:]):
                changed = list(parts)
                changed[number] = cut
                refused(theirs.unwrap_parts, *changed)
    assert theirs.unwrap_parts(*parts) == MESSAGE


@pytest.mark.parametrize("verify", ["verify", "verify_iov"])
@pytest.mark.parametrize("label", ["", "grave"])
def test_cut_mic(pair, verify, label):
    ours, theirs = pair
    verify = getattr(theirs, verify)
    token = labelled(ours, lambda: ours.mic(MESSAGE), label)
    for length in range(len(token)):
        refused(verify, MESSAGE, token[:length])
        refused(verify, MESSAGE, token[length + 1:])
    verify(MESSAGE, token)


def mic_parts(token, plain_length):
    """(tag || length || record, MIC) of a labelled MIC token."""
    return token[:-plain_length], token[-plain_length:]


def test_record_taken_off_a_mic(pair):
    ours, theirs = pair
    plain = len(ours.mic(MESSAGE))
    record, mic = mic_parts(labelled(ours, lambda: ours.mic(MESSAGE)), plain)
    refused(theirs.verify, MESSAGE, mic)
    refused(theirs.verify, MESSAGE, record)


def test_record_moved_from_the_mic_into_the_message(pair):
    """What was authenticated is message || record || length || tag."""
    ours, theirs = pair
    plain = len(ours.mic(MESSAGE))
    head, mic = mic_parts(labelled(ours, lambda: ours.mic(MESSAGE)), plain)
    tag, length, record = head[:TAG], head[TAG:TAG + 2], head[TAG + 2:]
    for order in itertools.permutations((tag, length, record)):
        moved = MESSAGE + b"".join(order)
        refused(theirs.verify, moved, mic)
        refused(theirs.verify, moved, head + mic)


def test_record_put_before_a_plain_mic(pair):
    ours, theirs = pair
    mic = ours.mic(MESSAGE)
    head, _ = mic_parts(labelled(ours, lambda: ours.mic(b"x")), len(mic))
    refused(theirs.verify, MESSAGE, head + mic)
    theirs.verify(MESSAGE, mic)
    assert theirs.message_label()[0] == "INTERNAL"


def test_record_of_another_message_in_a_mic(pair):
    ours, theirs = pair
    plain = len(ours.mic(MESSAGE))
    one, mic = mic_parts(labelled(ours, lambda: ours.mic(MESSAGE)), plain)
    two, other = mic_parts(
        labelled(ours, lambda: ours.mic(b"other"), "open"), plain)
    refused(theirs.verify, MESSAGE, two + mic)
    refused(theirs.verify, b"other", one + other)


def integrity_parts(token):
    """(header, payload, checksum) of a wrap token without confidentiality,
    rotated back."""
    extra = int.from_bytes(token[4:6], "big")
    rotation = int.from_bytes(token[6:8], "big")
    rest = token[HEADER:]
    if rest:
        rotation %= len(rest)
        rest = rest[rotation:] + rest[:rotation]
    return token[:HEADER], rest[:len(rest) - extra], rest[len(rest) - extra:]


def join(header, payload, checksum):
    """A wrap token of these parts, not rotated."""
    return header[:6] + b"\0\0" + header[8:] + payload + checksum


def test_join_makes_good_tokens(pair):
    ours, theirs = pair
    token = labelled(ours, lambda: ours.wrap(MESSAGE, False))
    assert theirs.unwrap(join(*integrity_parts(token))) == MESSAGE
    assert theirs.message_label()[0] == "SECRET"


def test_record_cut_out_of_a_message(pair):
    ours, theirs = pair
    token = labelled(ours, lambda: ours.wrap(MESSAGE, False))
    header, payload, checksum = integrity_parts(token)
    assert payload.startswith(MESSAGE) and len(payload) > len(MESSAGE) + TAG
    refused(theirs.unwrap, join(header, MESSAGE, checksum))
    refused(theirs.unwrap, join(header, payload[:-TAG], checksum))
    refused(theirs.unwrap, join(header, MESSAGE + payload[-2 - TAG:],
                                checksum))


def test_record_grafted_onto_a_plain_message(pair):
    ours, theirs = pair
    token = labelled(ours, lambda: ours.wrap(MESSAGE, False))
    record = integrity_parts(token)[1][len(MESSAGE):]
    header, payload, checksum = integrity_parts(ours.wrap(b"plain", False))
    refused(theirs.unwrap, join(header, payload + record, checksum))


def test_record_of_another_message(pair):
    ours, theirs = pair
    one = integrity_parts(labelled(ours, lambda: ours.wrap(MESSAGE, False)))
    two = integrity_parts(
        labelled(ours, lambda: ours.wrap(MESSAGE, False), "open"))
    assert one[1] != two[1]
    refused(theirs.unwrap, join(one[0], two[1], one[2]))
    refused(theirs.unwrap, join(two[0], one[1], two[2]))


def test_payload_sent_again_as_data(pair):
    """The initiator's user sends a record of his as plain data: the message
    is delivered as data, at the established label, or refused; the record
    in it changes nothing."""
    ours, theirs = pair
    token = labelled(ours, lambda: ours.wrap(MESSAGE, False))
    payload = integrity_parts(token)[1]
    for conf in (True, False):
        assert theirs.unwrap(ours.wrap(payload, conf)) == payload
        assert theirs.message_label()[0] == "INTERNAL"
        assert theirs.unwrap(labelled(
            ours, lambda: ours.wrap(payload, conf), "open")) == payload
        assert theirs.message_label()[0] == "PUBLIC"
    theirs.verify(payload, ours.mic(payload))
    assert theirs.message_label()[0] == "INTERNAL"


def test_record_of_another_context(agents):
    """A record is good in its own association only."""
    one = establish(*agents, TARGET, flags=FLAGS)
    two = establish(*agents, TARGET, flags=FLAGS)
    token = labelled(one[0], lambda: one[0].wrap(MESSAGE, False))
    refused(two[1].unwrap, token)
    record = integrity_parts(token)[1][len(MESSAGE):]
    assert two[1].unwrap(two[0].wrap(MESSAGE + record, False)) == \
        MESSAGE + record
    assert two[1].message_label()[0] == "INTERNAL"


def test_message_repeated(pair):
    ours, theirs = pair
    token = labelled(ours, lambda: ours.wrap(MESSAGE))
    assert theirs.unwrap(token) == MESSAGE
    refused(theirs.unwrap, token)


def test_unlabelled_label_is_the_established_one_always(pair):
    """Whatever came before."""
    ours, theirs = pair
    for label, seen in (("grave", "SECRET"), ("", "INTERNAL"),
                        ("open", "PUBLIC"), ("", "INTERNAL")):
        ours.set_label(label)
        for conf in (True, False):
            theirs.unwrap(ours.wrap(MESSAGE, conf))
            assert theirs.message_label()[0] == seen
        theirs.verify(MESSAGE, ours.mic(MESSAGE))
        assert theirs.message_label()[0] == seen


def test_refused_message_leaves_the_last_label(pair):
    ours, theirs = pair
    token = labelled(ours, lambda: ours.wrap(MESSAGE, False))
    theirs.unwrap(ours.wrap(b"first"))
    refused(theirs.unwrap, flipped(token, len(token) - 1))
    assert theirs.message_label()[0] == "INTERNAL"
