# tests/integration/test_trustrealm_views.py - who may, who is, what changed
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm reach, who and diff, on LDIF files."""

import json

import pytest

from testlib import table
from testlib.tool import (ALPHA, BETA, DELTA, GAMMA, on_terminal, rows,
                          trustrealm)

ALICE, BOB = "alice@" + table.REALM, "bob@" + table.REALM


def asked(*arguments):
    """(exit status, rows)"""
    status, out, err = trustrealm(*arguments)
    assert err == ""
    return status, rows(out)


# --- reach --------------------------------------------------------------

@pytest.mark.parametrize("label, options, systems", [
    ("SECRET:CRYPTO", [], [BETA]),
    ("SECRET:RADAR", [], []),
    ("OPEN", [], [BETA, GAMMA]),
    ("OPEN:HR", [], [BETA]),
    ("SECRET:CRYPTO", ["--user", ALICE], [BETA]),
    ("SECRET:CRYPTO", ["--user", BOB], []),
])
def test_reach(ldif, label, options, systems):
    status, found = asked("reach", "--ldif", ldif(), "--from", ALPHA,
                          "--label", label, *options)
    assert [row[0] for row in found] == systems
    assert all(row[2] == label for row in found)
    assert status == (0 if systems else 1)


def test_reach_without_a_label(ldif):
    status, found = asked("reach", "--ldif", ldif(), "--from", ALPHA)
    assert (status, [row[:2] for row in found]) == (
        0, [[BETA, "engineering"], [GAMMA, "corporate"]])


def test_reach_says_why_not(ldif):
    status, found = asked("reach", "--ldif", ldif(), "--from", ALPHA,
                          "--verbose", "--label", "SECRET:RADAR")
    assert status == 1
    assert {row[0]: row[1] for row in found} == {
        BETA: "no", GAMMA: "no", DELTA: "no"}
    why = {row[0]: row[6][:3] for row in found}
    assert why == {BETA: "S9:", GAMMA: "S6:", DELTA: "S5:"}


@pytest.mark.parametrize("label, says", [
    ("SECERT", "trustrealm: SECERT: unknown level\n"),
    ("SECRET:X", "trustrealm: SECRET:X: unknown category\n"),
    ("TOPSECRET", ""),
])
def test_reach_with_what_is_no_label(ldif, label, says):
    """Nobody receives it, since it is misspelt."""
    asking = ["reach", "--ldif", ldif(), "--from", ALPHA, "--label", label]
    assert tuple(trustrealm(*asking)) == (1, "", says)
    status, out, err = trustrealm(*asking, "--json")
    assert (status, json.loads(out)["systems"], err) == (1, [], says)


def test_reach_asks_the_receiver_too(ldif, config):
    """What the sender would send, and the receiver's own limits refuse."""
    path, narrow = ldif(), config(policy={"trust-realms": "corporate"})
    assert asked("reach", "--ldif", path, "--from", BETA, "--label",
                 "SECRET")[1] == [[ALPHA, "engineering", "SECRET", "PUBLIC",
                                   "SECRET:CRYPTO"]]
    status, found = asked("reach", "--ldif", path, "--from", BETA, "--label",
                          "SECRET", "-c", narrow, "--verbose")
    assert status == 1
    assert found[0][:2] == [ALPHA, "no"] and found[0][6][:2] == "R6"


def test_reach_counts_for_each_service(ldif):
    entries = [entry.replace("trDOI: 2001", "trDOI: 2001\n"
                             "trCarrier: nfs mic").replace(
                                 "trConfidentialFrom: TOPSECRET",
                                 "trConfidentialFrom: PUBLIC")
               for entry in table.entries()]
    path = ldif(entries=entries)
    for service, systems in (("host", [BETA]), ("nfs", [])):
        _, found = asked("reach", "--ldif", path, "--from", ALPHA, "--label",
                         "SECRET", "--service", service)
        assert [row[0] for row in found] == systems


