# tests/integration/test_trustrealm_cli.py - the administration tool
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm against LDIF files: no server is needed."""

import errno
import json
import os
import pty
import subprocess

import pytest

from testlib import table
from testlib.process import base_environment
from testlib.servers import Missing, built
from testlib.system import render

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    table.host(name) for name in ("alpha", "beta", "gamma", "delta",
                                  "epsilon"))
ALICE, BOB = "alice@" + table.REALM, "bob@" + table.REALM
SENDING = ["S%d" % n for n in range(1, 14)]
RECEIVING = ["R%d" % n for n in range(1, 16)]


def program():
    try:
        return built("tools/trustrealm/trustrealm")
    except Missing as missing:
        if os.environ.get("TR_REQUIRE"):
            raise
        pytest.skip(str(missing))


def trustrealm(*arguments, **environment):
    """Run it into pipes; (exit status, stdout, stderr)."""
    done = subprocess.run([program()] + [str(a) for a in arguments],
                          capture_output=True, text=True, timeout=60,
                          env=dict(base_environment(), **environment))
    return done.returncode, done.stdout, done.stderr


def on_terminal(*arguments):
    """(exit status, what a terminal shows)"""
    master, slave = pty.openpty()
    with subprocess.Popen([program()] + [str(a) for a in arguments],
                          stdout=slave, stderr=slave,
                          env=base_environment()) as child:
        os.close(slave)
        shown = b""
        while True:
            try:
                octets = os.read(master, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                break
            if not octets:
                break
            shown += octets
        status = child.wait(60)
    os.close(master)
    return status, shown.decode().replace("\r\n", "\n")


@pytest.fixture
def ldif(tmp_path):
    """Write a table: the one of the tests and what is added to it."""
    def write(*added, entries=None):
        path = tmp_path / "table.ldif"
        path.write_text(table.ldif((entries or table.entries())
                                   + list(added)))
        path.chmod(0o600)
        return path
    return write


@pytest.fixture
def config(tmp_path):
    """A configuration of alpha, in its own label format."""
    def write(**sections):
        levels, categories = table.FORMATS["ministry"]
        settings = {
            "system": {"name": ALPHA, "principal": "trustrealm/" + ALPHA,
                       "state-directory": tmp_path / "state",
                       "socket": tmp_path / "socket"},
            "table": {"source": "ldif:%s" % (tmp_path / "table.ldif")},
            "labels": {"format": "ministry", "levels": levels,
                       "categories": categories},
            "policy": {"backend": "policy"},
        }
        for name, keys in sections.items():
            settings[name].update(keys)
        path = tmp_path / "trustrealm.conf"
        path.write_text(render(settings))
        path.chmod(0o600)
        return path
    return write


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def explain(path, sender, receiver, *options):
    """(exit status, {step: its last row}, last row)"""
    status, out, err = trustrealm("explain", "--ldif", path, "--from",
                                  sender, "--to", receiver, *options)
    assert err == ""
    lines = rows(out)
    assert all(len(line) == 5 for line in lines)
    return status, {line[0]: line for line in lines[:-1]}, lines[-1]


def explain_json(path, sender, receiver, *options):
    status, out, err = trustrealm("explain", "--ldif", path, "--from",
                                  sender, "--to", receiver, "--json",
                                  *options)
    assert err == ""
    return status, json.loads(out)


def findings(path, *options):
    """(exit status, {(rule, entry): text})"""
    status, out, err = trustrealm("check", "--ldif", path, "--json", *options)
    assert err == ""
    found = json.loads(out)["findings"]
    assert status == (1 if found else 0)
    return {(f["rule"], f["entry"]): f["text"] for f in found}


# --- arguments ----------------------------------------------------------------

def test_help_at_each_level():
    status, out, err = trustrealm("--help")
    assert (status, err) == (0, "")
    for command in ("explain", "status", "check", "schema"):
        assert "\n  %s " % command in out
        status, text, err = trustrealm(command, "--help")
        assert (status, err) == (0, "")
        assert text.startswith("usage: trustrealm %s " % command)


def test_version():
    status, out, _ = trustrealm("--version")
    assert status == 0
    assert out.split()[0] == "trustrealm"


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["explain"], ["explain", "--from", ALPHA],
    ["explain", "--nonsense"], ["explain", "--from", ALPHA, "--to", BETA,
                                "extra"],
    ["check", "--ldif"], ["check", "extra"], ["status", "extra"],
    ["schema", "--format", "xml"], ["schema", "extra"],
], ids=lambda arguments: " ".join(arguments) or "none")
def test_wrong_usage(arguments):
    status, out, err = trustrealm(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("trustrealm") or err.startswith("usage: ")


def test_output_that_cannot_be_written(ldif):
    with open("/dev/full", "w") as full:
        done = subprocess.run([program(), "schema"], stdout=full,
                              stderr=subprocess.PIPE, timeout=60,
                              env=base_environment())
    assert done.returncode == 3
    assert b"stdout" in done.stderr


# --- explain ------------------------------------------------------------------

def test_explain_allowed(ldif):
    status, steps, last = explain(ldif(), ALPHA, BETA, "--label",
                                  "SECRET:CRYPTO", "--user", ALICE)
    assert status == 0
    assert list(steps) == SENDING
    assert last[:3] == ["result", "allowed", "engineering"]
    assert last[4] == "SECRET:CRYPTO"
    assert steps["S1"][1] == "elsewhere"
    assert steps["S5"][1:3] == ["yes", "trust realm engineering"]
    assert steps["S8"][1:3] == ["yes", "system " + ALPHA]
    assert steps["S9"][1:3] == ["yes", "system " + BETA]
    assert steps["S10"][1:3] == ["yes", "clearance " + ALICE]


@pytest.mark.parametrize("receiver, label, user, step, entry", [
    (DELTA, None, None, "S5", "-"),
    (EPSILON, None, None, "S4", "system " + EPSILON),
    (BETA, "SECRET:RADAR", None, "S9", "system " + BETA),
    (BETA, "SECRET:CRYPTO", BOB, "S10", "clearance " + BOB),
    (BETA, "TOPSECRET", None, "S8", "system " + ALPHA),
    (BETA, "NONSENSE", None, "S6", "-"),
])
def test_explain_refused_at_the_step(ldif, receiver, label, user, step,
                                     entry):
    options = (["--label", label] if label else []) + \
        (["--user", user] if user else [])
    status, steps, last = explain(ldif(), ALPHA, receiver, *options)
    assert status == 1
    assert list(steps) == SENDING
    assert last[1] == "refused"
    assert last[4].startswith(step + ": ")
    assert steps[step][1:3] == ["no", entry]
    place = SENDING.index(step)
    assert all(steps[name][1] in ("yes", "skipped", "elsewhere")
               for name in SENDING[:place])
    assert all(steps[name][1] == "not reached"
               for name in SENDING[place + 1:])


def test_explain_chooses_the_lower_priority(ldif):
    status, steps, last = explain(ldif(), ALPHA, GAMMA, "--label", "OPEN")
    assert status == 0
    assert last[2] == "corporate"


def test_explain_says_how_old_the_table_is(ldif):
    status, answer = explain_json(ldif(), ALPHA, BETA)
    assert status == 0
    assert answer["table"]["generation"] == 1
    assert 0 <= answer["table"]["age"] < 60
    assert answer["table"]["source"].startswith("ldif:")
    assert {step["age"] for step in answer["steps"]} == \
        {answer["table"]["age"]}


def test_explain_receiving(ldif):
    status, steps, last = explain(ldif(), ALPHA, BETA, "--receive",
                                  "--label", "SECRET:CRYPTO", "--user", ALICE)
    assert status == 0
    assert list(steps) == RECEIVING
    assert steps["R7"][1:3] == ["yes", "system " + ALPHA]
    assert steps["R8"][1:3] == ["yes", "system " + BETA]
    assert steps["R14"][1:3] == ["yes", "clearance " + ALICE]


def test_explain_receiving_judges_the_user_there(ldif):
    status, steps, last = explain(ldif(), ALPHA, BETA, "--receive",
                                  "--label", "SECRET:CRYPTO", "--user", BOB)
    assert status == 1
    assert steps["R14"][1] == "no"
    assert steps["R15"][1] == "not reached"


def test_explain_takes_no_user_without_a_kerberos_realm(ldif):
    status, out, err = trustrealm("explain", "--ldif", ldif(), "--from",
                                  ALPHA, "--to", BETA, "--user", "bob")
    assert status == 2
    assert out == "" and "bob" in err


def test_explain_says_what_of_a_label_is_unknown(ldif):
    for label, text in ("SECERT", "unknown level"), \
            ("SECRET:X", "unknown category"), (":X", "not a label"):
        status, steps, last = explain(ldif(), ALPHA, BETA, "--label", label)
        assert status == 1
        assert last[4].startswith("S6") and last[4].endswith(text)


def test_explain_says_once_what_is_judged_twice(ldif):
    status, answer = explain_json(ldif(), ALPHA, BETA)
    assert [step["step"] for step in answer["steps"]] == SENDING


def test_explain_receiving_what_is_not_sent(ldif):
    status, steps, last = explain(ldif(), ALPHA, BETA, "--receive",
                                  "--label", "SECRET:RADAR")
    assert status == 1
    assert list(steps) == SENDING
    assert steps["S9"][1] == "no"


def test_explain_in_the_format_of_this_system(ldif, config):
    path = ldif()
    status, answer = explain_json(path, ALPHA, BETA, "-c", config(),
                                  "--label", "grave:cipher")
    assert status == 0
    assert answer["label"] == "SECRET:CRYPTO"
    assert answer["local_label"] == "grave:cipher"
    entries = {step["step"]: step["entry"] for step in answer["steps"]}
    assert entries["S7"] == "label map engineering, ministry"
    # beta's format is not known here: the trust realm's it is
    status, answer = explain_json(path, BETA, ALPHA, "-c", config(),
                                  "--label", "SECRET:CRYPTO")
    assert status == 0


def test_explain_receiving_in_the_format_of_this_system(ldif, config):
    status, answer = explain_json(ldif(), BETA, ALPHA, "-c", config(),
                                  "--receive", "--label", "SECRET:CRYPTO")
    assert status == 0
    assert answer["side"] == "receiving"
    assert answer["local_label"] == "grave:cipher"


def test_explain_counts_what_the_configuration_narrows(ldif, config):
    narrow = config(policy={"trust-realms": "corporate"})
    status, answer = explain_json(ldif(), ALPHA, BETA, "-c", narrow,
                                  "--label", "open")
    assert status == 0
    assert answer["realm"] == "corporate"


def required_attribute(entries):
    return [entry.replace("trDOI: 2001",
                          "trDOI: 2001\ntrRequiredAttribute: zone=secure")
            for entry in entries]


def test_explain_attributes(ldif):
    path = ldif(entries=required_attribute(table.entries()))
    to_engineering = ["--label", "SECRET"]
    status, steps, _ = explain(path, ALPHA, BETA, *to_engineering)
    assert (status, steps["S11"][1]) == (0, "yes")
    status, steps, _ = explain(path, ALPHA, BETA, *to_engineering,
                               "--attribute", "zone=secure")
    assert (status, steps["S11"][1]) == (0, "yes")
    status, steps, _ = explain(path, ALPHA, BETA, *to_engineering,
                               "--attribute", "zone=open")
    assert (status, steps["S11"][1]) == (1, "no")
    assert "zone=secure" in steps["S11"][4]
    status, steps, _ = explain(path, ALPHA, BETA, "--receive",
                               "--attribute", "zone=secure",
                               *to_engineering)
    assert (status, steps["R11"][1]) == (0, "yes")


def test_explain_for_people(ldif):
    status, shown = on_terminal("explain", "--ldif", ldif(), "--from", ALPHA,
                                "--to", BETA, "--label", "SECRET:RADAR")
    lines = shown.splitlines()
    assert status == 1
    assert lines[0].startswith("sending from %s to %s" % (ALPHA, BETA))
    assert lines[1].split() == ["STEP", "ANSWER", "FOUND", "ENTRY"]
    assert lines[-1].startswith("refused at S9: ")
    assert "\t" not in shown


def test_explain_with_a_table_that_cannot_be_used(tmp_path, ldif):
    for options in (["--table", tmp_path / "none"],
                    ["--ldif", tmp_path / "none.ldif"],
                    ["-c", tmp_path / "none.conf"]):
        status, out, err = trustrealm("explain", "--from", ALPHA, "--to",
                                      BETA, *options)
        assert (status, out) == (3, "")
        assert "none" in err
    status, out, err = trustrealm(
        "explain", "--from", ALPHA, "--to", BETA, "--ldif",
        ldif(table.entry("cn=x," + table.BASE, objectClass="trSystem",
                         cn="x")))
    assert (status, out) == (3, "")
    assert "table.ldif:" in err


def test_configuration_from_the_environment(ldif, config, tmp_path):
    status, out, err = trustrealm("explain", "--from", ALPHA, "--to", BETA,
                                  "--ldif", ldif(), "--label",
                                  "grave:cipher",
                                  TRUSTREALM_CONFIG=str(config()))
    assert status == 0, err
    status, out, err = trustrealm("explain", "--from", ALPHA, "--to", BETA,
                                  TRUSTREALM_CONFIG=str(tmp_path / "none"))
    assert status == 3
    assert str(tmp_path / "none") in err


def test_nothing_is_left_behind(ldif, tmp_path):
    place = tmp_path / "tmp"
    place.mkdir()
    status, _, _ = trustrealm("check", "--ldif", ldif(), TMPDIR=str(place))
    assert status == 0
    assert list(place.iterdir()) == []
    missing = str(tmp_path / "none")
    status, _, err = trustrealm("check", "--ldif", ldif(), TMPDIR=missing)
    assert status == 3
    assert missing in err


# --- check --------------------------------------------------------------------

def test_check_finds_nothing(ldif, config):
    path = ldif()
    assert findings(path) == {}
    assert findings(path, "-c", config()) == {}
    status, out, _ = trustrealm("check", "--ldif", path)
    assert (status, out) == (0, "")
    status, shown = on_terminal("check", "--ldif", path)
    assert status == 0
    assert shown.startswith("nothing found: 2 trust realms, 4 systems")


def trust_realm(name, **changed):
    attributes = dict(objectClass="trTrustRealm", cn=name, trDOI=3000,
                      trPriority=1, trPolicy="mls",
                      trLevel=["0 LOW", "1 HIGH"], trCategory="1 A",
                      trProtection="integrity")
    attributes.update(changed)
    return table.entry("cn=%s,ou=realms,%s" % (name, table.BASE),
                       **attributes)


def test_check_trust_realms(ldif):
    found = findings(ldif(
        trust_realm("empty"),
        trust_realm("alone", trDOI=3001, trPriority=10),
        table.system("zeta", ["alone LOW HIGH"])))
    assert set(found) == {
        ("members", "trust realm empty"), ("members", "trust realm alone"),
        ("priority", "trust realm corporate")}
    assert "alone, 10" in found[("priority", "trust realm corporate")]
    assert found[("members", "trust realm empty")].startswith("no ")
    assert found[("members", "trust realm alone")].startswith("only one ")


@pytest.mark.parametrize("membership, rule, says", [
    ("nowhere PUBLIC SECRET", "unknown-realm", "nowhere"),
    ("engineering PUBLIC COSMIC", "range", "COSMIC"),
    ("engineering PUBLIC:SONAR SECRET", "range", "PUBLIC:SONAR"),
    ("engineering SECRET PUBLIC", "range", "does not lie below"),
    ("engineering PUBLIC:RADAR SECRET", "range", "does not lie below"),
    ("engineering PUBLIC SECRET 20200101000000Z", "expired", "2020-01-01"),
])
def test_check_memberships_and_clearances(ldif, membership, rule, says):
    found = findings(ldif(table.system("zeta", [membership]),
                          table.user("zoe", [membership])))
    assert set(found) == {
        (rule, "system " + table.host("zeta")),
        (rule, "clearance zoe@" + table.REALM)}
    assert all(says in text for text in found.values())


def label_map(fmt, realm, levels, categories=("cipher CRYPTO",)):
    return table.entry("trFormat=%s+trRealmName=%s,ou=maps,%s"
                       % (fmt, realm, table.BASE), objectClass="trLabelMap",
                       trFormat=fmt, trRealmName=realm,
                       trLevelMap=list(levels),
                       trCategoryMap=list(categories))


@pytest.mark.parametrize("added, rule, entry, says", [
    (label_map("army", "nowhere", ["a PUBLIC"]),
     "unknown-realm", "label map nowhere, army", "nowhere"),
    (label_map("army", "engineering", ["a COSMIC"]),
     "map-name", "label map engineering, army", "COSMIC"),
    (label_map("army", "engineering", ["a PUBLIC"], ["s SONAR"]),
     "map-name", "label map engineering, army", "SONAR"),
])
def test_check_label_maps(ldif, added, rule, entry, says):
    found = findings(ldif(added))
    assert set(found) == {(rule, entry)}
    assert says in found[(rule, entry)]


def test_check_maps_that_contradict_each_other(ldif):
    found = findings(ldif(
        label_map("army", "engineering", ["a PUBLIC", "b SECRET"]),
        label_map("army", "corporate", ["a RESTRICTED", "b OPEN"],
                  ["p HR"])))
    assert set(found) == {("map-order", "label map engineering, army")}


def without(entries, dn):
    return [entry for entry in entries
            if not entry.startswith("dn: " + dn + ",")]


def test_check_map_against_the_order_of_this_system(ldif, config):
    dn = "trFormat=ministry+trRealmName=engineering"
    entries = without(table.entries(), dn)
    assert len(entries) == len(table.entries()) - 1
    path = ldif(label_map("ministry", "engineering",
                          ["utmost PUBLIC", "grave SECRET", "odd INTERNAL"],
                          ["cipher CRYPTO"]), entries=entries)
    assert findings(path) == {}
    found = findings(path, "-c", config())
    entry = "label map engineering, ministry"
    assert set(found) == {("map-order", entry), ("map-name", entry)}
    assert "odd" in found[("map-name", entry)]
    assert "grave lies below utmost" in found[("map-order", entry)]


def test_check_the_configuration(ldif, config):
    narrow = config(system={"name": EPSILON}, policy={"trust-realms": "x"})
    found = findings(ldif(), "-c", narrow)
    assert set(found) == {("configuration", "configuration %s" % narrow)}
    status, out, _ = trustrealm("check", "--ldif", ldif(), "-c", narrow)
    assert [row[3] for row in rows(out)] == [
        "system %s is not in the table" % EPSILON, "there is no trust realm x"]


@pytest.mark.parametrize("added, says", [
    (trust_realm("double", trDOI=2001), "DOI belongs to another entry"),
    (trust_realm("unordered", trLevel=["0 LOW", "0 HIGH"]), "unordered"),
    (table.entry("cn=x," + table.BASE, objectClass="trSystem", cn="x"),
     "trPrincipal"),
])
def test_check_entries_that_do_not_load(ldif, added, says):
    found = findings(ldif(added))
    assert [rule for rule, _ in found] == ["entry"]
    assert says in list(found.values())[0]


@pytest.mark.parametrize("line, says", [
    ("include: file:///etc/passwd", "other files are not read"),
    ("1: skipped by libldap", "an entry starts with its DN"),
    ("cn:< file:///etc/passwd", "values by URL are not read"),
])
def test_an_ldif_file_stands_for_itself(tmp_path, line, says):
    path = tmp_path / "table.ldif"
    start = "dn: ou=x\nou: x\n" + ("" if "<" in line else "\n")
    path.write_text(start + line + "\n")
    path.chmod(0o600)
    found = findings(path)
    assert list(found.values()) == [
        "%s:%d: %s" % (path, start.count("\n") + 1, says)]


def test_check_a_file_that_is_not_there(tmp_path):
    status, out, err = trustrealm("check", "--ldif", tmp_path / "none.ldif")
    assert (status, out) == (3, "")
    assert "none.ldif" in err


def test_check_rows(ldif):
    status, out, _ = trustrealm("check", "--ldif",
                                ldif(table.system("zeta", ["x A B"])))
    assert status == 1
    assert rows(out) == [["error", "unknown-realm",
                          "system " + table.host("zeta"),
                          "there is no trust realm x"]]


def test_a_terminal_stays_in_order(ldif):
    """A DN may hold any octet: none of them reaches the terminal."""
    path = ldif("dn:: dWlkPWUbWzJKdmUsZGM9eA==\nobjectClass: trSubject\n")
    status, shown = on_terminal("check", "--ldif", path)
    assert status == 1
    assert "uid=e?[2Jve" in shown
    status, shown = on_terminal("explain", "--ldif", path, "--from", ALPHA,
                                "--to", BETA)
    assert status == 3
    assert "uid=e?[2Jve" in shown
    status, shown = on_terminal("explain", "--ldif", ldif(), "--from", ALPHA,
                                "--to", "\x1b[2J")
    assert status == 1
    assert "\x1b" not in shown


# --- schema -------------------------------------------------------------------

def test_schema_is_that_of_the_documentation():
    for form in ("schema", "ldif"):
        status, out, err = trustrealm("schema", "--format", form)
        assert (status, err) == (0, "")
        with open(built("doc/schema/trustrealm." + form)) as installed:
            assert out == installed.read()
    assert trustrealm("schema")[1] == \
        trustrealm("schema", "--format", "schema")[1]


# --- status -------------------------------------------------------------------

def test_status_without_a_daemon(tmp_path, config):
    path = str(tmp_path / "socket")
    for options, environment in ((["--socket", path], {}),
                                 (["-c", config()], {}),
                                 ([], {"TRUSTREALM_SOCKET": path})):
        status, out, err = trustrealm("status", *options, **environment)
        assert (status, out) == (3, "")
        assert path in err
