# tests/integration/test_trustrealm_roles.py - trustrealm in people's hands
# SPDX-License-Identifier: BSD-2-Clause
"""Administrators write with trustrealm, by their tickets, what the rules of
access.conf let them; the sample tree and its roles are in the server."""

import pytest

from testlib import table
from testlib.roles import Administration, person



@pytest.fixture(scope="module")
def administration():
    with Administration() as made:
        yield made


JOIN = ["system", "join", "delta.example.com", "--low", "public", "--high"]
LEAVE = ["system", "leave", "delta.example.com"]
CLEARED = ["clearance", "set", "bob@" + table.REALM, "--low", "public",
           "--high"]

#: (person, command, whether the server permits it)
COMMANDS = [
    ("olga", JOIN + ["secret", "--realm", "engineering"], True),
    ("olga", JOIN + ["internal", "--realm", "Engineering"], True),
    ("olga", ["system", "join", "delta.example.com", "--realm", "corporate",
              "--low", "open", "--high", "open"], False),
    ("olga", ["system", "leave", "beta.example.com", "--realm",
              "corporate"], False),
    ("sid", LEAVE + ["--realm", "engineering"], False),
    ("olga", LEAVE + ["--realm", "engineering"], True),
    ("olga", CLEARED + ["secret", "--realm", "engineering"], True),
    ("paula", CLEARED + ["internal", "--realm", "engineering"], False),
    ("olga", ["realm", "set", "engineering", "--level", "30 top"], False),
    ("paula", ["realm", "set", "engineering", "--level", "30 top"], True),
    ("paula", ["map", "set", "engineering/local", "--level", "top top"],
     True),
    ("olga", ["map", "remove", "engineering/local"], False),
    ("sid", ["system", "add", "zeta.example.com", "--owner", person("sid"),
             "--principal", "trustrealm/zeta.example.com@" + table.REALM],
     True),
    ("paula", ["system", "disable", "zeta.example.com"], False),
    ("sid", ["system", "disable", "zeta.example.com"], True),
    ("sid", ["system", "disable", "beta.example.com"], False),
    ("sid", ["system", "remove", "zeta.example.com"], True),
    ("aud", ["system", "disable", "beta.example.com"], False),
    ("paula", ["realm", "remove", "corporate", "--force"], False),
]


def test_commands_of_each_role(administration):
    """One after the other; what is refused changes nothing."""
    for name, arguments, permitted in COMMANDS:
        before = administration.directory.search()
        dry = administration.trustrealm(name, *arguments, "--dry-run")
        assert dry.status == 0, dry
        assert administration.directory.search() == before
        done = administration.trustrealm(name, *arguments)
        assert done.status == (0 if permitted else 1), (name, done)
        assert ("Insufficient access" in done.err) == (not permitted)
        assert ("you are %s there; this takes " % person(name)
                in done.err) == (not permitted), done
        assert (administration.directory.search() == before) == \
            (not permitted), (name, done)


@pytest.mark.parametrize("name, arguments, takes", [
    ("olga", ["system", "join", "delta.example.com", "--realm", "corporate",
              "--low", "open", "--high", "open"],
     "an owner of the trust realm corporate (where two people have to agree, "
     "with a proposal by somebody else: --propose)"),
    ("sid", ["system", "leave", "beta.example.com", "--realm", "engineering"],
     "an owner of the trust realm engineering"),
    ("olga", ["system", "disable", "beta.example.com"],
     "a system administrator who is its owner"),
    ("olga", ["realm", "set", "engineering", "--level", "40 higher"],
     "a label policy officer (where two people have to agree, with a proposal "
     "by somebody else: --propose)"),
    ("olga", ["realm", "set", "engineering", "--unset", "delegation=host"],
     "a label policy officer"),
    ("sid", ["map", "remove", "engineering/local"],
     "a label policy officer (where two people have to agree, a map stays "
     "while its trust realm does: remove its pairs)"),
    ("paula", ["system", "join", "delta.example.com", "--realm", "corporate",
               "--low", "open", "--high", "open", "--propose"],
     "an owner of the trust realm corporate"),
    ("olga", ["system", "remove", "beta.example.com"],
     "a system administrator who is its owner"),
    ("sid", ["system", "add", "zeta.example.test"],
     "a system administrator who is its owner (--owner)"),
    ("sid", ["system", "restrict", "beta.example.com", "--realm",
             "engineering", "--high", "internal"],
     "an owner of the trust realm engineering"),
])
def test_who_could_is_told(administration, name, arguments, takes):
    done = administration.trustrealm(name, *arguments)
    assert done.status == 1
    assert done.err.splitlines()[-1] == "trustrealm: you are %s there; " \
        "this takes %s" % (person(name), takes)


def test_who_has_no_role_sees_nothing(administration):
    done = administration.trustrealm("zoe", "system", "list")
    assert (done.status, done.out) == (3, "")


def test_everything_is_seen(administration):
    """More than a server hands out without being told to."""
    many = [table.entry("cn=s%d,ou=systems,%s" % (i, table.BASE),
                        objectClass="trSystem", cn="s%d" % i,
                        trPrincipal="s%d@%s" % (i, table.REALM))
            for i in range(1200)]
    administration.directory.add(table.ldif(many))
    listed = administration.trustrealm("olga", "system", "list")
    assert listed.status == 0, listed
    assert len({line.split("\t")[0]
                for line in listed.out.splitlines()}) == 1204