def test_reach_in_json(ldif):
    status, out, _ = trustrealm("reach", "--ldif", ldif(), "--from", ALPHA,
                                "--label", "OPEN:HR", "--verbose", "--json")
    answer = json.loads(out)
    assert status == 0
    assert (answer["from"], answer["label"]) == (ALPHA, "OPEN:HR")
    assert {one["system"]: one["allowed"] for one in answer["systems"]} == {
        BETA: True, GAMMA: False, DELTA: False}
    assert all(("reason" in one) != one["allowed"]
               for one in answer["systems"])


def test_reach_from_a_system_that_is_not_there(ldif):
    status, out, err = trustrealm("reach", "--ldif", ldif(), "--from", "x")
    assert (status, out) == (1, "")
    assert err == "trustrealm: x is not in the table\n"


# --- names --------------------------------------------------------------

NAMES = [
    (["explain", "--to", ALPHA, "--from"], "beta", BETA),
    (["explain", "--from", ALPHA, "--to"], "Beta.example", BETA),
    (["reach", "--from"], "beta", BETA),
    (["system", "show"], "beta", BETA),
    (["system", "disable", "--dry-run"], "beta", BETA),
    (["system", "show"], "bet", BETA),
    (["reach", "--from"], "bteaa", ""),
    (["reach", "--from"], "betaa", BETA),
    (["system", "show"], "beta.exmaple.test", BETA),
    (["system", "show"], "BETA.exampel", BETA),
    (["realm", "show"], "enginering", "engineering"),
    (["who", "--realm"], "engineerign", "engineering"),
    (["graph", "--realm"], "corp", "corporate"),
    (["clearance", "show"], "alice", ALICE),
    (["clearance", "show"], "alcie@" + table.REALM, ALICE),
    (["map", "show"], "engineering/nayv", "engineering/navy"),
    (["map", "remove"], "corporate/mini", "corporate/ministry"),
    (["system", "join", DELTA, "--low", "PUBLIC", "--high", "PUBLIC",
      "--realm"], "enginering", "engineering"),
    (["clearance", "set", ALICE, "--low", "PUBLIC", "--high", "PUBLIC",
      "--realm"], "engineerin", "engineering"),
]


@pytest.mark.parametrize("arguments, short, full", NAMES)
def test_which_system_may_be_meant(ldif, arguments, short, full):
    """It is said, not guessed."""
    status, _, err = trustrealm(*arguments, short, "--ldif", ldif())
    assert status == 1
    assert "%s" % short in err
    assert len(err.splitlines()) == 1
    assert err.endswith("; did you mean %s?\n" % full if full else "table\n")


@pytest.mark.parametrize("short", ["bxtx", "example", ""])
@pytest.mark.parametrize("arguments", [["reach", "--from"],
                                       ["system", "show"]])
def test_no_system_may_be_meant(ldif, arguments, short):
    status, _, err = trustrealm(*arguments, short, "--ldif", ldif())
    assert status == 1
    assert "did you mean" not in err


def test_several_systems_may_be_meant(ldif):
    path = ldif(table.entry(
        "cn=beta.example.net,ou=systems," + table.BASE, cn="beta.example.net",
        objectClass="trSystem", trPrincipal="trustrealm/beta@EXAMPLE.NET"))
    for arguments in (["reach", "--from"], ["system", "show"]):
        status, _, err = trustrealm(*arguments, "beta", "--ldif", path)
        assert (status, "did you mean" in err) == (1, False)


def test_the_system_that_is_most_like_it_is_meant(ldif):
    """"beta" is all of a name, and begins others."""
    path = ldif(table.system("betatron", []), table.system("beta2", []))
    err = trustrealm("system", "show", "beta", "--ldif", path).err
    assert err.endswith("; did you mean %s?\n" % BETA)
    err = trustrealm("system", "show", "betat", "--ldif", path).err
    assert err.endswith("; did you mean betatron.example.test?\n")
    err = trustrealm("system", "show", "bet", "--ldif", path).err
    assert "did you mean" not in err


