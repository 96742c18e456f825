# tests/integration/test_trustrealm_write.py - change the trust realm table
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm writes to a real slapd and to an LDIF file.

Every case runs on both, and both must end the same."""

import calendar
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from testlib import table
from testlib.process import PATIENCE, eventually
from testlib.stores import (ALICE, BETA, BOB, DELTA, GAMMA, NAVY, SYSTEM,
                            Between, File, entries, parse)
from testlib.tool import on_terminal, program, rows, trustrealm


def difference(before, after):
    """{DN: (values that went, values that came)}"""
    changed = {}
    for dn in sorted(set(before) | set(after)):
        old, new = before.get(dn, []), after.get(dn, [])
        if old != new:
            changed[dn] = ([v for v in old if v not in new],
                           [v for v in new if v not in old])
    return changed


# --- every verb ---------------------------------------------------------

WRITES = [
    (["realm", "add", "project", "--doi", "77", "--level", "0 low",
      "--level", "1 high", "--category", "1 a", "--priority", "-5",
      "--carrier", "host own", "--required-attribute", "zone=x",
      "--kernel-export", "TRUE"],
     {"cn=project,ou=realms," + table.BASE: (
         [], [("cn", "project"), ("objectClass", "trTrustRealm"),
              ("trCarrier", "host own"), ("trCategory", "1 a"),
              ("trDOI", "77"), ("trKernelExport", "TRUE"),
              ("trLevel", "0 low"), ("trLevel", "1 high"),
              ("trPriority", "-5"), ("trRequiredAttribute", "zone=x")])}),
    (["realm", "set", "engineering", "--priority", "30",
      "--level", "4 UTMOST"],
     {table.ENGINEERING: ([("trPriority", "20")],
                          [("trLevel", "4 UTMOST"), ("trPriority", "30")])}),
    (["realm", "set", "Engineering", "--category", "3 CRYPTO2",
      "--unset", "priority", "--mode", "dry-run"],
     {table.ENGINEERING: ([("trPriority", "20")],
                          [("trCategory", "3 CRYPTO2"),
                           ("trMode", "dry-run")])}),
    (["realm", "set", "engineering", "--unset", "category=RADAR",
      "--category", "2 SONAR", "--category", "3 RADAR"],
     {table.ENGINEERING: ([("trCategory", "2 RADAR")],
                          [("trCategory", "2 SONAR"),
                           ("trCategory", "3 RADAR")])}),
    (["system", "add", "new.example.test", "--alias", "www.example.test",
      "--principal", SYSTEM[1]],
     {table.system_dn("new"): (
         [], [("cn", "new.example.test"), ("objectClass", "trSystem"),
              ("trAlias", "www.example.test"), SYSTEM])}),
    (["system", "set", "delta.example.test", "--alias", "d.example.test"],
     {DELTA: ([], [("trAlias", "d.example.test")])}),
    (["system", "join", "delta.example.test", "--realm", "corporate",
      "--low", "OPEN", "--high", "RESTRICTED:HR", "--until", "2037-12-31"],
     {DELTA: ([], [("trMembership", "corporate OPEN RESTRICTED:HR "
                    "20371231235959Z")])}),
    (["system", "join", "gamma.example.test", "--realm", "Corporate",
      "--low", "OPEN", "--high", "OPEN"],
     {GAMMA: ([("trMembership", "corporate OPEN RESTRICTED")],
              [("trMembership", "corporate OPEN OPEN")])}),
    (["system", "leave", "beta.example.test", "--realm", "engineering"],
     {BETA: ([("trMembership", "engineering PUBLIC SECRET:CRYPTO")], [])}),
    (["system", "leave", "gamma.example.test", "--all"],
     {GAMMA: ([("trMembership", "corporate OPEN RESTRICTED")], [])}),
    (["system", "restrict", "beta.example.test", "--realm", "Engineering",
      "--high", "INTERNAL"],
     {BETA: ([], [("trRestriction", "engineering PUBLIC INTERNAL")])}),
    (["system", "restrict", "beta.example.test", "--realm", "engineering",
      "--low", "INTERNAL", "--until", "2037-12-31"],
     {BETA: ([], [("trRestriction", "engineering INTERNAL SECRET:CRYPTO "
                   "20371231235959Z")])}),
    (["clearance", "restrict", "bob@EXAMPLE.TEST", "--realm", "engineering",
      "--high", "PUBLIC"],
     {BOB: ([], [("trRestriction", "engineering PUBLIC PUBLIC")])}),
    (["system", "disable", "beta.example.test"],
     {BETA: ([], [("trEnabled", "FALSE")])}),
    (["system", "enable", "beta.example.test"], {}),
    (["clearance", "set", "bob@EXAMPLE.TEST", "--realm", "engineering",
      "--low", "PUBLIC", "--high", "SECRET"],
     {BOB: ([("trClearance", "engineering PUBLIC INTERNAL")],
            [("trClearance", "engineering PUBLIC SECRET")])}),
    (["clearance", "remove", "bob@EXAMPLE.TEST", "--realm", "corporate"],
     {BOB: ([("trClearance", "corporate OPEN OPEN")], [])}),
    (["clearance", "remove", "bob@EXAMPLE.TEST", "--force"],
     {BOB: ([("objectClass", "trSubject"),
             ("trClearance", "corporate OPEN OPEN"),
             ("trClearance", "engineering PUBLIC INTERNAL"),
             ("trPrincipal", "bob@EXAMPLE.TEST")], [])}),
    (["map", "set", "engineering/navy", "--unset", "category=echo",
      "--unset", "level=black"],
     {NAVY: ([("trCategoryMap", "echo RADAR"),
              ("trLevelMap", "black TOPSECRET")], [])}),
    (["map", "add", "corporate/air", "--level", "a OPEN", "--level",
      "b RESTRICTED", "--category", "c HR"],
     {"trFormat=air+trRealmName=corporate,ou=maps," + table.BASE: (
         [], [("objectClass", "trLabelMap"), ("trCategoryMap", "c HR"),
              ("trFormat", "air"), ("trLevelMap", "a OPEN"),
              ("trLevelMap", "b RESTRICTED"),
              ("trRealmName", "corporate")])}),
]


@pytest.mark.parametrize("arguments, expected", WRITES,
                         ids=[" ".join(w[0][:3]) for w in WRITES])
def test_write(site, arguments, expected):
    before = site.server.dump()
    dry = site.both(*arguments, "--dry-run")
    assert dry.status == 0, dry
    assert site.server.dump() == before
    done = site.both(*arguments)
    assert done.status == 0, done
    assert done.out == dry.out
    assert difference(before, site.server.dump()) == expected


ZONES = ["zone=x", "zone=X", "Zone=x"]
OWNER = "cn=olga,ou=people,dc=example,dc=test"

#: Values that are there, what is given, and what is there then (or None, when
#: none is named): values are compared as the directory does.
COMPARED = [
    ("trRequiredAttribute", ZONES, ["--unset", "required-attribute=zone=x"],
     ["Zone=x", "zone=X"]),
    ("trRequiredAttribute", ZONES, ["--unset", "required-attribute=zone"],
     ["Zone=x"]),
    ("trRequiredAttribute", ZONES, ["--unset", "required-attribute=ZONE=x"],
     None),
    ("trRequiredAttribute", ZONES, ["--required-attribute", "Zone=y"],
     ["Zone=y", "zone=X", "zone=x"]),
    ("trCarrier", ["host own"], ["--unset", "carrier=Host  OWN"], []),
    ("trDelegation", ["host"], ["--unset", "delegation=HOST"], []),
    ("owner", [OWNER], ["--unset", "owner=CN=Olga, ou=people,dc=example,"
                        "dc=test"], []),
    ("owner", [OWNER], ["--unset", "owner=cn=oscar,ou=people,dc=example,"
                        "dc=test"], None),
    ("trPrincipal", [], ["--unset", "principal=TRUSTREALM/beta.example.test@"
                         "EXAMPLE.TEST"], None),
]


@pytest.mark.parametrize("attribute, values, arguments, left", COMPARED)
def test_values_are_compared_as_by_the_directory(site, attribute, values,
                                                 arguments, left):
    dn, name = (BETA, ["system", "set", "beta.example.test"]) if \
        attribute in ("owner", "trPrincipal") else \
        (table.ENGINEERING, ["realm", "set", "engineering"])
    for store in site.stores:
        store.reset([entry + "".join("%s: %s\n" % (attribute, value)
                                     for value in values)
                     if entry.startswith("dn: %s\n" % dn) else entry
                     for entry in entries()])
    before = site.server.dump()
    done = site.both(*name, *arguments)
    after = [value for name, value in site.server.dump()[dn]
             if name == attribute]
    if left is None:
        assert done.status == 1 and " has no %s" % arguments[1].split(
            "=")[0] in done.err, done
        assert site.server.dump() == before
    else:
        assert done.status == 0, done
        assert after == left


def test_shown_change_is_the_change(site):
    done = site.both("system", "leave", "beta.example.test", "--realm",
                     "engineering")
    assert done.out == "-\t%s\ttrMembership\tengineering PUBLIC " \
        "SECRET:CRYPTO\n" % BETA
    changed = json.loads(site.both("system", "disable", "beta.example.test",
                                   "--json").out)
    assert changed == {
        "result": "done", "findings": [], "changes": [
            {"change": "modify", "dn": BETA, "remove": {},
             "add": {"trEnabled": ["FALSE"]}}]}


@pytest.mark.parametrize("noun, name, dn", [
    ("system", "beta.example.test", BETA),
    ("clearance", "bob@EXAMPLE.TEST", BOB)])
def test_unrestricted_again(site, noun, name, dn):
    """All restrictions in that trust realm go, no other ones."""
    before = site.server.dump()
    for realm, high in (("engineering", "PUBLIC"), ("corporate", "OPEN"),
                        ("engineering", "INTERNAL")):
        assert site.both(noun, "restrict", name, "--realm", realm, "--high",
                         high).status == 0
    assert [value for attribute, value in site.server.dump()[dn]
            if attribute == "trRestriction"] == [
                "corporate OPEN OPEN", "engineering PUBLIC INTERNAL",
                "engineering PUBLIC PUBLIC"]
    shown = json.loads(site.both(noun, "show", name, "--json").out)
    assert len(shown["restriction"]) == 3
    assert site.both(noun, "unrestrict", name, "--realm",
                     "Engineering").status == 0
    assert difference(before, site.server.dump()) == {
        dn: ([], [("trRestriction", "corporate OPEN OPEN")])}


def test_enabled_again(site):
    site.both("system", "disable", "beta.example.test")
    assert site.both("system", "enable", "beta.example.test").status == 0
    assert ("trEnabled", "TRUE") in site.server.dump()[BETA]


def test_nothing_to_change_writes_nothing(site):
    before = os.stat(site.file.path).st_ino
    done = site.both("realm", "set", "engineering", "--priority", "20")
    assert (done.status, done.out) == (0, "")
    assert os.stat(site.file.path).st_ino == before


def test_remove_with_a_member_twice(site):
    """An entry that is of no use names it no more, either."""
    for store in site.stores:
        store.reset([entry + "trMembership: corporate OPEN OPEN\n"
                     if entry.startswith("dn: " + BETA) else entry
                     for entry in entries()])
    assert site.both("realm", "remove", "corporate", "--force").status == 0
    assert [v for v in site.server.dump()[BETA] if v[0] == "trMembership"] \
        == [("trMembership", "engineering PUBLIC SECRET:CRYPTO")]


def test_remove_with_its_members(site):
    """What has members goes with --force only, and then nothing is left that
    names it."""
    before = site.server.dump()
    refused = site.both("realm", "remove", "corporate")
    assert refused.status == 1
    assert "3 systems, 2 cleared users and 2 label maps" in refused.err
    assert site.server.dump() == before
    assert site.both("realm", "remove", "corporate", "--force").status == 0
    after = site.server.dump()
    assert table.CORPORATE not in after
    assert not [v for values in after.values() for v in values
                if v[1].split()[0] == "corporate"]
    assert "error" not in site.both("check").out


@pytest.mark.parametrize("noun, name, dn", [
    ("system", "beta.example.test", BETA),
    ("map", "engineering/navy", NAVY)])
def test_remove(site, noun, name, dn):
    before = site.server.dump()
    assert site.both(noun, "remove", name).status == 0
    after = site.server.dump()
    assert difference(before, after) == {dn: (before[dn], [])}
    assert site.both(noun, "show", name).status == 1


def test_first_of_their_kind_get_a_container(site):
    for dn in ("ou=realms,", "ou=maps,"):
        assert dn + table.BASE in site.server.dump()
    site.server.reset([e for e in entries() if "trLabelMap" not in e
                       and "ou=maps" not in e])
    site.file.reset([e for e in entries() if "trLabelMap" not in e
                     and "ou=maps" not in e])
    site.server.options[3] = table.BASE
    try:
        done = site.both("map", "add", "corporate/air", "--level", "a OPEN")
    finally:
        site.server.options[3] = table.SUFFIX
    assert done.status == 0
    assert "ou=maps," + table.BASE in site.server.dump()


def test_clearance_of_an_account(site):
    carol = table.entry(table.user_dn("carol"), objectClass="account",
                        uid="carol")
    site.server.reset(entries() + [carol])
    site.file.reset(entries() + [carol])
    before = site.server.dump()
    granted = ["clearance", "set", "carol@EXAMPLE.TEST", "--realm",
               "engineering", "--low", "PUBLIC", "--high", "PUBLIC"]
    assert site.both(*granted, "--entry", ALICE).status == 1
    assert site.both(*granted, "--entry", "uid=who," + table.PEOPLE).status \
        == 1
    assert site.both(*granted, "--entry",
                     table.user_dn("carol")).status == 0
    assert difference(before, site.server.dump()) == {
        table.user_dn("carol"): ([], [
            ("objectClass", "trSubject"),
            ("trClearance", "engineering PUBLIC PUBLIC"),
            ("trPrincipal", "carol@EXAMPLE.TEST")])}


def test_clearance_without_an_account(site):
    """It gets an entry, which is used again."""
    granted = ["clearance", "set", "dave@EXAMPLE.TEST", "--realm",
               "engineering", "--low", "PUBLIC", "--high", "PUBLIC",
               "--parent", "ou=systems," + table.BASE]
    assert site.both(*granted).status == 0
    once = site.server.dump()
    assert site.both("clearance", "remove", "dave@EXAMPLE.TEST").status == 1
    assert site.server.dump() == once
    assert site.both("clearance", "remove", "dave@EXAMPLE.TEST",
                     "--force").status == 0
    assert site.both(*granted).status == 0
    assert site.server.dump() == once


def test_limited_without_a_clearance(site):
    parent = "ou=systems," + table.BASE
    dn = "cn=dave@EXAMPLE.TEST," + parent
    limit = ["clearance", "limit", "dave@EXAMPLE.TEST"]
    before = site.server.dump()
    assert site.both(*limit, "--parent", parent).status == 0
    limited = site.server.dump()
    assert difference(before, limited)[dn][1] == [
        ("cn", "dave@EXAMPLE.TEST"), ("objectClass", "person"),
        ("objectClass", "trSubject"), ("sn", "dave@EXAMPLE.TEST"),
        ("trPrincipal", "dave@EXAMPLE.TEST")]
    assert site.both(*limit).status == 0
    assert site.both("clearance", "limit", "alice@EXAMPLE.TEST").status == 0
    assert site.server.dump() == limited
    assert site.both("clearance", "set", "dave@EXAMPLE.TEST", "--realm",
                     "engineering", "--low", "PUBLIC", "--high", "PUBLIC"
                     ).status == 0
    assert difference(limited, site.server.dump()) == {
        dn: ([], [("trClearance", "engineering PUBLIC PUBLIC")])}


# --- what is refused ----------------------------------------------------

REFUSED = [
    (["system", "join", "delta.example.test", "--realm", "corporate",
      "--low", "OPEN", "--high", "SECRET"],
     "error: system delta.example.test: SECRET of corporate: Unknown level"),
    (["system", "join", "delta.example.test", "--realm", "nowhere",
      "--low", "A", "--high", "B"], "there is no trust realm nowhere"),
    (["system", "join", "delta.example.test", "--realm", "corporate",
      "--low", "RESTRICTED", "--high", "OPEN"], "does not lie below"),
    (["system", "set", "delta.example.test", "--alias", "beta.example.test"],
     "beta.example.test"),
    (["system", "set", "delta.example.test", "--principal", "nobody"],
     'trPrincipal: "nobody": a principal with its realm'),
    (["system", "add", "new.example.test", "--principal",
      "trustrealm/beta.example.test@EXAMPLE.TEST"], "beta.example.test"),
    (["realm", "add", "other", "--doi", "2001", "--level", "0 a"],
     "its DOI also belongs to another entry: engineering"),
    (["realm", "add", "other", "--level", "0 a"], "trDOI: missing"),
    (["realm", "add", "other", "--doi", "5", "--level", "SECRET"],
     'trLevel: "SECRET": "NUMBER NAME" expected'),
    (["realm", "set", "engineering", "--level", "2 GRAVE"],
     "SECRET:CRYPTO of engineering: Unknown level"),
    (["realm", "set", "engineering", "--unset", "level=TOPSECRET",
      "--confidential-from", "SECRET"],
     "label map engineering/navy: engineering has no level TOPSECRET"),
    (["realm", "set", "engineering", "--unset", "category=CRYPTO"],
     "Unknown category"),
    (["realm", "set", "engineering", "--unset", "category=NUCLEAR"],
     "engineering has no category NUCLEAR"),
    (["realm", "set", "engineering", "--unset", "category=9 CRYPTO"],
     "engineering has no category 9 CRYPTO"),
    (["map", "set", "engineering/navy", "--unset", "level=black PUBLIC"],
     "engineering/navy has no level black PUBLIC"),
    (["map", "add", "corporate/air", "--level", "a NOWHERE"],
     "corporate has no level NOWHERE"),
    (["map", "add", "engineering/navy", "--level", "a PUBLIC"],
     "there is a label map engineering/navy already"),
    (["map", "set", "corporate/navy", "--level", "white RESTRICTED",
      "--level", "blue OPEN"], "loses dominance"),
    (["realm", "add", "Engineering", "--doi", "5", "--level", "0 a"],
     "there is a trust realm Engineering already"),
    (["system", "disable", "nobody.example.test"],
     "there is no system nobody.example.test in"),
    (["map", "remove", "corporate"], "a label map is REALM/FORMAT"),
    (["system", "leave", "delta.example.test", "--realm", "engineering"],
     "system delta.example.test is no member of engineering"),
]


@pytest.mark.parametrize("arguments, reason", REFUSED,
                         ids=[" ".join(r[0][:3]) + str(i)
                              for i, r in enumerate(REFUSED)])
def test_refused(site, arguments, reason):
    before = site.server.dump()
    refused = site.both(*arguments)
    assert refused.status == 1, refused
    assert reason in refused.err
    assert site.server.dump() == before


@pytest.mark.parametrize("arguments", [
    ["clearance", "set", "carol@EXAMPLE.TEST", "--realm", "engineering",
     "--low", "PUBLIC", "--high", "PUBLIC", "--entry",
     table.user_dn("carol")],
    ["system", "add", "new.example.test", "--principal", SYSTEM[1],
     "--parent", table.PEOPLE]], ids=["clearance", "system"])
def test_what_no_system_would_see_is_refused(site, arguments):
    """A clearance outside the search base would limit nobody."""
    carol = table.entry(table.user_dn("carol"), objectClass="account",
                        uid="carol")
    site.server.reset(entries() + [carol])
    before = site.server.dump()
    at = ["--uri", site.directory.ldapi, "--base"]
    refused = trustrealm(*arguments, *at, table.BASE)
    assert refused.status == 1, refused
    assert "not below the search base " + table.BASE in refused.err
    assert site.server.dump() == before
    assert trustrealm(*arguments, *at, table.SUFFIX).status == 0


def test_what_follows_from_a_broken_entry_is_not_listed(site):
    refused = site.both("realm", "set", "engineering", "--confidential-from",
                        "NOWHERE")
    assert refused.status == 1
    assert 'trConfidentialFrom: "NOWHERE"' in refused.err
    assert "there is no trust realm" not in refused.err


@pytest.mark.parametrize("arguments, reason", [
    (["system", "join", "delta.example.test", "--low", "A", "--high", "B"],
     "--realm is missing"),
    (["system", "join", "delta.example.test", "--realm", "x", "--low",
      "A B", "--high", "B"], '--low "A B": one word'),
    (["system", "join", "delta.example.test", "--realm", "x", "--low", "A",
      "--high", "B", "--until", "2037-13-01"], "YYYY-MM-DD, 30d, 12h or"),
    (["system", "join", "delta.example.test", "--realm", "x", "--low", "A",
      "--high", "B", "--until", "30"], "YYYY-MM-DD, 30d, 12h or"),
    (["system", "join", "delta.example.test", "--realm", "x", "--low", "A",
      "--high", "B", "--until", "d"], "YYYY-MM-DD, 30d, 12h or"),
    (["system", "join", "delta.example.test", "--realm", "corporate",
      "--low", "OPEN", "--high", "OPEN", "--until", "2020-01-01"],
     '"2020-01-01" is not in the future'),
    (["clearance", "set", "bob@EXAMPLE.TEST", "--realm", "corporate",
      "--low", "OPEN", "--high", "OPEN", "--until", "20200101000000Z"],
     '"20200101000000Z" is not in the future'),
    (["system", "leave", "delta.example.test"], "either --realm or --all"),
    (["system", "add", "a b"], "'a b' is not a SYSTEM"),
    (["system", "add", "x,dc=y"], "is not a SYSTEM"),
    (["map", "add", "engineering"], "is not a REALM/FORMAT"),
    (["realm", "set", "engineering"], "nothing to set"),
    (["realm", "set", "engineering", "--unset", "colour"],
     "there is no option --colour"),
    (["realm", "set", "engineering", "--level", "7 X", "--level", "7 Y"],
     '--level "7 X" is undone by a later option'),
    (["realm", "set", "engineering", "--doi", "7", "--doi", "8"],
     '--doi "7" is undone by a later option'),
    (["realm", "set"], "REALM is missing"),
    (["realm", "show", "a", "b"], "unexpected argument 'b'"),
])
def test_usage(site, arguments, reason):
    before = site.server.dump()
    wrong = site.both(*arguments)
    assert wrong.status == 2, wrong
    assert reason in wrong.err and "try --help" in wrong.err
    assert site.server.dump() == before


@pytest.mark.parametrize("until, seconds", [("30d", 30 * 86400),
                                            ("12h", 12 * 3600),
                                            ("1d12h", 36 * 3600)])
def test_end_from_now(site, until, seconds):
    # A clock that a program may ask is some milliseconds behind this one.
    before = int(time.time() - 0.1)
    done = site.run(site.file, "system", "join", "delta.example.test",
                    "--realm", "corporate", "--low", "OPEN", "--high",
                    "OPEN", "--until", until, "--dry-run", "--json")
    added = json.loads(done.out)["changes"][0]["add"]["trMembership"][0]
    end = calendar.timegm(time.strptime(added.split()[3], "%Y%m%d%H%M%SZ"))
    assert before <= end - seconds <= int(time.time())


def test_errors_of_others_do_not_stand_in_the_way(site):
    """Faults that are there already are no reason, least of all to refuse
    what takes something away."""
    bad = table.entry("cn=bad,ou=systems," + table.BASE,
                      objectClass="trSystem", cn="bad",
                      trPrincipal="bad", trMembership="x y z")
    for store in site.stores:
        store.reset(entries() + [bad])
    done = site.both("system", "leave", "beta.example.test", "--all")
    assert done.status == 0 and "error" not in done.err
    mended = site.both("system", "set", "bad", "--principal", "bad@REALM",)
    assert mended.status == 1
    assert "there is no trust realm x" in mended.err
    assert site.both("system", "remove", "bad").status == 0


def test_own_configuration_does_not_bind(site):
    """That this system is not in the table is a warning to an administrator
    who works on it."""
    config = site.scratch.write("admin.conf", """\
