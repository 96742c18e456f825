# tests/integration/test_trustrealm_together.py - several administrators
# SPDX-License-Identifier: BSD-2-Clause
"""Changes that meet other changes, or fail in the middle: nothing of anybody
is lost, and nothing is left half done."""

import fcntl
import signal
import subprocess
import threading

import pytest

from testlib import table
from testlib.process import base_environment, eventually
from testlib.stores import BETA, DELTA, PASSWORD, SYSTEM, Between, entries
from testlib.tool import program, trustrealm


def late_join(site, before, system, realm, low, high, **options):
    """Join, while before() is done by somebody else in between."""
    with Between(site.scratch, site.directory, before, **options) as between:
        return trustrealm("system", "join",
                          system + ".example.test", "--realm", realm,
                          "--low", low, "--high", high, "--uri", between.uri,
                          "--base", table.SUFFIX)


def memberships(site, dn):
    return [v for a, v in site.server.dump()[dn] if a == "trMembership"]


# --- one's own machine --------------------------------------------------

@pytest.mark.parametrize("arguments, says", [
    (["realm", "list"], "engineering"),
    (["system", "show", "beta.example.test"], "trustrealm/beta"),
    (["explain", "--from", "alpha.example.test", "--to",
      "beta.example.test"], "result\tallowed"),
    (["reach", "--from", "alpha.example.test"], "beta.example.test"),
    (["who", "--realm", "engineering"], "beta.example.test"),
    (["map", "check"], ""),
    (["export"], "dn: " + BETA),
    (["graph"], "engineering"),
    (["system", "disable", "beta.example.test", "--dry-run"], "trEnabled"),
])
def test_where_the_table_is_is_all_that_a_tool_needs(site, arguments, says):
    path = site.scratch.write(
        "tools.conf", "[table]\n source = %s\n base = %s\n"
        % (site.directory.ldapi, table.SUFFIX), 0o600)
    done = trustrealm(*arguments, "-c", path)
    assert (done.status, says in done.out) == (0, True), done


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
                              "--alias", "d%d.example.test" % i)

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
    """Another process that changes the file, as flock(1) does it, and writes
    to it."""
    with open(site.file.path) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with subprocess.Popen(
                [program(), "system", "disable", "beta.example.test",
                 *site.file.options], env=base_environment(),
                stdout=subprocess.DEVNULL) as child:
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(1)
            assert ("trEnabled", "FALSE") not in site.file.dump()[BETA]
            with open(site.file.path, "a") as appended:
                appended.write("\n" + table.system("late", []))
            fcntl.flock(held, fcntl.LOCK_UN)
    assert child.returncode == 0
    assert ("trEnabled", "FALSE") in site.file.dump()[BETA]
    assert table.system_dn("late") in site.file.dump()


# --- failures in the middle ---------------------------------------------

def test_what_fails_in_the_middle_is_taken_back(site):
    """bob may change alpha and beta but not gamma."""
    before = site.server.dump()
    failed = site.as_user("bob", "realm", "remove", "corporate", "--force")
    assert failed.status == 1, failed
    assert "Insufficient access" in failed.err
    assert BETA + ": taken back" in failed.err
    assert site.server.dump() == before


#: realm remove: three memberships, two clearances and maps, the trust realm.
WRITES = 8


def test_what_is_deleted_is_taken_back(site):
    """Somebody changes the trust realm just before it goes."""
    def somebody(n):
        if n == WRITES:
            site.directory.replace(table.CORPORATE, "description", "changed")

    before = site.server.dump()
    with Between(site.scratch, site.directory, somebody) as between:
        failed = trustrealm("realm", "remove", "corporate", "--force",
                            "--uri", between.uri, "--base", table.SUFFIX)
    assert failed.status == 1, failed
    maps = [dn for dn in before if dn.endswith("ou=maps," + table.BASE)
            and ("trRealmName", "corporate") in before[dn]]
    assert maps and all(dn + ": taken back" in failed.err for dn in maps)
    after = site.server.dump()
    assert ("description", "changed") in after[table.CORPORATE]
    del before[table.CORPORATE], after[table.CORPORATE]
    assert after == before


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
        late = trustrealm("map", "add", "corporate/air",
                          "--level", "a OPEN", "--uri", between.uri, "--base",
                          table.BASE)
    assert late.status == 1, late
    # The container has an entry now, which is not ours.
    assert "ou=maps,%s: was changed and could not be taken back" \
        % table.BASE in late.err


def through(site, fates, *arguments):
    """What trustrealm does when fates, by number of the write, befall it."""
    with Between(site.scratch, site.directory, fates.get) as between:
        return trustrealm(*arguments, "--uri", between.uri, "--base",
                          table.SUFFIX)


#: Of a connection that breaks, once.
BREAKS = [Between.CUT, Between.UNANSWERED, Between.ENDED]


@pytest.mark.parametrize("fate", BREAKS)
@pytest.mark.parametrize("moment", [1, 4, 6, WRITES])
def test_connection_that_breaks(site, moment, fate):
    """A membership, a clearance, a map, the trust realm: it may have gone
    when no answer came."""
    done = through(site, {moment: fate}, "realm", "remove", "corporate",
                   "--force")
    assert (done.status, done.err) == (0, "")
    assert named(site) == []


