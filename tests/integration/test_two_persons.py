# tests/integration/test_two_persons.py - widening takes a second person
# SPDX-License-Identifier: BSD-2-Clause
"""With access-two.conf in force: what a server permits of a proposal, to whom
made it and to somebody else of the same role, and what it permits alone."""

import json
import re

import pytest

from testlib import roles, table
from testlib.roles import (
    PEOPLE, Administration, add, delete, modify, person, proposal, rename)

PENDING = "ou=pending," + table.BASE
DELTA = "cn=delta.example.com,ou=systems," + table.BASE
BETA = "cn=beta.example.com,ou=systems," + table.BASE
BOB = "cn=bob,ou=subjects," + table.BASE
MAP = "trFormat=local+trRealmName=corporate,ou=maps," + table.BASE
ENGINEERING = "cn=engineering,ou=realms," + table.BASE
WIDER = "engineering public secret:hr,crypto"


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
    ("engineering.1e", ENGINEERING, "trLevel 30 top", {"paula", "zoe"}),
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


def test_a_proposal_keeps_its_name(administration, proposed):
    """Under another nobody could reject it, and it would still count."""
    assert proposed("olga", "engineering.8a", DELTA, "trMembership " + WIDER)
    dn = "cn=engineering.8a," + PENDING
    for who in PEOPLE:
        for keep in (False, True):
            assert not administration.may(
                who, rename(dn, "cn=mine", keep=keep)), who
            assert not administration.may(
                who, rename(dn, "cn=corporate.8a", keep=keep)), who
        assert not administration.may(
            who, rename(dn, "cn=engineering.8a",
                        "ou=subjects," + table.BASE)), who


def test_a_proposer_does_not_say_who_he_is(administration):
    """creatorsName is the server's to write."""
    forged = add("cn=engineering.5a," + PENDING, objectClass="trPending",
                 cn="engineering.5a", trTarget=DELTA,
                 trChange="trMembership " + WIDER,
                 creatorsName=person("oscar"))
    assert not administration.may("olga", forged, otherwise=19)


def test_who_rejects(administration):
    """Who could propose it, label policy officers, and role officers."""
    dn = "cn=engineering.6a," + PENDING
    for who in PEOPLE:
        assert administration.may("olga", proposal(
            "engineering.6a", DELTA, "trMembership " + WIDER))
        gone = administration.may(who, delete(dn))
        if not gone:
            administration.directory.delete(dn)
        assert gone == (who in ("olga", "oscar", "paula", "zoe",
                                "rosa")), who


def test_withdrawing_takes_nobody_else(administration, proposed):
    assert proposed("olga", "engineering.7a", BETA,
                    "trMembership engineering public public")
    assert administration.may("oscar", modify(
        BETA, ("delete", "trMembership", WIDER)))


def test_a_map_stays_while_its_trust_realm_does(administration):
    """Without it equal names would correspond to each other."""
    realm = "cn=corporate,ou=realms," + table.BASE
    before = [administration.directory.search(dn, "(objectClass=*)", "*")
              for dn in (realm, MAP)]
    assert not any(administration.may(who, delete(MAP)) for who in PEOPLE)
    for attribute in ("trLevelMap", "trCategoryMap"):
        for value in re.findall("^%s: (.*)$" % attribute, before[1], re.M):
            assert administration.may("paula", modify(
                MAP, ("delete", attribute, value)))
    assert not any(administration.may(who, delete(MAP)) for who in PEOPLE)
    assert administration.may("paula", delete(realm))
    assert administration.may("paula", delete(MAP))
    for entry in before:
        administration.directory.add(entry)


# --- restrictions -------------------------------------------------------

#: Of whom, and what could be lifted.
RESTRICTED = [(BETA, "engineering public secret:crypto"),
              (BOB, "engineering public public 20991231000000Z")]


@pytest.fixture
def restricted(administration):
    """Both are, and in the end no more."""
    before = [administration.directory.search(target, "(objectClass=*)", "*")
              for target, value in RESTRICTED]
    for target, value in RESTRICTED:
        administration.directory.replace(target, "trRestriction", value)
    yield
    for (target, value), entry in zip(RESTRICTED, before):
        administration.directory.delete(target)
        administration.directory.add(entry)


def restricts(target, value):
    return modify(target, ("add", "trRestriction", value))


