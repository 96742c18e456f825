# tests/glue/test_glue.py - the cases of the probe, and programs of a kind
# SPDX-License-Identifier: BSD-2-Clause
"""Through libgssapi, as applications see it; both ends in one process."""

import os
import shutil
import subprocess
import threading

import pytest

from testlib import servers, table
from testlib.agent import Refused
from testlib.process import eventually, run
from testlib.world import ROOT, SERVICE, STAFF, World, as_uid


GROUP = 20100       # that nobody has


def built_probe():
    return servers.built("tests/glue/.libs/probe", "tests/glue/probe")


def case_names():
    try:
        return subprocess.run([built_probe()], stdout=subprocess.PIPE,
                              check=True, timeout=20).stdout.decode().split()
    except Exception:                       # the tests themselves will say
        return ["cases_of_the_probe"]


@pytest.fixture(scope="module")
def probe(world):
    return shutil.copy(built_probe(), world.scratch.join("bin"))


def environment(world):
    env = world.both_ends()
    env["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0"
    # The probe itself leaves things lying about; see nothing_is_leaked.
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    env["OTHER_CCACHE"] = "FILE:" + world.ccache("bob", SERVICE)
    return env


def run_probe(world, probe, name, timeout=30, **more):
    result = run([probe, name], env=dict(environment(world), **more),
                 uid=as_uid(SERVICE), check=False, timeout=timeout)
    assert result.status == 0, result.err


@pytest.mark.parametrize("name", case_names())
def test_probe(world, probe, name):
    run_probe(world, probe, name)


# --- forks, signals, cancellation ---------------------------------------

#: Programs that a sanitizer does not run in, or that would have to load it.
without_sanitizers = pytest.mark.skipif(
    os.environ.get("TR_SANITIZERS") == "yes",
    reason="not under sanitizers")


@without_sanitizers
def test_fork_while_a_thread_is_in_the_plugin(world):
    forks = shutil.copy(servers.built("tests/glue/.libs/forks",
                                      "tests/glue/forks"),
                        world.scratch.join("bin"))
    run_probe(world, forks, "threads", timeout=60)


@without_sanitizers
@pytest.mark.parametrize("how", ["once", "forever", "jump", "cancel"])
def test_interrupted(world, how):
    interrupted = shutil.copy(servers.built("tests/glue/.libs/interrupted",
                                            "tests/glue/interrupted"),
                              world.scratch.join("bin"))
    run_probe(world, interrupted, how)


@without_sanitizers
def test_fork_after_the_plugin_was_unloaded(world):
    forks = servers.built("tests/glue/.libs/forks", "tests/glue/forks")
    run([forks, "unload"], env=dict(
        environment(world), GSS_MECH_CONFIG="/dev/null",
        PLUGIN=servers.built("mech/.libs/mech_trustrealm.so")))


# --- policies -----------------------------------------------------------

def change(world, **attributes):
    """Change the trust realm, and wait until both systems know."""
    for name, values in attributes.items():
        before = [s.table_generation() for s in (world.alpha, world.beta)]
        world.directory.replace(table.ENGINEERING, name, *values)
        eventually(lambda: all(
            s.table_generation() > g
            for s, g in zip((world.alpha, world.beta), before)), what=name)


@pytest.fixture(scope="module")
def changeable(make_module_world):
    made = make_module_world()
    made.probe = shutil.copy(built_probe(), made.scratch.join("bin"))
    return made


@pytest.mark.parametrize("name, attributes", [
    ("idle_timeout", {"trIdleTimeout": ["3"]}),
    ("lifetime", {"trLifetime": ["4"]}),
    ("confidentiality_is_forced", {"trConfidentialFrom": ["SECRET"]}),
    ("kernel_export", {"trKernelExport": ["TRUE"],
                       "trKernelLifetime": ["60"]}),
    ("delegation", {"trDelegation": ["sample"]}),
])
def test_policy(changeable, name, attributes):
    change(changeable, **attributes)
    try:
        run_probe(changeable, changeable.probe, name)
    finally:
        normal = {"trConfidentialFrom": ["TOPSECRET"]}
        change(changeable, **{k: normal.get(k, []) for k in attributes})


def test_table_changes_meanwhile(changeable):
    def keep_changing():
        while not done.is_set():
            for seconds in ("1000", "2000"):
                change(changeable, trIdleTimeout=[seconds])
    done = threading.Event()
    changes = threading.Thread(target=keep_changing)
    before = changeable.beta.table_generation()
    changes.start()
    try:
        run_probe(changeable, changeable.probe, "table_changes_meanwhile")
    finally:
        done.set()
        changes.join()
        change(changeable, trIdleTimeout=[])
    assert changeable.beta.table_generation() > before + 10


@without_sanitizers
@pytest.mark.parametrize("call", ["wrap", "get_mic", "unwrap", "verify_mic"])
def test_confidentiality_is_forced_meanwhile(changeable, call):
    """Between the look before a message and the one after it."""
    program = shutil.copy(servers.built("tests/glue/.libs/meanwhile",
                                        "tests/glue/meanwhile"),
                          changeable.scratch.join("bin"))
    process = changeable.scratch.spawn(
        [program, call], "meanwhile-" + call, env=environment(changeable),
        uid=as_uid(SERVICE), with_stdin=True, with_stdout=True)
    assert process.stdout.readline() == b"now\n"
    try:
        change(changeable, trConfidentialFrom=["INTERNAL"])
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.wait(check=False)
        assert process.status == 0, process.text()
    finally:
        change(changeable, trConfidentialFrom=["TOPSECRET"])


def test_delegation_withdrawn(changeable):
    """alpha knows first: what it still hands over, beta would not take."""
    change(changeable, trDelegation=["sample"])
    withdrawal = threading.Timer(
        1, change, (changeable,), {"trDelegation": []})
    withdrawal.start()
    try:
        run_probe(changeable, changeable.probe, "delegation_withdrawn")
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
@pytest.mark.skipif(not ROOT, reason="needs root: a group to drop")
@pytest.mark.parametrize("name, gid, groups", [
    ("group_dropped", SERVICE, GROUP), ("group_changed", GROUP, SERVICE),
    ("user_changed", GROUP, SERVICE)])
def test_process_has_changed(probe, name, gid, groups):
    """What was allowed to the process is not taken to be so any more."""
    rule = {"uid": SERVICE, "gid": GROUP, "lowest": "open",
            "highest": "grave", "label": "official"}
    with World(source="ldif",
               changes={"alpha": {"rules": {"service": rule}}}) as world:
        mark = world.alpha.audit.mark()
        result = run(["setpriv", "--reuid", str(SERVICE), "--regid",
                      str(gid), "--groups", str(groups), "--inh-caps",
                      "+setgid,+setuid", "--ambient-caps", "+setgid,+setuid",
                      probe, name], env=environment(world), check=False)
        assert result.status == 0, result.err
        denied = world.alpha.audit.wait(mark, result="deny")
        assert denied["event"] == "prepare"


@pytest.fixture(scope="module")
def open_world():
    with opened_world() as made:
        made.probe = shutil.copy(built_probe(), made.scratch.join("bin"))
        yield made


@pytest.mark.parametrize("name", ["bypass", "bypass_exported",
                                  "bypass_iakerb", "bypass_streams"])
def test_bypass(open_world, name):
    open_world.forget_tickets()         # IAKERB is at a loss with one
    run_probe(open_world, open_world.probe, name)


@pytest.fixture(scope="module")
def older_world():
    with opened_world(enctype="rc4", source="ldif") as made:
        made.probe = shutil.copy(built_probe(), made.scratch.join("bin"))
        yield made


@pytest.mark.parametrize("name", ["labelled_streams_of_rc4",
                                  "bypass_streams_of_rc4"])
def test_older_enctype(older_world, name):
    run_probe(older_world, older_world.probe, name)


# --- programs of a kind -------------------------------------------------

def mech_config(world, name, text, mode=0o644):
    return world.scratch.write(name, text, mode)


def configured(world):
    with open(world.mech_config) as config:
        return config.read()


def test_mechanism_without_the_interposer(world, probe):
    lines = [line for line in configured(world).splitlines()
             if "<interposer>" not in line]
    config = mech_config(world, "own.conf", "\n".join(lines) + "\n")
    run_probe(world, probe, "own_mechanism_alone", GSS_MECH_CONFIG=config)


@without_sanitizers
@pytest.mark.skipif(not ROOT, reason="needs root: a setuid program")
@pytest.mark.skipif(not os.path.isdir("/etc/gss"), reason="no /etc/gss")
def test_setuid_program(world, probe):
    """It reads /etc/gss/mech.d (here one of its own) and no environment."""
    copy = shutil.copy(probe, world.scratch.join("bin", "probe-setuid"))
    os.chown(copy, SERVICE, SERVICE)
    os.chmod(copy, 0o4755)
    script = ("mount -t tmpfs tmpfs /etc/gss && mkdir /etc/gss/mech.d && "
              "cp %s /etc/gss/mech.d/trustrealm.conf && "
              "exec setpriv --reuid %d --regid %d --clear-groups "
              "%s setuid_program" % (world.mech_config, STAFF, STAFF, copy))
    result = run(["unshare", "-m", "sh", "-c", script],
                 env=environment(world), check=False)
    if "unshare" in result.err or "mount" in result.err:
        pytest.skip(result.err)
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
        pytest.skip("needs root: a file that others cannot read")
    config = mech_config(world, "broken.conf", text, mode)
    alice = world.agent("alpha", "alice", GSS_MECH_CONFIG=config)
    beta = world.agent("beta", None, SERVICE)
    _, token = alice.initiate("sample@" + world.beta.host)
    mark = world.beta.audit.mark()
    with pytest.raises(Refused):
        beta.accept(token)
    assert world.beta.audit.wait(mark, result="deny")["code"] == "TRR_BYPASS"
    os.unlink(config)