@pytest.mark.parametrize("words, meant", [
    (["chekc"], "check"), (["systme", "list"], "system"),
    (["system", "lst"], "list"), (["system", "unrestrikt"], "unrestrict"),
    (["clear", "show"], "clearance"),
])
def test_which_command_may_be_meant(words, meant):
    status, out, err = trustrealm(*words)
    assert (status, out) == (2, "")
    assert err.endswith("; did you mean %s?\n" % meant)
    assert len(err.splitlines()) == 1


def test_no_command_may_be_meant():
    assert trustrealm("bake").err.endswith("'bake'; try --help\n")
    done = trustrealm("system", "bake")
    assert "\n  list " in done.err
    assert done.err.endswith("unknown verb 'bake'\n")


# --- where views look ---------------------------------------------------

VIEWS = [["check"], ["explain", "--from", ALPHA, "--to", BETA],
         ["reach", "--from", ALPHA], ["who", "--realm", "engineering"],
         ["graph"]]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view[0])
def test_without_a_table_the_directory_is_asked(ldif, config, view):
    path = ldif()
    status, out, err = trustrealm(*view, "--json", "-c", config())
    assert (status, err) == (1 if view == ["check"] else 0, "")
    asked = json.loads(out)["table"]
    assert asked["source"] == "ldif:%s" % path
    assert (asked["age"], asked["path"]) == (0, None)


def test_without_a_table_and_a_directory(config, tmp_path):
    status, out, err = trustrealm("check", "-c", config())
    assert (status, out) == (3, "")
    assert "table.ldif: No such file" in err
    assert "own table cannot be read: %s/state/table: " \
        "No such file" % tmp_path in err


def test_a_snapshot_is_no_directory(config, tmp_path):
    path = config(table={"source": "snapshot:/x.cms", "signers": "/y.pem"})
    status, out, err = trustrealm("system", "list", "-c", path)
    assert (status, out) == (2, "")
    assert "snapshot:/x.cms" in err and "--ldif" in err


@pytest.mark.parametrize("command", [["pending", "list"],
                                     ["offboard", ALICE]])
def test_a_file_is_no_server(ldif, config, command):
    """Whether a base is given or not."""
    path = ldif()
    for base in [], ["--base", table.BASE]:
        status, out, err = trustrealm(*command, *base, "-c", config())
        assert (status, out) == (2, "")
        assert "%s is a file, and only an LDAP server" % path in err


# --- who ----------------------------------------------------------------

def test_who(ldif):
    path = ldif(
        table.system("zeta", ["engineering PUBLIC SECRET 20200101000000Z"]),
        table.system("eta", ["engineering PUBLIC SECRET"])
        + "trEnabled: FALSE\n",
        table.system("theta", ["engineering PUBLIC INTERNAL "
                               "20990101000000Z"]))
    status, found = asked("who", "--ldif", path, "--realm", "engineering")
    assert status == 0
    assert found == [
        ["system", ALPHA, "PUBLIC", "SECRET:CRYPTO,RADAR", "-"],
        ["system", BETA, "PUBLIC", "SECRET:CRYPTO", "-"],
        ["system", table.host("theta"), "PUBLIC", "INTERNAL",
         "20990101000000Z"],
        ["user", ALICE, "PUBLIC", "SECRET:CRYPTO,RADAR", "-"],
        ["user", BOB, "PUBLIC", "INTERNAL", "-"]]


