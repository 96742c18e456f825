# tests/integration/test_roles.py - what each administrator may and may not
# SPDX-License-Identifier: BSD-2-Clause
"""Everybody logs in with a Kerberos ticket and tries everything, against the
files of access rules as they are shipped.  Nobody here is a super-user; the
super-user only puts back what was allowed."""

import re

import pytest

from testlib import roles, servers, table
from testlib.process import run
from testlib.roles import (
    PEOPLE, Administration, add, delete, modify, person, rename)

SYSTEMS = "ou=systems," + table.BASE
REALMS = "ou=realms," + table.BASE
MAPS = "ou=maps," + table.BASE
SUBJECTS = "ou=subjects," + table.BASE
ROLES = "ou=roles," + table.BASE


def system(name):
    return "cn=%s.example.com,%s" % (name, SYSTEMS)


ALPHA, BETA, DELTA = (system(name) for name in ("alpha", "beta", "delta"))
BOB = "cn=bob," + SUBJECTS
MAP = "trFormat=local+trRealmName=corporate," + MAPS
IN_ENGINEERING = "engineering public secret:hr,crypto"
IN_CORPORATE = "corporate open restricted:hr"


def new_system(**more):
    return add(system("zeta"), objectClass="trSystem", cn="zeta.example.com",
               trPrincipal="trustrealm/zeta.example.com@EXAMPLE.TEST", **more)


def new_account(**more):
    return add("cn=carol," + SUBJECTS, objectClass=["person", "trSubject"],
               cn="carol", sn="carol", trPrincipal="carol@EXAMPLE.TEST",
               **more)


OWNERS = {"olga", "oscar"}
NOBODY = set()