@pytest.mark.parametrize("fate", BREAKS)
@pytest.mark.parametrize("moment", [1, 2])
def test_connection_that_breaks_with_what_is_new(site, moment, fate):
    """A container, and what goes into it."""
    site.server.reset([e for e in entries() if "ou=systems" not in e])
    done = through(site, {moment: fate}, "system", "add", "new.example.test",
                   "--principal", SYSTEM[1])
    assert (done.status, done.err) == (0, "")
    assert SYSTEM in site.server.dump()[
        "cn=new.example.test,ou=systems," + table.SUFFIX]


@pytest.mark.parametrize("fate", BREAKS)
@pytest.mark.parametrize("moment", [1, 3, 4])
def test_connection_that_breaks_on_the_way_back(site, moment, fate):
    """Somebody changes the trust realm just before it goes; maps, then
    clearances, come back."""
    fates = {WRITES + moment: fate}

    def happens(n):
        if n == WRITES:
            site.directory.replace(table.CORPORATE, "description", "changed")
        return fates.get(n)

    before = site.server.dump()
    with Between(site.scratch, site.directory, happens) as between:
        failed = trustrealm("realm", "remove", "corporate", "--force",
                            "--uri", between.uri, "--base", table.SUFFIX)
    assert failed.status == 1, failed
    assert failed.err.count(": taken back") == WRITES - 1
    after = site.server.dump()
    del before[table.CORPORATE], after[table.CORPORATE]
    assert after == before


@pytest.mark.parametrize("fate", BREAKS)
def test_container_is_taken_back_when_the_connection_breaks(site, fate):
    """The server does not take what goes into it."""
    site.server.reset([e for e in entries() if "ou=maps" not in e])
    before = site.server.dump()
    with Between(site.scratch, site.directory, {3: fate}.get,
                 replaced={b"a OPEN": b"a\xffOPEN"}) as between:
        failed = trustrealm("map", "add", "corporate/air", "--level",
                            "a OPEN", "--uri", between.uri, "--base",
                            table.BASE)
    assert failed.status == 1 and "Invalid syntax" in failed.err, failed
    assert "ou=maps,%s: taken back" % table.BASE in failed.err
    assert site.server.dump() == before


@pytest.mark.parametrize("moment", [1, 5])
def test_server_that_goes_away(site, moment):
    """What was done is told, and the same command does what is left."""
    remove = ["realm", "remove", "corporate", "--force"]
    failed = through(site, {moment: Between.AWAY}, *remove)
    assert failed.status == 3
    assert failed.err.count("whether it was changed is not known") == 1
    assert failed.err.count("was changed and could not be taken back") == \
        moment - 1
    assert len(named(site)) == WRITES + 1 - moment
    assert site.run(site.server, *remove).status == 0
    assert named(site) == []


def test_another_server_goes_on(site):
    """Of several, the next one."""
    with Between(site.scratch, site.directory,
                 {5: Between.AWAY}.get) as between:
        done = trustrealm("realm", "remove", "corporate", "--force", "--uri",
                          between.uri + " " + site.directory.ldapi, "--base",
                          table.SUFFIX)
    assert (done.status, done.err) == (0, "")
    assert named(site) == []


