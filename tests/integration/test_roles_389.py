# tests/integration/test_roles_389.py - no way in beside the roles, in 389-ds
# SPDX-License-Identifier: BSD-2-Clause
"""There an entry is judged as a whole when it is added, not value by value.
Everybody who may add entries tries to add and to change some such that they
are accounts, have rules of their own, or are what somebody else decides."""

import re

import pytest

from testlib import servers, table
from testlib.process import run
from testlib.roles import (
    INSUFFICIENT_ACCESS, PEOPLE, Administration, RolesDirectory389, add,
    delete, modify, person, proposal)

SYSTEMS, REALMS, MAPS, SUBJECTS, ROLES, PENDING = (
    "ou=%s,%s" % (name, table.BASE) for name in (
        "systems", "realms", "maps", "subjects", "roles", "pending"))
ALPHA = "cn=alpha.example.com," + SYSTEMS
ZETA = "cn=zeta.example.com," + SYSTEMS
BOB = "cn=bob," + SUBJECTS
ENGINEERING = "cn=engineering," + REALMS
MAP = "trFormat=local+trRealmName=corporate," + MAPS

#: Who adds what: the least that makes such an entry.
ENTRIES = {
    "a trust realm": ("paula", add(
        "cn=new," + REALMS, objectClass="trTrustRealm", cn="new", trDOI=7,
        trLevel="0 low")),
    "a map": ("paula", add(
        "trFormat=new+trRealmName=corporate," + MAPS,
        objectClass="trLabelMap", trFormat="new", trRealmName="corporate")),
    "an account": ("paula", add(
        "cn=carol," + SUBJECTS, objectClass=["person", "trSubject"],
        cn="carol", sn="carol", trPrincipal="carol@" + table.REALM)),
    "a system": ("sid", add(
        ZETA, objectClass="trSystem", cn="zeta.example.com",
        owner=person("sid"),
        trPrincipal="trustrealm/zeta.example.com@" + table.REALM)),
    "a role": ("rosa", add(
        "cn=corporate,ou=owners," + ROLES, objectClass="groupOfNames",
        cn="corporate", member=person("zoe"))),
    "an officer's proposal": ("paula", proposal(
        "engineering.1", ENGINEERING, "trLevel 30 top")),
    "an administrator's proposal": ("sid", proposal(
        "alpha.example.com:1", ALPHA, "trAlias www.example.com")),
    "an owner's proposal": ("olga", proposal(
        "engineering.2", ALPHA, "trMembership engineering public public")),
}

EVERYTHING = '(targetattr = "*")(version 3.0; acl "mine"; ' \
    'allow (all) userdn = "ldap:///all";)'

#: What makes more of an entry than it is.
MORE = {
    "a password": ["objectClass: simpleSecurityObject",
                   "userPassword: known"],
    "a password alone": ["userPassword: known"],
    "a password by number": ["2.5.4.35: known"],
    "a password with an option": ["userPassword;x-a: known"],
    "a password of anything": ["objectClass: extensibleObject",
                               "userPassword: known"],
    "rules": ["aci: " + EVERYTHING],
    "rules in capitals": ["ACI: " + EVERYTHING],
    "rules by number": ["2.16.840.1.113730.3.1.55: " + EVERYTHING],
    "anything": ["objectClass: extensibleObject"],
    "anything by number": [
        "objectClass: 1.3.6.1.4.1.1466.101.120.111"],
    "a certificate": ["objectClass: inetOrgPerson", "sn: x", "cn: x",
                      "userCertificate;binary: x"],
    "an account of Unix": ["objectClass: posixAccount", "uid: x",
                           "uidNumber: 0", "gidNumber: 0",
                           "homeDirectory: /"],
    "a referral": ["objectClass: referral", "ref: ldap:///"],
    "a subentry": ["objectClass: ldapSubentry"],
    "a role of the server": ["objectClass: nsRoleDefinition"],
    "a membership": ["objectClass: trSystem", "objectClass: extensibleObject",
                     "cn: x", "trPrincipal: trustrealm/x@" + table.REALM,
                     "trMembership: engineering public secret:hr,crypto"],
    "a clearance": ["objectClass: trSubject", "trPrincipal: x",
                    "trClearance: engineering public secret:hr,crypto"],
    "a clearance with an option": [
        "objectClass: trSubject", "trPrincipal: x",
        "trClearance;x-a: engineering public secret:hr,crypto"],
    "a membership with an option": [
        "trMembership;x-a: engineering public secret:hr,crypto"],
    "a membership alone": ["trMembership: corporate open open"],
    "a restriction": ["trRestriction: corporate open open"],
}

