# tests/testlib/flood_main.py - more connections and calls than are good
# SPDX-License-Identifier: BSD-2-Clause
"""usage: flood_main.py SOCKET [calls | queue]: hold as many connections as
there are to be had, more than a user may; or make calls on a few without ever
reading an answer; or make them on many, while more and more connections wait
to be accepted."""

import os
import resource
import socket
import sys
import time

MANY = 1200
BUSY = 300
QUEUERS = 3             # processes, as one may have too few descriptors
QUEUED = 2700           # by each; the kernel lets 4096 wait, by default
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


def queue():
    """Fill the queue as soon as there is room in it."""
    time.sleep(1)
    hold(QUEUED)
    print("queueing", flush=True)
    while True:
        if len(held) == QUEUED:
            for connection in held[:QUEUED // 2]:
                connection.close()
            del held[:QUEUED // 2]
        hold(QUEUED)
        time.sleep(0.001)


def call_all():
    """Have calls waiting on every connection that is there."""
    for connection in held:
        for act in (lambda: connection.send(PREPARE),
                    lambda: connection.recv(1 << 18)):
            try:
                for _ in range(50):
                    act()
            except OSError:
                pass


if sys.argv[2:] == ["queue"]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (QUEUED + 100,) * 2)
    while len(held) < BUSY:
        hold(BUSY)
        time.sleep(0.01)
    for _ in range(QUEUERS):
        if os.fork() == 0:
            held.clear()
            queue()
    while True:
        call_all()
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
