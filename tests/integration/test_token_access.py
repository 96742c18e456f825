# tests/integration/test_token_access.py - what a one-time token may write
# SPDX-License-Identifier: BSD-2-Clause
"""By the access rules whoever logs in with the token of a system adds that
system as it was proposed, once, and nothing else."""

import pytest

from testlib import table
from testlib.roles import (
    PRINCIPAL, ZETA, Administration, ConfigTwoPersonsDirectory,
    RolesDirectory, add, delete, modify, person, proposal, rename)

ENTRY = "cn=%s,ou=systems,%s" % (ZETA, table.BASE)
PENDING = "cn=%s:%%s,ou=pending,%s" % (ZETA, table.BASE)
ETA = ENTRY.replace("zeta", "eta")
ALPHA = ENTRY.replace("zeta.example.test", "alpha.example.com")
#: What sid has proposed.
PROPOSED = {"1a": "trPrincipal " + PRINCIPAL, "2b": "trAlias z.example.test"}


def entry(dn=ENTRY, **more):
    """As it was proposed; more: other values, None for none."""
    values = dict(objectClass="trSystem", cn=ZETA, trPrincipal=PRINCIPAL,
                  owner=person("sid"))
    values.update(more)
    return add(dn, **{name: value for name, value in values.items()
                      if value is not None})


@pytest.fixture(scope="module",
                params=[RolesDirectory, ConfigTwoPersonsDirectory])
def administration(request):
    """Three hosts have a token: that of zeta, which was proposed, of eta,
    which was not, and of alpha, which is in the table."""
    with Administration(request.param) as made:
        made.directory.replace(ALPHA, "owner", person("sid"))
        for host in (ZETA, "eta.example.test", "alpha.example.com"):
            name = host.split(".")[0]
            principal = "trustrealm-invite/" + host
            made.realm.add({made.keytab: [principal]})
            made.realm.kinit(principal, made.keytab, made.ccache(name))
        yield made


@pytest.fixture
def invited(administration):
    for number, change in PROPOSED.items():
        assert administration.may("sid", proposal(
            "%s:%s" % (ZETA, number), ENTRY, change))
    yield administration
    for dn in [ENTRY] + [PENDING % number for number in PROPOSED]:
        if administration.directory.search(table.BASE, "(entryDN=%s)" % dn,
                                           "1.1"):
            administration.directory.delete(dn)


def test_the_entry_as_proposed(invited):
    assert invited.may("zeta", entry(trAlias="z.example.test"))
    assert not invited.may("zeta", entry(), otherwise=68)
    found = invited.directory.search(ENTRY)
    assert "owner: " + person("sid") in found


@pytest.mark.parametrize("more", [
    {"owner": None}, {"owner": person("olga")},
    {"owner": [person("sid"), person("olga")]},
    {"owner": "cn=zeta.example.test,cn=trustrealm-invite,cn=auth"},
    {"owner": [person("sid"), "cn=x] | [cn=y"]},
    {"owner": [person("sid"), "cn=x)(cn=*"]},
    {"trPrincipal": "trustrealm/eta.example.test@" + table.REALM},
    {"trPrincipal": PRINCIPAL.replace("zeta", "Zeta")},
    {"trPrincipal": "host/%s@%s" % (ZETA, table.REALM)},
    {"cn": [ZETA, "eta.example.test"]},
    {"trAlias": "alpha.example.com"},
    {"trAlias": ["z.example.test", "y.example.test"]},
    {"trMembership": "engineering public secret"},
    {"trMembership": "engineering"},
    {"trRestriction": "engineering public secret"},
    {"trEnabled": "FALSE"},
    {"description": "mine"},
    {"objectClass": ["trSystem", "trSubject"],
     "trClearance": "engineering public secret"},
    {"objectClass": ["trSystem", "trSubject"]},
    {"objectClass": ["trSystem", "simpleSecurityObject"],
     "userPassword": "secret"},
    {"objectClass": ["trSystem", "extensibleObject"], "uid": "sid"},
], ids=str)
def test_no_other_value(invited, more):
    assert not invited.may("zeta", entry(**more))
    assert invited.may("zeta", entry())


