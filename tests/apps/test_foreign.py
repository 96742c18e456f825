# tests/apps/test_foreign.py - programs with a Kerberos of their own
# SPDX-License-Identifier: BSD-2-Clause
"""Java's and Heimdal's Kerberos know nothing of trust realms.  Where a
by-pass is allowed they are served, unlabelled; elsewhere they are refused, at
once, and at both ends it is said why, as far as the program can."""

import os

import pytest

from testlib import guide, policies, samples, servers
from testlib.samples import TOKENS, Exchange, Heimdal, System
from testlib.world import CHIEF, SERVICE, STAFF

PROGRAM = os.path.join(servers.source_directory(),
                       "tests/apps/foreign/sample-client.bsh")


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts(samples.CLIENT, samples.SERVER, run=("alpha", "beta"))
    samples.prepare(made)
    return made


@pytest.fixture(scope="module")
def server(world):
    for name in "beta", "epsilon":
        samples.serve(world, name)


@pytest.fixture
def bypass(world):
    with policies.bypass(world, samples.NAME, [SERVICE]):
        yield


#: BeanShell calls the methods of the class that there is, not the interface's.
EXPORTS = ["--add-exports=%s=ALL-UNNAMED" % package for package in (
    "java.security.sasl/com.sun.security.sasl.util",
    "jdk.security.jgss/com.sun.security.sasl.gsskerb")]


class Java(System):
    JVM = ()

    @classmethod
    def client(cls, world, machine, user, to):
        java, bsh = (path.removeprefix(servers.root())
                     for path in (servers.java(), servers.jar("bsh.jar")))
        jaas = machine.write("/etc/jaas.conf", guide.shown(
            "other-kerberos", "jaas.conf").replace(
                "/tmp/krb5cc_1000", world.ccache(user, STAFF)))
        return [java, "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                "-Djava.security.auth.login.config=" + jaas,
                "-Djavax.security.auth.useSubjectCredsOnly=false",
                *cls.JVM, *EXPORTS, "-cp", bsh, "bsh.Interpreter",
                world.script(PROGRAM), samples.NAME, to]


class NativeJava(Java):
    """Java that is told to use the system's library."""
    JVM = ("-Dsun.security.jgss.native=true",
           "-Dsun.security.jgss.lib=libgssapi_krb5.so.2")


@pytest.fixture(params=[Heimdal, Java], ids=lambda kind: kind.__name__)
def kerberos(request):
    return request.param


@pytest.fixture
def exchange(world, server):
    opened = []

    def start(**options):
        opened.append(Exchange(world, **options))
        return opened[-1]
    yield start
    for one in opened:
        one.close()


# --- as a client --------------------------------------------------------

def test_bypass_serves_it_unlabelled(world, exchange, bypass, kerberos):
    mark = world.beta.audit.mark()
    live = exchange(client=kerberos)
    assert live.finish(), live.said()
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert (record["bypass"], record["user"], record["local_label"]) == (
        True, "alice@EXAMPLE.TEST", "white")


def test_refused_without_bypass(world, exchange, kerberos):
    """The server says what would have to change; nothing waits."""
    mark = world.beta.audit.mark()
    live = exchange(client=kerberos)
    assert not live.finish()
    record = world.beta.audit.wait(mark, result="deny")
    assert (record["step"], record["code"]) == ("R1", "TRR_BYPASS")
    assert record["reason"] == (
        '"alice@EXAMPLE.TEST" sent no trust realm, like every program or '
        "system without mech_trustrealm, and allow-bypass is off")
    assert record["reason"] in live.server.text()


@pytest.mark.parametrize("client, error", [
    (Heimdal, "refused by trustrealm; the audit log of the service's system "
     "says why"),
    (Java, "Defective token detected (Mechanism level: AP_REP token id does "
     "not match!)"),
    (System, "Generic error (see e-text)")], ids=["Heimdal", "Java", "plain"])
def test_what_it_says_of_the_answer(world, exchange, client, error):
    """From a server that sends one, which sasl-sample-server does not.  Only
    Heimdal reads the text in it; the guide has what each of them says."""
    live = exchange(client=client, sender="epsilon")
    live.carry(1)
    refusal = world.beta.run(
        [world.program("gss-label"), "token", "accept"], uid=SERVICE,
        env=dict(world.beta.environment(SERVICE), KRB5_KTNAME=samples.KEYTAB),
        input=live.token(), check=False)
    assert refusal.status == 1
    live.answer(refusal.out)
    assert live.client.wait(check=False) == 1
    assert error in live.client.text()
    assert error in " ".join(guide.read("other-kerberos").split())


# --- as a server --------------------------------------------------------

def test_member_is_not_believed_without_acceptance(world, exchange):
    """Heimdal passes over what it does not know: no acceptance comes."""
    live = exchange(server=Heimdal)
    live.carry(TOKENS - 1)
    assert live.line is None
    assert "does not take part in trust realms" in live.client.text()


def test_bypass_lets_the_lowest_call_it(world, exchange, bypass):
    live = exchange(server=Heimdal, to="epsilon", uid=CHIEF)
    assert live.finish(), live.said()


# --- the system's library -----------------------------------------------

def test_java_that_uses_the_library_is_labelled(world, exchange):
    mark = world.beta.audit.mark()
    live = exchange(client=NativeJava)
    assert live.finish(), live.said()
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert (record["bypass"], record["realm"]) == (False, "engineering")
