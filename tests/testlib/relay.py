# tests/testlib/relay.py - what stands between a client and a server
# SPDX-License-Identifier: BSD-2-Clause
"""A Relay listens on a machine of a client, at 127.0.0.1 and its port, and
passes one connection on to a server, keeping what passes: sent, received."""

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
