# tests/integration/test_two_officers.py - what takes two of a trust realm
# SPDX-License-Identifier: BSD-2-Clause
"""With access-two.conf in force: every attribute of a trust realm that has
owners, and of a system that is a member.  What could let something pass takes
a proposal by somebody else, whichever way it is tried; what can only refuse
more takes nobody else."""

import json
import re

import pytest

from testlib import roles, servers, table
from testlib.process import run
from testlib.roles import (
    PEOPLE, Administration, add, delete, modify, person, proposal, rename)

ENGINEERING = "cn=engineering,ou=realms," + table.BASE
BOB = "cn=bob,ou=subjects," + table.BASE
ALPHA = "cn=alpha.example.com,ou=systems," + table.BASE

#: Who has the role that it takes: label policy officers, and owners of alpha
#: who are system administrators.
ENTITLED = {ENGINEERING: ("paula", "zoe"), ALPHA: ("sid", "zoe")}
#: What is there before.
PRESENT = {
    ENGINEERING: {
        "trPriority": ["20"], "trPolicy": ["equal"], "trDOI": ["1001"],
        "trLevel": ["0 public", "10 internal", "20 secret"],
        "trMode": [], "trRequiredAttribute": ["site=N", "site=n"],
        "trProtection": ["confidentiality"], "trConfidentialFrom": ["secret"],
        "trCarrier": ["host own", "nfs mic", "http auth-only"],
        "trDelegation": ["host"], "trIdleTimeout": ["3600"],
        "trLifetime": ["36000"], "trMaximumStaleness": ["3600"],
        "trKernelExport": ["FALSE"], "trKernelLifetime": ["60"]},
    ALPHA: {"owner": [person("sid"), person("zoe")],
            "trPrincipal": ["trustrealm/alpha.example.com@EXAMPLE.TEST"],
            "trAlias": ["mail.example.com"], "trEnabled": ["FALSE"]},
}

#: What is proposed, and what gives way to it.
WIDENING = [
    (ENGINEERING, "trLevel 30 top", None),
    (ENGINEERING, "trLevel 15 internal", "10 internal"),
    (ENGINEERING, "trCategory 4 radar", None),
    (ENGINEERING, "trDOI 77", "1001"),
    (ENGINEERING, "-trPriority 20", None),
    (ENGINEERING, "-trPolicy equal", None),
    (ENGINEERING, "trMode dry-run", None),
    (ENGINEERING, "-trRequiredAttribute site=N", None),
    (ENGINEERING, "-trProtection confidentiality", None),
    (ENGINEERING, "-trConfidentialFrom secret", None),
    (ENGINEERING, "-trCarrier nfs mic", None),
    (ENGINEERING, "-trCarrier http auth-only", None),
    (ENGINEERING, "trCarrier ftp own", None),
    (ENGINEERING, "trDelegation nfs", None),
    (ENGINEERING, "-trIdleTimeout 3600", None),
    (ENGINEERING, "-trLifetime 36000", None),
    (ENGINEERING, "-trMaximumStaleness 3600", None),
    (ENGINEERING, "trKernelExport TRUE", "FALSE"),
    (ENGINEERING, "-trKernelLifetime 60", None),
    (ENGINEERING, "trKernelLifetime 301", None),
    (ENGINEERING, "trKernelLifetime 0", None),
    (ALPHA, "trPrincipal trustrealm/Alpha@EXAMPLE.TEST",
     "trustrealm/alpha.example.com@EXAMPLE.TEST"),
    (ALPHA, "trAlias other.example.com", None),
    (ALPHA, "-trEnabled FALSE", None),
]


@pytest.fixture(scope="module")
def administration():
    with Administration(roles.TwoPersonsDirectory) as made:
        for role in ("label-policy", "system-administrators", "auditors"):
            made.directory.modify(modify(
                "cn=%s,ou=roles,%s" % (role, table.BASE),
                ("add", "member", person("zoe"))))
        yield made


@pytest.fixture
def change(administration):
    """Prepares an entry, says what makes a change of it, and puts all back."""
    before = {}

    def prepare(target, **more):
        if target not in before:
            before[target] = look(administration, target)
        for attribute, values in {**PRESENT[target], **more}.items():
            administration.directory.replace(target, attribute, *values)
    yield prepare
    for target, entry in before.items():
        if look(administration, target):
            administration.directory.delete(target)
        administration.directory.add(entry)
    for dn in re.findall("^dn: (cn=.*)$", administration.directory.search(
            "ou=pending," + table.BASE, "(objectClass=trPending)", "cn"),
            re.M):
        administration.directory.delete(dn)


