# tests/glue/test_glue.py - the cases of the probe, and programs of a kind
# SPDX-License-Identifier: BSD-2-Clause
"""Through libgssapi, as applications see it; both ends in one process."""

import os
import shutil
import subprocess
import threading

import pytest

from testlib import policies, servers, table
from testlib.agent import Refused
from testlib.process import eventually, run
from testlib.world import ROOT, SERVICE, STAFF, World, as_uid


GROUP = 20100       # that nobody has
PROBE = "tests/glue/probe"


def case_names():
    try:
        return subprocess.run([servers.built(PROBE)], check=True,
                              stdout=subprocess.PIPE,
                              timeout=20).stdout.decode().split()
    except Exception:                       # the tests themselves will say
        return ["cases_of_the_probe"]


def environment(world):
    env = world.both_ends()
    env["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0"
    # The probe itself leaves things lying about; see nothing_is_leaked.
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    env["OTHER_CCACHE"] = "FILE:" + world.ccache("bob", SERVICE)
    return env


def run_probe(world, name, program=PROBE, timeout=30, **more):
    result = run([world.staged(program), name],
                 env=dict(environment(world), **more),
                 uid=as_uid(SERVICE), check=False, timeout=timeout)
    assert result.status == 0, result.err


@pytest.mark.parametrize("name", case_names())
def test_probe(world, name):
    run_probe(world, name)


# --- forks, signals, cancellation ---------------------------------------

#: Programs that a sanitizer does not run in, or that would have to load it.
without_sanitizers = pytest.mark.skipif(
    os.environ.get("TR_SANITIZERS") == "yes",
    reason="not under sanitizers")


@without_sanitizers
def test_fork_while_a_thread_is_in_the_plugin(world):
    run_probe(world, "threads", "tests/glue/forks", timeout=60)


@without_sanitizers
@pytest.mark.parametrize("how", ["once", "forever", "jump", "cancel"])
def test_interrupted(world, how):
    run_probe(world, how, "tests/glue/interrupted")


@without_sanitizers
def test_fork_after_the_plugin_was_unloaded(world):
    run([servers.built("tests/glue/forks"), "unload"], env=dict(
        environment(world), GSS_MECH_CONFIG="/dev/null",
        PLUGIN=servers.built("mech/.libs/mech_trustrealm.so")))


# --- policies -----------------------------------------------------------

@pytest.fixture(scope="module")
def changeable(make_module_world):
    return make_module_world()


@pytest.mark.parametrize("name, attributes", [
    ("idle_timeout", {"trIdleTimeout": ["3"]}),
    ("lifetime", {"trLifetime": ["4"]}),
    ("confidentiality_is_forced", {"trConfidentialFrom": ["SECRET"]}),
    ("kernel_export", {"trKernelExport": ["TRUE"],
                       "trKernelLifetime": ["60"]}),
    ("delegation", {"trDelegation": ["sample"]}),
])
def test_policy(changeable, name, attributes):
    with policies.engineering(changeable, **attributes):
        run_probe(changeable, name)


def test_table_changes_meanwhile(changeable):
    def keep_changing():
        while not done.is_set():
            for seconds in ("1000", "2000"):
                changeable.change(table.ENGINEERING, "trIdleTimeout", seconds)
    def with_changes():
        run_probe(changeable, "table_changes_meanwhile")
        return changeable.beta.table_generation() > before + 10
    done = threading.Event()
    changes = threading.Thread(target=keep_changing)
    before = changeable.beta.table_generation()
    changes.start()
    try:
        eventually(with_changes, what="more than ten changes meanwhile")
    finally:
        done.set()
        changes.join()
        changeable.change(table.ENGINEERING, "trIdleTimeout")


@without_sanitizers
@pytest.mark.parametrize("call", ["wrap", "get_mic", "unwrap", "verify_mic"])
def test_confidentiality_is_forced_meanwhile(changeable, call):
    """Between the look before a message and the one after it."""
    process = changeable.scratch.spawn(
        [changeable.staged("tests/glue/meanwhile"), call],
        "meanwhile-" + call, env=environment(changeable),
        uid=as_uid(SERVICE), with_stdin=True, with_stdout=True)
    assert process.stdout.readline() == b"now\n"
    with policies.engineering(changeable, trConfidentialFrom=["INTERNAL"]):
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.wait(check=False)
        assert process.status == 0, process.text()


def test_delegation_withdrawn(changeable):
    """alpha knows first: what it still hands over, beta would not take."""
    def withdraw():
        eventually(lambda: len(changeable.beta.audit.since(
            mark, event="accept", result="allow")) > 1, what="two contexts")
        changeable.change(table.ENGINEERING, "trDelegation")
    changeable.change(table.ENGINEERING, "trDelegation", "sample")
    mark = changeable.beta.audit.mark()
    withdrawal = threading.Thread(target=withdraw)
    withdrawal.start()
    try:
        run_probe(changeable, "delegation_withdrawn")
    finally:
        withdrawal.join()


def opened_world(**options):
    """The service plain is for plain clients, and alpha may call it so."""
    return World(**options, changes={
        "alpha": {"policy": {"allow-bypass": "true", "bypass-to": "plain/*"},
                  "rules": {"service" if ROOT else "staff": {
                      "uid": as_uid(SERVICE) or os.geteuid(),
                      "lowest": "open", "highest": "open",
                      "label": "open"}}},
        "beta": {"policy": {"allow-bypass": "true"}}})


@without_sanitizers
@pytest.mark.usefixtures("several_uids")
@pytest.mark.parametrize("name, gid, groups", [
    ("group_dropped", SERVICE, GROUP), ("group_changed", GROUP, SERVICE),
    ("user_changed", GROUP, SERVICE)])
def test_process_has_changed(name, gid, groups):
    """What was allowed to the process is not taken to be so any more."""
    rule = {"uid": SERVICE, "gid": GROUP, "lowest": "open",
            "highest": "grave", "label": "official"}
    with World(source="ldif",
               changes={"alpha": {"rules": {"service": rule}}}) as world:
        mark = world.alpha.audit.mark()
        result = run(["setpriv", "--reuid", str(SERVICE), "--regid",
                      str(gid), "--groups", str(groups), "--inh-caps",
                      "+setgid,+setuid", "--ambient-caps", "+setgid,+setuid",
                      world.staged(PROBE), name], env=environment(world),
                     check=False)
        assert result.status == 0, result.err
        denied = world.alpha.audit.wait(mark, result="deny")
        assert denied["event"] == "prepare"


@pytest.fixture(scope="module")
def open_world():
    with opened_world() as made:
        yield made


@pytest.mark.parametrize("name", ["bypass", "bypass_exported",
                                  "bypass_iakerb", "bypass_streams"])
def test_bypass(open_world, name):
    open_world.forget_tickets()         # IAKERB is at a loss with one
    run_probe(open_world, name)


@pytest.fixture(scope="module")
def older_world():
    with opened_world(enctype="rc4", source="ldif") as made:
        yield made


@pytest.mark.parametrize("name", ["no_label_by_rc4", "bypass_streams_of_rc4"])
def test_older_enctype(older_world, name):
    run_probe(older_world, name)


def test_older_session_key():
    """AES is agreed on, but Kerberos takes messages by the initiator's subkey,
    too, which is of the session key's type."""
    with opened_world(enctype="rc4", source="ldif") as made:
        made.realm.limit_sessions("sample/beta.example.test", "arcfour-hmac")
        made.realm.prefer("aes256-cts-hmac-sha1-96")
        run_probe(made, "no_label_by_rc4")


# --- programs of a kind -------------------------------------------------

def mech_config(world, name, text, mode=0o644):
    return world.scratch.write(name, text, mode)


def configured(world):
    with open(world.mech_config) as config:
        return config.read()


def test_mechanism_without_the_interposer(world):
    lines = [line for line in configured(world).splitlines()
             if "<interposer>" not in line]
    config = mech_config(world, "own.conf", "\n".join(lines) + "\n")
    run_probe(world, "own_mechanism_alone", GSS_MECH_CONFIG=config)


@without_sanitizers
@pytest.mark.usefixtures("several_uids")
@pytest.mark.skipif(not os.path.isdir("/etc/gss"), reason="no /etc/gss")
def test_setuid_program(world):
    """It reads /etc/gss/mech.d (here one of its own) and no environment."""
    copy = shutil.copy(servers.built(PROBE), world.program("probe-setuid"))
    os.chown(copy, SERVICE, SERVICE)
    os.chmod(copy, 0o4755)
    script = ("mount -t tmpfs tmpfs /etc/gss && mkdir /etc/gss/mech.d && "
              "cp %s /etc/gss/mech.d/trustrealm.conf && "
              "exec setpriv --reuid %d --regid %d --clear-groups "
              "%s setuid_program" % (world.mech_config, STAFF, STAFF, copy))
    result = run(["unshare", "-m", "sh", "-c", script],
                 env=environment(world), check=False)
    if "unshare" in result.err or "mount" in result.err:
        raise servers.Missing("needs mount namespaces: " + result.err)
    assert result.status == 0, result.err


@without_sanitizers
@pytest.mark.parametrize("why", ["no such plugin", "unreadable", "empty"])
def test_plugin_that_is_not_loaded(world, why):
    """libgssapi says nothing and goes on with plain Kerberos; the receiver
    refuses."""
    text, mode = configured(world), 0o644
    if why == "no such plugin":
        text = text.replace("mech_trustrealm.so", "missing.so")
    elif why == "unreadable":
        mode = 0o600
    else:
        text = ""
    if why == "unreadable" and not ROOT:
        raise servers.NotRoot("a file that others cannot read")
    config = mech_config(world, "broken.conf", text, mode)
    alice = world.agent("alpha", "alice", GSS_MECH_CONFIG=config)
    beta = world.agent("beta", None, SERVICE)
    _, token = alice.initiate("sample@" + world.beta.host)
    mark = world.beta.audit.mark()
    with pytest.raises(Refused):
        beta.accept(token)
    assert world.beta.audit.wait(mark, result="deny")["code"] == "TRR_BYPASS"
    os.unlink(config)