def test_who_invites_is_an_administrator_still(invited):
    """And what another one proposes is of no use for his."""
    role = "cn=system-administrators,ou=roles," + table.BASE
    other = "cn=%s:3c,ou=pending,%s" % (ZETA, table.BASE)
    invited.directory.replace(role, "member", person("rosa"))
    try:
        assert not invited.may("zeta", entry())
        assert invited.may("rosa", proposal(
            ZETA + ":3c", ENTRY, "trAlias y.example.test"))
        invited.directory.replace(role, "member", person("sid"))
        assert not invited.may("zeta", entry(trAlias="y.example.test"))
        assert not invited.may("zeta", entry(owner=[person("sid"),
                                                    person("rosa")]))
    finally:
        invited.directory.replace(role, "member", person("sid"))
        invited.directory.delete(other)
    assert invited.may("zeta", entry())


def test_each_owner_is_an_administrator_still(invited):
    """Who proposed as well, but was dismissed since, is none by another's."""
    role = "cn=system-administrators,ou=roles," + table.BASE
    both = [person("sid"), person("rosa")]
    proposed = {"3c": "trPrincipal " + PRINCIPAL,
                "4d": "trAlias y.example.test"}
    invited.directory.replace(role, "member", *both)
    try:
        for number, change in proposed.items():
            assert invited.may("rosa", proposal(
                "%s:%s" % (ZETA, number), ENTRY, change))
        invited.directory.replace(role, "member", person("sid"))
        for owner in both, both[::-1], person("rosa"):
            assert not invited.may("zeta", entry(owner=owner))
        for owner in both, person("sid"):
            assert not invited.may("zeta", entry(
                owner=owner, trAlias="y.example.test"))
        invited.directory.replace(role, "member", *both)
        assert invited.may("zeta", entry(owner=both,
                                         trAlias="y.example.test"))
    finally:
        invited.directory.replace(role, "member", person("sid"))
        for number in proposed:
            dn = PENDING % number
            if invited.directory.search(table.BASE, "(entryDN=%s)" % dn,
                                        "1.1"):
                invited.directory.delete(dn)


def test_a_principal_of_this_kerberos_realm(invited):
    """Even where another one is proposed as well."""
    other = "trustrealm/%s@OTHER.TEST" % ZETA
    assert invited.may("sid", proposal(ZETA + ":3c", ENTRY,
                                       "trPrincipal " + other))
    try:
        assert not invited.may("zeta", entry(trPrincipal=other))
        assert invited.may("zeta", entry())
    finally:
        invited.directory.delete(PENDING % "3c")


@pytest.mark.parametrize("dn, more", [
    (ETA, {"cn": "eta.example.test"}),
    (ENTRY.replace(ZETA, "zeta"), {"cn": "zeta"}),
    (ENTRY.replace("ou=systems", "ou=realms"), {}),
    (ENTRY.replace("ou=systems", "ou=pending"), {}),
    (ENTRY.replace("ou=systems,", ""), {}),
    ("cn=x," + ALPHA, {"cn": "x"}),
    ("cn=%s,%s" % (ZETA, table.SUFFIX), {}),
    ("cn=%s+trPrincipal=%s,ou=systems,%s" % (ZETA, PRINCIPAL, table.BASE),
     {}),
], ids=str)
def test_no_other_place(invited, dn, more):
    assert not invited.may("zeta", entry(dn, **more))


@pytest.mark.parametrize("who", ["eta", "alpha"])
def test_nobody_else_s_token(invited, who):
    assert not invited.may(who, entry())
    assert invited.may("zeta", entry())


def test_a_token_without_a_proposal(administration):
    assert not administration.may("eta", entry(
        ETA, cn="eta.example.test",
        trPrincipal=PRINCIPAL.replace("zeta", "eta")))


