# tests/testlib/invitation.py - a system that is invited, and comes
# SPDX-License-Identifier: BSD-2-Clause
"""zeta, invited by sid, where nobody has a ticket."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess

from . import servers, table
from .process import PATIENCE, run
from .roles import ZETA
from .tool import program

INVITATION = "trustrealm-invite/%s@%s" % (ZETA, table.REALM)
#: The way on, where that may help.
AGAIN = "run the same command again"
TOKEN = re.compile(r"^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$")


def by_sid(administration, verb, *options, check=True, who="sid"):
    done = administration.trustrealm(
        who, "system", verb, ZETA, *administration.by_kadmin(who), *options)
    assert not check or done.status == 0, done
    return done


def invite(administration, *options):
    """The token."""
    done = by_sid(administration, "invite", "--json", *options)
    token = json.loads(done.out)["token"]
    assert TOKEN.match(token)
    return token


def new_system(administration):
    """The environment of a system where nobody has logged in."""
    env = administration.realm.environment()
    env["KRB5CCNAME"] = "FILE:/nonexistent"
    return env


def command(administration, keytab, *options):
    return [program(), "system", "enroll", ZETA, "--keytab", keytab, "--uri",
            administration.directory.uri, "--base", table.BASE,
            "--token-file"] + list(options)


def enroll(administration, keytab, token, *options):
    """There, with the token on stdin."""
    return run(command(administration, keytab, "-", *options),
               env=new_system(administration), input=token + "\n",
               check=False)


def refused(done, reason):
    """A definite no, after which the same command would fail again."""
    return done.status == 1 and reason in done.err and AGAIN not in done.err


def kinit(administration, principal, password, service="krbtgt/%s@%s" % (
        table.REALM, table.REALM)):
    """Into the cache "token"; what it left."""
    return run([servers.program("kinit"), "-c",
                "FILE:" + administration.scratch.join("token"), "-S", service,
                principal], env=new_system(administration),
               input=password + "\n", check=False)


def run_in(command_line, env, size, text="", ignore=True):
    """Where no file may become larger than size: there a process ends by a
    signal, unless that is ignored."""
    def little_room():
        if ignore:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(command_line, input=text, text=True, env=env,
                          timeout=60 * PATIENCE, capture_output=True,
                          preexec_fn=little_room, restore_signals=not ignore)


def enroll_in(administration, keytab, token, size, ignore=True):
    return run_in(command(administration, keytab, "-"),
                  new_system(administration), size, token, ignore)


def forget(administration, keytab):
    """As if it had never come."""
    by_sid(administration, "retire", check=False)
    shutil.rmtree(keytab + ".new", ignore_errors=True)
    for path in keytab, keytab + ".other":
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