[system]
    name = beta.example.test
    principal = trustrealm/beta.example.test
[table]
    source = %s
    base = %s
[labels]
    format = navy
    levels = white blue red black
    categories = code echo staff
""" % (site.directory.ldapi, table.SUFFIX))
    done = trustrealm("system", "remove", "beta.example.test",
                      "-c", config)
    assert done.status == 0, done
    assert "warning: configuration" in done.err
    assert BETA not in site.server.dump()
    swapped = trustrealm("map", "set", "engineering/navy",
                         "--level", "white INTERNAL", "--level",
                         "blue PUBLIC", "-c", config)
    assert swapped.status == 1, swapped
    assert "loses dominance" in swapped.err


# --- reading ------------------------------------------------------------

def names(listed):
    return {line.split("\t")[0] for line in listed.out.splitlines()}


@pytest.mark.parametrize("arguments", [
    ["realm", "list"], ["realm", "show", "engineering"],
    ["system", "list"], ["system", "show", "beta.example.test"],
    ["clearance", "list"], ["clearance", "show", "alice@EXAMPLE.TEST"],
    ["map", "list"], ["map", "show", "engineering/navy"], ["map", "check"],
    ["check"]], ids=" ".join)
def test_reads_the_same(site, arguments):
    text = site.both(*arguments)
    assert text.err == ""
    assert "error" not in text.out
    a, b = (json.loads(site.run(store, *arguments, "--json").out)
            for store in site.stores)
    for answer in (a, b) if arguments[-1] == "check" else ():
        answer.pop("table")
    assert a == b
    if arguments[1:] == ["list"]:
        assert {one["name"] for one in a} == names(text)
    if arguments[1:2] == ["show"]:
        assert a["dn"] in text.out


SYSTEMS = [("alpha", "engineering", "PUBLIC", "SECRET:CRYPTO,RADAR"),
           ("alpha", "corporate", "OPEN", "RESTRICTED:HR"),
           ("beta", "engineering", "PUBLIC", "SECRET:CRYPTO"),
           ("beta", "corporate", "OPEN", "RESTRICTED:HR"),
           ("gamma", "corporate", "OPEN", "RESTRICTED"),
           ("delta", "-", "-", "-")]
USERS = [("alice", "engineering", "PUBLIC", "SECRET:CRYPTO,RADAR"),
         ("alice", "corporate", "OPEN", "RESTRICTED:HR"),
         ("bob", "engineering", "PUBLIC", "INTERNAL"),
         ("bob", "corporate", "OPEN", "OPEN")]


@pytest.mark.parametrize("noun, full_name, grants", [
    ("system", "%s.example.test", SYSTEMS),
    ("clearance", "%s@EXAMPLE.TEST", USERS)])
def test_grants_are_listed_with_what_bounds_them(site, noun, full_name,
                                                 grants):
    """One row each, of name, trust realm, range, end and restrictions."""
    who, realm, low, high = grants[2]
    grant = ["--realm", realm, "--low", low, "--high", high]
    verb = "join" if noun == "system" else "set"
    bounds = [["--high", "PUBLIC", "--until", "2037-12-31"],
              ["--high", low]]
    for arguments in ([verb, full_name % who, *grant, "--until",
                       "2038-01-01"],
                      *(["restrict", full_name % who, "--realm", "Engineering",
                         *bound] for bound in bounds)):
        assert site.both(noun, *arguments).status == 0
    rows = [line.split("\t")
            for line in site.both(noun, "list").out.splitlines()]
    assert sorted([row[0], *row[-5:]] for row in rows) == sorted(
        [full_name % one[0], *one[1:],
         *(("20380101235959Z", "PUBLIC PUBLIC; PUBLIC PUBLIC 20371231235959Z")
           if one == grants[2] else ("-", "-"))] for one in grants)


def test_systems_are_listed_with_their_state(site):
    site.both("system", "disable", "beta.example.test")
    rows = [line.split("\t")
            for line in site.both("system", "list").out.splitlines()]
    assert {(row[0], row[1]) for row in rows} == {
        ("alpha.example.test", "enabled"), ("beta.example.test", "disabled"),
        ("gamma.example.test", "enabled"), ("delta.example.test", "enabled")}
    assert all(row[2] == "trustrealm/%s@EXAMPLE.TEST" % row[0]
               for row in rows)


def test_listed_though_it_cannot_be_used(site):
    """A grant that is none is shown as it is."""
    for store in site.stores:
        store.reset(entries() + [table.system("bad", ["engineering"])])
    rows = site.both("system", "list").out.splitlines()
    assert [row.split("\t")[3:] for row in rows if row.startswith("bad")] \
        == [["engineering", "-", "-", "-", "-"]]


def test_shown_as_numbers_and_lists(site):
    shown = json.loads(site.both("realm", "show", "engineering",
                                 "--json").out)
    assert shown["doi"] == 2001 and shown["priority"] == 20
    assert shown["level"] == ["0 PUBLIC", "1 INTERNAL", "2 SECRET",
                              "3 TOPSECRET"]
    assert shown["carrier"] == []


def test_map_check_asks_where_maps_are_written(site):
    """As does what looks at the table, where this system has none."""
    config = site.scratch.write("nowhere.conf", """\
