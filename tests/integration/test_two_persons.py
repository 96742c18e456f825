# tests/integration/test_two_persons.py - widening takes a second person
# SPDX-License-Identifier: BSD-2-Clause
"""With access-two.conf in force: what a server permits of a proposal, to whom
made it and to somebody else of the same role, and what it permits alone."""

import pytest

from testlib import roles, table
from testlib.roles import (
    PEOPLE, Administration, add, delete, modify, person)

PENDING = "ou=pending," + table.BASE
DELTA = "cn=delta.example.com,ou=systems," + table.BASE
BETA = "cn=beta.example.com,ou=systems," + table.BASE
BOB = "cn=bob,ou=subjects," + table.BASE
MAP = "trFormat=local+trRealmName=corporate,ou=maps," + table.BASE
WIDER = "engineering public secret:hr,crypto"


def proposal(name, target, change):
    return add("cn=%s,%s" % (name, PENDING), objectClass="trPending",
               cn=name, trTarget=target, trChange=change)


def adds(target, change):
    attribute, value = change.split(" ", 1)
    return modify(target, ("add", attribute, value))


@pytest.fixture(scope="module", params=["slapd.conf", "cn=config"])
def administration(request):
    server = {"slapd.conf": roles.TwoPersonsDirectory,
              "cn=config": roles.ConfigTwoPersonsDirectory}[request.param]
    with Administration(server) as made:
        for role in ("label-policy", "auditors"):
            made.directory.modify(modify(
                "cn=%s,ou=roles,%s" % (role, table.BASE),
                ("add", "member", person("zoe"))))
        yield made


@pytest.fixture
def proposed(administration):
    """Makes a proposal as somebody; all is put back in the end."""
    made, changed = [], {}

    def propose(who, name, target, change):
        allowed = administration.may(who, proposal(name, target, change))
        if allowed:
            made.append("cn=%s,%s" % (name, PENDING))
            changed.setdefault(target, administration.directory.search(
                target, "(objectClass=*)", "*"))
        return allowed
    yield propose
    for dn in made:
        administration.directory.delete(dn)
    for target, before in changed.items():
        administration.directory.delete(target)
        administration.directory.add(before)


CASES = [
    ("engineering.1a", DELTA, "trMembership " + WIDER, {"olga", "oscar"}),
    ("engineering.1b", BOB,
     "trClearance engineering public secret 20991231000000Z",
     {"olga", "oscar"}),
    ("corporate.1c", MAP, "trLevelMap secret restricted", {"paula", "zoe"}),
    ("corporate.1d", MAP, "trCategoryMap crypto crypto", {"paula", "zoe"}),
]


@pytest.mark.parametrize("name, target, change, entitled", CASES)
def test_nobody_widens_alone(administration, name, target, change, entitled):
    assert not any(administration.may(who, adds(target, change))
                   for who in PEOPLE)


@pytest.mark.parametrize("name, target, change, entitled", CASES)
def test_somebody_else_of_the_role_approves(administration, proposed, name,
                                            target, change, entitled):
    proposer, other = sorted(entitled)
    assert proposed(proposer, name, target, change)
    for who in PEOPLE:
        if who != other:
            assert not administration.may(who, adds(target, change)), who
    assert administration.may(other, adds(target, change))


@pytest.mark.parametrize("name, target, change, entitled", CASES)
def test_only_the_role_proposes(administration, proposed, name, target,
                                change, entitled):
    for who in PEOPLE:
        if who not in entitled:
            assert not proposed(who, name, target, change), who


@pytest.mark.parametrize("target, value", [
    (DELTA, "engineering public secret:hr,crypto,finance"),
    (DELTA, "engineering public secret:hr"),
    (DELTA, "engineering public *"),
    (DELTA, "engineering public secret:hr,crypto 20991231000000Z"),
    (BETA, "engineering public secret:hr,crypto 20991231000000Z"),
])
def test_just_that_change_is_approved(administration, proposed, target,
                                      value):
    """Nothing wider, narrower, like it, or elsewhere."""
    assert proposed("olga", "engineering.2a", DELTA, "trMembership " + WIDER)
    before = administration.directory.search(target, "(objectClass=*)", "*")
    assert not administration.may("oscar", modify(
        target, ("add", "trMembership", value)))
    assert administration.directory.search(
        target, "(objectClass=*)", "*") == before


def test_both_proposed_it(administration, proposed):
    """A proposer is one, whoever else is."""
    change = "trMembership " + WIDER
    assert proposed("olga", "engineering.3a", DELTA, change)
    assert proposed("oscar", "engineering.3b", DELTA, change)
    assert not administration.may("olga", adds(DELTA, change))
    assert not administration.may("oscar", adds(DELTA, change))


def test_a_proposal_is_not_changed(administration, proposed):
    assert proposed("olga", "engineering.4a", DELTA,
                    "trMembership engineering public public")
    dn = "cn=engineering.4a," + PENDING
    for who in PEOPLE:
        for attribute, value in (("trChange", "trMembership " + WIDER),
                                 ("trTarget", BETA)):
            assert not administration.may(
                who, modify(dn, ("replace", attribute, value))), who
            assert not administration.may(
                who, modify(dn, ("delete", attribute),
                            ("add", attribute, value))), who


def test_a_proposer_does_not_say_who_he_is(administration):
    """creatorsName is the server's to write."""
    forged = add("cn=engineering.5a," + PENDING, objectClass="trPending",
                 cn="engineering.5a", trTarget=DELTA,
                 trChange="trMembership " + WIDER,
                 creatorsName=person("oscar"))
    assert not administration.may("olga", forged, otherwise=19)


def test_who_rejects(administration):
    """Who could propose it, and label policy officers."""
    dn = "cn=engineering.6a," + PENDING
    for who in PEOPLE:
        assert administration.may("olga", proposal(
            "engineering.6a", DELTA, "trMembership " + WIDER))
        gone = administration.may(who, delete(dn))
        if not gone:
            administration.directory.delete(dn)
        assert gone == (who in ("olga", "oscar", "paula", "zoe")), who


def test_withdrawing_takes_nobody_else(administration, proposed):
    assert proposed("olga", "engineering.7a", BETA,
                    "trMembership engineering public public")
    assert administration.may("oscar", modify(
        BETA, ("delete", "trMembership", WIDER)))
