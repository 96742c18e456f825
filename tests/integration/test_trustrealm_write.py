# tests/integration/test_trustrealm_write.py - change the trust realm table
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm writes to a real slapd and to an LDIF file.

Every case runs on both, and both must end the same."""

import json
import os
import signal
import subprocess
import threading

import pytest

from testlib import servers, table
from testlib.directory import Directory
from testlib.process import base_environment, eventually, run
from testlib.realm import Realm
from testlib.scratch import Scratch
from testlib.stores import Between, File, Server, trustrealm

ALPHA, BETA, GAMMA, DELTA = (
    table.system_dn(name) for name in ("alpha", "beta", "gamma", "delta"))
ALICE, BOB = (table.user_dn(name) for name in ("alice", "bob"))
NAVY = "trFormat=navy+trRealmName=engineering,ou=maps," + table.BASE
USER = "uid=%s,cn=example.test,cn=gssapi,cn=auth"

# What bob may write: not gamma, no account, and no system that is new.
ACCESS = """\
access to dn.exact={gamma} by dn.exact={bob} read by * break
access to dn.subtree={people} by dn.exact={bob} read by * break
access to dn.exact=ou=systems,{suffix} attrs=children
    by dn.exact={bob} none by * break
access to dn.exact=ou=systems,{base} attrs=children
    by dn.exact={bob} none by * break
access to dn.subtree={suffix} by dn.exact={bob} write by * break
limits dn.exact={bob} size=unlimited
""".format(gamma=GAMMA, people=table.PEOPLE, base=table.BASE,
           suffix=table.SUFFIX, bob=USER % "bob")


class Shared(Directory):
    """That bob may write to."""

    def _access(self):
        return ACCESS + super()._access()


def entries():
    return table.suffix_entries() + table.entries()


def program():
    return servers.built("tools/trustrealm/trustrealm")


class Site:
    """A server and a file with the same entries, and a KDC."""

    def __init__(self):
        self.scratch = Scratch()
        self.realm = Realm(self.scratch)
        keytab = self.scratch.join("ldap.keytab")
        users = self.scratch.join("users.keytab")
        self.realm.create({keytab: ["ldap/127.0.0.1"],
                           users: ["bob", "stranger"]})
        self.realm.start()
        self.directory = Shared(self.scratch, self.realm, keytab)
        self.directory.create(entries())
        self.directory.start()
        self.server = Server(self.directory)
        self.file = File(self.scratch.join("table.ldif"))
        self.stores = (self.server, self.file)
        self.caches = {}
        for user in ("bob", "stranger"):
            self.caches[user] = self.scratch.join(user + ".cc")
            self.realm.kinit(user, users, self.caches[user])

    def reset(self):
        for store in self.stores:
            store.reset(entries())

    def run(self, store, *arguments, **options):
        return trustrealm(program(), *arguments, *store.options, **options)

    def both(self, *arguments):
        """Do it to both; the results, which must be the same."""
        a, b = (self.run(store, *arguments) for store in self.stores)
        assert (a.status, sorted(a.out.splitlines())) == \
            (b.status, sorted(b.out.splitlines())), (a, b)
        assert (a.err.replace(self.directory.ldapi, "IT")
                == b.err.replace(self.file.path, "IT"))
        assert self.server.dump() == self.file.dump()
        return a

    def as_user(self, user, *arguments):
        """Over TCP, by the user's ticket."""
        env = self.realm.environment()
        env["KRB5CCNAME"] = "FILE:" + self.caches[user]
        return trustrealm(program(), *arguments, "--uri", self.directory.uri,
                          "--base", table.SUFFIX, env=env)


@pytest.fixture(scope="module")
def started():
    try:
        site = Site()
    except servers.Missing as missing:
        if os.environ.get("TR_REQUIRE"):
            raise
        pytest.skip(str(missing))
    yield site
    site.scratch.close()


@pytest.fixture
def site(started):
    started.reset()
    return started


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

SYSTEM = ("trPrincipal", "trustrealm/new.example.test@EXAMPLE.TEST")
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
    assert site.both("check").err == ""
    assert site.both(*(arguments if arguments[1] == "set" and not expected
                       else ["realm", "list"])).status == 0


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


def test_enabled_again(site):
    site.both("system", "disable", "beta.example.test")
    assert site.both("system", "enable", "beta.example.test").status == 0
    assert ("trEnabled", "TRUE") in site.server.dump()[BETA]