def test_interruption_waits(site):
    """A signal in the middle comes when all is done, and that is told."""
    child = None

    def interrupt(n):
        if n == 2:
            child.send_signal(signal.SIGTERM)

    with Between(site.scratch, site.directory, interrupt) as between:
        child = subprocess.Popen(
            [program(), "realm", "remove", "corporate", "--force", "--uri",
             between.uri, "--base", table.SUFFIX], env=base_environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        _, err = child.communicate(timeout=30)
    assert child.returncode == -signal.SIGTERM
    assert err == "trustrealm: interrupted, when it was done\n"
    assert named(site) == []


def named(site):
    """Entries that name corporate, and its own."""
    return [dn for dn, values in site.server.dump().items()
            if any(v.split()[0] == "corporate" for _, v in values)]


@pytest.mark.parametrize("moment", range(1, WRITES))
def test_who_is_killed_has_only_narrowed(site, moment):
    """What is done lets nobody do more than before, and the same command does
    what is left."""
    child = None

    def kill(n):
        if n == moment:
            child.kill()
            child.wait()

    before, after = site.scratch.join("before"), site.scratch.join("after")
    remove = ["realm", "remove", "corporate", "--force"]
    site.run(site.server, "export", "-o", before)
    with Between(site.scratch, site.directory, kill) as between:
        child = subprocess.Popen(
            [program(), *remove, "--uri", between.uri, "--base",
             table.SUFFIX], env=base_environment(), stdout=subprocess.DEVNULL)
        assert child.wait(30) == -signal.SIGKILL
    # What was on its way is done when the server answers about it.
    eventually(lambda: len(named(site)) == WRITES - moment)
    site.run(site.server, "export", "-o", after)
    differs = trustrealm("diff", before, after)
    assert differs.status == 1, differs
    kinds = {line.split("\t")[0] for line in differs.out.splitlines()}
    # That of a map, of a trust realm that has no members any more.
    assert kinds - {"changes"} == {"narrows"}
    assert ("changes" in kinds) == (moment > 5)
    again = site.run(site.server, *remove)
    assert again.status == 0, again
    assert named(site) == []


#: When somebody else removes it, and whether the server has assertions.
MOMENTS = {"before the write": {}, "without assertions": {
    "assertions": False}, "before the second look": {
        "assertions": False, "search_of": DELTA}}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("verb", [
    ["join", "--realm", "corporate", "--low", "OPEN", "--high", "OPEN"],
    ["remove"]], ids=["modify", "delete"])
def test_entry_that_is_gone(site, verb, moment):
    with Between(site.scratch, site.directory,
                 lambda _: site.directory.delete(DELTA),
                 **MOMENTS[moment]) as between:
        late = trustrealm("system", verb[0], "delta.example.test", *verb[1:],
                          "--uri", between.uri, "--base", table.SUFFIX)
    assert late.status == 1, late
    assert late.err.strip() == "trustrealm: %s: is gone: somebody else has " \
        "removed it meanwhile" % DELTA


def test_parent_that_is_gone(site):
    """Of an entry that is to come."""
    parent = "ou=new," + table.BASE
    site.directory.add(table.unit("new", table.BASE))
    with Between(site.scratch, site.directory,
                 lambda _: site.directory.delete(parent)) as between:
        late = trustrealm("system", "add", "new.example.test", "--principal",
                          SYSTEM[1], "--parent", parent, "--uri",
                          between.uri, "--base", table.SUFFIX)
    assert late.status == 3, late
    assert "cn=new.example.test,%s: there is no entry %s to add it below" % (
        parent, parent) in late.err


ADMIN = ("dn:cn=admin," + table.SUFFIX).encode()


@pytest.mark.parametrize("called", [
    ADMIN, b"u::" + ADMIN[3:], b"dn:" + b" " * len(ADMIN[3:]),
    b"dn:=" + ADMIN[4:]], ids=["DN", "no DN", "empty", "broken"])
def test_who_approves_is_known(site, called):
    """It is our own proposal, whatever the server calls us."""
    site.directory.add(table.unit("pending", table.BASE))
    site.directory.add(table.entry(
        "cn=one,ou=pending," + table.BASE, objectClass="trPending", cn="one",
        trTarget=DELTA, trChange="trMembership corporate OPEN OPEN"))
    with Between(site.scratch, site.directory, None,
                 replaced={ADMIN: called}) as between:
        done = trustrealm("pending", "approve", "one", "--dry-run", "--uri",
                          between.uri, "--base", table.BASE)
    assert (done.status, done.out) == (1, "")
    assert ("you proposed it yourself" if called == ADMIN else
            "which is no DN") in done.err


def test_by_ticket(site):
    done = site.as_user("bob", "system", "disable", "beta.example.test")
    assert done.status == 0, done
    assert ("trEnabled", "FALSE") in site.server.dump()[BETA]


def test_by_password_through_tls(site):
    """The server is known by its certificate, or nothing is said to it."""
    password = site.scratch.write("password", PASSWORD + "\n")
    arguments = ["system", "disable", "beta.example.test", "--uri",
                 site.directory.uri, "--base", table.SUFFIX, "--bind",
                 "simple:cn=admin,%s:%s" % (table.SUFFIX, password)]
    assert trustrealm(*arguments).status == 2
    stranger = trustrealm(*arguments, "--starttls")
    assert stranger.status == 3 and "StartTLS" in stranger.err
    done = trustrealm(*arguments, "--starttls", "--ca-file",
                      site.directory.certificate)
    assert done.status == 0, done
    assert ("trEnabled", "FALSE") in site.server.dump()[BETA]
    site.scratch.write("password", "guessed\n")
    wrong = trustrealm(*arguments, "--starttls", "--ca-file",
                       site.directory.certificate)
    assert wrong.status == 3 and "Invalid credentials" in wrong.err


def test_not_permitted(site):
    before = site.server.dump()
    for arguments in (["system", "disable", "gamma.example.test"],
                      ["system", "add", "new.example.test"]):
        refused = site.as_user("bob", *arguments)
        assert refused.status == 1, refused
        assert "Insufficient access" in refused.err
    assert site.server.dump() == before


def test_server_away(site):
    away = trustrealm("realm", "list", "--uri",
                      "ldapi://%2Fnowhere", "--base", table.SUFFIX)
    assert away.status == 3
    assert "Can't contact LDAP server" in away.err


@pytest.mark.parametrize("options, reason", [
    (["--uri", "http://x", "--base", "x"], "not an LDAP URI"),
    (["--uri", "ldap://x", "--base", "x", "--bind", "simple:cn=x:/f"],
     "a password needs TLS"),
    (["--uri", "ldap://x", "--base", "x", "--bind", "who"], "bind method"),
    (["--uri", "ldap://x", "--ldif", "y"], "either --ldif or --uri")])
def test_directory_options(options, reason):
    done = trustrealm("realm", "list", *options)
    assert done.status == 2
    assert reason in done.err
