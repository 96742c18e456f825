# tests/testlib/call_main.py - one call to trustrealmd, octets as they are
# SPDX-License-Identifier: BSD-2-Clause
"""Sends standard input to the socket, and writes the answer."""

import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
    connection.settimeout(10)
    connection.connect(sys.argv[1])
    connection.send(sys.stdin.buffer.read())
    sys.stdout.buffer.write(connection.recv(1 << 18))
