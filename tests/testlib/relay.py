# tests/testlib/relay.py - what stands between a client and a server
# SPDX-License-Identifier: BSD-2-Clause
"""A Relay listens on a machine of a client, at 127.0.0.1 and its port, and
passes one connection on to a server, keeping what passes: sent, received.  A
Cut passes connections on until it ends one."""

import contextlib
import socket
import threading


class Relay:
    def __init__(self, client, server, port):
        with client.network():
            self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._server = client.connect((server.address, port))
        self._server.settimeout(None)
        self.sent, self.received = bytearray(), bytearray()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        client, _ = self._listener.accept()
        back = threading.Thread(
            target=self._copy, args=(self._server, client, self.received),
            daemon=True)
        back.start()
        self._copy(client, self._server, self.sent)
        back.join()

    @staticmethod
    def _copy(source, target, kept):
        try:
            while data := source.recv(65536):
                kept += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self._listener.close()
        self._server.close()


class Cut:
    """Stands before the server at that port of 127.0.0.1, until it has given
    so many answers: the next one is lost, and its connection (happened).  Use
    as a context manager."""

    def __init__(self, port, answers):
        self._server_port = port
        self._left = answers
        self.happened = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1",
                                                   self._server_port))
                with client, server:
                    threading.Thread(target=self._ask, daemon=True,
                                     args=(client, server)).start()
                    self._answer(server, client)

    def _ask(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server, client):
        while data := server.recv(65536):
            if self._left == 0:
                self.happened = True
                # The other thread may be using it.
                client.shutdown(socket.SHUT_RDWR)
                return
            self._left -= 1
            client.sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._listener.close()


def packets(octets):
    """The tokens in a stream of them, each after four octets of length, as
    PostgreSQL and SASL have it."""
    at = 0
    while at < len(octets):
        length = int.from_bytes(octets[at:at + 4], "big")
        assert at + 4 + length <= len(octets)
        yield bytes(octets[at + 4:at + 4 + length])
        at += 4 + length


def is_sealed(token):
    """A wrap token (RFC 4121, 4.2.6.2) with confidentiality."""
    return token[:2] == b"\x05\x04" and token[2] & 2
