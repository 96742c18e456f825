# tests/testlib/call_main.py - one call to trustrealmd, octets as they are
# SPDX-License-Identifier: BSD-2-Clause
"""Sends standard input to the socket, and writes the answer: nothing when the
daemon hung up or took nothing."""

import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
    connection.settimeout(30)
    connection.connect(sys.argv[1])
    try:
        connection.send(sys.stdin.buffer.read())
        connection.shutdown(socket.SHUT_WR)
        sys.stdout.buffer.write(connection.recv(1 << 18))
    except TimeoutError:
        raise
    except OSError:
        pass