def lifts(target, *values):
    return modify(target, ("delete", "trRestriction", *values))


@pytest.mark.parametrize("target, value", RESTRICTED)
def test_one_person_restricts(administration, restricted, target, value):
    """Who owns the trust realm, as often as he likes; and stands by it."""
    for who in PEOPLE:
        more = "engineering public public 2098%02d01000000Z" % (
            PEOPLE.index(who) + 1)
        owner = who in ("olga", "oscar")
        assert administration.may(who, restricts(target, more)) == owner, who
        if owner:
            assert not administration.may(who, lifts(target, more)), who
        assert not administration.may(who, restricts(
            target, "corporate open open")), who


@pytest.mark.parametrize("target, value", RESTRICTED)
def test_nobody_lifts_a_restriction_alone(administration, restricted, target,
                                          value):
    for who in PEOPLE:
        for change in (lifts(target, value), lifts(target),
                       modify(target, ("replace", "trRestriction",
                                       "engineering public secret"))):
            assert not administration.may(who, change), (who, change)


@pytest.mark.parametrize("target, value", RESTRICTED)
def test_somebody_else_lifts_a_restriction(administration, restricted,
                                           proposed, target, value):
    other = "engineering public internal"
    administration.directory.modify(restricts(target, other))
    assert proposed("olga", "engineering.8a", target,
                    "-trRestriction " + value)
    assert not administration.may("oscar", lifts(target, other))
    assert not administration.may("oscar", lifts(target, value, other))
    for who in PEOPLE:
        if who != "oscar":
            assert not administration.may(who, lifts(target, value)), who
    assert administration.may("oscar", lifts(target, value))


def test_what_is_proposed_of_restrictions(administration, restricted,
                                          proposed):
    """Their end alone; a proposal to end one does not add a membership, nor
    one elsewhere end this one."""
    target, value = RESTRICTED[0]
    assert not proposed("olga", "engineering.9a", target,
                        "trRestriction " + value)
    assert not proposed("olga", "engineering.9b", target,
                        "-trMembership " + WIDER)
    assert not proposed("olga", "corporate.9c", target,
                        "-trRestriction corporate open open")
    assert proposed("olga", "engineering.9d", DELTA,
                    "-trRestriction " + value)
    assert not administration.may("oscar", lifts(target, value))
    assert not administration.may("oscar", adds(
        DELTA, "trMembership " + value))


# --- trustrealm ---------------------------------------------------------

def tool(administration, who, *arguments, status=0):
    done = administration.trustrealm(who, *arguments)
    assert done.status == status, done
    return done


def pending(administration, who="aud"):
    return json.loads(tool(administration, who, "pending", "list",
                           "--json").out)


def memberships(administration, system):
    found = administration.directory.search(system, "(objectClass=*)",
                                            "trMembership")
    return re.findall("^trMembership: (.*)$", found, re.M)


JOIN = ("system", "join", "delta.example.com", "--realm", "engineering",
        "--low", "public", "--high", "secret:hr,crypto")


def test_the_tool_proposes_and_somebody_else_approves(administration):
    """A first membership, then a wider range in the place of it."""
    refused = tool(administration, "olga", *JOIN, status=1)
    assert "Insufficient access" in refused.err
    tool(administration, "olga", *JOIN, "--propose")
    waiting, = pending(administration)
    assert waiting["proposer"] == person("olga")
    assert waiting["entry"] == DELTA
    assert waiting["change"] == "trMembership " + WIDER
    assert re.fullmatch(r"engineering\.[0-9a-f]{8}", waiting["id"])
    shown = tool(administration, "oscar", "pending", "show", waiting["id"])
    assert "trMembership " + WIDER in shown.out

    own = tool(administration, "olga", "pending", "approve", waiting["id"],
               status=1)
    assert "you proposed it yourself" in own.err
    elsewhere = tool(administration, "paula", "pending", "approve",
                     waiting["id"], status=1)
    assert "Insufficient access" in elsewhere.err
    dry = tool(administration, "oscar", "pending", "approve", waiting["id"],
               "--dry-run")
    assert "+\t%s\ttrMembership\t%s\n" % (DELTA, WIDER) in dry.out
    assert memberships(administration, DELTA) == []
    tool(administration, "oscar", "pending", "approve", waiting["id"])
    assert memberships(administration, DELTA) == [WIDER]
    assert pending(administration) == []

    tool(administration, "oscar", *JOIN[:-1], "secret:hr,crypto,finance",
         "--propose")
    waiting, = pending(administration)
    assert memberships(administration, DELTA) == [WIDER]
    tool(administration, "olga", "pending", "approve", waiting["id"])
    assert memberships(administration, DELTA) == [WIDER + ",finance"]
    tool(administration, "olga", "system", "leave", "delta.example.com",
         "--realm", "engineering")
    assert memberships(administration, DELTA) == []