def test_who_is_restricted(ldif):
    """The range and end that are left; nobody who is left with nothing."""
    granted = "engineering PUBLIC SECRET:CRYPTO"
    path = ldif(
        table.system("zeta", [granted]) +
        "trRestriction: engineering INTERNAL TOPSECRET\n"
        "trRestriction: engineering PUBLIC SECRET 20990101000000Z\n",
        table.system("eta", [granted]) +
        "trRestriction: engineering PUBLIC PUBLIC:RADAR\n",
        table.system("theta", [granted]) +
        "trRestriction: engineering TOPSECRET TOPSECRET\n",
        table.system("iota", []) +
        "trRestriction: engineering PUBLIC TOPSECRET\n",
        table.user("zoe", [granted]) +
        "trRestriction: engineering PUBLIC INTERNAL\n")
    status, found = asked("who", "--ldif", path, "--realm", "engineering")
    assert status == 0
    new = [row for row in found
           if row[1] not in (ALPHA, BETA, ALICE, BOB)]
    assert new == [
        ["system", table.host("eta"), "PUBLIC", "PUBLIC", "-"],
        ["system", table.host("zeta"), "INTERNAL", "SECRET",
         "20990101000000Z"],
        ["user", "zoe@" + table.REALM, "PUBLIC", "INTERNAL", "-"]]
    status, found = asked("reach", "--ldif", path, "--from", ALPHA,
                          "--label", "SECRET")
    assert [row[0] for row in found] == [BETA, table.host("zeta")]


@pytest.mark.parametrize("label, names", [
    ("SECRET:CRYPTO", [ALPHA, BETA, ALICE]),
    ("SECRET:RADAR", [ALPHA, ALICE]),
    ("TOPSECRET", []),
])
def test_who_at_a_label(ldif, label, names):
    status, out, _ = trustrealm("who", "--ldif", ldif(), "--realm",
                                "engineering", "--at", label, "--json")
    assert [one["name"] for one in json.loads(out)["members"]] == names
    assert status == (0 if names else 1)


def test_who_of_what_is_not_there(ldif):
    path = ldif()
    for options, says in ((["--realm", "nowhere"], "no trust realm nowhere"),
                          (["--realm", "corporate", "--at", "SECRET"],
                           "SECRET of corporate: ")):
        status, out, err = trustrealm("who", "--ldif", path, *options)
        assert (status, out) == (1, "")
        assert says in err


def test_who_for_people(ldif):
    status, shown = on_terminal("who", "--ldif", ldif(), "--realm",
                                "corporate")
    lines = shown.splitlines()
    assert status == 0
    assert lines[0].startswith("trustrealm: asked /")
    assert lines[0].endswith("/table.ldif, now")
    assert lines[1].split() == ["KIND", "NAME", "LOW", "HIGH", "UNTIL"]
    assert lines[-1].startswith("3 systems, 2 users;")


def test_list_shows_people_dates(ldif):
    """Into a pipe goes what the entry has."""
    path = ldif(table.system("zeta", [
        "corporate OPEN OPEN 20990101000000Z"]) +
        "trRestriction: corporate OPEN OPEN 20981231235959Z\n")
    status, listed = asked("system", "list", "--ldif", path)
    assert status == 0
    assert listed[-1][3:] == ["corporate", "OPEN", "OPEN", "20990101000000Z",
                              "OPEN OPEN 20981231235959Z"]
    _, shown = on_terminal("system", "list", "--ldif", path)
    assert shown.splitlines()[-1].endswith(
        "  2099-01-01 00:00:00 UTC  OPEN OPEN 2098-12-31 23:59:59 UTC")


# --- diff ---------------------------------------------------------------

@pytest.fixture
def differ(tmp_path):
    """Rows of the difference between the tests' table and another one."""
    def compare(entries, old=None, diverts=False):
        paths = []
        for name, some in (("old", old or table.entries()),
                           ("new", entries)):
            path = tmp_path / (name + ".ldif")
            path.write_text(table.ldif(some))
            path.chmod(0o600)
            paths.append(path)
        status, found = asked("diff", *paths)
        assert status == (1 if found else 0)
        back_status, back = asked("diff", *reversed(paths))
        assert back_status == status
        turned = {"widens": "narrows", "narrows": "widens",
                  "changes": "changes"}
        if diverts:
            turned = {"widens": "changes", "changes": "widens"}
        assert sorted(back) == sorted(
            [turned[row[0]]] + row[1:4] + [row[5], row[4]] for row in found)
        return found
    return compare


