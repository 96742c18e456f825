# tests/testlib/impostor_main.py - a daemon that is none
# SPDX-License-Identifier: BSD-2-Clause
"""usage: impostor_main.py SOCKET REAL ANSWERS: answer calls like trustrealmd,
from ANSWERS, a JSON object of hex by the tag of the call, each with a page of
its own; ask REAL about all others.  "lost": ask REAL, but lose the answer and
hang up, the first time."""

import array
import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time

ADD_SEALS, SEALS = 1033, 0x17   # F_ADD_SEALS; all but F_SEAL_WRITE
INSTANCE = b"I" * 16
HOUR_NS = 3600 * 10 ** 9

path, real, answers = sys.argv[1:]
answers = json.loads(answers)


def make_page():
    """As struct tr_page in mech/wire.h."""
    fd = os.memfd_create("page", os.MFD_ALLOW_SEALING)
    os.truncate(fd, 4096)
    os.pwrite(fd, struct.pack(
        "=Q16sQQ", 0x7472757374706731, INSTANCE, 1,
        time.monotonic_ns() + HOUR_NS), 0)
    fcntl.fcntl(fd, ADD_SEALS, SEALS)
    return fd


page = make_page()


def ask_real(packet):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(real)
        s.send(packet)
        data, fds, _, _ = socket.recv_fds(s, 1 << 18, 1)
        return data, fds


def serve(connection):
    with connection:
        while packet := connection.recv(1 << 18):
            tag = "%02x" % packet[0]
            known = answers.get(tag)
            if known not in (None, "lost"):
                data, fds = bytes.fromhex(known), [page]
            else:
                data, fds = ask_real(packet)
            if known == "lost":
                del answers[tag]
                return
            connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                         array.array("i", fds))])


listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(path)
os.chmod(path, 0o666)
listener.listen()
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],)).start()
