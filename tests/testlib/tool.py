# tests/testlib/tool.py - trustrealm, the administration tool, on LDIF files
# SPDX-License-Identifier: BSD-2-Clause
"""Run the tool into pipes or on a terminal; no server is needed."""

import errno
import json
import os
import pty
import subprocess
import termios

from . import table
from .process import base_environment, run
from .servers import built

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    table.host(name) for name in ("alpha", "beta", "gamma", "delta",
                                  "epsilon"))


def program():
    return built("tools/trustrealm/trustrealm")


def trustrealm(*arguments, **environment):
    """Run it into pipes, with these variables; its Result."""
    return run([program(), *arguments], check=False,
               env=dict(base_environment(), **environment))


def on_terminal(*arguments, typed=None, columns=0, **environment):
    """(exit status, what a terminal of so many columns shows, or one that
    does not say), with these variables; with typed, it is typed there."""
    master, slave = pty.openpty()
    if columns:
        termios.tcsetwinsize(slave, (24, columns))
    with subprocess.Popen([program()] + [str(a) for a in arguments],
                          stdin=None if typed is None else slave,
                          stdout=slave, stderr=slave,
                          env=dict(base_environment(),
                                   **environment)) as child:
        os.close(slave)
        if typed is not None:
            os.write(master, typed.encode())
        shown = b""
        while True:
            try:
                octets = os.read(master, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                break
            if not octets:
                break
            shown += octets
        status = child.wait(60)
    os.close(master)
    return status, shown.decode().replace("\r\n", "\n")


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


#: Without it nobody may hold TOPSECRET, which is a finding.
VAULT = table.system("vault", ["engineering PUBLIC TOPSECRET:CRYPTO,RADAR"])


def findings(path, *options):
    """{(rule, entry): text}"""
    status, out, err = trustrealm("check", "--ldif", path, "--json", *options)
    assert err == ""
    found = json.loads(out)["findings"]
    assert status == (1 if found else 0)
    return {(f["rule"], f["entry"]): f["text"] for f in found}