def look(administration, dn):
    """Its entry; "" when there is none."""
    return administration.directory.search(
        table.BASE, "(entryDN=%s)" % dn, "*")


def split(change):
    """Operation, attribute and value of what is proposed."""
    attribute, value = change.lstrip("-").split(" ", 1)
    return "delete" if change[0] == "-" else "add", attribute, value


def makes(target, change, gives_way=None):
    """The modification that was proposed."""
    operation, attribute, value = split(change)
    old = [("delete", attribute, gives_way)] if gives_way else []
    return modify(target, *old, (operation, attribute, value))


def proposes(administration, who, target, change):
    name = "engineering.a1" if target == ENGINEERING else \
        "alpha.example.com:a1"
    return administration.may(who, proposal(name, target, change))


def tries(administration, who, change, *options):
    """The server's result, whatever it is."""
    return run([servers.program("ldapmodify"), "-Q", "-N", "-Y", "GSSAPI",
                "-H", administration.directory.uri, *options],
               env=administration.environment(who), input=change,
               check=False).status


@pytest.mark.parametrize("target, wanted, gives_way", WIDENING)
def test_two_let_more_pass(administration, change, target, wanted, gives_way):
    """Nobody alone; then who has the role and did not propose it."""
    change(target)
    proposer, other = ENTITLED[target]
    made = makes(target, wanted, gives_way)
    for who in ENTITLED[target]:
        assert not administration.may(who, made), who
    assert proposes(administration, proposer, target, wanted)
    for who in PEOPLE:
        if who != other:
            assert not administration.may(who, made), who
    assert administration.may(other, made)


@pytest.mark.parametrize("target, wanted, gives_way", WIDENING)
def test_no_other_way(administration, change, target, wanted, gives_way):
    """Somebody of the role finds none."""
    change(target)
    before = look(administration, target)
    operation, attribute, value = split(wanted)
    ways = [modify(target, ("replace", attribute, value)),
            modify(target, ("replace", attribute)),
            modify(target, ("delete", attribute)),
            modify(target, ("delete", attribute), ("add", attribute, value)),
            modify(target, ("replace", attribute + ";lang-de", value)),
            rename(target, "cn=other"), rename(target, "cn=other", keep=True)]
    increments = [modify(target, ("increment", attribute, "1")),
                  modify(target, ("increment", attribute, value))]
    if operation == "add":
        ways += [modify(target, ("add", attribute + ";lang-de", value)),
                 modify(target, ("add", attribute, value.upper()))]
    for way in ways:
        assert tries(administration, ENTITLED[target][1], way) == \
            roles.INSUFFICIENT_ACCESS, way
    # The schema forbids to count up what is no number.
    for way in increments:
        assert tries(administration, ENTITLED[target][1], way) == (
            roles.INSUFFICIENT_ACCESS if value.isdigit()
            else roles.CONSTRAINT_VIOLATION), way
    assert look(administration, target) == before


@pytest.mark.parametrize("target, wanted, other", [
    (ENGINEERING, "trLevel 30 top", "trLevel 31 top"),
    (ENGINEERING, "trCategory 30 top", "trLevel 30 top"),
    (ENGINEERING, "-trLifetime 36000", "-trIdleTimeout 3600"),
    (ENGINEERING, "-trIdleTimeout 3600", "-trMaximumStaleness 3600"),
    (ENGINEERING, "-trRequiredAttribute site=N",
     "-trRequiredAttribute site=n"),
    (ENGINEERING, "-trCarrier nfs mic", "trCarrier nfs own"),
    (ALPHA, "trPrincipal trustrealm/Alpha@EXAMPLE.TEST",
     "trPrincipal trustrealm/alpha@EXAMPLE.TEST"),
    (ALPHA, "trAlias other.example.com", "-trEnabled FALSE"),
])
def test_just_that_is_agreed_on(administration, change, target, wanted,
                                other):
    change(target)
    before = look(administration, target)
    proposer, approver = ENTITLED[target]
    gives_way = PRESENT[target]["trPrincipal"][0] \
        if other.startswith("trPrincipal") else None
    assert proposes(administration, proposer, target, wanted)
    assert not administration.may(approver, makes(target, other, gives_way))
    assert look(administration, target) == before


@pytest.mark.parametrize("attribute, there", [
    ("trKernelLifetime", ["900", "2000"]), ("trPriority", ["20"]),
    ("trPolicy", ["equal"])])