def changed(cn, old, new):
    entries = [entry.replace(old, new) if "\ncn: %s\n" % cn in entry
               else entry for entry in table.entries()]
    assert entries != table.entries()
    return entries


def test_diff_of_equal_tables(differ):
    assert differ(list(reversed(table.entries()))) == []


@pytest.mark.parametrize("cn, old, new, access, attribute", [
    (ALPHA, "OPEN RESTRICTED:HR", "OPEN RESTRICTED", "narrows",
     "trMembership"),
    (table.host("gamma"), "OPEN RESTRICTED", "OPEN RESTRICTED:HR", "widens",
     "trMembership"),
    (ALPHA, "PUBLIC SECRET:", "INTERNAL TOPSECRET:", "changes",
     "trMembership"),
    (ALPHA, "RESTRICTED:HR", "RESTRICTED:HR 20990101000000Z", "narrows",
     "trMembership"),
    (ALPHA, "trMembership: corporate OPEN RESTRICTED:HR\n", "", "narrows",
     "trMembership"),
    (GAMMA, "trPrincipal:", "trRestriction: corporate OPEN OPEN\n"
     "trPrincipal:", "narrows", "trRestriction"),
    (ALPHA, "trPrincipal:", "trAlias: www.example.test\ntrPrincipal:",
     "widens", "trAlias"),
    (ALPHA, "trPrincipal:", "trEnabled: FALSE\ntrPrincipal:", "narrows",
     "trEnabled"),
    (ALPHA, "trustrealm/alpha", "host/alpha", "changes", "trPrincipal"),
    ("engineering", "trDOI:", "trRequiredAttribute: a=b\ntrDOI:", "narrows",
     "trRequiredAttribute"),
    ("engineering", "trDOI:", "trDelegation: host\ntrDOI:", "widens",
     "trDelegation"),
    ("engineering", "trDOI:", "trLifetime: 60\ntrDOI:", "narrows",
     "trLifetime"),
    ("engineering", "trDOI:", "trKernelLifetime: 301\ntrDOI:", "widens",
     "trKernelLifetime"),
    ("engineering", "trDOI:", "trKernelLifetime: 301\ntrKernelLifetime: 299\n"
     "trDOI:", "narrows", "trKernelLifetime"),
    ("engineering", "trConfidentialFrom:", "trConfidentialFrom: INTERNAL\n"
     "trConfidentialFrom:", "narrows", "trConfidentialFrom"),
    ("engineering", "trDOI:", "trMode: dry-run\ntrDOI:", "widens", "trMode"),
    ("engineering", "trPolicy: mls", "trPolicy: equal", "narrows",
     "trPolicy"),
    ("engineering", "trConfidentialFrom: TOPSECRET",
     "trConfidentialFrom: SECRET", "narrows", "trConfidentialFrom"),
    ("engineering", "trPriority: 20", "trPriority: 5", "changes",
     "trPriority"),
    ("engineering", "2 SECRET", "2 COSMIC", "changes", "trLevel"),
])
def test_diff_says_what_widens(differ, cn, old, new, access, attribute):
    (row,) = differ(changed(cn, old, new))
    assert [row[0], row[2], row[3]] == [access, cn, attribute]
    assert row[4] != row[5]


@pytest.mark.parametrize("before, after", [
    ("trLifetime: 60", "trLifetime: 600\ntrLifetime: 60"),
    ("trLifetime: 60\ntrLifetime: 600", "trLifetime: 0\ntrLifetime: 60"),
    ("trMode: enforce", "trKernelLifetime: 300\ntrKernelLifetime: 900"),
])
def test_diff_of_values_without_effect(differ, before, after):
    """Of a limit, of which a narrower value holds in both."""
    old, new = (changed("engineering", "trDOI:", lines + "\ntrDOI:")
                for lines in (before, after))
    assert differ(new, old) == []


