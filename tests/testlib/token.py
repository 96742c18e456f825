# tests/testlib/token.py - context tokens taken apart and put together
# SPDX-License-Identifier: BSD-2-Clause
"""Just enough DER for tests to do with tokens what an attacker can do.

A token is [APPLICATION 0] { OID, token id, Kerberos message, trailer }; see
doc/PROTOCOL."""

#: OID of the Kerberos mechanism, its contents.
KRB5 = bytes.fromhex("2a864886f712010202")

#: Octets that mark a message with a label record.
TAG = 4


def tlv(octets, start=0):
    """(tag, contents, end) of the value at start."""
    tag, length, at = octets[start], octets[start + 1], start + 2
    if length & 0x80:
        count = length & 0x7f
        length = int.from_bytes(octets[at:at + count], "big")
        at += count
    if at + length > len(octets):
        raise ValueError("value goes on after the end")
    return tag, octets[at:at + length], at + length


def make(tag, contents):
    length = len(contents)
    if length < 0x80:
        head = bytes([length])
    else:
        size = (length.bit_length() + 7) // 8
        head = bytes([0x80 | size]) + length.to_bytes(size, "big")
    return bytes([tag]) + head + contents


def integer(value):
    return make(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def tagged(number, value):
    """value with context tag [number], EXPLICIT."""
    return make(0xa0 + number, value)


def fields_of(octets):
    """{number: contents} of the SEQUENCE of tagged fields inside the value."""
    _, sequence, _ = tlv(tlv(octets)[1])
    found, at = {}, 0
    while at < len(sequence):
        tag, contents, at = tlv(sequence, at)
        found[tag & 0x1f] = tlv(contents)[1]
    return found


class Token:
    """oid: content octets; id: two octets; body: AP-REQ or AP-REP, whole;
    trailer: what follows it."""

    def __init__(self, octets):
        tag, contents, end = tlv(octets)
        if tag != 0x60 or end != len(octets):
            raise ValueError("not a framed token")
        _, self.oid, at = tlv(contents)
        self.id = contents[at:at + 2]
        _, _, end = tlv(contents, at + 2)
        self.body = contents[at + 2:end]
        self.trailer = contents[end:]

    def __bytes__(self):
        return make(0x60, make(6, self.oid) + self.id + self.body
                    + self.trailer)

    def with_(self, **changes):
        """A copy with other body, trailer, oid or id, as octets."""
        other = Token(bytes(self))
        for name, value in changes.items():
            setattr(other, name, value)
        return bytes(other)

    def trailer_fields(self):
        """{number: value} of the trailer's fields, without their tags."""
        return fields_of(self.trailer)


def trailer(application, version, *octet_strings):
    """A trailer: [APPLICATION n] SEQUENCE { version, octets ... }."""
    sequence = tagged(0, integer(version))
    for number, octets in enumerate(octet_strings, 1):
        sequence += tagged(number, make(4, octets))
    return make(0x60 + application, make(0x30, sequence))


def flipped(octets, position, bit=None):
    """octets with one bit of one octet changed."""
    bit = position % 8 if bit is None else bit
    return (octets[:position] + bytes([octets[position] ^ (1 << bit)])
            + octets[position + 1:])