def members(administration, who="aud"):
    """{name: (lowest, highest, end)} of all in engineering."""
    found = json.loads(tool(administration, who, "who", "--realm",
                            "engineering", "--json").out)["members"]
    return {one["name"]: (one["low"], one["high"], one.get("end"))
            for one in found}


@pytest.mark.parametrize("noun, name, entry, whole", [
    ("system", "beta.example.com", BETA, ("public", "secret:hr,crypto", None)),
    ("clearance", "bob@EXAMPLE.TEST", BOB, ("public", "internal", None)),
])
def test_the_tool_restricts_alone(administration, noun, name, entry, whole):
    """A smaller range at once, by one person; all of it again, by two."""
    before = administration.directory.search(entry, "(objectClass=*)", "*")
    assert members(administration)[name] == whole
    one = (noun, "restrict", name, "--realm", "engineering")
    other = (noun, "unrestrict", name, "--realm", "engineering")
    tool(administration, "olga", *one, "--high", "public:hr")
    assert members(administration)[name] == ("public", "public:hr" if
                                             "hr" in whole[1] else "public",
                                             None)
    tool(administration, "oscar", *one, "--until", "2098-12-31")
    assert members(administration)[name][2] == "20981231235959Z"
    owner = "this takes an owner of the trust realm engineering "
    two = "(where two people have to agree, with a proposal by somebody " \
        "else: --propose)\n"
    refused = tool(administration, "olga", *other, status=1)
    assert "Insufficient access" in refused.err
    assert refused.err.endswith(owner + two)
    refused = tool(administration, "sid", *other, "--propose", status=1)
    assert refused.err.endswith(owner[:-1] + "\n")

    tool(administration, "olga", *other, "--propose")
    waiting = pending(administration)
    assert {p["change"] for p in waiting} == {
        "-trRestriction engineering public public:hr",
        "-trRestriction engineering public %s 20981231235959Z" % whole[1]}
    assert members(administration)[name][1] != whole[1]
    for proposal in waiting:
        own = tool(administration, "olga", "pending", "approve",
                   proposal["id"], status=1)
        assert "you proposed it yourself" in own.err
        dry = tool(administration, "oscar", "pending", "approve",
                   proposal["id"], "--dry-run")
        assert "-\t%s\ttrRestriction\t%s\n" % (
            entry, proposal["change"].split(" ", 1)[1]) in dry.out
        tool(administration, "oscar", "pending", "approve", proposal["id"])
    assert pending(administration) == []
    assert members(administration)[name] == whole
    assert administration.directory.search(entry, "(objectClass=*)",
                                           "*") == before


def test_the_end_of_no_restriction_ends_the_proposal(administration):
    value = "engineering public internal"
    tool(administration, "olga", "system", "restrict", "beta.example.com",
         "--realm", "engineering", "--high", "internal")
    tool(administration, "olga", "system", "unrestrict", "beta.example.com",
         "--realm", "engineering", "--propose")
    waiting, = pending(administration)
    administration.directory.replace(BETA, "trRestriction")
    done = tool(administration, "oscar", "pending", "approve", waiting["id"])
    assert "has no restriction %s: only the proposal goes" % value in done.err
    assert pending(administration) == []
    tool(administration, "olga", "system", "unrestrict", "beta.example.com",
         "--realm", "engineering", status=1)


