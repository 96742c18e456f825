# tests/apps/test_foreign.py - programs with a Kerberos of their own
# SPDX-License-Identifier: BSD-2-Clause
"""Java's and Heimdal's Kerberos know nothing of trust realms.  Where a
by-pass is allowed they are served, unlabelled; elsewhere they are refused, at
once and with an error of their own."""

import os

import pytest

from testlib import guide, policies, servers, table
from testlib.process import eventually, run
from testlib.world import ROOT

PYTHON = "/usr/bin/python3"
FOREIGN = os.path.join(servers.source_directory(), "tests/apps/foreign")


@pytest.fixture(scope="module")
def lenient(make_module_world):
    """Beta serves plain/beta to alice; alpha may call plain/epsilon."""
    made = make_module_world(changes={
        "beta": {"policy": {"allow-bypass": "true"}},
        "alpha": {"policy": {"allow-bypass": "true",
                             "bypass-to": "plain/epsilon.example.test@*"}}})
    if ROOT:
        # Whoever may read where the packages were unpacked.
        made.alpha.rule("root", 0, "open", "grave:cipher", "official")
        made.alpha.restart()
    return made


class Heimdal:
    name = "heimdal"
    refusal = "gss_init_sec_context: refused\n"

    @staticmethod
    def argv(world, ccache, *arguments):
        return [PYTHON, os.path.join(FOREIGN, "heimdal.py"),
                servers.library("libgssapi.so.3")] + list(arguments)


class Java:
    """It does not read the answer; the guide has this line."""
    name = "java"
    refusal = ("GSSException: Defective token detected (Mechanism level: "
               "AP_REP token id does not match!)\n")
    options = ()

    @classmethod
    def argv(cls, world, ccache, *arguments):
        jaas = world.scratch.write(
            "jaas.conf", guide.shown("other-kerberos", "jaas.conf").replace(
                "/tmp/krb5cc_1000", ccache), 0o644)
        return [servers.java(), "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                "-Djava.security.krb5.conf=" + world.realm.config,
                "-Djava.security.auth.login.config=" + jaas,
                "-Djavax.security.auth.useSubjectCredsOnly=false",
                *cls.options, "-cp", servers.jar("bsh.jar"), "bsh.Interpreter",
                os.path.join(FOREIGN, "client.bsh")] + list(arguments)


class NativeJava(Java):
    """Java that is told to use the system's library."""
    options = ("-Dsun.security.jgss.native=true",
               "-Dsun.security.jgss.lib=libgssapi_krb5.so.2")


@pytest.fixture(params=[Heimdal, Java], ids=lambda kind: kind.name)
def kerberos(request):
    return request.param


def environment(world, kerberos, uid=None, ccache=None, system="alpha"):
    env = world.systems[system].environment(uid, ccache)
    libraries = servers.environment().get("LD_LIBRARY_PATH")
    if libraries:
        env["LD_LIBRARY_PATH"] = libraries
    # Heimdal asks by UDP first, which this KDC does not listen to.
    with open(world.realm.config) as config:
        text = config.read().replace("kdc = ", "kdc = tcp/")
    if kerberos is Heimdal:
        env["KRB5_CONFIG"] = world.scratch.write("heimdal.conf", text, 0o644)
    return env


def client(world, kerberos, server, service="sample"):
    ccache = world.ccache("alice", uid=os.geteuid())
    return run(kerberos.argv(world, ccache, "client", "127.0.0.1",
                             str(server.port),
                             "%s@%s" % (service, table.host("beta")),
                             "hello from outside"),
               env=environment(world, kerberos, None, ccache), check=False,
               timeout=60)


def test_bypass_serves_it_unlabelled(lenient, kerberos):
    server = lenient.server("beta")
    mark = lenient.beta.audit.mark()
    done = client(lenient, kerberos, server, "plain")
    assert done.status == 0, done
    context, = server.wait("context")
    assert context["state"] == "unlabelled"
    assert context["user"].startswith("alice@")
    message, = server.wait("message")
    assert message["text"] == "hello from outside"
    record = lenient.beta.audit.wait(mark, result="allow")
    assert record["bypass"] is True


def test_refused_without_bypass(lenient, kerberos):
    server = lenient.server("beta")
    mark = lenient.beta.audit.mark()
    done = client(lenient, kerberos, server, "sample")
    assert (done.status, done.err) == (1, kerberos.refusal), done
    assert not server.of("message")
    record = lenient.beta.audit.wait(mark, result="deny")
    assert (record["step"], record["code"]) == ("R1", "TRR_BYPASS")


class HeimdalServer:
    def __init__(self, world, system):
        folder = world.scratch.mkdir("heimdal-%d" % world.next_number())
        path = os.path.join(folder, "port")
        self.process = world.scratch.spawn(
            Heimdal.argv(world, None, "server", path),
            "%s/heimdal" % system,
            env=environment(world, Heimdal, system=system))
        eventually(lambda: os.path.exists(path) and os.path.getsize(path),
                   what="port")
        with open(path) as file:
            self.port = int(file.read())


def test_member_is_not_believed_without_acceptance(lenient):
    """Heimdal passes over what it does not know: no acceptance comes."""
    server = HeimdalServer(lenient, "beta")
    outcome = lenient.client(server)
    assert outcome.status == 1, outcome
    assert outcome.context is None
    assert "does not take part in trust realms" in outcome.errors[-1]["text"]
    assert "delivered" not in server.process.text()


def test_bypass_lets_the_lowest_call_it(lenient):
    with policies.rule(lenient.alpha, "staff", lowest="open", highest="open",
                       label="open"):
        server = HeimdalServer(lenient, "epsilon")
        outcome = lenient.client(server, to="epsilon", service="plain")
        assert outcome.delivered, outcome
        assert outcome.context["state"] == "unlabelled"
        eventually(lambda: "delivered" in server.process.text(),
                   what="message")


def test_java_that_uses_the_library_is_labelled(lenient):
    server = lenient.server("beta")
    done = client(lenient, NativeJava, server)
    assert done.status == 0, done
    context, = server.wait("context")
    assert context["state"] == "labelled"
    assert context["trust_realm"] == "engineering"