[system]
    state-directory = %s
[table]
    source = %s
    base = %s
[labels]
    format = other
    levels = a
""" % (site.scratch.join("nowhere"), site.directory.ldapi, table.SUFFIX))
    done = trustrealm("map", "check", "-c", config)
    assert (done.status, done.out, done.err) == (0, "", "")
    own = trustrealm("check", "-c", config, "--json")
    assert (own.status, own.err) == (1, "")
    assert json.loads(own.out)["table"]["source"] == site.directory.ldapi


def test_map_check_finds_what_loses_order(site):
    config = site.scratch.write("navy.conf", """\
[system]
    name = beta.example.test
    principal = trustrealm/beta.example.test
[table]
    source = ldif:/nowhere
[labels]
    format = navy
    levels = blue white red black
    categories = code echo staff
""")
    assert site.both("map", "check").status == 0
    found = site.both("map", "check", "-c", config)
    assert found.status == 1
    assert "loses dominance" in found.out


def test_more_than_a_page(site):
    """A server hands out a large tree in pages; none is left out."""
    many = [table.system("s%04d" % i, []) for i in range(2300)]
    site.directory.add(table.ldif(many))
    listed = site.run(site.server, "system", "list")
    assert len(names(listed)) == 2304
    as_bob = site.as_user("bob", "system", "list")
    assert as_bob.out == listed.out


def test_not_shown_everything_is_an_error(site):
    """A limit of the server must not look like an empty rest."""
    refused = site.as_user("stranger", "system", "list")
    assert refused.status == 3
    assert "there is no entry " + table.SUFFIX + " that dn:" in refused.err
    assert "stranger" in refused.err


# --- a daemon that reads it ---------------------------------------------

def test_daemon_sees_what_is_written(world):
    """leave: refused; join: delivered again."""
    server = world.server("beta")

    def change(*arguments):
        systems = (world.alpha, world.beta)
        before = [system.table_generation() for system in systems]
        done = trustrealm("system", *arguments, "--uri",
                          world.directory.ldapi, "--base", table.SUFFIX)
        assert done.status == 0, done
        for system, old in zip(systems, before):
            eventually(lambda: system.table_generation() > old)

    def delivered():
        return world.client(server, "--label", "grave").delivered

    assert delivered()
    change("leave", "beta.example.test", "--realm", "engineering")
    assert not delivered()
    change("join", "beta.example.test", "--realm", "engineering", "--low",
           "PUBLIC", "--high", "SECRET:CRYPTO")
    assert delivered()


# --- import -------------------------------------------------------------

def new_system(number, membership="engineering PUBLIC INTERNAL"):
    return table.system("new%d" % number, [membership])


def system_below(parent, name="lost"):
    host = table.host(name)
    return table.entry("cn=%s,%s" % (host, parent), cn=host,
                       objectClass="trSystem",
                       trPrincipal="trustrealm/%s@X" % host)


def imported(site, store, entries, *options, widen=("--widen",)):
    """Import a file of these entries; its result and what it counted."""
    path = site.scratch.write("import.ldif", "\n".join(entries))
    done = site.run(store, "import", path, "--json", *widen, *options)
    return done, json.loads(done.out) if done.out else None


@pytest.fixture(params=[0, 1], ids=["server", "file"])
def store(request, site):
    return site.stores[request.param]


def test_import_adds_and_changes(site, store):
    """What is in the directory and not in the file stays."""
    before = store.dump()
    narrower = table.system("beta", ["engineering PUBLIC INTERNAL"])
    done, counts = imported(site, store, [new_system(1), new_system(2),
                                          narrower])
    assert done.status == 0, done
    assert (counts["added"], counts["changed"]) == (2, 1)
    changed = difference(before, store.dump())
    assert set(changed) == {table.system_dn("new1"), table.system_dn("new2"),
                            BETA}
    assert changed[BETA][1] == [("trMembership",
                                 "engineering PUBLIC INTERNAL")]


def test_import_given_again_does_nothing(site, store):
    entries = [new_system(number) for number in range(20)]
    assert imported(site, store, entries)[1]["added"] == 20
    before = store.dump()
    done, counts = imported(site, store, entries)
    assert done.status == 0
    assert (counts["added"], counts["changed"], counts["unchanged"]) == (
        0, 0, 20)
    assert store.dump() == before


def test_import_leaves_the_rest_of_an_account_alone(site, store):
    dn = "cn=erin,ou=systems," + table.BASE
    account = dict(objectClass=["person", "trSubject"], cn="erin", sn="E",
                   trPrincipal="erin@EXAMPLE.TEST")
    erin = table.entry(dn, trClearance="engineering PUBLIC SECRET",
                       **account)
    assert imported(site, store, [erin])[1]["added"] == 1
    done, counts = imported(site, store, [erin])
    assert (done.status, counts["unchanged"]) == (0, 1), done
    before = store.dump()
    account["sn"] = "F"
    narrower = table.entry(dn, trClearance="engineering PUBLIC PUBLIC",
                           **account)
    assert imported(site, store, [narrower])[1]["changed"] == 1
    assert difference(before, store.dump()) == {
        dn: ([("trClearance", "engineering PUBLIC SECRET")],
             [("trClearance", "engineering PUBLIC PUBLIC")])}


def test_where_nothing_is_to_be_found_or_put_is_named(site):
    nowhere = "ou=nowhere," + table.BASE
    unread = trustrealm("system", "list", "--uri", site.directory.ldapi,
                        "--base", nowhere)
    assert unread.status == 3
    assert "there is no entry " + nowhere in unread.err
    nowhere = "l=nowhere," + table.BASE
    done, _ = imported(site, site.server, [system_below("ou=x," + nowhere)])
    assert done.status == 1
    assert "import.ldif:1: cn=lost.example.test,ou=x,%s: there is no entry " \
        "%s to add it below: add that first" % (nowhere, nowhere) in done.err


def test_import_makes_containers(site, store):
    """Two entries below the same new ones."""
    units = ["ou=far," + table.BASE, "ou=away,ou=far," + table.BASE]
    before = store.dump()
    done, counts = imported(site, store, [system_below(units[1]),
                                          system_below(units[1], "found")])
    assert (done.status, counts["added"]) == (0, 2), done
    changed = difference(before, store.dump())
    assert len(changed) == 4
    for dn, name in zip(units, ("far", "away")):
        assert changed[dn] == ([], [("objectClass", "organizationalUnit"),
                                    ("ou", name)])


WIDER = [
    (table.system("delta", ["corporate OPEN OPEN"]),
     "widens: system delta.example.test: gets trMembership "
     "corporate OPEN OPEN"),
    (table.system("gamma", ["corporate OPEN RESTRICTED:HR"]),
     "widens: system gamma.example.test: trMembership corporate OPEN "
     "RESTRICTED:HR, was corporate OPEN RESTRICTED"),
    (table.system("delta", []) + "owner: cn=eve,dc=example,dc=test\n",
     "widens: %s: gets owner cn=eve,dc=example,dc=test" % DELTA),
    (new_system(1), "widens: system new1.example.test: is new"),
    (table.system("delta", []).replace("trPrincipal: trustrealm/",
                                       "trPrincipal: other/"),
     "changes: system delta.example.test: trPrincipal other/delta.example."
     "test@EXAMPLE.TEST, was trustrealm/delta.example.test@EXAMPLE.TEST"),
    (table.label_map("navy", "engineering").replace(
        "trLevelMap: red SECRET\n", "").replace("black TOP", "red TOP"),
     "changes: label map engineering/navy: trLevelMap red TOPSECRET, was "
     "red SECRET"),
    (table.system("gamma", ["corporate OPEN RESTRICTED:HR"]) +
     "trRestriction: corporate OPEN RESTRICTED\n",
     "changes: system gamma.example.test: trMembership corporate OPEN "
     "RESTRICTED:HR, was corporate OPEN RESTRICTED"),
    (table.system("beta", table.MEMBERSHIPS["beta"]) +
     "trRestriction: engineering PUBLIC INTERNAL\n",
     "changes: system beta.example.test: gets trRestriction engineering "
     "PUBLIC INTERNAL"),
    # What engineering does not take any more may go by corporate.
    (table.system("beta", ["corporate OPEN RESTRICTED:HR"]),
     "changes: system beta.example.test: loses trMembership engineering "
     "PUBLIC SECRET:CRYPTO"),
    (table.system("beta", ["engineering INTERNAL SECRET:CRYPTO",
                           "corporate OPEN RESTRICTED:HR"]),
     "changes: system beta.example.test: trMembership engineering INTERNAL "
     "SECRET:CRYPTO, was engineering PUBLIC SECRET:CRYPTO"),
    (table.label_map("ministry", "engineering").replace(
        "trLevelMap: open PUBLIC\n", ""),
     "changes: label map engineering/ministry: loses trLevelMap open "
     "PUBLIC"),
    # A clearance narrows; the rest of a new entry may mean anything.
    (table.entry("cn=corporate," + table.BASE, cn="corporate",
                 objectClass=["groupOfNames", "trSubject"],
                 trPrincipal="nobody@EXAMPLE.TEST", member=DELTA),
     "widens: cn=corporate,%s: gets member" % table.BASE),
    (table.entry("cn=eve," + table.BASE, cn="eve", sn="E",
                 objectClass=["person", "trSubject"], userPassword="secret",
                 trPrincipal="eve@EXAMPLE.TEST"),
     "widens: cn=eve,%s: gets userPassword" % table.BASE),
]


@pytest.mark.parametrize("entry, says", WIDER)
def test_import_only_narrows_unless_it_may_do_more(site, store, entry, says):
    before = store.dump()
    done, _ = imported(site, store, [entry], widen=[])
    assert (done.status, done.out) == (1, ""), done
    assert "trustrealm: " + says in done.err
    assert "--widen also writes" in done.err
    assert store.dump() == before
    done, shown = imported(site, store, [entry], "--dry-run", widen=[])
    assert (done.status, shown["result"]) == (1, "refused")
    assert says.split(":")[0] in [f["severity"] for f in shown["findings"]]
    done, counts = imported(site, store, [entry])
    assert (done.status, says in done.err) == (0, False), done
    assert says in ["%(severity)s: %(entry)s: %(text)s" % finding
                    for finding in counts["findings"]]
    assert store.dump() != before


def test_import_that_narrows(site, store):
    entries = [table.system("gamma", ["corporate OPEN OPEN"]) +
               "trRestriction: corporate OPEN RESTRICTED\n",
               table.system("alpha", ["engineering PUBLIC "
                                      "SECRET:CRYPTO,RADAR"]),
               table.system("beta", ["corporate OPEN RESTRICTED:HR"]) +
               "trEnabled: FALSE\n",
               table.user("bob", ["corporate OPEN OPEN"]),
               table.user("erin", [])]
    done, counts = imported(site, store, entries, widen=[])
    assert (done.status, counts["changed"], counts["added"]) == (0, 4, 1), \
        done
    assert "widens" not in done.err and "changes" not in done.err


def test_older_export_undoes_nothing_by_itself(site, store):
    """Systems were disabled and restricted and one left since."""
    older = site.scratch.write("older.ldif", site.run(store, "export").out)
    for verb in (["disable", "beta.example.test"],
                 ["restrict", "alpha.example.test", "--realm", "corporate",
                  "--high", "OPEN"],
                 ["leave", "gamma.example.test", "--all"]):
        assert site.run(store, "system", *verb).status == 0
    before = store.dump()
    done = site.run(store, "import", older)
    assert done.status == 1
    assert "widens: system beta.example.test: loses trEnabled FALSE\n" \
        in done.err
    assert "widens: system gamma.example.test: gets trMembership" in done.err
    assert "widens: system alpha.example.test: loses trRestriction " \
        "corporate OPEN OPEN\n" in done.err
    assert store.dump() == before


@pytest.mark.parametrize("answer, written", [("y", True), ("n", False),
                                             ("", False)])
def test_import_asks_on_a_terminal(site, answer, written):
    store = site.file
    path = site.scratch.write("import.ldif", new_system(1))
    before = store.dump()
    status, shown = on_terminal("import", path, *store.options,
                                typed=answer + "\n")
    assert "widens: system new1.example.test: is new" in shown
    assert "Write them anyway? [y/N]" in shown
    assert (status, store.dump() != before) == ((0, True) if written else
                                                (1, False))


def test_import_names_some_of_many(site):
    done, _ = imported(site, site.file, map(new_system, range(50)), widen=[])
    assert done.err.count(": is new") == 20
    assert "and 30 more of the kind" in done.err


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_import_prints_what_it_was_asked_to_widen(site, options):
    path = site.scratch.write("import.ldif", "\n".join(
        map(new_system, range(50))))
    done = site.run(site.file, "import", path, "--widen", *options)
    assert (done.status, done.err) == (0, "")
    assert rows(done.out).count(["widens", "system new7.example.test",
                                 "is new"]) == 1
    assert done.out.count("\tis new\n") == 50
    site.reset()
    status, shown = on_terminal("import", path, "--widen", *options,
                                *site.file.options)
    assert status == 0
    assert "\nwidens  system new0.example.test   is new\n" in shown
    assert shown.count("  is new\n") == 20 and "\nand 30 more" in shown


def interrupted_import(site, signal_number, moment):
    """Of five new systems, when that one of them is on its way; how it ended,
    and what it said."""
    path = site.scratch.write("import.ldif", "\n".join(
        new_system(number) for number in range(5)))
    started = threading.Event()

    def interrupt(number):
        if number == moment:
            started.wait()
            child.send_signal(signal_number)

    with Between(site.scratch, site.directory,
                 interrupt) as between, subprocess.Popen(
            [program(), "import", path, "--widen", "--json", "--uri",
             between.uri, "--base", table.SUFFIX], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        started.set()
        try:
            out, err = child.communicate(timeout=60 * PATIENCE)
        finally:
            child.kill()
    return child.returncode, out, err


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_import_that_is_interrupted(site, signal_number):
    """It ends with a whole entry, says with which, then by the signal, and
    goes on there."""
    status, out, err = interrupted_import(site, signal_number, 3)
    assert status == -signal_number, err
    assert json.loads(out)["added"] == 3
    assert "interrupted" in err
    assert "stopped after 3 of 5 entries, before " + table.system_dn(
        "new3") in err
    there = site.server.dump()
    assert [table.system_dn("new%d" % number) in there
            for number in range(5)] == 3 * [True] + 2 * [False]
    done, counts = imported(site, site.server, map(new_system, range(5)))
    assert (done.status, counts["added"], counts["unchanged"]) == (0, 2, 3)


def test_import_that_is_interrupted_at_the_end(site):
    """All is written, and told, before it ends by the signal."""
    status, out, err = interrupted_import(site, signal.SIGTERM, 5)
    assert status == -signal.SIGTERM
    assert json.loads(out)["added"] == 5 and "stopped" not in err


def test_import_goes_on_where_it_ended(site):
    """bob may not write gamma: what is before it is in the directory."""
    path = site.scratch.write("import.ldif", "\n".join([
        table.system("gamma", ["corporate OPEN OPEN"]),
        table.system("beta", ["corporate OPEN RESTRICTED",
                              "engineering PUBLIC SECRET:CRYPTO"])]))
    before = site.server.dump()
    done = site.as_user("bob", "import", path)
    assert done.status == 1
    assert "stopped after 0 of 2 entries, before " + GAMMA in done.err
    assert site.server.dump() == before
    done = site.as_user("bob", "import", path, "--keep-going", "--json")
    assert done.status == 1
    counts = json.loads(done.out)
    assert (counts["changed"], counts["refused"]) == (1, 1)
    assert set(difference(before, site.server.dump())) == {BETA}


BAD = ["dn: cn=bad,ou=systems,%s\nobjectClass: trSystem\ncn: bad\n"
       "trPrincipal: x@Y\ntrMembership: engineering\n" % table.BASE,
       "dn: cn=worse,ou=systems,%s\nthis is no line of LDIF\n" % table.BASE,
       table.system("worst", ["engineering SECRET PUBLIC"])]


@pytest.mark.parametrize("bad, line", [(BAD[0], 7), (BAD[1], 8), (BAD[2], 7)])
def test_bad_entry_is_named_by_its_line(site, store, bad, line):
    before = store.dump()
    entries = [new_system(1), bad, new_system(2)]
    done, counts = imported(site, store, entries)
    assert done.status in (1, 3) and counts is None
    assert "import.ldif:%d: " % line in done.err
    assert store.dump() == before, "all or nothing of it"
    done, counts = imported(site, store, entries, "--keep-going")
    assert done.status == 1
    assert (counts["added"], counts["left_out"]) == (2, 1)
    assert "import.ldif:%d: " % line in done.err


def test_dry_run_of_an_import_tells_what_it_would_leave_out(site, store):
    before = store.dump()
    options = ("--keep-going", "--dry-run")
    done, _ = imported(site, store, [new_system(1), BAD[0]], *options)
    assert done.status == 1 and "import.ldif:7: " in done.err
    done, plan = imported(site, store, [new_system(1)], *options)
    assert done.status == 0 and len(plan["changes"]) == 1
    assert store.dump() == before


def test_export_has_the_values_that_an_entry_has(site, store):
    plain = parse(site.run(store, "export").out)
    made = json.loads(site.run(store, "export", "--json").out)["entries"]
    assert all(e["attributes"] and all(e["attributes"].values())
               for e in made)
    assert plain == {e["dn"]: sorted(
        (name, value) for name, values in e["attributes"].items()
        for value in values) for e in made}


def test_import_is_judged_as_a_whole(site, store):
    """What is wrong with its entries is told of each; what it does to others
    refuses it."""
    before = store.dump()
    wrong = [new_system(1, "nowhere A B"), new_system(2),
             new_system(3, "engineering PUBLIC NIX")]
    done, _ = imported(site, store, wrong)
    assert done.status == 1
    assert "import.ldif:1: " in done.err and "nowhere" in done.err
    assert "import.ldif:13: " in done.err and "NIX" in done.err
    assert "import.ldif:7: " not in done.err
    assert "nothing was written" in done.err
    assert store.dump() == before
    realm = table.entry(table.CORPORATE, objectClass="trTrustRealm",
                        cn="corporate", trDOI=2002, trLevel="0 OPEN")
    done, _ = imported(site, store, [realm], "--keep-going")
    assert done.status == 1
    assert "RESTRICTED" in done.err and "refused" in done.err
    assert store.dump() == before


def test_import_leaves_out_what_needs_what_is_left_out(site, store):
    """A trust realm of two numbers, and its member; two who share a name; and
    one that is in the file twice."""
    realm = table.entry("cn=new,ou=realms," + table.BASE, cn="new",
                        objectClass="trTrustRealm", trDOI=[7, 8],
                        trLevel="0 LOW")
    twins = [table.system(name, [], aliases=["twin.example.test"])
             for name in ("castor", "pollux")]
    done, counts = imported(site, store, [
        realm, new_system(1, "new LOW LOW"), new_system(2), *twins,
        new_system(3), new_system(3)], "--keep-going")
    assert done.status == 1
    assert (counts["added"], counts["left_out"]) == (1, 6), done


def test_import_shows_its_progress(site):
    path = site.scratch.write("import.ldif", "\n".join(
        new_system(number) for number in range(3)))
    status, shown = on_terminal("import", path, "--widen",
                                *site.server.options)
    assert status == 0
    assert re.search(r"\[#{10} {20}\] 1 of 3, \d+/s, \d+ s left ", shown)
    assert re.search(r"\[#{30}\] 3 of 3, \d+/s, 0 s left \n", shown)


def test_import_without_writing(site, store):
    before = store.dump()
    done, shown = imported(site, store, [new_system(1)], "--dry-run")
    assert done.status == 0, done
    assert shown["changes"][0]["dn"] == table.system_dn("new1")
    assert store.dump() == before


def test_export_can_be_imported_elsewhere(site, store):
    everything = site.run(store, "export").out
    path = site.scratch.write("everything.ldif", everything)
    target = File(site.scratch.join("elsewhere.ldif"))
    with open(target.path, "w") as file:
        file.write("version: 1\n")
    done = site.run(target, "import", path, "--json", "--widen")
    assert done.status == 0, done
    assert site.run(target, "export").out == everything


# --- limits -------------------------------------------------------------

def of_engineering(store, attribute):
    return [value for name, value in store.dump()[table.ENGINEERING]
            if name == attribute]


def test_a_limit_has_the_value_that_is_set(site, store):
    """Where nobody forbids it, the new value takes the place of all."""
    def set_lifetime(*options):
        return site.run(store, "realm", "set", "engineering", *options)

    several = site.run(store, "export").out.replace(
        "trDOI: 2001\n", "trDOI: 2001\ntrLifetime: 600\ntrLifetime: 36000\n"
        "trLifetime: 0\n")
    path = site.scratch.write("several.ldif", several)
    assert site.run(store, "import", path).status == 0
    assert sorted(of_engineering(store, "trLifetime")) == ["0", "36000", "600"]
    shown = site.run(store, "realm", "show", "engineering").out
    assert re.findall(r"^lifetime\t(.*)$", shown, re.M) == ["600"]
    assert set_lifetime("--unset", "lifetime=60").status == 1
    assert set_lifetime("--unset", "lifetime=0").status == 0
    for seconds in ("36000", "600", "7200"):
        assert set_lifetime("--lifetime", seconds).status == 0
        assert of_engineering(store, "trLifetime") == [seconds]
    assert set_lifetime("--unset", "lifetime").status == 0
    assert of_engineering(store, "trLifetime") == []


# --- asking for one entry -----------------------------------------------

def test_what_is_not_set_is_shown_in_json(site, store):
    def shown(*name):
        return json.loads(site.run(store, *name, "--json").out)

    assert shown("system", "show", "gamma.example.test")["enabled"] is True
    realm = shown("realm", "show", "corporate")
    assert (realm["mode"], realm["kernel-export"], realm["lifetime"]) == \
        ("enforce", False, 0)
    assert "confidential-from" not in realm


def test_a_name_that_is_not_enough(site):
    for verb in ("show", "remove"):
        done = site.both("map", verb, "engineering")
        assert (done.status, done.out) == (1, "")
        assert done.err.endswith(": a label map is REALM/FORMAT\n"), done
    done = site.both("clearance", "show", "zoe")
    assert (done.status, done.out) == (1, "")
    assert done.err.endswith(": a user is NAME@REALM\n"), done