#: Attributes that any entry may have and that say nothing of an account.
HARMLESS = set("""objectClasses attributeTypes matchingRules matchingRuleUse
ldapSyntaxes dITContentRules dITStructureRules nameForms altServer
namingContexts supportedControl supportedExtension supportedFeatures
supportedLDAPVersion supportedSASLMechanisms availableSASLMechanisms
nsSchemaCSN nsslapd-return-default-opattr copiedFrom copyingFrom
nsBackendSuffix ldapSchemas""".split())

SAMPLES = {"12": person("zoe"), "27": "1", "24": "20300101000000Z",
           "15": "1", "5": "1"}

OBJECT_CLASS_VIOLATION = 65


@pytest.fixture(scope="module")
def administration():
    with Administration(RolesDirectory389) as made:
        made.directory.replace(ALPHA, "owner", person("sid"))
        assert made.may("olga", proposal(
            "engineering.9", ALPHA, "trMembership engineering public public"))
        yield made


def target(change):
    return change.split("\n")[0][len("dn: "):]


def with_more(entry, lines):
    """An entry with those lines, but for attributes that it has already."""
    return entry + "".join(
        line + "\n" for line in lines if line not in entry and (
            line.startswith("objectClass: ") or
            "\n" + line.split(" ")[0] + " " not in entry))


def attempt(administration, who, changes):
    """The server's result of each, in LDIF, as that person."""
    done = run([servers.program("ldapmodify"), "-Q", "-N", "-c", "-Y",
                "GSSAPI", "-H", administration.directory.uri],
               env=administration.environment(who), check=False,
               input="\n".join(changes))
    return [int(code) for code in re.findall(
        r"^ldap_(?:add|modify): .* \((\d+)\)$", done.err, re.M)]


def permitted(administration, who, changes):
    """Which of them (by name) that person may make; nothing stays of it.  The
    others are forbidden or, by the schema, no such entry."""
    may = []
    for name, change in changes.items():
        results = attempt(administration, who, [change])
        assert results in ([], [INSUFFICIENT_ACCESS],
                           [OBJECT_CLASS_VIOLATION]), (name, results)
        if not results:
            may.append(name)
            administration.directory.delete(target(change))
    return may


def operational(administration):
    """What the server's schema lets every entry have and everybody write."""
    text = administration.directory.search(
        "cn=schema", "(objectClass=*)", "attributeTypes")
    found = {}
    for line in re.findall("^attributeTypes: (.*)$", text, re.M):
        if " USAGE " in line and "NO-USER-MOD" not in line:
            name = re.search(r"NAME \(? ?'([^']*)'", line).group(1)
            syntax = re.search(r"SYNTAX [0-9.]*\.(\d+)", line).group(1)
            found[name] = SAMPLES.get(syntax, "1")
    return {name: value for name, value in found.items()
            if name not in HARMLESS} | {"aci": EVERYTHING}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_added_and_removed(administration, name):
    who, entry = ENTRIES[name]
    assert administration.may(who, entry)
    assert administration.may(who, delete(target(entry)))


@pytest.mark.parametrize("name", ENTRIES)
def test_no_entry_is_added_with_more(administration, name):
    who, entry = ENTRIES[name]
    assert permitted(administration, who, {
        more: with_more(entry, lines)
        for more, lines in MORE.items()}) == []


@pytest.mark.parametrize("name", ENTRIES)
def test_no_entry_is_added_with_what_servers_go_by(administration, name):
    """Attributes of operation, that need no class."""
    who, entry = ENTRIES[name]
    attributes = operational(administration)
    assert {"aci", "nsRoleDN", "passwordExpirationTime"} <= set(attributes)
    assert permitted(administration, who, {
        attribute: "%s%s: %s\n" % (entry, attribute, value)
        for attribute, value in attributes.items()}) == []


#: Entries that are there, and those above them.
THERE = [ALPHA, BOB, ENGINEERING, MAP, "cn=label-policy," + ROLES,
         "cn=engineering.9," + PENDING, SYSTEMS, REALMS, MAPS, SUBJECTS, ROLES,
         PENDING, table.BASE]


@pytest.mark.parametrize("who", ("paula", "sid", "rosa", "olga", "aud"))
def test_no_entry_becomes_more(administration, who):
    more = list(MORE.values()) + [
        ["%s: %s" % pair] for pair in operational(administration).items()]
    for dn in THERE:
        changes = [modify(dn, *(("add", *line.split(": ", 1))
                                for line in lines)) for lines in more]
        assert attempt(administration, who, changes) == \
            [INSUFFICIENT_ACCESS] * len(changes), dn


def test_nobody_reads_a_password(administration):
    administration.directory.replace(BOB, "userPassword", "known")
    try:
        for who in PEOPLE:
            assert "userPassword" not in administration.sees(
                who, BOB, "(objectClass=*)", "userPassword")
            assert administration.sees(who, BOB, "(userPassword=*)") == ""
    finally:
        administration.directory.replace(BOB, "userPassword")