@pytest.mark.parametrize("command, proposer, approver, change", [
    (["clearance", "set", "bob@EXAMPLE.TEST", "--realm", "engineering",
      "--low", "public", "--high", "secret:hr"], "olga", "oscar",
     "trClearance engineering public secret:hr"),
    (["map", "set", "corporate/local", "--category", "crypto finance"],
     "paula", "zoe", "trCategoryMap crypto finance"),
])
def test_clearances_and_maps(administration, command, proposer, approver,
                             change):
    administration.directory.replace(MAP, "trCategoryMap", "hr hr")
    before = administration.directory.search(table.BASE)
    tool(administration, proposer, *command, "--propose")
    waiting, = pending(administration)
    assert waiting["change"] == change
    tool(administration, proposer, "pending", "approve", waiting["id"],
         status=1)
    assert waiting == pending(administration)[0]
    tool(administration, proposer, "pending", "reject", waiting["id"])
    assert pending(administration) == []
    assert administration.directory.search(table.BASE) == before

    tool(administration, proposer, *command, "--propose")
    tool(administration, approver, "pending", "approve",
         pending(administration)[0]["id"])
    assert change.split(" ", 1)[1] in administration.directory.search(
        table.BASE)
    administration.directory.modify(modify(BOB, ("replace", "trClearance",
        "engineering public internal", "corporate open open")))
    administration.directory.replace(MAP, "trCategoryMap", "hr hr",
                                     "finance finance")


def test_a_user_who_was_not_limited(administration):
    """Is at once, for whom one person is enough; what he is cleared for takes
    two of another role."""
    dave = "dave@EXAMPLE.TEST"
    before = administration.directory.search(table.BASE)
    grant = ("clearance", "set", dave, "--realm", "engineering", "--low",
             "public", "--high", "secret", "--propose")
    refused = tool(administration, "olga", *grant, status=2)
    assert "clearance limit" in refused.err
    assert administration.directory.search(table.BASE) == before
    limit = ("clearance", "limit", dave)
    tool(administration, "olga", *limit, status=1)
    tool(administration, "paula", *limit)
    assert members(administration).get(dave) is None
    tool(administration, "olga", *grant)
    tool(administration, "oscar", "pending", "approve",
         pending(administration)[0]["id"])
    assert members(administration)[dave] == ("public", "secret", None)
    administration.directory.delete(
        "cn=%s,ou=subjects,%s" % (dave, table.BASE))


def test_nobody_lifts_all_limits_of_a_user(administration):
    """By what would leave him without an entry, or the entry without him."""
    before = administration.directory.search(table.BASE)
    for who in PEOPLE:
        for change in (modify(BOB, ("delete", "objectClass", "trSubject")),
                       modify(BOB, ("delete", "trPrincipal")),
                       modify(BOB, ("replace", "trPrincipal", "x@X")),
                       rename(BOB, "cn=rob"),
                       delete(BOB)):
            assert not administration.may(who, change), (who, change)
    tool(administration, "paula", "clearance", "remove", "bob@EXAMPLE.TEST",
         "--force", status=1)
    assert administration.directory.search(table.BASE) == before


def test_proposals_are_judged(administration):
    """What would be refused is not proposed; what goes needs no approval."""
    done = tool(administration, "paula", "map", "set", "corporate/local",
                "--level", "public open", "--unset", "category=hr",
                "--propose", status=2)
    assert "needs nobody else" in done.err
    tool(administration, "olga", *JOIN[:-1], "nonsense", "--propose",
         status=1)
    tool(administration, "paula", "pending", "approve", "nothing.1",
         status=1)
    assert pending(administration) == []


@pytest.mark.parametrize("target, change", [
    (DELTA, "trMembership " + WIDER + " 20010101000000Z"),
    (BOB, "trClearance engineering public secret 20010101000000Z"),
])
def test_what_has_ended_is_not_approved(administration, proposed, target,
                                        change):
    """It may have waited for so long."""
    assert proposed("olga", "engineering.6a", target, change)
    before = administration.directory.search(target, "(objectClass=*)", "*")
    done = tool(administration, "oscar", "pending", "approve",
                "engineering.6a", status=1)
    assert "has ended: nothing would be granted" in done.err
    assert administration.directory.search(
        target, "(objectClass=*)", "*") == before
    assert [one["id"] for one in pending(administration)] == [
        "engineering.6a"]


def test_a_file_has_nobody_to_approve(administration, tmp_path):
    path = tmp_path / "table.ldif"
    path.write_text(roles.document("sample.ldif"))
    done = administration.trustrealm(
        "olga", *JOIN, "--propose", "--ldif", str(path), "--base",
        table.BASE, directory=False)
    assert done.status == 2
    assert "%s is a file, and only an LDAP server" % path in done.err