def test_nothing_to_change_writes_nothing(site):
    before = os.stat(site.file.path).st_ino
    done = site.both("realm", "set", "engineering", "--priority", "20")
    assert (done.status, done.out) == (0, "")
    assert os.stat(site.file.path).st_ino == before


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
     "its DOI belongs to another entry: engineering"),
    (["realm", "add", "other", "--level", "0 a"], "trDOI: missing"),
    (["realm", "add", "other", "--doi", "5", "--level", "SECRET"],
     'trLevel: "SECRET": "NUMBER NAME" expected'),
    (["realm", "set", "engineering", "--level", "2 GRAVE"],
     "SECRET:CRYPTO of engineering: Unknown level"),
    (["realm", "set", "engineering", "--unset", "level=TOPSECRET",
      "--confidential-from", "SECRET"],
     "label map engineering, navy: engineering has no level TOPSECRET"),
    (["realm", "set", "engineering", "--unset", "category=CRYPTO"],
     "Unknown category"),
    (["realm", "set", "engineering", "--unset", "category=NUCLEAR"],
     "engineering has no category NUCLEAR"),
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


@pytest.mark.parametrize("arguments, reason", [
    (["system", "join", "delta.example.test", "--low", "A", "--high", "B"],
     "--realm is missing"),
    (["system", "join", "delta.example.test", "--realm", "x", "--low",
      "A B", "--high", "B"], '--low "A B": one word'),
    (["system", "join", "delta.example.test", "--realm", "x", "--low", "A",
      "--high", "B", "--until", "2037-13-01"], "YYYY-MM-DD or"),
    (["system", "leave", "delta.example.test"], "either --realm or --all"),
    (["system", "add", "a b"], "'a b' is not a SYSTEM"),
    (["system", "add", "x,dc=y"], "is not a SYSTEM"),
    (["map", "add", "engineering"], "is not a REALM/FORMAT"),
    (["realm", "set", "engineering"], "nothing to set"),
    (["realm", "set", "engineering", "--unset", "colour"],
     "there is no option --colour"),
    (["realm", "set"], "REALM is missing"),
    (["realm", "show", "a", "b"], "'b' is no option"),
])
def test_usage(site, arguments, reason):
    before = site.server.dump()
    wrong = site.both(*arguments)
    assert wrong.status == 2, wrong
    assert reason in wrong.err and "try --help" in wrong.err
    assert site.server.dump() == before


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
    done = trustrealm(program(), "system", "remove", "beta.example.test",
                      "-c", config)
    assert done.status == 0, done
    assert "warning: configuration" in done.err
    assert BETA not in site.server.dump()
    swapped = trustrealm(program(), "map", "set", "engineering/navy",
                         "--level", "white INTERNAL", "--level",
                         "blue PUBLIC", "-c", config)
    assert swapped.status == 1, swapped
    assert "loses dominance" in swapped.err


# --- reading ------------------------------------------------------------

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
    if arguments != ["check"]:
        assert a == b
    if arguments[1:] == ["list"]:
        assert len(a) <= len(text.out.splitlines())
    if arguments[1:2] == ["show"]:
        assert a["dn"] in text.out


def test_shown_as_numbers_and_lists(site):
    shown = json.loads(site.both("realm", "show", "engineering",
                                 "--json").out)
    assert shown["doi"] == 2001 and shown["priority"] == 20
    assert shown["level"] == ["0 PUBLIC", "1 INTERNAL", "2 SECRET",
                              "3 TOPSECRET"]
    assert shown["carrier"] == []


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
    listed = site.run(site.server, "system", "list", timeout=60)
    assert len(listed.out.splitlines()) == 2304
    as_bob = site.as_user("bob", "system", "list")
    assert as_bob.out == listed.out


def test_not_shown_everything_is_an_error(site):
    """A limit of the server must not look like an empty rest."""
    refused = site.as_user("stranger", "system", "list")
    assert refused.status == 3
    assert "No such object" in refused.err


# --- two at once --------------------------------------------------------

def late_join(site, before, system, realm, low, high, **options):
    """Join, while before() is done by somebody else in between."""
    with Between(site.scratch, site.directory, before, **options) as between:
        return trustrealm(program(), "system", "join",
                          system + ".example.test", "--realm", realm,
                          "--low", low, "--high", high, "--uri", between.uri,
                          "--base", table.SUFFIX)