@pytest.mark.parametrize("who", ("paula", "sid", "rosa", "olga"))
def test_nobody_removes_what_the_tree_has(administration, who):
    """Without entries below it a unit could go."""
    for name in ("realms", "maps", "subjects", "systems", "roles"):
        dn = "ou=more,ou=%s,%s" % (name, table.BASE)
        administration.directory.add(table.entry(
            dn, objectClass="organizationalUnit", ou="more"))
        try:
            assert not administration.may(who, delete(dn))
        finally:
            administration.directory.delete(dn)


@pytest.mark.parametrize("option", ("", ";x-a"))
def test_nobody_is_another_by_his_principal(administration, option):
    """Not who has it nor, as long as two have it, anybody."""
    entry = ENTRIES["a system"][1]
    if option:
        entry += "trPrincipal%s: olga@%s\n" % (option, table.REALM)
    else:
        entry = entry.replace("trustrealm/zeta.example.com@", "olga@")
    assert administration.trustrealm("olga", "system", "list").status == 0
    assert administration.may("sid", entry)
    done = administration.trustrealm("olga", "system", "list")
    assert administration.may("sid", delete(target(entry)))
    assert done.status == 3 and "Invalid credentials" in done.err
    assert administration.trustrealm("olga", "system", "list").status == 0


ZETA_HOST = "zeta.example.com"
DAVE = "cn=dave," + SUBJECTS
IN_ENGINEERING = ("--realm", "engineering", "--low", "public", "--high",
                  "secret")

#: What the tool writes for each role, one after the other.
COMMANDS = [
    ("paula", "realm", "add", "new", "--doi", "7", "--level", "0 low",
     "--level", "1 high"),
    ("paula", "realm", "set", "new", "--doi", "8", "--level", "2 top",
     "--category", "1 b", "--priority", "5", "--policy", "equal", "--mode",
     "dry-run", "--protection", "confidentiality", "--confidential-from",
     "high", "--idle-timeout", "60", "--lifetime", "600", "--carrier",
     "host own", "--delegation", "host", "--kernel-export", "TRUE",
     "--kernel-lifetime", "60", "--maximum-staleness", "3600",
     "--required-attribute", "disk=encrypted"),
    ("paula", "realm", "set", "new", "--unset", "carrier", "--unset",
     "kernel-lifetime"),
    ("paula", "map", "add", "new/local", "--level", "low low"),
    ("paula", "map", "set", "new/local", "--level", "top high",
     "--category", "c b"),
    ("paula", "map", "remove", "new/local"),
    ("paula", "realm", "remove", "new"),
    ("sid", "system", "add", ZETA_HOST, "--owner", person("sid"),
     "--principal", "trustrealm/%s@%s" % (ZETA_HOST, table.REALM)),
    ("sid", "system", "set", ZETA_HOST, "--alias", "z.example.com",
     "--principal", "trustrealm/zeta@" + table.REALM),
    ("olga", "system", "join", ZETA_HOST, *IN_ENGINEERING),
    ("olga", "system", "restrict", ZETA_HOST, *IN_ENGINEERING[:-1],
     "internal"),
    ("olga", "system", "unrestrict", ZETA_HOST, *IN_ENGINEERING[:2]),
    ("olga", "system", "leave", ZETA_HOST, *IN_ENGINEERING[:2]),
    ("sid", "system", "disable", ZETA_HOST),
    ("sid", "system", "enable", ZETA_HOST),
    ("sid", "system", "remove", ZETA_HOST),
    ("paula", "clearance", "limit", "carol@" + table.REALM),
    ("olga", "clearance", "set", "carol@" + table.REALM, *IN_ENGINEERING),
    ("olga", "clearance", "remove", "carol@" + table.REALM,
     *IN_ENGINEERING[:2]),
    ("paula", "clearance", "remove", "carol@" + table.REALM, "--force"),
    ("paula", "clearance", "limit", "dave@" + table.REALM, "--entry", DAVE),
    ("paula", "clearance", "remove", "dave@" + table.REALM, "--force"),
]


def test_the_tool_writes_what_each_role_may(administration):
    administration.directory.add(table.entry(
        DAVE, objectClass="person", cn="dave", sn="dave"))
    for who, *arguments in COMMANDS:
        before = administration.directory.search()
        done = administration.trustrealm(who, *arguments)
        assert done.status == 0, done
        assert administration.directory.search() != before, arguments


def test_a_role_is_given_and_taken(administration):
    role = "cn=label-policy," + ROLES
    for what in ("add", "delete"):
        assert administration.may("rosa", modify(
            role, (what, "member", person("zoe"))))
    assert administration.may("rosa", modify(
        role, ("replace", "description", "of labels")))