def test_what_shall_be_does_not_go(administration, change, attribute, there):
    """Where both directions take two, each takes a proposal of its own."""
    change(ENGINEERING, **{attribute: there})
    goes = modify(ENGINEERING, ("delete", attribute, there[0]))
    wanted = "%s %s" % (attribute, there[0])
    assert proposes(administration, "paula", ENGINEERING, wanted)
    assert not administration.may("zoe", goes)
    assert administration.may("rosa", delete(
        "cn=engineering.a1,ou=pending," + table.BASE))
    assert proposes(administration, "paula", ENGINEERING, "-" + wanted)
    assert administration.may("zoe", goes)


#: What is there before, if it has to be said, and the change.
NARROWING = [
    (ENGINEERING, {}, ("delete", "trLevel", "20 secret")),
    (ENGINEERING, {}, ("delete", "trCategory", "1 hr")),
    (ENGINEERING, {"trMode": ["dry-run"]}, ("delete", "trMode", "dry-run"),
     ("add", "trMode", "enforce")),
    (ENGINEERING, {}, ("add", "trRequiredAttribute", "site=North")),
    (ENGINEERING, {"trProtection": ["integrity"]},
     ("delete", "trProtection", "integrity"),
     ("add", "trProtection", "confidentiality")),
    (ENGINEERING, {"trConfidentialFrom": []},
     ("add", "trConfidentialFrom", "internal")),
    (ENGINEERING, {}, ("add", "trCarrier", "ftp mic")),
    (ENGINEERING, {}, ("add", "trCarrier", "ftp gss")),
    (ENGINEERING, {}, ("delete", "trCarrier", "host own")),
    (ENGINEERING, {}, ("delete", "trCarrier", "host own"),
     ("add", "trCarrier", "host gss")),
    (ENGINEERING, {}, ("delete", "trDelegation", "host")),
    (ENGINEERING, {"trIdleTimeout": []}, ("add", "trIdleTimeout", "60")),
    (ENGINEERING, {"trLifetime": ["0"]}, ("delete", "trLifetime", "0"),
     ("add", "trLifetime", "60")),
    (ENGINEERING, {"trMaximumStaleness": []},
     ("add", "trMaximumStaleness", "60")),
    (ENGINEERING, {"trKernelExport": ["TRUE"]},
     ("delete", "trKernelExport", "TRUE"), ("add", "trKernelExport", "FALSE")),
    (ENGINEERING, {"trKernelLifetime": []}, ("add", "trKernelLifetime", "60")),
    (ENGINEERING, {"trKernelLifetime": ["900"]},
     ("add", "trKernelLifetime", "300")),
    (ENGINEERING, {"trKernelLifetime": ["0"]},
     ("delete", "trKernelLifetime", "0"), ("add", "trKernelLifetime", "60")),
    (ALPHA, {}, ("delete", "trAlias", "mail.example.com")),
    (ALPHA, {"trEnabled": ["TRUE"]}, ("delete", "trEnabled", "TRUE"),
     ("add", "trEnabled", "FALSE")),
]


@pytest.mark.parametrize("target, before, parts", [
    (target, before, parts) for target, before, *parts in NARROWING])
def test_one_lets_less_pass(administration, change, target, before, parts):
    change(target, **before)
    made = modify(target, *parts)
    for who in PEOPLE:
        if who not in ENTITLED[target]:
            assert not administration.may(who, made), who
    assert administration.may(ENTITLED[target][0], made)


#: A limit, a value that is there, and one that is narrower.
LIMITS = [
    ("trIdleTimeout", "3600", "60"), ("trLifetime", "36000", "600"),
    ("trMaximumStaleness", "3600", "60"),
    ("trConfidentialFrom", "secret", "internal"),
    ("trKernelLifetime", "900", "60"), ("trKernelLifetime", "60", "30"),
]


@pytest.mark.parametrize("attribute, wide, narrow", LIMITS)
def test_one_narrows_a_limit(administration, change, attribute, wide, narrow):
    """By another value; to remove either takes two, and just that goes."""
    change(ENGINEERING, **{attribute: [wide]})
    narrows = modify(ENGINEERING, ("add", attribute, narrow))
    for who in PEOPLE:
        if who not in ENTITLED[ENGINEERING]:
            assert not administration.may(who, narrows), who
    assert administration.may("paula", narrows)
    widens = {value: modify(ENGINEERING, ("delete", attribute, value))
              for value in (wide, narrow)}
    for who in PEOPLE:
        for way in (*widens.values(), modify(
                ENGINEERING, ("replace", attribute, wide))):
            assert not administration.may(who, way), (who, way)
    assert proposes(administration, "zoe", ENGINEERING,
                    "-%s %s" % (attribute, narrow))
    assert not administration.may("paula", widens[wide])
    assert not administration.may("zoe", widens[narrow])
    assert administration.may("paula", widens[narrow])
    assert values(administration, ENGINEERING, attribute) == [wide]


