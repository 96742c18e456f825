# tests/testlib/tool.py - trustrealm, the administration tool, on LDIF files
# SPDX-License-Identifier: BSD-2-Clause
"""Run the tool into pipes or on a terminal; fixtures for a table and a
configuration.  No server is needed."""

import errno
import json
import os
import pty
import subprocess

import pytest

from . import table
from .process import base_environment, run
from .servers import built
from .system import render

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    table.host(name) for name in ("alpha", "beta", "gamma", "delta",
                                  "epsilon"))


def program():
    return built("tools/trustrealm/trustrealm")


def trustrealm(*arguments, **environment):
    """Run it into pipes; (exit status, stdout, stderr)."""
    done = run([program(), *arguments], check=False,
               env=dict(base_environment(), **environment))
    return done.status, done.out, done.err


def on_terminal(*arguments, typed=None):
    """(exit status, what a terminal shows); with typed, it is typed there."""
    master, slave = pty.openpty()
    with subprocess.Popen([program()] + [str(a) for a in arguments],
                          stdin=None if typed is None else slave,
                          stdout=slave, stderr=slave,
                          env=base_environment()) as child:
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


@pytest.fixture
def ldif(tmp_path):
    """Write a table: the one of the tests and what is added to it."""
    def write(*added, entries=None):
        path = tmp_path / "table.ldif"
        path.write_text(table.ldif((entries or table.entries())
                                   + list(added)))
        path.chmod(0o600)
        return path
    return write


@pytest.fixture
def config(tmp_path):
    """A configuration of alpha, in its own label format."""
    def write(**sections):
        levels, categories = table.FORMATS["ministry"]
        settings = {
            "system": {"name": ALPHA, "principal": "trustrealm/" + ALPHA,
                       "state-directory": tmp_path / "state",
                       "socket": tmp_path / "socket"},
            "table": {"source": "ldif:%s" % (tmp_path / "table.ldif")},
            "labels": {"format": "ministry", "levels": levels,
                       "categories": categories},
            "policy": {"backend": "policy"},
        }
        for name, keys in sections.items():
            settings[name].update(keys)
        path = tmp_path / "trustrealm.conf"
        path.write_text(render(settings))
        path.chmod(0o600)
        return path
    return write


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
