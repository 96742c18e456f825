# tests/integration/test_loading.py - when the plugin or the daemon is missing
# SPDX-License-Identifier: BSD-2-Clause
"""A sender whose plugin does not load is a plain one, which the receiver
refuses; one whose daemon is missing or false sends nothing.  A setuid program
is labelled by the user it runs as, and by no variable of its caller."""

import contextlib
import os
import re
import shutil

import pytest

from testlib import servers, table
from testlib.process import run, within
from testlib.programs import Listener, Outcome
from testlib.world import CHIEF, STAFF, as_uid


def spoiled(world, kind):
    """A GSS_MECH_CONFIG by which the plugin cannot be loaded."""
    with open(world.mech_config) as good:
        text = good.read()
    plugin = os.path.join(world.scratch.path, "bin/mech_trustrealm.so")
    if kind == "library missing":
        return world.scratch.write(
            "bad-1.conf", text.replace(plugin, plugin + ".gone"), 0o644)
    if kind == "no library":
        other = world.scratch.write("bin/no-library.so", "not ELF\n", 0o755)
        return world.scratch.write("bad-2.conf",
                                   text.replace(plugin, other), 0o644)
    if kind == "unreadable":
        return world.scratch.write("bad-3.conf", text, 0o000)
    if kind == "missing":
        return world.scratch.join("bad-4.conf")
    return world.scratch.write("bad-5.conf", "\0\xff <interposer> \n", 0o644)


@pytest.mark.parametrize("kind", ["library missing", "no library",
                                  "unreadable", "missing", "garbage"])
def test_plugin_that_cannot_be_loaded(world, kind):
    server = world.server("beta")
    mark = world.beta.audit.mark()
    outcome = world.client(server, GSS_MECH_CONFIG=spoiled(world, kind))
    assert outcome.status == 1, outcome
    assert not server.of("message")
    record = world.beta.audit.wait(mark, result="deny")
    assert record["code"] == "TRR_BYPASS"


@pytest.mark.parametrize("kind", ["library missing", "unreadable"])
def test_plugin_of_the_receiver_cannot_be_loaded(world, kind):
    server = world.server("beta", GSS_MECH_CONFIG=spoiled(world, kind))
    outcome = world.client(server)
    assert outcome.status == 1, outcome
    assert outcome.context is None
    assert not server.of("message")


def test_daemon_is_not_there(world):
    with Listener() as listener:
        outcome = world.client(
            listener.port,
            TRUSTREALM_SOCKET=world.scratch.join("no-socket"))
        assert listener.octets == 0
    assert outcome.status == 1
    assert "trustrealmd cannot be reached" in outcome.errors[-1]["text"]


def test_daemon_of_somebody_else(world, several_uids):
    """A user's own socket speaks for no system."""
    folder = world.scratch.mkdir("false", 0o755, as_uid(CHIEF))
    path = os.path.join(folder, "socket")
    program = ("import socket, time; s = socket.socket(socket.AF_UNIX,"
               " socket.SOCK_SEQPACKET); s.bind(%r); s.listen();"
               " import os; os.chmod(%r, 0o777); print('ready', flush=True);"
               " time.sleep(60)" % (path, path))
    false = world.scratch.spawn(["/usr/bin/python3", "-c", program],
                                "false-daemon", uid=as_uid(CHIEF))
    false.wait_for("ready")
    with Listener() as listener:
        outcome = world.client(listener.port, TRUSTREALM_SOCKET=path)
        assert listener.octets == 0
    false.kill()
    assert outcome.status == 1
    assert "belongs to uid %d" % CHIEF in outcome.errors[-1]["text"]


def test_daemon_that_does_not_answer(world):
    """Its own daemon, standing still: refused after the five seconds that a
    call may take."""
    world.ccache("alice")
    world.alpha.freeze()
    try:
        with Listener() as listener, within(6):
            outcome = world.client(listener.port)
            assert listener.octets == 0
    finally:
        world.alpha.thaw()
    assert outcome.status == 1
    assert "trustrealmd did not answer" in outcome.errors[-1]["text"]
    assert world.client(world.server("beta")).delivered