#: name: (change, who may)
OPERATIONS = {
    "make a member": (modify(
        DELTA, ("add", "trMembership", "engineering public internal")),
        OWNERS),
    "make a member, in capitals": (modify(
        DELTA, ("add", "trMembership", "ENGINEERING  Public Internal")),
        OWNERS),
    "make a member until": (modify(
        DELTA, ("add", "trMembership",
                "engineering public internal 20991231000000Z")), OWNERS),
    "make a member elsewhere": (modify(
        DELTA, ("add", "trMembership", "corporate open open")), NOBODY),
    "make a member elsewhere, in capitals": (modify(
        DELTA, ("add", "trMembership", " CORPORATE open open")), NOBODY),
    "make a member in both": (modify(
        DELTA, ("add", "trMembership", "engineering public internal",
                "corporate open open")), NOBODY),
    "make a member of one with a longer name": (modify(
        DELTA, ("add", "trMembership", "engineering2 public internal")),
        NOBODY),
    "make a member without a range": (modify(
        DELTA, ("add", "trMembership", "engineering")), NOBODY),
    "withdraw a membership": (modify(
        BETA, ("delete", "trMembership", IN_ENGINEERING)), OWNERS),
    "withdraw one elsewhere": (modify(
        BETA, ("delete", "trMembership", IN_CORPORATE)), NOBODY),
    "change a range": (modify(
        BETA, ("delete", "trMembership", IN_ENGINEERING),
        ("add", "trMembership", "engineering public internal")), OWNERS),
    "replace all memberships": (modify(
        BETA, ("replace", "trMembership", IN_ENGINEERING)), NOBODY),
    "delete all memberships": (modify(
        BETA, ("delete", "trMembership")), NOBODY),
    "change a clearance": (modify(
        BOB, ("delete", "trClearance", "engineering public internal"),
        ("add", "trClearance", "engineering public secret")), OWNERS),
    "take a clearance elsewhere": (modify(
        BOB, ("delete", "trClearance", "corporate open open")), NOBODY),
    "give an account a password": (modify(
        BOB, ("add", "userPassword", "known")), NOBODY),
    "let an account act for others": (modify(
        BOB, ("add", "authzTo", "dn.exact:" + person("olga"))), NOBODY),
    "replace all clearances": (modify(
        BOB, ("replace", "trClearance", "engineering public secret")),
        NOBODY),

    "restrict a member": (modify(
        BETA, ("add", "trRestriction", "engineering public internal")),
        OWNERS),
    "restrict a member until": (modify(
        BETA, ("add", "trRestriction",
               "engineering public secret:hr,crypto 20991231000000Z")),
        OWNERS),
    "restrict a member elsewhere": (modify(
        BETA, ("add", "trRestriction", "corporate open restricted")),
        NOBODY),
    "restrict a user": (modify(
        BOB, ("add", "trRestriction", "engineering public public")), OWNERS),
    "restrict a user elsewhere": (modify(
        BOB, ("add", "trRestriction", "corporate open open")), NOBODY),
    "lift a restriction": (modify(
        BETA, ("delete", "trRestriction", "engineering public secret")),
        OWNERS),
    "lift one elsewhere": (modify(
        BETA, ("delete", "trRestriction", "corporate open open")), NOBODY),
    "replace all restrictions": (modify(
        BETA, ("replace", "trRestriction", "engineering public internal")),
        NOBODY),
    "delete all restrictions": (modify(
        BETA, ("delete", "trRestriction")), NOBODY),

    "add a level": (modify(
        "cn=engineering," + REALMS, ("add", "trLevel", "30 top")),
        {"paula"}),
    "change protection": (modify(
        "cn=engineering," + REALMS,
        ("replace", "trProtection", "confidentiality")), {"paula"}),
    "add a trust realm": (add(
        "cn=new," + REALMS, objectClass="trTrustRealm", cn="new", trDOI=7,
        trLevel="0 low"), {"paula"}),
    "remove a trust realm": (delete("cn=corporate," + REALMS), {"paula"}),
    "change a map": (modify(
        MAP, ("add", "trLevelMap", "secret restricted")), {"paula"}),
    "remove a map": (delete(MAP), {"paula"}),
    "add an account": (new_account(), {"paula"}),
    "add an account with a clearance": (new_account(
        trClearance="engineering public secret"), NOBODY),
    "remove an account": (delete(BOB), {"paula"}),

    "disable his system": (modify(
        ALPHA, ("replace", "trEnabled", "FALSE")), {"sid"}),
    "give his system an alias": (modify(
        ALPHA, ("add", "trAlias", "mail.example.com")), {"sid"}),
    "disable a system": (modify(
        BETA, ("replace", "trEnabled", "FALSE")), NOBODY),
    "add a system of his": (new_system(owner=person("sid")), {"sid"}),
    "add a system of nobody": (new_system(), NOBODY),
    "add a system of somebody": (new_system(owner=person("zoe")), NOBODY),
    "add a system with a membership": (new_system(
        owner=person("sid"), trMembership="engineering public secret"),
        NOBODY),
    "add a label map as a system": (new_system(
        owner=person("sid"), trLevelMap="secret public", trFormat="other",
        trRealmName="engineering").replace(
            "objectClass: trSystem",
            "objectClass: trLabelMap\nobjectClass: extensibleObject"),
        NOBODY),
    "add a trust realm as a system": (new_system(
        owner=person("sid"), trDOI=9, trLevel="0 low").replace(
            "objectClass: trSystem",
            "objectClass: trTrustRealm\nobjectClass: extensibleObject"),
        NOBODY),
    "give his system what systems have not": (modify(
        ALPHA, ("add", "objectClass", "extensibleObject"),
        ("add", "trLevelMap", "secret public")), NOBODY),
    "remove his system": (delete(ALPHA), {"sid"}),
    "remove a system": (delete(BETA), NOBODY),
    "give a system to sid": (modify(
        BETA, ("add", "owner", person("sid"))), {"rosa"}),
    "give his system to zoe": (modify(
        ALPHA, ("add", "owner", person("zoe"))), {"rosa"}),

    "give a role": (modify(
        "cn=label-policy," + ROLES, ("add", "member", person("zoe"))),
        {"rosa"}),
    "take a role": (modify(
        "cn=engineering,ou=owners," + ROLES,
        ("delete", "member", person("olga"))), {"rosa"}),
    "give rosa a role": (modify(
        "cn=label-policy," + ROLES, ("add", "member", person("rosa"))),
        NOBODY),
    "give rosa a new role": (add(
        "cn=corporate,ou=owners," + ROLES, objectClass="groupOfNames",
        cn="corporate", member=person("rosa")), NOBODY),
    "give rosa a system": (modify(
        BETA, ("add", "owner", person("rosa"))), NOBODY),
    "make a role": (add(
        "cn=corporate,ou=owners," + ROLES, objectClass="groupOfNames",
        cn="corporate", member=person("zoe")), {"rosa"}),
    "give a role's name to another": (rename(
        "cn=auditors," + ROLES, "cn=officers"), NOBODY),
    "make auditors owners": (rename(
        "cn=auditors," + ROLES, "cn=new", "ou=owners," + ROLES), NOBODY),
    "rename a trust realm": (rename(
        "cn=corporate," + REALMS, "cn=new"), NOBODY),
    "give a map to another format": (rename(
        MAP, "trFormat=other+trRealmName=corporate"), NOBODY),
    "give a clearance to another": (rename(BOB, "cn=carol"), NOBODY),
    "rename his system": (rename(ALPHA, "cn=zeta.example.com"), NOBODY),
    "add a name that cannot be asked for": (add(
        "cn=a]|user&[b," + REALMS, objectClass="trTrustRealm", cn="a]|user&[b",
        trDOI=7, trLevel="0 low"), NOBODY),
    "add a unit": (add(
        "ou=more," + table.BASE, objectClass="organizationalUnit",
        ou="more"), NOBODY),
}