def lengths(target, attribute):
    """Of values with which slapd cuts a rule off somewhere after what says
    who has proposed it."""
    who = re.search(
        r'"(\[ldap:[^"]*%s \$\{v0\}[^"]*/creatorsName)' % attribute,
        roles.document("access-two.conf"))[1]
    longest = 1023 - len(who.replace("${d1}", target).replace("${v0}", ""))
    return range(longest - 130, longest + 2, 2)


@pytest.mark.parametrize("who, other, target, attribute, start, operation", [
    ("olga", "oscar", ALPHA, "trMembership", "engineering public secret:",
     "add"),
    ("olga", "oscar", ALPHA, "trRestriction", "engineering public secret:",
     "delete"),
    ("paula", "zoe", ENGINEERING, "trLevel", "30 ", "add"),
    ("sid", "zoe", ALPHA, "trAlias", "", "add"),
])
def test_a_long_value_takes_two_as_well(administration, change, who, other,
                                        target, attribute, start, operation):
    """What slapd cuts off is never that the proposal was one's own."""
    values = [start + "x" * (length - len(start))
              for length in [300, *lengths(target, attribute)]]
    change(target, **({attribute: values} if operation == "delete" else {}))
    before = look(administration, target)
    sign = "-" if operation == "delete" else ""
    name = "alpha.example.com:%x" if who == "sid" else "engineering.%x"
    administration.may(who, "\n".join(
        proposal(name % number, target, "%s%s %s" % (sign, attribute, value))
        for number, value in enumerate(values)))
    assert len(pending(administration)) == len(values)
    tries(administration, who, "\n".join(
        modify(target, (operation, attribute, value)) for value in values),
        "-c")
    assert look(administration, target) == before
    assert administration.may(other, modify(
        target, (operation, attribute, values[0])))


def longest_name():
    """With which slapd just does not cut off who has proposed a priority."""
    who = re.search(r'set.expand="([^"]*-trPriority \${v0}[^"]* & user[^"]*)"',
                    roles.document("access-two.conf"))[1]
    return (1023 - len(re.sub(r"\${d.}", "", who.replace("${v0}", "7").replace(
        "${d1}", "cn=,ou=realms," + table.BASE)))) // 2


