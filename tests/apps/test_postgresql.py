# tests/apps/test_postgresql.py - Debian's PostgreSQL carries labels
# SPDX-License-Identifier: BSD-2-Clause
"""alice works from alpha with a database on beta.  Configurations are those
that doc/apps/postgresql shows."""

import json
import os
import re

import pytest
from cases import (  # noqa: F401
    Application, test_by_pass_is_for_the_named_client, test_daemon_restarted,
    test_label_out_of_range, test_label_that_the_server_may_not_have,
    test_membership_withdrawn_while_connected, test_no_common_trust_realm,
    test_plain_client_is_refused, test_plain_server_with_by_pass,
    test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import guide, policies
from testlib.postgresql import (POSTGRES, Postgres, environment, psql,
                                psql_command)
from testlib.process import eventually, within
from testlib.relay import Relay, is_sealed, packets
from testlib.world import CHIEF, CLERK, STAFF


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts("postgres", "psql")
    for machine in made.network:
        machine.user("chief", CHIEF)
    return made


@pytest.fixture(scope="module")
def server(world):
    made = Postgres(world, "beta")
    guide.run(world, made.machine, guide.here(world.beta, guide.shown(
        "postgresql-label.sql", "then run in each database")))
    return made


@pytest.fixture(scope="module")
def plain_server(world):
    return Postgres(world, "epsilon")


def attempt(world, **who):
    result = psql(world, "SELECT 1", **who)
    assert (result.status, result.out) in ((0, "1\n"), (2, "")), result
    return result.status == 0, result.err


APPLICATION = Application("postgres", [POSTGRES], "postgres", attempt,
                          r"connection to server .* failed: \n$")


class Session:
    """psql that goes on while the test does something."""

    def __init__(self, world):
        self._process = world.alpha.spawn(
            psql_command(), "psql-%d" % world.next_number(), uid=STAFF,
            env=environment(world), with_stdin=True)
        self._number = 0
        self.use()

    def use(self):
        """Ask, and wait for the answer."""
        self._number += 1
        self._process.tell("SELECT 'answer ' || %d;" % self._number)
        self._process.wait_for("^answer %d$" % self._number)

    def value(self, expression):
        """What expression is here; "none" for NULL."""
        self._number += 1
        self._process.tell(
            "SELECT 'value %d: ' || coalesce((%s)::text, 'none');"
            % (self._number, expression))
        return self._process.wait_for("^value %d: (.*)$"
                                      % self._number).group(1)

    def refused(self):
        """Ask, and say whether an answer to it has been refused: psql is
        told by the mechanism, or finds its connection ended."""
        self._process.tell("SELECT 'too late';")
        assert not re.search("^too late", self.text(), re.MULTILINE)
        return re.search("GSSAPI wrap error: .*|closed the connection",
                         self.text())

    def text(self):
        return self._process.text()

    def close(self):
        self._process.kill()


# --- allowed ------------------------------------------------------------

def test_connection(world, server):
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    result = psql(world, "SELECT pid, gss_authenticated, encrypted, principal"
                  " FROM pg_stat_gssapi WHERE pid = pg_backend_pid()")
    assert result.status == 0, result
    pid, *rest = result.out.strip().split("|")
    assert rest == ["t", "t", "alice@EXAMPLE.TEST"]
    record = world.beta.audit.wait(beta, event="accept", result="allow")
    assert record["pid"] == int(pid)
    assert (record["service"], record["realm"], record["label"]) == (
        "postgres", "engineering", "INTERNAL")
    ours = world.alpha.audit.wait(alpha, event="accepted", result="allow")
    assert ours["correlation"] == record["correlation"]


def test_what_the_guide_says_to_see(world, server):
    assert "alice@EXAMPLE.TEST" in guide.see(world, "postgresql")


def test_principal_is_mapped_to_its_own_role(world, server):
    result = psql(world, "SELECT 1", user="bob", uid=CLERK, login="alice")
    assert result.status == 2
    assert "authentication failed" in result.err


# --- every packet -------------------------------------------------------

def through_relay(world, sql):
    relay = Relay(world.alpha.machine, world.beta.machine, 5432)
    try:
        result = psql(world, sql, variables={
            "PGHOSTADDR": "127.0.0.1", "PGPORT": str(relay.port)})
    finally:
        relay.close()
    assert result.status == 0, result
    return result, bytes(relay.sent), bytes(relay.received)


ROWS = "SELECT repeat('labelled ', 100) FROM generate_series(1, 1000)"


def test_every_packet_is_wrapped(world, server):
    result, sent, received = through_relay(world, ROWS)
    assert len(result.out) > 900000
    assert sent[:8] == bytes.fromhex("0000000804d21630")    # GSSENCRequest
    assert received[:1] == b"G"
    ours, theirs = list(packets(sent[8:])), list(packets(received[1:]))
    assert ours[0][:1] == theirs[0][:1] == b"\x60"          # the context
    for token in ours[1:] + theirs[1:]:
        assert is_sealed(token)
        assert len(token) + 4 <= 16384
    assert len(theirs) > 50
    assert b"labelled" not in sent + received
    assert b"alice" not in sent[8 + 4 + len(ours[0]):]


def test_label_record_on_every_packet(world, server):
    """Packets are as large as they may be, the record included."""
    _, _, without = through_relay(world, ROWS)
    with policies.explicit_labels(world):
        result, sent, received = through_relay(world, ROWS)
    assert len(result.out) > 900000
    tokens = list(packets(received[1:]))[1:]
    assert all(is_sealed(token) for token in tokens)
    assert max(len(token) + 4 for token in tokens) <= 16384
    more = len(received) - len(without)
    assert more > 40 * len(tokens)


# --- labels in SQL ------------------------------------------------------

LABELS = "SELECT trustrealm.label(), trustrealm.realm(), trustrealm.sender()"


@pytest.mark.parametrize("user, uid, label", [
    ("alice", STAFF, "blue"), ("bob", CLERK, "white")])
def test_label_is_seen_in_sql(world, server, user, uid, label):
    result = psql(world, LABELS, user=user, uid=uid)
    assert result.out.strip() == label + "|engineering|alpha.example.test", \
        result


def test_local_connection_has_no_label(server):
    assert server.sql(LABELS).strip() == "||"


def test_old_record_of_the_same_number_does_not_count(world, server,
                                                      session):
    """As a backend's of yesterday that had the number of this one."""
    mark = world.beta.audit.mark()
    live = session()
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert live.value("trustrealm.label()") == "blue"
    old = dict(record, time="2001-01-01T00:00:00.000Z", local_label="red")
    # As trustrealmd writes them.
    lines = [json.dumps(r, separators=(",", ":")) for r in (record, old)]
    path = world.scratch.write("two.audit", lines[0] + "\n" + lines[1] + "\n",
                               0o644)
    change = "UPDATE trustrealm.audit SET path = '%s'"
    server.sql(change % path)
    try:
        assert live.value("trustrealm.label()") == "blue"
        world.scratch.write("two.audit", lines[1] + "\n", 0o644)
        assert live.value("trustrealm.label()") == "none"
    finally:
        server.sql(change % world.beta.audit.path)


def test_user_cannot_change_what_is_said(world, server):
    for attempt in ("UPDATE trustrealm.audit SET tail = 0",
                    "SELECT pg_read_file('%s')" % world.beta.audit.path,
                    "CREATE OR REPLACE FUNCTION trustrealm.label() RETURNS "
                    "text LANGUAGE sql AS $$ SELECT 'red' $$",
                    "CREATE FUNCTION trustrealm.session(int) RETURNS jsonb "
                    "LANGUAGE sql AS $$ SELECT '{}'::jsonb $$"):
        result = psql(world, attempt)
        assert "permission denied" in result.err or \
            "must be owner" in result.err, result


def test_row_security_by_label(world, server):
    server.sql("""
        CREATE TABLE plans (label text, what text);
        INSERT INTO plans VALUES ('white', 'picnic'), ('blue', 'move'),
            ('red', 'attack');
        GRANT SELECT, INSERT ON plans TO alice, bob;
        ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
        CREATE POLICY label ON plans
            USING (label = (SELECT trustrealm.label()));""")
    try:
        for user, uid, seen in (("alice", STAFF, "move"),
                                ("bob", CLERK, "picnic")):
            result = psql(world, "SELECT what FROM plans", user=user, uid=uid)
            assert result.out.split() == [seen]
        result = psql(world, "INSERT INTO plans VALUES ('red', 'x')")
        assert "violates row-level security" in result.err
    finally:
        server.sql("DROP TABLE plans")


# --- refused ------------------------------------------------------------

@pytest.mark.parametrize("mode", ["disable", "prefer"])
def test_other_kinds_of_connection_are_doors_that_are_closed(world, server,
                                                             mode):
    """prefer falls back where the labelled connection is refused."""
    with policies.withdrawn(world, "alpha"):
        result = psql(world, "SELECT 1", mode=mode)
    assert result.status == 2
    assert "no pg_hba.conf entry" in result.err


# --- while connected ----------------------------------------------------

def test_membership_withdrawn_in_a_copy(world, server):
    """The rows stop in the middle; psql says so."""
    query = "COPY (SELECT repeat(md5(n::text), 100) FROM (SELECT " \
        "generate_series(1, 100000000)) AS s(n)) TO STDOUT"
    copy = world.alpha.spawn(
        ["sh", "-c", "%s -c '%s' >/tmp/rows" % (" ".join(psql_command()),
                                                query)],
        "copy", uid=STAFF, env=environment(world))
    rows = world.alpha.machine.path("/tmp/rows")
    try:
        eventually(lambda: os.path.exists(rows) and
                   os.path.getsize(rows) > 1000000, what="rows")
        with policies.withdrawn(world):
            with within(1):
                assert copy.wait(check=False) != 0
        assert re.search("GSSAPI (un)?wrap error|closed the connection",
                         copy.text())
    finally:
        copy.kill()
        os.unlink(rows)


# --- plain peers --------------------------------------------------------

def test_plain_client_with_by_pass(world, server, bypass):
    result = psql(world, LABELS, sender="epsilon")
    assert result.out.strip() == "white||", result
