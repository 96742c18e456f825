# tests/testlib/flood_main.py - more connections and calls than are good
# SPDX-License-Identifier: BSD-2-Clause
"""usage: flood_main.py SOCKET [calls]: hold as many connections as there are
to be had, more than a user may; or make calls on a few without ever reading
an answer."""

import resource
import socket
import sys
import time

MANY = 1200
PREPARE = bytes.fromhex("a0173015a00a0c08686f73742f612e62a1020c00a203020100")


def connect():
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.setblocking(False)
    connection.connect(sys.argv[1])
    return connection


held = []


def hold(limit):
    """Take up to limit connections in all."""
    while len(held) < limit:
        try:
            held.append(connect())
        except OSError:
            return


if len(sys.argv) > 2:
    print("calling", flush=True)
    while True:
        hold(50)
        for connection in list(held):
            try:
                connection.send(PREPARE)
            except BlockingIOError:
                pass
            except OSError:
                held.remove(connection)
                connection.close()
resource.setrlimit(resource.RLIMIT_NOFILE, (MANY + 100,) * 2)
hold(MANY)
print("holding", len(held), flush=True)
while True:
    time.sleep(0.05)
    hold(MANY)