def long_range(administration, length, removing):
    """A range in engineering that delta has not, or has as a restriction, and
    that is a value of that length; and its highest label."""
    names = [letter * 200 for letter in "xyz"]
    high = "secret:%s," % ",".join(names)
    names.append("w" * (length - len("engineering public " + high)))
    high += names[-1]
    value = "engineering public " + high
    administration.directory.replace(ENGINEERING, "trCategory", "1 hr",
                                     "2 crypto", *(
        "%d %s" % (100 + i, name) for i, name in enumerate(names)))
    for attribute in ("trMembership", "trRestriction"):
        administration.directory.replace(DELTA, attribute,
                                         *([value] if removing else []))
    return value, high


@pytest.mark.parametrize("attribute, verb", [("trMembership", "join"),
                                             ("trRestriction", "unrestrict")])
def test_how_long_a_value_may_be_is_told(administration, attribute, verb):
    """Just what the server has room for."""
    directory = administration.directory
    removing = verb == "unrestrict"
    told = r"where two people have to agree, OpenLDAP takes no %s of more " \
        r"than (\d+) characters for %s; this one has (\d+)$" % (
            attribute, DELTA)
    before = {dn: directory.search(dn, "(objectClass=*)", "*")
              for dn in (ENGINEERING, DELTA)}

    def arguments(high):
        return ("system", verb, "delta.example.com", "--realm",
                "engineering", *(() if removing else (
                    "--low", "public", "--high", high)))

    try:
        value, high = long_range(administration, 850, removing)
        refused = tool(administration, "olga", *arguments(high), status=1)
        assert "--propose" not in refused.err
        most, length = re.search(told, refused.err, re.M).groups()
        assert length == "850"
        for length in (int(most) + 1, int(most)):
            value, high = long_range(administration, length, removing)
            proposed = tool(administration, "olga", *arguments(high),
                            "--propose")
            waiting, = pending(administration)
            approved = administration.trustrealm("oscar", "pending",
                                                 "approve", waiting["id"])
            fits = length == int(most)
            assert approved.status == (0 if fits else 1), approved
            for done in (proposed, approved):
                found = re.search(told, done.err, re.M)
                assert found is None if fits else \
                    found.groups() == (most, str(length)), done
            if not fits:
                tool(administration, "olga", "pending", "reject",
                     waiting["id"])
        assert ("%s: %s\n" % (attribute, value) in directory.search(
            DELTA, "(objectClass=*)", attribute)) != removing
    finally:
        for dn, entry in before.items():
            directory.delete(dn)
            directory.add(entry)


def test_389_ds_has_the_custom_alone():
    """The tool does the same there; the server does not insist."""
    with Administration(roles.RolesDirectory389) as administration:
        tool(administration, "olga", *JOIN, "--propose")
        waiting, = pending(administration)
        assert waiting["proposer"] == person("olga")
        done = tool(administration, "olga", "pending", "approve",
                    waiting["id"], status=1)
        assert "you proposed it yourself" in done.err
        tool(administration, "oscar", "pending", "approve", waiting["id"])
        assert memberships(administration, DELTA) == [WIDER]
        assert pending(administration) == []
        assert administration.may("olga", adds(
            BOB, "trClearance engineering public secret 20991231000000Z"))

        restrict = ("delta.example.com", "--realm", "engineering")
        tool(administration, "olga", "system", "restrict", *restrict,
             "--high", "internal")
        assert members(administration)["delta.example.com"][1] == "internal"
        tool(administration, "olga", "system", "unrestrict", *restrict,
             "--propose")
        waiting, = pending(administration)
        tool(administration, "oscar", "pending", "approve", waiting["id"])
        assert members(administration)["delta.example.com"][1] == \
            WIDER.split()[2]

        for seconds in ("36000", "600", "7200"):
            tool(administration, "paula", "realm", "set", "engineering",
                 "--lifetime", seconds)
            assert re.findall("^trLifetime: (.*)$",
                              administration.directory.search(
                                  ENGINEERING, "(objectClass=*)",
                                  "trLifetime"), re.M) == [seconds]

        administration.directory.replace(DELTA, "owner", person("sid"))
        for who, command in (
                ("sid", ["system", "set", "delta.example.com", "--alias",
                         "w.example.com"]),
                ("paula", ["realm", "set", "engineering", "--level",
                           "30 top"])):
            tool(administration, who, *command, "--propose")
            waiting, = pending(administration)
            tool(administration, who, "pending", "reject", waiting["id"])