# --- setuid -------------------------------------------------------------

#: Runs in a mount namespace of its own, where the machine's files are ours.
STAGE = """
set -e
mount --bind "$ETC" /etc
if [ -n "$COVER" ]; then mount -t tmpfs none "$COVER"; fi
mkdir -p "$RUN"
touch "$RUN/socket"
mount --bind "$SOCKET" "$RUN/socket"
exec setpriv --reuid "$CALLER" --regid "$CALLER" --clear-groups "$@"
"""


def default_socket(world):
    """The socket that is compiled in, by what a program says without it."""
    outcome = world.client(1, TRUSTREALM_SOCKET=None)
    return re.search(r"reached: (/\S*):", outcome.errors[-1]["text"]).group(1)


@pytest.fixture
def setuid_client(world, several_uids):
    """Run gss-label as a setuid program of CHIEF, called by STAFF."""
    owner = as_uid(CHIEF)
    etc = world.scratch.join("etc")
    if not os.path.exists(etc):
        # What root of a namespace may not read is left out.
        with contextlib.suppress(shutil.Error):
            shutil.copytree("/etc", etc, symlinks=True,
                            ignore_dangling_symlinks=True)
        os.makedirs(etc + "/gss/mech.d", exist_ok=True)
        shutil.copy(world.mech_config, etc + "/gss/mech.d/trustrealm.conf")
        ccache = world.ccache("alice", CHIEF)
        with open(world.realm.config) as config:
            text = config.read().replace(
                "[libdefaults]", "[libdefaults]\n"
                "    default_ccache_name = FILE:" + ccache)
        with open(etc + "/krb5.conf", "w") as config:
            config.write(text)
        program = shutil.copy(world.program("gss-label"),
                              world.scratch.join("bin/setuid"))
        os.chown(program, owner, owner)
        os.chmod(program, 0o6755)
    runstate = os.path.dirname(default_socket(world))
    # Where there is no such folder, one that is there is covered.
    cover = "" if os.path.isdir(runstate) else runstate
    while not os.path.isdir(cover or "/"):
        cover = os.path.dirname(cover)

    def call(server, *options, **environment):
        env = world.alpha.environment(as_uid(STAFF),
                                      world.ccache("bob", STAFF))
        env.update(environment)
        env.update(ETC=etc, RUN=runstate, COVER=cover,
                   SOCKET=world.alpha.socket, CALLER=str(as_uid(STAFF)))
        result = run(["unshare", "-m", "sh", "-c", STAGE, "sh",
                      world.scratch.join("bin/setuid"), "client", "--json",
                      "-p", server.port] + list(options)
                     + ["127.0.0.1", "sample@" + table.host("beta")],
                     env=env, check=False)
        if "unshare:" in result.err or "mount:" in result.err:
            raise servers.Missing("needs mount namespaces: "
                                  + result.err.strip())
        return Outcome(result)
    return call


def test_setuid_program_is_labelled(world, setuid_client):
    """By the machine's own configuration and daemon, as the user that it
    runs as: a false socket and GSS_MECH_CONFIG change nothing."""
    server = world.server("beta")
    mark = world.alpha.audit.mark()
    outcome = setuid_client(server, GSS_MECH_CONFIG="/dev/null",
                            TRUSTREALM_SOCKET="/nowhere")
    assert outcome.delivered, outcome
    assert outcome.context["state"] == "labelled"
    assert outcome.context["user"] == "alice@" + table.REALM
    record = world.alpha.audit.since(mark, result="allow")[-1]
    assert record["uid"] == CHIEF


def test_setuid_program_has_the_range_of_its_owner(world, setuid_client):
    mark = world.alpha.audit.mark()
    with Listener() as listener:
        outcome = setuid_client(listener, "-l", "utmost")
        assert listener.octets == 0
    assert outcome.status == 1
    # Staff would have been refused at S6 already.
    assert world.alpha.audit.since(mark)[-1]["step"] == "S8"
