# tests/apps/test_openssh.py - Debian's ssh and sshd carry labels
# SPDX-License-Identifier: BSD-2-Clause
"""alice logs in from alpha on beta.  Configurations are those that
doc/apps/openssh shows."""

import re
import time

import pytest
from cases import (  # noqa: F401
    Application, test_by_pass_is_for_the_named_client, test_label_out_of_range,
    test_label_that_the_server_may_not_have, test_plain_client_is_refused,
    test_plain_server_with_by_pass, test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import guide, openssh, policies, table
from testlib.openssh import KEYEX, SSHD, WITH_MIC, Sshd, arguments
from testlib.process import eventually
from testlib.world import CHIEF, CLERK, STAFF


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts("sshd", "ssh")
    openssh.prepare(made)
    for name in ("alpha", "beta"):
        made.machine(name).user("chief", CHIEF)
    made.beta.machine.append("/etc/pam.d/sshd", guide.here(
        made.beta, guide.shown("sshd-label-record", "/etc/pam.d/sshd")))
    return made


@pytest.fixture(scope="module")
def server(world):
    """On beta, as in the guide, with labels in the environment."""
    return Sshd(world, "beta",
                guide.shown("sshd-label-record", "file for sshd"))


def ssh(world, *command, options=(), user="alice", uid=STAFF, sender="alpha",
        to="beta", login="alice", plugin=True):
    """Run a command by ssh to its end."""
    return world.machine(sender).run(
        arguments(options, command, to, login),
        env=world.environment(user, uid, sender, plugin), uid=uid,
        check=False)


@pytest.fixture(scope="module")
def plain_server(world):
    return Sshd(world, "epsilon")


def attempt(world, user="alice", to="beta", **who):
    result = ssh(world, "hostname", user=user, login=user, to=to, **who)
    assert (result.status, result.out) in (
        (0, table.host(to) + "\n"), (255, "")), result
    return result.status == 0, result.err


APPLICATION = Application("host", [0], "sshd", attempt,
                          "Permission denied|Connection closed")


class Session:
    """ssh that goes on while the test does something; every line that is
    sent comes back."""

    def __init__(self, world, *options):
        self._process = world.alpha.spawn(
            arguments(options, ["cat"], "beta", "alice"),
            "session-%d" % world.next_number(), uid=STAFF,
            env=world.environment(), with_stdin=True)
        self._lines = 0
        self.echo()

    def send(self, before=""):
        self._lines += 1
        self._process.tell("%sline %d" % (before, self._lines))

    def echo(self):
        """Send a line and wait until it is back."""
        self.send()
        self._process.wait_for("^line %d$" % self._lines)

    def ended(self):
        self.send()
        return not self._process.alive()

    def text(self):
        return self._process.text()

    def rekeyings(self):
        return self.text().count("SSH2_MSG_NEWKEYS received")

    def close(self):
        self._process.kill()


def variables(result):
    return dict(line.split("=", 1) for line in result.out.splitlines()
                if "=" in line)


# --- allowed ------------------------------------------------------------

@pytest.mark.parametrize("method, options", [
    ("gssapi-keyex", KEYEX), ("gssapi-with-mic", WITH_MIC)])
def test_log_in(world, server, method, options):
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    result = ssh(world, "id -un; hostname", options=options)
    assert result.status == 0, result
    assert result.out.split() == ["alice", "beta.example.test"]
    assert 'using "%s"' % method in result.err
    record = world.beta.audit.wait(beta, event="accept", result="allow")
    assert record["service"] == "host"
    assert record["user"] == "alice@EXAMPLE.TEST"
    assert (record["realm"], record["label"], record["local_label"]) == (
        "engineering", "INTERNAL", "blue")
    ours = world.alpha.audit.wait(alpha, event="accepted", result="allow")
    assert ours["correlation"] == record["correlation"]


def test_what_the_guide_says_to_see(world, server):
    assert "TRUSTREALM_LABEL=blue\n" in guide.see(world, "openssh")


def test_key_exchange_needs_no_host_key(world, server):
    result = ssh(world, "hostname", options=KEYEX + (
        "-o", "GlobalKnownHostsFile=/dev/null",
        "-o", "StrictHostKeyChecking=yes"))
    assert result.out == "beta.example.test\n", result
    assert "kex: algorithm: gss-" in result.err


@pytest.mark.parametrize("options", [KEYEX, WITH_MIC])
def test_session_has_label_in_its_environment(world, server, options):
    mark = world.beta.audit.mark()
    result = ssh(world, "env", options=options)
    found = {name: value for name, value in variables(result).items()
             if name.startswith("TRUSTREALM_")}
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert found == {
        "TRUSTREALM_STATE": "labelled", "TRUSTREALM_REALM": "engineering",
        "TRUSTREALM_LABEL": "blue", "TRUSTREALM_WIRE_LABEL": "INTERNAL",
        "TRUSTREALM_SENDER": "alpha.example.test",
        "TRUSTREALM_CORRELATION": record["correlation"]}


def test_label_is_that_of_the_sending_user(world, server):
    result = ssh(world, "env", user="bob", uid=CLERK, login="bob")
    assert variables(result)["TRUSTREALM_LABEL"] == "white"


def test_sessions_side_by_side_have_each_their_label(world, server):
    """The environment belongs to the process that accepted."""
    wait = "sleep 0.3; env"
    command = arguments((), [wait], "beta", "alice")
    first = world.alpha.spawn(command, "first", uid=STAFF,
                              env=world.environment())
    second = ssh(world, wait, user="bob", uid=CLERK, login="bob")
    first.wait()
    assert "TRUSTREALM_LABEL=blue" in first.text()
    assert variables(second)["TRUSTREALM_LABEL"] == "white"


def test_record_names_the_process_of_the_session(world, session):
    """The one that is shown as "sshd: alice [priv]"."""
    mark = world.beta.audit.mark()
    session()
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    shown = world.beta.machine.processes()[record["pid"]]
    assert shown == "sshd: alice [priv]"


def test_files_are_copied(world, server):
    big = world.alpha.machine.write("/tmp/big", b"labelled\n" * 500000, 0o644)
    env = world.environment()
    for source, target in ((big, "alice@beta.example.test:big"),
                           ("alice@beta.example.test:big", "/tmp/back")):
        world.alpha.machine.run(["scp", "-q", source, target], env=env,
                                uid=STAFF)
    world.alpha.machine.run(["cmp", big, "/tmp/back"])


# --- delegation ---------------------------------------------------------

DELEGATE = ("-K",)


@pytest.mark.parametrize("options", [KEYEX, WITH_MIC])
def test_delegation_where_the_trust_realm_allows_it(world, server, options):
    result = ssh(world, "klist; env | grep KRB5CCNAME",
                 options=options + DELEGATE)
    assert "Default principal: alice@EXAMPLE.TEST" in result.out, result


def test_no_delegation_elsewhere(world, server):
    with policies.engineering(world, trDelegation=[]):
        result = ssh(world, "klist; hostname", options=DELEGATE)
    assert result.out == "beta.example.test\n", result
    assert "No credentials cache found" in result.err


# --- refused ------------------------------------------------------------

@pytest.mark.parametrize("options", [KEYEX, WITH_MIC, ()])
def test_no_common_trust_realm(world, server, options):
    with policies.withdrawn(world, "alpha"):
        mark = world.alpha.audit.mark()
        result = ssh(world, "true", options=options)
        assert result.status == 255, result
        assert re.search(APPLICATION.refusal, result.err)
        world.alpha.audit.wait(mark, result="deny", step="S5")


def test_carrier_has_to_be_named_where_data_must_be_secret(world, server):
    """ssh signs with GSS-API: by the carrier gss everything is wrapped."""
    with policies.engineering(world, trConfidentialFrom=["PUBLIC"]):
        assert ssh(world, "true").status == 0
        with policies.engineering(world, trCarrier=[]):
            assert ssh(world, "true").status == 255
    assert ssh(world, "true").status == 0


def test_forwarding_is_a_door_that_is_closed(world, server):
    """The guide's configuration forwards nothing."""
    result = ssh(world, "true", options=("-W", "localhost:22"))
    assert "administratively prohibited" in result.err
    shown = world.beta.machine.run([SSHD, "-T"]).out
    for line in ("disableforwarding yes", "permittunnel no",
                 "passwordauthentication no", "pubkeyauthentication no",
                 "hostbasedauthentication no",
                 "kbdinteractiveauthentication no"):
        assert line in shown.splitlines()


# --- while connected ----------------------------------------------------

OFTEN = ("-o", "RekeyLimit=default 1s")


def rekeyed(live, times=1):
    """Use the session until its keys have been changed again."""
    wanted = live.rekeyings() + times

    def once():
        live.echo()
        time.sleep(0.02)
        return live.rekeyings() >= wanted
    eventually(once, what=lambda: "new keys\n" + live.text())


def test_each_change_of_keys_is_a_new_decision(world, session):
    live = session(*KEYEX, *OFTEN)
    mark = world.beta.audit.mark()
    rekeyed(live, 3)        # the first may have been decided on before
    records = world.beta.audit.since(mark, event="accept", result="allow")
    assert len(records) >= 2
    assert len({r["correlation"] for r in records}) == len(records)
    assert {r["label"] for r in records} == {"INTERNAL"}


def test_membership_withdrawn_ends_the_session_at_the_next_keys(world,
                                                                session):
    live = session(*KEYEX, *OFTEN)
    mark = world.alpha.audit.mark()
    with policies.withdrawn(world):
        eventually(live.ended, what="end of the session")
        world.alpha.audit.wait(mark, result="deny", step="S5")


def test_server_decides_when_keys_change(world, server, session):
    """RekeyLimit of the server; the client asks for nothing."""
    server.stop()
    often = Sshd(world, "beta", "RekeyLimit default 1s")
    try:
        live = session(*KEYEX)
        rekeyed(live)
        mark = world.alpha.audit.mark()
        with policies.withdrawn(world):
            eventually(live.ended, what="end of the session")
            world.alpha.audit.wait(mark, result="deny", step="S5")
    finally:
        often.stop()
        server.start()


def test_other_keys_outlive_a_withdrawal(world, session):
    """As the guide says of gssapi-with-mic alone; new log-ins end."""
    live = session(*WITH_MIC, *OFTEN)
    with policies.withdrawn(world):
        rekeyed(live)
        assert ssh(world, "true", options=WITH_MIC).status == 255


@pytest.mark.parametrize("end", ["alpha", "beta"])
def test_daemon_restarted(world, session, end):
    """The session goes on; while there is no daemon, nothing is let in."""
    live = session(*KEYEX)
    with policies.stopped(world.systems[end]):
        live.echo()
        assert ssh(world, "true").status == 255
    live.echo()
    assert ssh(world, "true").status == 0


def test_keys_change_after_a_restart(world, session):
    """Not in the middle of it: they are changed when so much was sent."""
    live = session(*KEYEX, "-o", "RekeyLimit=64K")
    world.alpha.restart()
    world.beta.restart()
    before = live.rekeyings()
    for _ in range(3):
        live.send("x" * 100000 + "\n")
        live.echo()
    assert live.rekeyings() >= before + 2


# --- plain peers --------------------------------------------------------

@pytest.mark.parametrize("options", [KEYEX, WITH_MIC])
def test_plain_client_with_by_pass(world, server, bypass, options):
    result = ssh(world, "env", sender="epsilon", options=options)
    assert result.status == 0, result
    found = variables(result)
    assert found["TRUSTREALM_STATE"] == "unlabelled"
    assert found["TRUSTREALM_LABEL"] == "white"
    assert "TRUSTREALM_REALM" not in found


