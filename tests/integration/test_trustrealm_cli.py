# tests/integration/test_trustrealm_cli.py - the administration tool
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm against LDIF files: no server is needed."""

import json
import re
import subprocess

import pytest

from testlib import table
from testlib.process import base_environment
from testlib.servers import built
from testlib.tool import (ALPHA, BETA, DELTA, EPSILON, GAMMA, VAULT,
                          on_terminal, program, rows, trustrealm)

ALICE, BOB = "alice@" + table.REALM, "bob@" + table.REALM
SENDING = ["S%d" % n for n in range(1, 14)]
RECEIVING = ["R%d" % n for n in range(1, 16)]


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


# --- arguments ----------------------------------------------------------

def test_help_at_each_level():
    status, out, err = trustrealm("--help")
    assert (status, err) == (0, "")
    for command in ("explain", "reach", "who", "status", "metrics", "watch",
                    "check", "diff", "graph", "cache", "schema"):
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
    ["schema", "--format", "ldif", "--json"],
    ["graph", "--format", "dot", "--json"],
    ["export", "--sign", "--signer", "x.pem", "--json"],
], ids=lambda arguments: " ".join(arguments) or "none")
def test_wrong_usage(arguments):
    status, out, err = trustrealm(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("trustrealm") or err.startswith("usage: ")


@pytest.mark.parametrize("command", ["explain", "system join"])
def test_unknown_option(command):
    status, _, err = trustrealm(*command.split(), "--nonsense")
    assert status == 2
    assert err.splitlines()[-1] == "trustrealm %s: try --help" % command


@pytest.mark.parametrize("command", ["explain", "system join"])
def test_wrong_usage_outdoes_help(command):
    """Who calls it, by a script, is not told that all is well."""
    status, out, _ = trustrealm(*command.split(), "--nonsense", "--help")
    assert (status, out) == (2, "")


def test_output_that_cannot_be_written(ldif):
    with open("/dev/full", "w") as full:
        done = subprocess.run([program(), "schema"], stdout=full,
                              stderr=subprocess.PIPE, timeout=60,
                              env=base_environment())
    assert done.returncode == 3
    assert b"stdout" in done.stderr


# --- explain ------------------------------------------------------------

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


def test_explain_says_what_is_restricted(ldif):
    line = "trRestriction: engineering INTERNAL TOPSECRET\n"
    path = ldif(table.system("zeta", ["engineering PUBLIC SECRET:CRYPTO"]) +
                line,
                table.user("zoe", ["engineering PUBLIC SECRET:CRYPTO"]) +
                line)
    granted = ", restricted; granted: PUBLIC to SECRET:CRYPTO"
    zeta, zoe = table.host("zeta"), "zoe@" + table.REALM
    status, steps, last = explain(path, ALPHA, zeta, "--label", "PUBLIC")
    assert status == 1
    assert last[4] == "S9: PUBLIC not within INTERNAL to SECRET of %s%s" % (
        zeta, granted)
    status, steps, last = explain(path, ALPHA, zeta, "--label", "SECRET",
                                  "--user", zoe)
    assert status == 0
    assert steps["S9"][4] == "SECRET within INTERNAL to SECRET of %s%s" % (
        zeta, granted)
    assert steps["S10"][4] == "SECRET within INTERNAL to SECRET of %s%s" % (
        zoe, granted)


def test_explain_says_how_data_travels(ldif):
    path = ldif(entries=[
        entry + "trCarrier: ssh own\n" if entry.startswith(
            "dn: " + table.ENGINEERING) else entry
        for entry in table.entries()])
    for service, carrier in (("ssh", "own"), ("nfs", "gss")):
        _, answer = explain_json(path, ALPHA, BETA, "--service", service)
        assert answer["carrier"] == carrier
        assert on_terminal("explain", "--ldif", path, "--from", ALPHA, "--to",
                           BETA, "--service", service)[1].count(
                               "; carrier %s;" % carrier) == 1


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
    assert entries["S7"] == "label map engineering/ministry"
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
    assert lines[1] == "sending from %s to %s" % (ALPHA, BETA)
    assert lines[2].split() == ["STEP", "ANSWER", "FOUND", "ENTRY", "AGE"]
    assert lines[5].startswith("S3 ") and lines[5].endswith("  0 s")
    assert lines[8].startswith("S6 ") and lines[8].endswith("  -")
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
    status, _, _ = trustrealm("check", "--ldif", ldif(VAULT),
                              TMPDIR=str(place))
    assert status == 0
    assert list(place.iterdir()) == []
    missing = str(tmp_path / "none")
    status, _, err = trustrealm("check", "--ldif", ldif(), TMPDIR=missing)
    assert status == 3
    assert missing in err


# --- schema -------------------------------------------------------------

def test_schema_is_that_of_the_documentation():
    for form, name in (("schema", "trustrealm.schema"),
                       ("ldif", "trustrealm.ldif"),
                       ("389", "60trustrealm.ldif")):
        status, out, err = trustrealm("schema", "--format", form)
        assert (status, err) == (0, "")
        with open(built("doc/schema/" + name)) as installed:
            assert out == installed.read()
    assert trustrealm("schema").out == \
        trustrealm("schema", "--format", "schema").out


def definitions(text, kind):
    """{name: its definition, on one line}"""
    found = re.findall(r"^%s \((.*(?:\n\t.*)*)\)$" % kind, text, re.M)
    return {re.search("NAME '([^']*)'", d).group(1): " ".join(d.split())
            for d in found}


def test_schema_as_json_says_the_same():
    """Each definition of the text, made again of the JSON."""
    schema = json.loads(trustrealm("schema", "--json").out)
    text = trustrealm("schema").out

    def names(which):
        return which[0] if len(which) == 1 else "( %s )" % " $ ".join(which)

    made = {}
    for one in schema["attributes"]:
        made[one["name"]] = "%s NAME '%s' DESC '%s' EQUALITY %s%s%s " \
            "SYNTAX %s%s%s" % (
                one["oid"], one["name"], one["description"], one["equality"],
                " ORDERING " + one["ordering"] if "ordering" in one else "",
                " SUBSTR " + one["substrings"] if "substrings" in one else "",
                one["syntax"],
                "{%d}" % one["length"] if "length" in one else "",
                " SINGLE-VALUE" if one["single_value"] else "")
    assert made == definitions(text, "attributetype") and len(made) > 20
    made = {one["name"]: "%s NAME '%s' DESC '%s' SUP %s %s MUST %s MAY %s" % (
        one["oid"], one["name"], one["description"], names(one["superior"]),
        one["kind"].upper(), names(one["must"]), names(one["may"]))
        for one in schema["classes"]}
    assert made == definitions(text, "objectclass") and len(made) == 5


# --- status -------------------------------------------------------------

def test_status_without_a_daemon(tmp_path, config):
    path = str(tmp_path / "socket")
    for options, environment in ((["--socket", path], {}),
                                 (["-c", config()], {}),
                                 ([], {"TRUSTREALM_SOCKET": path})):
        status, out, err = trustrealm("status", *options, **environment)
        assert (status, out) == (3, "")
        assert path in err
