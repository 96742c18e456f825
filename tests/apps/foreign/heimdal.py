# tests/apps/foreign/heimdal.py - gss-label, as far as needed, with Heimdal
# SPDX-License-Identifier: BSD-2-Clause
"""heimdal.py LIBRARY client HOST PORT SERVICE@HOST MESSAGE
heimdal.py LIBRARY server PORT-FILE

Speaks the frames of gss-label through Heimdal's libgssapi, which has no part
in trust realms.  The exit status is gss-label's.
"""

import ctypes
import socket
import struct
import sys

CONTEXT, WRAP, REPLY, REFUSED = 1, 2, 64, 255
MUTUAL, REPLAY, SEQUENCE, CONF, INTEG = 2, 4, 8, 16, 32
CONTINUE_NEEDED, MECH_CODE = 1, 2
DELIVERED, NO, SYSTEM = 0, 1, 3


class Buffer(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_void_p)]

    @classmethod
    def of(cls, octets):
        made = cls(len(octets), ctypes.cast(octets, ctypes.c_void_p))
        made.octets = octets
        return made

    def read(self):
        return (ctypes.string_at(self.value, self.length) if self.length
                else b"")


class Oid(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint32), ("elements", ctypes.c_void_p)]


def fail(gss, what, minor):
    """As programs do: in the library's words."""
    text, ignored = Buffer(), ctypes.c_uint32()
    gss.gss_display_status(ctypes.byref(ignored), minor, MECH_CODE, None,
                           ctypes.byref(ctypes.c_uint32()),
                           ctypes.byref(text))
    print("%s: %s" % (what, text.read().decode()), file=sys.stderr)
    sys.exit(NO)


class Context:
    def __init__(self, library):
        self.gss = ctypes.CDLL(library)
        self.handle = ctypes.c_void_p()
        self.krb5 = Oid.in_dll(self.gss, "__gss_krb5_mechanism_oid_desc")
        self.minor = ctypes.c_uint32()

    def init(self, name, token):
        """(finished, token to send)"""
        out = Buffer()
        major = self.gss.gss_init_sec_context(
            ctypes.byref(self.minor), None, ctypes.byref(self.handle), name,
            ctypes.byref(self.krb5),
            MUTUAL | REPLAY | SEQUENCE | CONF | INTEG, 0, None,
            ctypes.byref(Buffer.of(token)), None, ctypes.byref(out), None,
            None)
        if major & 0xffff0000:
            fail(self.gss, "gss_init_sec_context", self.minor)
        return not major & CONTINUE_NEEDED, out.read()

    def accept(self, token):
        out = Buffer()
        major = self.gss.gss_accept_sec_context(
            ctypes.byref(self.minor), ctypes.byref(self.handle), None,
            ctypes.byref(Buffer.of(token)), None, None, None,
            ctypes.byref(out), None, None, None)
        if major & 0xffff0000:
            fail(self.gss, "gss_accept_sec_context", self.minor)
        return out.read()

    def name(self, text):
        service = Oid.in_dll(self.gss,
                             "__gss_c_nt_hostbased_service_oid_desc")
        name = ctypes.c_void_p()
        major = self.gss.gss_import_name(
            ctypes.byref(self.minor), ctypes.byref(Buffer.of(text.encode())),
            ctypes.byref(service), ctypes.byref(name))
        if major:
            fail(self.gss, "gss_import_name", self.minor)
        return name

    def wrap(self, message):
        out = Buffer()
        major = self.gss.gss_wrap(
            ctypes.byref(self.minor), self.handle, 1, 0,
            ctypes.byref(Buffer.of(message)), None, ctypes.byref(out))
        if major:
            fail(self.gss, "gss_wrap", self.minor)
        return out.read()

    def unwrap(self, token):
        out = Buffer()
        major = self.gss.gss_unwrap(
            ctypes.byref(self.minor), self.handle,
            ctypes.byref(Buffer.of(token)), ctypes.byref(out), None, None)
        if major:
            fail(self.gss, "gss_unwrap", self.minor)
        return out.read()


class Peer:
    def __init__(self, connection):
        connection.settimeout(20)
        self.file = connection.makefile("rwb")

    def send(self, kind, payload):
        self.file.write(struct.pack(">IB", len(payload) + 1, kind) + payload)
        self.file.flush()

    def receive(self, kind):
        header = self.file.read(5)
        if len(header) < 5:
            print("the peer closed the connection", file=sys.stderr)
            sys.exit(NO)
        length, got = struct.unpack(">IB", header)
        payload = self.file.read(length - 1)
        if got == REFUSED:
            print("refused by the peer", file=sys.stderr)
            sys.exit(NO)
        assert got == kind, got
        return payload


def client(context, host, port, service, message):
    peer = Peer(socket.create_connection((host, int(port)), 20))
    name = context.name(service)
    done, token = context.init(name, b"")
    while token or not done:
        if token:
            peer.send(CONTEXT, token)
        if done:
            break
        done, token = context.init(name, peer.receive(CONTEXT))
    peer.send(WRAP, context.wrap(message.encode()))
    print(context.unwrap(peer.receive(REPLY + WRAP)).decode())


def server(context, path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        with open(path, "w") as file:
            print(listener.getsockname()[1], file=file)
        peer = Peer(listener.accept()[0])
    peer.send(CONTEXT, context.accept(peer.receive(CONTEXT)))
    message = context.unwrap(peer.receive(WRAP))
    print("delivered %d octets" % len(message))
    peer.send(REPLY + WRAP, context.wrap(b"{}"))


def main():
    library, role, *rest = sys.argv[1:]
    try:
        {"client": client, "server": server}[role](Context(library), *rest)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(SYSTEM)


main()
