# tests/apps/test_sasl.py - OpenLDAP carries labels, by Cyrus SASL
# SPDX-License-Identifier: BSD-2-Clause
"""alice works from alpha with a directory on beta.  Configurations are those
that doc/apps/sasl shows."""

import pytest
from cases import (  # noqa: F401
    Application, test_by_pass_is_for_the_named_client, test_daemon_restarted,
    test_label_out_of_range, test_label_that_the_server_may_not_have,
    test_membership_withdrawn_while_connected, test_no_common_trust_realm,
    test_plain_client_is_refused, test_plain_server_with_by_pass,
    test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import guide, policies, table
from testlib.openldap import BIG, OPENLDAP, Slapd, ldap
from testlib.relay import Relay, is_sealed, packets
from testlib.world import STAFF


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts("slapd", "ldapsearch", run=("alpha", "beta"))
    for name in "alpha", "epsilon":
        guide.follow(made, name, "sasl", "On the client")
    return made


@pytest.fixture(scope="module")
def server(world):
    return Slapd(world, "beta")


@pytest.fixture(scope="module")
def plain_server(world):
    return Slapd(world, "epsilon")


def attempt(world, user="alice", **who):
    result = ldap(world, user=user, **who)
    served = result.out.strip() == "dn:" + table.user_dn(user)
    assert served == (result.status == 0), result
    return served, result.err


APPLICATION = Application("ldap", [OPENLDAP], "directory", attempt,
                          "Invalid credentials")
ALICE = "dn:" + table.user_dn("alice")


# --- allowed ------------------------------------------------------------

@pytest.mark.parametrize("mechanism", ["GSSAPI", "GSS-SPNEGO"])
def test_log_in(world, server, mechanism):
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    result = ldap(world, "ldapwhoami", "-Y", mechanism)
    assert result.out.strip() == ALICE, result
    record = world.beta.audit.wait(beta, event="accept", result="allow")
    assert (record["service"], record["user"], record["uid"]) == (
        "ldap", "alice@EXAMPLE.TEST", OPENLDAP)
    assert (record["realm"], record["label"], record["local_label"]) == (
        "engineering", "INTERNAL", "blue")
    ours = world.alpha.audit.wait(alpha, event="accepted", result="allow")
    assert ours["correlation"] == record["correlation"]


def test_what_the_guide_says_to_see(world, server):
    assert "uid: alice" in guide.see(world, "sasl")


def test_people_are_read_and_written(world, server):
    change = "dn: %s\nchangetype: modify\nreplace: description\n" \
        "description: changed\n" % table.user_dn("alice")
    result = ldap(world, "ldapmodify", input=change)
    assert result.status == 0, result
    result = ldap(world, "ldapsearch", "-LLL", "uid=alice", "description")
    assert "description: changed" in result.out, result


# --- every packet -------------------------------------------------------

class Packets:
    """What passed while a program read the big entry: tokens from client and
    server after the log-in, and the program's Result."""

    def __init__(self, world, *options):
        alpha = world.alpha.machine
        relay = Relay(alpha, world.beta.machine, 389)
        names = alpha.read("/etc/hosts")
        alpha.write("/etc/hosts", "127.0.0.1 %s\n" % table.host("beta") +
                    names)
        try:
            self.result = ldap(world, "ldapsearch", "-LLL", "-o",
                               "ldif-wrap=no", *options, "uid=big",
                               port=relay.port)
        finally:
            alpha.write("/etc/hosts", names)
            relay.close()
        self.sent = list(packets(after_log_in(relay.sent)))
        self.received = list(packets(after_log_in(relay.received)))
        self.clear = bytes(relay.sent + relay.received)
        self.first = bytes(relay.sent[:_end(relay.sent)])

    def arrived(self):
        return "x" * BIG in self.result.out

    def largest(self):
        return max(map(len, self.received))


def after_log_in(octets):
    """What comes after the requests or answers of the log-in."""
    while octets[:1] == b"\x30":
        octets = octets[_end(octets):]
    return octets


def _end(octets):
    """Where the DER value at the start of octets ends."""
    length, at = octets[1], 2
    if length & 0x80:
        at += length & 0x7f
        length = int.from_bytes(octets[2:at], "big")
    return at + length


@pytest.mark.parametrize("mechanism", ["GSSAPI", "GSS-SPNEGO"])
def test_every_packet_is_wrapped(world, server, mechanism):
    passed = Packets(world, "-Y", mechanism)
    assert passed.arrived(), passed.result
    assert passed.sent and passed.received
    assert all(map(is_sealed, passed.sent + passed.received))
    assert b"xxxx" not in passed.clear
    # The guide has this number; the first request is hardly more than it.
    assert len(passed.first) < 2200


#: What a receiver may say that it takes; the answer fills it.
SIZES = [65536, 16384, 1000, 513]


def test_packets_are_as_large_as_the_client_takes(world, server):
    for size in SIZES:
        passed = Packets(world, "-O", "maxbufsize=%d" % size)
        assert passed.arrived(), passed.result
        assert passed.largest() == size


def test_room_is_left_for_label_records(world, server):
    with policies.explicit_labels(world):
        for size in SIZES:
            passed = Packets(world, "-O", "maxbufsize=%d" % size)
            assert passed.arrived(), passed.result
            assert all(map(is_sealed, passed.received))
            assert passed.largest() == size


def test_smallest_packets(world, server):
    """With a label record the guide's number, without one fewer."""
    def read(size):
        return ldap(world, "ldapsearch", "-LLL", "-O",
                    "maxbufsize=%d" % size, "uid=alice")
    assert "uid: alice" in read(61).out
    with policies.explicit_labels(world):
        assert "uid: alice" in read(105).out
        assert "uid: alice" not in read(104).out


def test_less_than_a_token_is_no_limit_at_all(world, server):
    """Cyrus SASL takes it so; the client refuses what comes."""
    result = ldap(world, "ldapsearch", "-O", "maxbufsize=60", "uid=big")
    assert result.status == 255 and BIG * "x" not in result.out
    assert ldap(world).status == 0


@pytest.mark.parametrize("layer", ["maxssf=0", "maxssf=1"])
def test_log_in_without_a_layer_is_a_door_that_is_closed(world, server,
                                                         layer):
    result = ldap(world, "ldapwhoami", "-O", "minssf=0," + layer)
    assert "mechanism too weak" in result.err, result


@pytest.mark.parametrize("options", [
    ("-x",), ("-x", "-D", table.user_dn("alice"), "-w", "secret")])
def test_simple_log_in_is_a_door_that_is_closed(world, server, options):
    result = world.alpha.machine.run(
        ["ldapsearch", "-LLL", *options, "uid=alice"], check=False)
    assert result.status != 0 and "uid: alice" not in result.out


def test_administrator_on_the_machine_does_not_reach_the_data(world, server):
    """Without a label, but for the configuration."""
    for base, found in (("cn=config", True), (table.SUFFIX, False)):
        result = world.beta.machine.run(
            ["ldapsearch", "-Q", "-Y", "EXTERNAL", "-H", "ldapi:///", "-LLL",
             "-b", base, "-s", "base", "dn"], check=False)
        assert ("dn: " + base in result.out) == found, result
        assert found or "SASL confidentiality required" in result.err, result


# --- while connected ----------------------------------------------------

class Session:
    """ldapmodify that goes on while the test does something."""

    def __init__(self, world):
        self._process = world.alpha.spawn(
            ["stdbuf", "-oL", "ldapmodify", "-Q", "-v"],
            "ldap-%d" % world.next_number(), uid=STAFF, with_stdin=True,
            env=world.environment())
        self._changes = 0
        self.use()

    def send(self):
        self._changes += 1
        self._process.tell("dn: %s\nchangetype: modify\nreplace: description\n"
                           "description: number %d\n"
                           % (table.user_dn("alice"), self._changes))

    def use(self):
        """Make a change, and wait until the server has made it."""
        self.send()
        self._process.wait_for(r"(modify complete[\s\S]*){%d}"
                               % self._changes)

    def refused(self):
        """Make a change, and say whether it has been refused."""
        self.send()
        return "Can't contact LDAP server" in self._process.text()

    def close(self):
        self._process.kill()


# --- plain peers --------------------------------------------------------

def test_plain_client_with_by_pass(world, server, bypass):
    mark = world.beta.audit.mark()
    assert ldap(world, sender="epsilon").out.strip() == ALICE
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert record["bypass"] and record["local_label"] == "white"


# --- with TLS -----------------------------------------------------------

TLS = """
dn: cn=config
changetype: modify
replace: olcTLSCertificateFile
olcTLSCertificateFile: /etc/ldap/tls.pem
-
replace: olcTLSCertificateKeyFile
olcTLSCertificateKeyFile: /etc/ldap/tls.key
-
replace: olcSaslCBinding
olcSaslCBinding: tls-endpoint
"""


@pytest.fixture(scope="module")
def tls(world, server):
    server.machine.script("""
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$HOST" \\
            -addext "subjectAltName=DNS:$HOST" -out /etc/ldap/tls.pem \\
            -keyout /etc/ldap/tls.key
        chown openldap /etc/ldap/tls.key
        """, HOST=server.machine.host)
    world.alpha.machine.write("/etc/ldap/ca.pem",
                              server.machine.read("/etc/ldap/tls.pem"))
    server.configure(TLS)


@pytest.mark.parametrize("binding, bound", [
    ("none", True), ("tls-endpoint", True), ("tls-unique", False)])
def test_log_in_is_bound_to_tls(world, tls, binding, bound):
    """The layer is there inside of TLS as well; channel bindings other than
    the server's are refused, none are not."""
    env = dict(world.environment(),
               LDAPSASL_CBINDING=binding, LDAPTLS_CACERT="/etc/ldap/ca.pem",
               LDAPTLS_CIPHER_SUITE="NORMAL:-VERS-TLS1.3")
    result = world.alpha.machine.run(
        ["ldapsearch", "-Q", "-ZZ", "-LLL", "uid=alice"], env=env, uid=STAFF,
        check=False)
    assert ("uid: alice" in result.out) == bound, result
    assert bound or "Invalid credentials" in result.err, result