@pytest.mark.parametrize("old, new", [
    ("trMembership: engineering PUBLIC SECRET:CRYPTO,RADAR\n", ""),
    ("PUBLIC SECRET:CRYPTO,RADAR", "PUBLIC SECRET:CRYPTO"),
    ("CRYPTO,RADAR", "CRYPTO,RADAR 20990101000000Z"),
    ("trPrincipal:", "trRestriction: engineering PUBLIC SECRET\ntrPrincipal:"),
])
def test_diff_of_a_member_of_a_trust_realm_behind(differ, old, new):
    """What engineering does not take any more may go by corporate, so it is
    not only narrower; to have it again is wider."""
    (row,) = differ(changed(ALPHA, old, new), diverts=True)
    assert row[:4] == ["changes", "system", ALPHA, "trRestriction"
                       if "trRestriction" in new else "trMembership"]


@pytest.mark.parametrize("old, new, access", [
    ("OPEN RESTRICTED", "OPEN RESTRICTED:HR", "changes"),
    ("OPEN RESTRICTED", "OPEN OPEN", "narrows"),
])
def test_diff_compares_what_restrictions_leave(differ, old, new, access):
    """A wider range is none where a restriction holds."""
    restricted = changed(GAMMA, "trPrincipal:", "trRestriction: corporate "
                         "OPEN RESTRICTED\ntrPrincipal:")
    entries = [entry.replace("trMembership: corporate " + old,
                             "trMembership: corporate " + new)
               if "\ncn: %s\n" % GAMMA in entry else entry
               for entry in restricted]
    (row,) = differ(entries, restricted)
    assert [row[0], row[3]] == [access, "trMembership"]


def test_diff_of_a_member_when_levels_have_changed(differ):
    """Ranges of other levels cannot be compared."""
    entries = [entry.replace("SECRET", "COSMIC") for entry in table.entries()]
    found = differ(entries)
    assert {row[0] for row in found if row[3] == "trMembership"} == \
        {"changes"}


def test_diff_of_entries_that_come_and_go(differ):
    found = differ(table.entries() + [
        table.system("zeta", ["corporate OPEN OPEN"]),
        table.user("zoe", ["corporate OPEN OPEN"])])
    assert [row[:4] for row in found if row[3] == "entry"] == [
        # a user without an entry is not limited
        ["narrows", "clearance", "zoe@" + table.REALM, "entry"],
        ["widens", "system", table.host("zeta"), "entry"]]
    assert ["widens", "system", table.host("zeta"), "trMembership", "-",
            "corporate OPEN OPEN"] in found


def test_a_name_that_became_an_alias(differ):
    """delta is gone; that alpha is called so as well does not hide it."""
    entries = [entry for entry in changed(
        ALPHA, "trPrincipal:", "trAlias: %s\ntrPrincipal:" % DELTA)
        if "\ncn: %s\n" % DELTA not in entry]
    assert {(row[2], row[3], row[0]) for row in differ(entries)} == {
        (ALPHA, "trAlias", "widens"), (DELTA, "entry", "narrows"),
        (DELTA, "cn", "narrows"), (DELTA, "trPrincipal", "narrows")}


def test_diff_in_json(ldif, tmp_path):
    path = ldif(table.system("zeta", []))
    old = tmp_path / "old.ldif"
    old.write_text(table.ldif(table.entries()))
    old.chmod(0o600)
    status, out, _ = trustrealm("diff", old, path, "--json")
    answer = json.loads(out)
    assert status == 1
    assert answer["differences"][0] == {
        "access": "widens", "kind": "system", "name": table.host("zeta"),
        "attribute": "entry", "old": None, "new": "present"}
    assert answer["old"]["source"] == "ldif:%s" % old


@pytest.mark.parametrize("arguments", [
    ["reach"], ["reach", "--from", ALPHA, "--user", "bob"],
    ["reach", "--from", ALPHA, "x"], ["who"], ["who", "--realm"],
    ["diff"], ["diff", "a", "b", "c"], ["cache", "a", "b"]],
    ids=lambda arguments: " ".join(arguments))
def test_wrong_usage(arguments):
    status, out, err = trustrealm(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("trustrealm " + arguments[0])