#: What 389-ds cannot tell apart: an owner who names himself from one who
#: names another, and a blank at the end of a prefix.
IN_389 = {
    "make a member without a range": OWNERS,
    "add a system of nobody": {"sid"},
    "add a system of somebody": {"sid"},
    "give rosa a role": {"rosa"},
    "give rosa a new role": {"rosa"},
    "give rosa a system": {"rosa"},
    "add a name that cannot be asked for": {"paula"},
}


def entry_of(administration, dn):
    return administration.directory.search(
        dn, "(objectClass=*)", "*") if dn else ""


def restore(administration, change, before):
    """Put back the entry that change was allowed on."""
    dn = change.split("\n")[0][len("dn: "):]
    if "changetype: add" in change:
        administration.directory.delete(dn)
        return
    if "changetype: modrdn" in change:
        rdn, below = (re.search("^%s: (.*)$" % name, change, re.M).group(1)
                      for name in ("newrdn", "newsuperior"))
        dn = "%s,%s" % (rdn, below)
    if "changetype: delete" not in change:
        administration.directory.delete(dn)
    administration.directory.add(before)


SERVERS = {"slapd.conf": roles.RolesDirectory,
           "cn=config": roles.ConfigRolesDirectory,
           "389-ds": roles.RolesDirectory389}


#: The rules are the same text for both forms of OpenLDAP's configuration:
#: there a part shows that it is in force.  389-ds has no authzTo.
CASES = [(server, name) for server in SERVERS for name in OPERATIONS
         if (server != "cn=config" or
             name.startswith(("add a system", "make"))) and (
             server, name) != ("389-ds", "let an account act for others")]


@pytest.fixture(scope="module")
def administration(request):
    with Administration(SERVERS[request.param]) as made:
        made.directory.replace(ALPHA, "owner", person("sid"))
        made.directory.replace(BETA, "trRestriction", "corporate open open",
                               "engineering public secret")
        made.server = request.param
        yield made


@pytest.mark.parametrize("administration, name", CASES,
                         indirect=["administration"], scope="module")
def test_only_who_may_does(administration, name):
    change, expected = OPERATIONS[name]
    if administration.server == "389-ds":
        expected = IN_389.get(name, expected)
    dn = change.split("\n")[0][len("dn: "):]
    before = "" if "changetype: add" in change else \
        entry_of(administration, dn)
    allowed = set()
    for who in PEOPLE:
        if administration.may(who, change):
            allowed.add(who)
            restore(administration, change, before)
    assert allowed == expected


#: Principals, and whether they read.
MACHINES = {"trustrealm/alpha.example.com": True,
            "host/alpha.example.com": False,
            "trustrealm-invite/zeta.example.com": False}


@pytest.mark.parametrize("administration, principal",
                         [(s, p) for s in SERVERS for p in MACHINES],
                         indirect=["administration"], scope="module")
def test_systems_read_and_write_nothing(administration, principal):
    keytab = administration.scratch.join("machine.keytab")
    administration.realm.add({keytab: [principal]})
    administration.realm.kinit(principal, keytab,
                               administration.ccache("machine"))
    seen = administration.sees("machine", table.BASE, "(objectClass=*)")
    if not MACHINES[principal]:
        assert seen.strip() == ""
        return
    everything = administration.directory.search(table.BASE)
    assert sorted(seen.split("\n")) == sorted(everything.split("\n"))
    for name in ("disable his system", "add a system of nobody",
                 "withdraw a membership"):
        assert not administration.may("machine", OPERATIONS[name][0])


@pytest.mark.parametrize("administration", SERVERS, indirect=True,
                         scope="module")
def test_no_password_makes_a_system(administration):
    """An owner who leaves keeps no way in."""
    change = add(system("zeta"), cn="zeta.example.com",
                 objectClass=["trSystem", "simpleSecurityObject"],
                 trPrincipal="trustrealm/zeta.example.com@EXAMPLE.TEST",
                 userPassword="secret",
                 **({} if administration.server == "389-ds" else
                    {"owner": person("sid")}))
    added = administration.may("sid", change)
    done = run([servers.program("ldapsearch"), "-x", "-LLL", "-D",
                system("zeta"), "-w", "secret", "-H",
                administration.directory.uri, "-b", table.BASE, "cn"],
               env=administration.environment("sid"), check=False)
    if added:
        administration.directory.delete(system("zeta"))
    assert done.status == 49, done


@pytest.mark.parametrize("administration, who",
                         [(s, w) for s in SERVERS for w in PEOPLE],
                         indirect=["administration"], scope="module")
def test_who_reads(administration, who):
    seen = administration.sees(who, table.BASE, "(objectClass=*)",
                               "trMembership", "trClearance", "member")
    if who == "zoe":
        assert seen.strip() == ""
        return
    everything = administration.directory.search(
        table.BASE, "(objectClass=*)", "trMembership", "trClearance",
        "member")
    assert sorted(seen.split("\n")) == sorted(everything.split("\n"))