def memberships(site, dn):
    return [v for a, v in site.server.dump()[dn] if a == "trMembership"]


@pytest.mark.parametrize("assertions", [True, False])
def test_lost_update_is_refused(site, assertions):
    """Somebody else changes the value between our look and our write."""
    def somebody(_):
        site.directory.replace(BETA, "trMembership", "corporate OPEN OPEN")

    late = late_join(site, somebody, "beta", "engineering", "PUBLIC",
                     "PUBLIC", assertions=assertions)
    assert late.status == 1, late
    assert BETA + ": somebody else has changed it meanwhile" in late.err
    assert memberships(site, BETA) == ["corporate OPEN OPEN"]


@pytest.mark.parametrize("options", [
    {}, {"assertions": False, "search_of": DELTA}], ids=["", "without"])
def test_change_of_another_value_counts(site, options):
    """Two memberships in one trust realm would make the entry useless: a
    value beside ours is as good a reason."""
    def somebody(_):
        site.directory.replace(DELTA, "trMembership", "corporate OPEN OPEN")

    late = late_join(site, somebody, "delta", "corporate", "OPEN",
                     "RESTRICTED", **options)
    assert late.status == 1, late
    assert memberships(site, DELTA) == ["corporate OPEN OPEN"]


@pytest.mark.parametrize("kind", ["server", "file"])
def test_many_administrators(site, kind):
    """Each change is there, or was refused to him who asked for it."""
    store = getattr(site, kind)
    results = {}

    def administrator(i):
        results[i] = site.run(store, "system", "set", "delta.example.test",
                              "--alias", "d%d.example.test" % i, timeout=60)

    threads = [threading.Thread(target=administrator, args=(i,))
               for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = {i for i in results if results[i].status == 0}
    assert {r.status for r in results.values()} <= {0, 1}
    assert done
    if kind == "file":
        assert len(done) == 8
    there = {v for a, v in store.dump()[DELTA] if a == "trAlias"}
    assert there == {"d%d.example.test" % i for i in done}


def test_locked_file_is_waited_for(site):
    """Another process that changes the file, as flock(1) does it."""
    with open(site.file.path) as held:
        holder = subprocess.Popen(
            ["flock", site.file.path, "sleep", "1"], stdin=held,
            env=base_environment())
        try:
            done = site.run(site.file, "system", "disable",
                            "beta.example.test")
        finally:
            holder.wait()
    assert done.status == 0
    assert ("trEnabled", "FALSE") in site.file.dump()[BETA]


# --- failures in the middle ---------------------------------------------

@pytest.mark.parametrize("what", ["modified", "deleted"])
def test_what_fails_in_the_middle_is_taken_back(site, what):
    """bob may change alpha and beta but not gamma; with gamma out of the
    way, he may delete the trust realm but change no account."""
    if what == "deleted":
        site.run(site.server, "system", "leave", "gamma.example.test",
                 "--all")
    before = site.server.dump()
    failed = site.as_user("bob", "realm", "remove", "corporate", "--force")
    assert failed.status == 1, failed
    assert "Insufficient access" in failed.err
    assert BETA + ": taken back" in failed.err
    assert (table.CORPORATE + ": taken back" in failed.err) == \
        (what == "deleted")
    assert site.server.dump() == before


def test_container_is_taken_back(site):
    """bob may make the container, but nothing in it."""
    site.server.reset([e for e in entries() if "ou=systems" not in e])
    before = site.server.dump()
    failed = site.as_user("bob", "system", "add", "new.example.test",
                          "--principal", SYSTEM[1])
    assert failed.status == 1, failed
    container = "ou=systems," + table.SUFFIX
    assert container + ": taken back" in failed.err
    assert site.server.dump() == before


def test_what_others_have_put_in_stays(site):
    def somebody(n):
        if n == 2:
            site.directory.add(table.entry(
                "trFormat=air+trRealmName=corporate,ou=maps," + table.BASE,
                objectClass="trLabelMap", trFormat="air",
                trRealmName="corporate"))

    site.server.reset([e for e in entries() if "trLabelMap" not in e
                       and "ou=maps" not in e])
    with Between(site.scratch, site.directory, somebody) as between:
        late = trustrealm(program(), "map", "add", "corporate/air",
                          "--level", "a OPEN", "--uri", between.uri, "--base",
                          table.BASE)
    assert late.status == 1, late
    # The container has an entry now, which is not ours.
    assert "ou=maps,%s: was changed and could not be taken back" \
        % table.BASE in late.err


def test_interruption_waits(site):
    """A signal in the middle comes when all is done."""
    child = None

    def interrupt(n):
        if n == 2:
            child.send_signal(signal.SIGTERM)

    with Between(site.scratch, site.directory, interrupt) as between:
        child = subprocess.Popen(
            [program(), "realm", "remove", "corporate", "--force", "--uri",
             between.uri, "--base", table.SUFFIX], env=base_environment(),
            stdout=subprocess.DEVNULL)
        assert child.wait(30) == -signal.SIGTERM
    assert not [v for values in site.server.dump().values() for v in values
                if v[1].split()[0] == "corporate"]


def test_entry_that_is_gone(site):
    late = late_join(site, lambda _: site.directory.delete(DELTA), "delta",
                     "corporate", "OPEN", "OPEN")
    assert late.status == 1, late
    assert "somebody else has changed it" in late.err


def test_by_ticket(site):
    done = site.as_user("bob", "system", "disable", "beta.example.test")
    assert done.status == 0, done
    assert ("trEnabled", "FALSE") in site.server.dump()[BETA]


def test_not_permitted(site):
    before = site.server.dump()
    for arguments in (["system", "disable", "gamma.example.test"],
                      ["system", "add", "new.example.test"]):
        refused = site.as_user("bob", *arguments)
        assert refused.status == 1, refused
        assert "Insufficient access" in refused.err
    assert site.server.dump() == before


def test_server_away(site):
    away = trustrealm(program(), "realm", "list", "--uri",
                      "ldapi://%2Fnowhere", "--base", table.SUFFIX)
    assert away.status == 3
    assert "Can't contact LDAP server" in away.err


@pytest.mark.parametrize("options, reason", [
    (["--uri", "http://x", "--base", "x"], "not an LDAP URI"),
    (["--uri", "ldap://x", "--base", "x", "--bind", "simple:cn=x:/f"],
     "a password needs TLS"),
    (["--uri", "ldap://x", "--base", "x", "--bind", "who"], "way to bind"),
    (["--uri", "ldap://x", "--ldif", "y"], "either --ldif or --uri")])
def test_directory_options(options, reason):
    done = trustrealm(program(), "realm", "list", *options)
    assert done.status == 2
    assert reason in done.err


# --- a daemon that reads it ---------------------------------------------

def test_daemon_sees_what_is_written(world):
    """leave: refused; join: delivered again."""
    server = world.server("beta")

    def change(*arguments):
        systems = (world.alpha, world.beta)
        before = [system.table_generation() for system in systems]
        done = trustrealm(program(), "system", *arguments, "--uri",
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


def imported(site, store, entries, *options):
    """Import a file of these entries; its result and what it counted."""
    path = site.scratch.write("import.ldif", "\n".join(entries))
    done = site.run(store, "import", path, "--json", *options)
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


def test_import_goes_on_where_it_ended(site):
    """bob may not write gamma: what is before it is in the directory."""
    path = site.scratch.write("import.ldif", "\n".join([
        table.system("gamma", ["corporate OPEN OPEN"]),
        table.system("beta", ["corporate OPEN RESTRICTED"])]))
    before = site.server.dump()
    done = site.as_user("bob", "import", path)
    assert done.status == 1
    assert "0 of 2 entries were written" in done.err
    assert site.server.dump() == before
    done = site.as_user("bob", "import", path, "--keep-going", "--json")
    assert done.status == 1
    counts = json.loads(done.out)
    assert (counts["changed"], counts["refused"]) == (1, 1)
    assert set(difference(before, site.server.dump())) == {BETA}


BAD = ["dn: cn=bad,ou=systems,%s\nobjectClass: trSystem\ncn: bad\n"
       "trPrincipal: x@Y\ntrMembership: engineering\n" % table.BASE,
       "dn: cn=worse,ou=systems,%s\nthis is no line of LDIF\n" % table.BASE]


@pytest.mark.parametrize("bad, line", [(BAD[0], 7), (BAD[1], 8)])
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


def test_import_is_judged_as_a_whole(site, store):
    before = store.dump()
    done, _ = imported(site, store, [new_system(1, "nowhere A B")])
    assert done.status == 1
    assert "nowhere" in done.err and "refused" in done.err
    assert store.dump() == before


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
    done = site.run(target, "import", path, "--json")
    assert done.status == 0, done
    assert site.run(target, "export").out == everything