@pytest.mark.parametrize("change", [
    modify(ALPHA, ("add", "trAlias", "a.example.test")),
    modify(ALPHA, ("add", "trAlias", "z.example.test")),
    modify(ALPHA, ("add", "owner", person("sid"))),
    modify(ALPHA, ("add", "trMembership", "corporate open open")),
    modify(ALPHA, ("delete", "trMembership")),
    modify(ALPHA, ("delete", "trPrincipal"),
           ("add", "trPrincipal", PRINCIPAL)),
    modify(ALPHA, ("add", "description", "mine")),
    delete(ALPHA), rename(ALPHA, "cn=alpha"),
    rename(ALPHA, "cn=alpha.example.com", "ou=pending," + table.BASE),
], ids=str)
def test_an_entry_that_is_there_stays_as_it_is(administration, change):
    """Even while a system administrator proposes that for it."""
    for number, value in enumerate(("trPrincipal " + PRINCIPAL,
                                    "trAlias a.example.test")):
        assert administration.may("sid", proposal(
            "alpha.example.com:%d" % number, ALPHA, value))
    try:
        assert not administration.may("alpha", change, otherwise=50)
    finally:
        for number in range(2):
            administration.directory.delete(
                "cn=alpha.example.com:%d,ou=pending,%s" % (number,
                                                           table.BASE))


def test_what_it_reads(invited):
    """Its proposals, and whether it is there: nothing of anybody else."""
    seen = invited.sees("zeta", table.BASE)
    assert seen.count("dn: ") == len(PROPOSED)
    assert all("trChange: " + change in seen for change in PROPOSED.values())
    assert "creatorsName: " + person("sid") in invited.sees(
        "zeta", table.BASE, "(cn=*)", "creatorsName")
    for name in ("eta", "zoe"):
        assert invited.sees(name, table.BASE).strip() == ""
    seen = invited.sees("alpha", table.BASE)
    assert sorted(line.split(":")[0] for line in seen.splitlines() if line) \
        == ["cn", "dn", "objectClass", "trPrincipal"]


def test_proposals_go_after_the_entry_is_there(invited):
    """And stay as they were."""
    for number in PROPOSED:
        assert not invited.may("zeta", delete(PENDING % number))
    assert invited.may("zeta", entry())
    for number, change in PROPOSED.items():
        dn = PENDING % number
        assert not invited.may("eta", delete(dn))
        assert not invited.may("zeta", modify(
            dn, ("delete", "trChange"), ("add", "trChange", "trAlias y")))
        assert not invited.may("zeta", rename(dn, "cn=%s:3" % ZETA))
        assert not invited.may("zeta", rename(
            dn, "cn=%s:%s" % (ZETA, number), "ou=systems," + table.BASE))
        assert invited.may("zeta", delete(dn))


def test_proposals_of_an_entry_that_others_made_stay(invited):
    invited.directory.add(entry().replace("changetype: add\n", ""))
    for number in PROPOSED:
        assert not invited.may("zeta", delete(PENDING % number))


@pytest.mark.parametrize("change", [
    proposal(ZETA + ":3c", ENTRY, "trAlias y.example.test"),
    proposal(ZETA + ":3c", ENTRY, "trMembership engineering public secret"),
    proposal("engineering.3c", ENTRY,
             "trMembership engineering public secret"),
], ids=str)
def test_it_proposes_nothing(invited, change):
    assert not invited.may("zeta", change)


@pytest.mark.parametrize("who, name, change", [
    ("olga", "engineering.3c", "trMembership engineering public secret"),
    ("paula", "corporate.3c", "trLevel 9 cosmic"),
])
def test_others_propose_no_owner(administration, who, name, change):
    """Only of a system administrator is a proposal an invitation."""
    dn = "cn=%s,ou=pending,%s" % (name, table.BASE)
    assert not administration.may(who, proposal(
        ZETA + ":3c", ENTRY, "trPrincipal " + PRINCIPAL))
    assert administration.may(who, proposal(name, ENTRY, change))
    try:
        assert not administration.may("zeta", entry(owner=person(who)))
    finally:
        administration.directory.delete(dn)