class LongDirectory(roles.TwoPersonsDirectory):
    """As with a longer suffix: names that trust realms can have do not fit."""

    def _access(self):
        once = "(objectClass=trPending)"
        return super()._access().replace(
            once, once * (2 * (longest_name() - 200) // len(once)))


def test_a_long_name_takes_two_as_well():
    """Whatever slapd cuts off of rules of both directions, it is never that
    the proposal was one's own."""
    # Its database takes no longer ones.
    names = ["x" * length for length in [10, *range(190, 241)]]
    dns = ["cn=%s,ou=realms,%s" % (name, table.BASE) for name in names]
    with Administration(LongDirectory) as made:
        made.directory.modify(modify(
            "cn=label-policy,ou=roles," + table.BASE,
            ("add", "member", person("zoe"))))
        made.directory.modify("\n".join(
            realm(dn, name) + "\n" + add(
                "cn=%s,ou=owners,ou=roles,%s" % (name, table.BASE),
                objectClass="groupOfNames", cn=name, member=person("olga"))
            for dn, name in zip(dns, names)))
        assert made.may("paula", "\n".join(
            proposal("long.%x" % number, dn, "trPriority 7")
            for number, dn in enumerate(dns)))
        changes = [modify(dn, ("add", "trPriority", "7")) for dn in dns]
        tries(made, "paula", "\n".join(changes), "-c")
        assert made.directory.search(table.BASE, "(trPriority=7)", "cn") == ""
        tries(made, "zoe", "\n".join(changes), "-c")
        found = made.directory.search(table.BASE, "(trPriority=7)", "cn")
        assert dns[0] in found and dns[1] in found and dns[-1] not in found


# --- whole entries ------------------------------------------------------

#: Of a trust realm that tests add.
OWNERS_OF_NEW = "cn=new,ou=owners,ou=roles," + table.BASE


def remove(administration, *dns):
    """What is still there of them."""
    for dn in dns:
        if look(administration, dn):
            administration.directory.delete(dn)


def realm(dn, name, **more):
    return add(dn, objectClass=["trTrustRealm", *more.pop("classes", [])],
               cn=name, trDOI="1099", trLevel=["0 public", "1 secret"],
               **more)


def test_a_new_trust_realm_takes_one(administration, change):
    """Until somebody can grant anything in it."""
    dn = "cn=new,ou=realms," + table.BASE
    try:
        assert administration.may("paula", realm(dn, "new", trLifetime="60"))
        assert administration.may("paula", modify(
            dn, ("replace", "trLifetime", "600"), ("add", "trLevel", "2 top"),
            ("add", "trMode", "dry-run")))
        assert administration.may("rosa", add(
            OWNERS_OF_NEW, objectClass="groupOfNames", cn="new",
            member=person("olga")))
        for parts in (("replace", "trLifetime", "6000"),
                      ("delete", "trLifetime", "600"),
                      ("add", "trLevel", "3 higher")):
            assert not administration.may("paula", modify(dn, parts)), parts
        assert administration.may("paula", delete(dn))
        assert not administration.may("paula", realm(dn, "new"))
        assert administration.may("rosa", delete(OWNERS_OF_NEW))
    finally:
        remove(administration, dn, OWNERS_OF_NEW)


@pytest.mark.parametrize("who, dn, more", [
    ("paula", "cn=engineering,ou=realms,", {}),
    ("paula", "cn=engineering+description=x,ou=realms,",
     {"description": "x"}),
    ("paula", "trDOI=1099,ou=realms,", {}),
    ("paula", "cn=engineering,cn=corporate,ou=realms,", {}),
    ("paula", "cn=engineering,ou=maps,", {}),
    ("paula", "cn=engineering,ou=subjects,", {}),
    ("zoe", "cn=engineering,ou=systems,",
     {"owner": person("zoe"), "classes": ["extensibleObject"]}),
])
def test_one_who_leaves_does_not_come_back_another(administration, change,
                                                   who, dn, more):
    """Members would be in it at once."""
    change(ENGINEERING)
    assert administration.may("paula", delete(ENGINEERING))
    assert tries(administration, who, realm(
        dn + table.BASE, "engineering", **more)) == roles.INSUFFICIENT_ACCESS


@pytest.mark.parametrize("who, dn, more", [
    ("paula", "cn=map,ou=subjects,", {}),
    ("paula", "cn=map,ou=realms,", {}),
    ("zoe", "cn=map,ou=systems,",
     {"owner": person("zoe"), "classes": ["extensibleObject"]}),
])
def test_a_map_elsewhere_has_no_pairs(administration, who, dn, more):
    """It would be one for another format."""
    assert tries(administration, who, add(
        dn + table.BASE, objectClass=["trLabelMap",
                                      *more.get("classes", [])],
        cn="map", trFormat="other", trRealmName="engineering",
        trLevelMap="secret public", **{name: value for name, value in
                                       more.items() if name == "owner"})
    ) == roles.INSUFFICIENT_ACCESS


def test_a_system_that_is_no_member_takes_one(administration, change):
    """A new one, and one that comes back, which is in no trust realm."""
    change(ALPHA)
    new = add(ALPHA, objectClass="trSystem", cn="alpha.example.com",
              trPrincipal="trustrealm/new@EXAMPLE.TEST",
              trAlias="www.example.com", owner=person("sid"))
    assert administration.may("sid", delete(ALPHA))
    assert administration.may("sid", new)
    assert administration.may("sid", modify(
        ALPHA, ("replace", "trPrincipal", "trustrealm/newer@EXAMPLE.TEST"),
        ("add", "trAlias", "ftp.example.com"), ("add", "trEnabled", "FALSE")))
    assert administration.may("sid", modify(
        ALPHA, ("replace", "trEnabled", "TRUE")))
    grant = "engineering public secret"
    assert proposes(administration, "olga", ENGINEERING, "trMembership " +
                    grant)
    assert not administration.may("oscar", modify(
        ALPHA, ("add", "trMembership", grant)))


def test_a_system_administrator_writes_nothing_else(administration, change):
    """Not even into his own system's entry."""
    change(ALPHA)
    for attribute, value in (("trLevelMap", "a b"), ("trLevel", "0 public"),
                             ("userPassword", "secret")):
        assert tries(administration, "sid", modify(
            ALPHA, ("add", "objectClass", "extensibleObject"),
            ("add", attribute, value))) == roles.INSUFFICIENT_ACCESS


@pytest.mark.parametrize("attribute, value", [
    ("userPassword", "known"), ("authzTo", "dn.exact:" + person("olga"))])
def test_nobody_reads_or_sets_them(administration, attribute, value):
    """An auditor, and a system, which reads everything else."""
    keytab = administration.scratch.join("machine.keytab")
    administration.realm.add({keytab: ["trustrealm/delta.example.com"]})
    administration.realm.kinit("trustrealm/delta.example.com", keytab,
                               administration.ccache("machine"))
    change = modify(BOB, ("add", attribute, value))
    assert not administration.may("paula", change)
    administration.directory.modify(change)
    for who in "machine", "zoe":
        seen = administration.sees(who, BOB, "(objectClass=*)", "*", "+")
        assert "trClearance" in seen and attribute not in seen
    administration.directory.modify(modify(BOB, ("delete", attribute, value)))


def test_whose_a_proposal_is(administration, change):
    """Of a system: of who administers systems, one who does not own it too,
    and the others see it.  Of a trust realm: of label policy officers."""
    change(ALPHA, owner=[person("sid")])
    alias = "trAlias other.example.com"
    for who in PEOPLE:
        assert proposes(administration, who, ALPHA, alias) == (
            who in ENTITLED[ALPHA]), who
        if who in ENTITLED[ALPHA]:
            dn = "cn=alpha.example.com:a1,ou=pending," + table.BASE
            assert look(administration, dn) == administration.sees(
                "aud", dn, "(objectClass=*)", "*")
            assert not administration.may(who, modify(
                dn, ("replace", "trChange", "trAlias beta.example.com")))
            assert not administration.may("paula", delete(dn))
            assert not administration.may("olga", delete(dn))
            assert administration.may("rosa" if who == "sid" else "sid",
                                      delete(dn))
        assert proposes(administration, who, ENGINEERING, "trLevel 5 new") \
            == (who in ENTITLED[ENGINEERING]), who
        if who in ENTITLED[ENGINEERING]:
            assert administration.may("rosa", delete(
                "cn=engineering.a1,ou=pending," + table.BASE))
    assert not administration.may("paula", proposal(
        "engineering.a2", ALPHA, alias))
    assert not administration.may("sid", proposal(
        "alpha.example.com:a2", ENGINEERING, "trLevel 5 new"))
    assert not administration.may("sid", proposal(
        "alpha.example.com:a3", ALPHA, "trMembership engineering public "
        "secret"))


# --- trustrealm ---------------------------------------------------------

def tool(administration, who, *arguments, status=0):
    done = administration.trustrealm(who, *arguments)
    assert done.status == status, done
    return done


def pending(administration):
    """{what is proposed: id}."""
    listed = json.loads(tool(administration, "aud", "pending", "list",
                             "--json").out)
    return {one["change"]: one["id"] for one in listed}


def approve_all(administration, who):
    for one in pending(administration).values():
        tool(administration, who, "pending", "approve", one)
    assert pending(administration) == {}


def values(administration, target, attribute):
    return re.findall("^%s: (.*)$" % attribute, look(administration, target),
                      re.M)


#: What else of PRESENT would be wrong in a trust realm.
SOUND = {"trRequiredAttribute": [], "trProtection": [],
         "trConfidentialFrom": []}
#: The option for each limit.
OPTIONS = {"trIdleTimeout": "idle-timeout", "trLifetime": "lifetime",
           "trMaximumStaleness": "maximum-staleness",
           "trConfidentialFrom": "confidential-from",
           "trKernelLifetime": "kernel-lifetime"}
#: Of LIMITS, one of each kind.
BY_TOOL = [LIMITS[1], LIMITS[3], LIMITS[4]]
REALM_SET = ("realm", "set", "engineering")
SYSTEM_SET = ("system", "set", "alpha.example.com")


@pytest.mark.parametrize("target, command, proposed, approved, after", [
    (ENGINEERING, (*REALM_SET, "--unset", "lifetime"),
     {"-trLifetime 36000"}, {"-trLifetime 36000"}, {"trLifetime": []}),
    (ENGINEERING, (*REALM_SET, "--level", "15 internal", "--category",
                   "4 radar"),
     {"trLevel 15 internal", "trCategory 4 radar"},
     {"trLevel 15 internal", "trCategory 4 radar"},
     {"trLevel": ["0 public", "20 secret", "15 internal"]}),
    (ENGINEERING, (*REALM_SET, "--doi", "77", "--mode", "dry-run"),
     {"trDOI 77", "trMode dry-run"}, {"trDOI 77", "trMode dry-run"},
     {"trDOI": ["77"], "trMode": ["dry-run"]}),
    (ENGINEERING, (*REALM_SET, "--priority", "5", "--policy", "mls"),
     {"-trPriority 20", "trPriority 5", "-trPolicy equal", "trPolicy mls"},
     {"trPriority 5", "trPolicy mls"},
     {"trPriority": ["5"], "trPolicy": ["mls"]}),
    (ENGINEERING, (*REALM_SET, "--carrier", "nfs gss", "--carrier",
                   "http own", "--delegation", "nfs"),
     {"-trCarrier nfs mic", "trCarrier nfs gss", "-trCarrier http auth-only",
      "trCarrier http own", "trDelegation nfs"},
     {"trCarrier nfs gss", "trCarrier http own", "trDelegation nfs"},
     {"trCarrier": ["host own", "nfs gss", "http own"],
      "trDelegation": ["host", "nfs"]}),
    (ENGINEERING, (*REALM_SET, "--kernel-export", "TRUE",
                   "--kernel-lifetime", "900"),
     {"trKernelExport TRUE", "-trKernelLifetime 60", "trKernelLifetime 900"},
     {"trKernelExport TRUE", "-trKernelLifetime 60", "trKernelLifetime 900"},
     {"trKernelExport": ["TRUE"], "trKernelLifetime": ["900"]}),
    (ALPHA, (*SYSTEM_SET, "--principal",
             "trustrealm/Alpha@EXAMPLE.TEST", "--alias", "w.example.com"),
     {"trPrincipal trustrealm/Alpha@EXAMPLE.TEST", "trAlias w.example.com"},
     {"trPrincipal trustrealm/Alpha@EXAMPLE.TEST", "trAlias w.example.com"},
     {"trPrincipal": ["trustrealm/Alpha@EXAMPLE.TEST"],
      "trAlias": ["mail.example.com", "w.example.com"]}),
    (ALPHA, ("system", "enable", "alpha.example.com"),
     {"-trEnabled FALSE"}, {"-trEnabled FALSE"}, {"trEnabled": []}),
])
def test_the_tool_proposes_and_approves(administration, change, target,
                                        command, proposed, approved, after):
    change(target, **(SOUND if target == ENGINEERING else {}))
    before = look(administration, target)
    proposer, approver = ENTITLED[target]
    refused = tool(administration, proposer, *command, status=1)
    assert "with a proposal by somebody else: --propose" in refused.err
    tool(administration, proposer, *command, "--propose")
    waiting = pending(administration)
    assert set(waiting) == proposed
    assert look(administration, target) == before
    for one in approved:
        own = tool(administration, proposer, "pending", "approve",
                   waiting[one], status=1)
        assert "you proposed it yourself" in own.err
        tool(administration, approver, "pending", "approve", waiting[one])
    assert pending(administration) == {}
    for attribute, wanted in after.items():
        assert sorted(values(administration, target, attribute)) == sorted(
            wanted)


@pytest.mark.parametrize("target, before, command", [
    (ENGINEERING, {"trMode": ["dry-run"]}, (*REALM_SET, "--mode", "enforce")),
    (ENGINEERING, {"trLifetime": []}, (*REALM_SET, "--lifetime", "60")),
    (ENGINEERING, {}, (*REALM_SET, "--unset", "delegation=host")),
    (ENGINEERING, {}, (*REALM_SET, "--carrier", "host gss")),
    (ENGINEERING, {}, (*REALM_SET, "--lifetime", "60")),
    (ENGINEERING, {}, (*REALM_SET, "--confidential-from", "internal")),
    (ENGINEERING, {"trKernelLifetime": ["900"]},
     (*REALM_SET, "--kernel-lifetime", "300")),
    (ALPHA, {"trEnabled": ["TRUE"]}, ("system", "disable",
                                      "alpha.example.com")),
    (ALPHA, {}, (*SYSTEM_SET, "--unset", "alias=mail.example.com")),
])
def test_the_tool_narrows_alone(administration, change, target, before,
                                command):
    change(target, **{"trRequiredAttribute": [], **before}
           if target == ENGINEERING else before)
    was = look(administration, target)
    who = ENTITLED[target][0]
    if command[1] == "set":
        done = tool(administration, who, *command, "--propose", status=2)
        assert "that needs nobody else" in done.err
        assert look(administration, target) == was
    tool(administration, who, *command)
    assert look(administration, target) != was
    assert pending(administration) == {}


@pytest.mark.parametrize("attribute, wide, narrow", BY_TOOL)
def test_the_tool_narrows_a_limit(administration, change, attribute, wide,
                                  narrow):
    """One person: the new value holds, and the old one is shown nowhere but
    as having no effect; who may not add it may not narrow it."""
    change(ENGINEERING, **{**SOUND, "trKernelExport": ["TRUE"],
                           attribute: [wide]})
    option = OPTIONS[attribute]
    command = (*REALM_SET, "--" + option, narrow)
    refused = tool(administration, "olga", *command, status=1)
    assert refused.err.endswith("this takes a label policy officer\n")
    done = tool(administration, "paula", *command, "--json")
    made, = json.loads(done.out)["changes"]
    assert (made["add"], made["remove"]) == ({attribute: [narrow]}, {})
    assert "%s %s stays, without effect" % (attribute, wide) in done.err
    assert sorted(values(administration, ENGINEERING, attribute)) == sorted(
        [wide, narrow])
    shown = tool(administration, "aud", "realm", "show", "engineering").out
    assert re.findall("^%s\t(.*)$" % option, shown, re.M) == [narrow]
    shown = json.loads(tool(administration, "aud", "realm", "show",
                            "engineering", "--json").out)
    assert str(shown[option]) == narrow
    found = tool(administration, "aud", "check", status=1).out
    assert "%s %s has no effect beside a narrower value" % (
        attribute, wide) in found
    # What holds already is not set again.
    tool(administration, "zoe", *command)
    refused = tool(administration, "zoe", *REALM_SET, "--unset", "%s=%s" % (
        option, wide), status=1)
    assert "with a proposal by somebody else: --propose" in refused.err
    tool(administration, "zoe", *REALM_SET, "--unset", "%s=%s" % (
        option, wide), "--propose")
    approve_all(administration, "paula")
    assert values(administration, ENGINEERING, attribute) == [narrow]


@pytest.mark.parametrize("attribute, wide, narrow", BY_TOOL)
def test_the_tool_widens_a_limit(administration, change, attribute, wide,
                                 narrow):
    """Two: whoever approves leaves what was agreed on, and no more."""
    change(ENGINEERING, **{**SOUND, "trKernelExport": ["TRUE"],
                           attribute: [narrow]})
    command = (*REALM_SET, "--" + OPTIONS[attribute], wide)
    refused = tool(administration, "paula", *command, status=1)
    assert "with a proposal by somebody else: --propose" in refused.err
    tool(administration, "paula", *command, "--propose")
    waiting = pending(administration)
    first = {attribute + " " + wide} if wide == "900" else set()
    assert set(waiting) == {"-%s %s" % (attribute, narrow)} | first
    if not first:
        assert sorted(values(administration, ENGINEERING, attribute)) == \
            sorted([narrow, wide])
        assert not administration.may("zoe", modify(
            ENGINEERING, ("delete", attribute, wide),
            ("delete", attribute, narrow)))
    own = tool(administration, "paula", "pending", "approve",
               waiting["-%s %s" % (attribute, narrow)], status=1)
    assert "you proposed it yourself" in own.err
    if not first:
        told = tool(administration, "zoe", "pending", "approve",
                    waiting["-%s %s" % (attribute, narrow)], "--dry-run")
        assert "widens: trust realm engineering: %s %s, was %s" % (
            attribute, wide, narrow) in told.err
    approve_all(administration, "zoe")
    assert values(administration, ENGINEERING, attribute) == [wide]


def test_the_tool_makes_and_removes_trust_realms_alone(administration):
    new = ("realm", "add", "new", "--doi", "1099", "--level", "0 low")
    try:
        tool(administration, "paula", *new)
        tool(administration, "paula", "realm", "set", "new", "--mode",
             "dry-run")
        tool(administration, "paula", "realm", "remove", "new")
        assert administration.may("rosa", add(
            OWNERS_OF_NEW, objectClass="groupOfNames", cn="new",
            member=person("olga")))
        refused = tool(administration, "paula", *new, status=1)
        assert "before the trust realm has owners" in refused.err
        assert administration.may("rosa", delete(OWNERS_OF_NEW))
    finally:
        remove(administration, "cn=new,ou=realms," + table.BASE,
               OWNERS_OF_NEW)


def test_who_leaves_takes_his_proposals_along(administration, change):
    change(ALPHA)
    held = ["cn=%s,ou=roles,%s" % (role, table.BASE)
            for role in ("system-administrators", "auditors")]
    before = {role: values(administration, role, "member") for role in held}
    try:
        tool(administration, "sid", *SYSTEM_SET, "--alias", "w.example.com",
             "--propose")
        assert set(pending(administration)) == {"trAlias w.example.com"}
        tool(administration, "rosa", "offboard", "sid@" + table.REALM,
             "--entry", person("sid"), "--no-log", "--apply", status=1)
        assert pending(administration) == {}
        assert values(administration, ALPHA, "owner") == [person("zoe")]
        for role in held:
            assert person("sid") in before[role]
            assert person("sid") not in values(administration, role, "member")
    finally:
        for role in held:
            administration.directory.replace(role, "member", *before[role])
