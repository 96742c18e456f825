# tests/testlib/call.py - calls of trustrealmd, octet by octet
# SPDX-License-Identifier: BSD-2-Clause
"""What the plugin says to the daemon and what it answers, for tests that speak
to the socket themselves; see part 2 of mech/trustrealm.asn1."""

from .token import integer, make, tagged

PREPARE, SEAL, ACCEPTED, ACCEPT, JUDGE, ISSUE, CHECK = range(7)
STATUS = bytes.fromhex("a7020500")
#: Tags of answers.
(REFUSED, PREPARED, SEALED, ESTABLISHED, ISSUED, CHECKED,
 STATE) = range(0xa0, 0xa7)


def _value(field):
    if isinstance(field, bytes):
        return make(4, field)
    if isinstance(field, str):
        return make(12, field.encode())
    return integer(field)


def call(number, *values):
    """DER of a call: octets become an OCTET STRING, text a UTF8String."""
    return tagged(number, make(0x30, b"".join(
        tagged(i, _value(value)) for i, value in enumerate(values))))
