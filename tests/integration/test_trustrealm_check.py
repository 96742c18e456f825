# tests/integration/test_trustrealm_check.py - mistakes in a table are found
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm check: each of its rules finds what it is for, and nothing in a
table that is right."""

import base64
import json
import re
import subprocess

import pytest

from testlib import table
from testlib.process import base_environment
from testlib.tool import (ALPHA, BETA, EPSILON, GAMMA, VAULT, findings,
                          on_terminal, program, rows, trustrealm)

ENGINEERING = "trust realm engineering"
UNMAPPED = [entry for entry in table.entries() if "trLabelMap" not in entry]
ZETA = "system " + table.host("zeta")


@pytest.fixture
def sound(ldif):
    """Write a table without mistakes, and what is added to it."""
    return lambda *added, entries=None: ldif(VAULT, *added, entries=entries)


def changed(cn, *lines, drop=()):
    """The tests' table with lines added to the entry of that cn."""
    entries = []
    for entry in table.entries():
        if "\ncn: %s\n" % cn in entry:
            kept = [line for line in entry.splitlines()
                    if not line.startswith(tuple(drop) or ("\0",))]
            entry = "\n".join(kept + list(lines)) + "\n"
        entries.append(entry)
    assert entries != table.entries()
    return entries


def trust_realm(name, **attributes):
    settings = dict(objectClass="trTrustRealm", cn=name, trDOI=3000,
                    trPriority=1, trPolicy="mls",
                    trLevel=["0 LOW", "1 HIGH"], trCategory="1 A",
                    trProtection="integrity")
    settings.update(attributes)
    return table.entry("cn=%s,ou=realms,%s" % (name, table.BASE), **settings)


def label_map(fmt, realm, levels, categories=("cipher CRYPTO",)):
    return table.entry("trFormat=%s+trRealmName=%s,ou=maps,%s"
                       % (fmt, realm, table.BASE), objectClass="trLabelMap",
                       trFormat=fmt, trRealmName=realm,
                       trLevelMap=list(levels),
                       trCategoryMap=list(categories))


def without(entries, dn):
    kept = [entry for entry in entries
            if not entry.startswith("dn: " + dn + ",")]
    assert len(kept) == len(entries) - 1
    return kept


def test_nothing_is_found_in_a_sound_table(sound, config):
    path = sound()
    assert findings(path) == {}
    assert findings(path, "-c", config()) == {}
    status, out, _ = trustrealm("check", "--ldif", path)
    assert (status, out) == (0, "")
    status, shown = on_terminal("check", "--ldif", path)
    assert status == 0
    assert "\nnothing found: 2 trust realms, 5 systems" in shown


# --- entries ------------------------------------------------------------

@pytest.mark.parametrize("added, says", [
    (trust_realm("double", trDOI=2001), "DOI also belongs to another entry"),
    (trust_realm("unordered", trLevel=["0 LOW", "0 HIGH"]), "unordered"),
    (trust_realm("star", trCarrier="* own"), 'trCarrier: "* own"'),
    (table.entry("cn=x," + table.BASE, objectClass="trSystem", cn="x"),
     "trPrincipal"),
    (table.system("zeta", ["corporate OPEN OPEN"] * 2), "given twice"),
    (table.system("zeta", [], [table.host("alpha")]),
     "also belongs to another entry"),
])
def test_rule_entry(sound, added, says):
    found = findings(sound(added))
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


def test_every_bad_entry_of_a_file_is_found(sound):
    path = sound(
        table.entry("cn=x," + table.BASE, objectClass="trSystem", cn="x"),
        "dn: cn=y,%s\nno line of LDIF\nobjectClass: trSystem\n" % table.BASE,
        trust_realm("double", trDOI=2001),
        "dn: cn=z,%s\nobjectClass: trSystm\n folded\n more\n" % table.BASE)
    status, out, err = trustrealm("check", "--ldif", path)
    found = rows(out)
    assert (status, err) == (1, "")
    assert [row[:3] for row in found] == [["error", "entry", str(path)]] * 4
    lines = path.read_text().splitlines()

    def line(text):
        return "%s:%d: " % (path, lines.index(text) + 1)

    assert found[0][3].startswith(line("dn: cn=x," + table.BASE))
    assert found[1][3] == line("no line of LDIF") + "not a line of LDIF"
    assert "DOI also belongs to another entry" in found[2][3]
    assert found[3][3] == line("objectClass: trSystm") + \
        "trSystmfoldedmore: no such object class"


# --- memberships and clearances -----------------------------------------

@pytest.mark.parametrize("grant, rule, says", [
    ("nowhere PUBLIC SECRET", "unknown-realm", "nowhere"),
    ("engineering PUBLIC COSMIC", "range", "COSMIC"),
    ("engineering PUBLIC:SONAR SECRET", "range", "PUBLIC:SONAR"),
    ("engineering SECRET PUBLIC", "range", "does not lie below"),
    ("engineering PUBLIC:RADAR SECRET", "range", "does not lie below"),
    ("engineering PUBLIC SECRET 20200101000000Z", "expired", "2020-01-01"),
], ids=lambda value: value.replace(" ", "-"))
def test_rules_unknown_realm_range_expired(sound, grant, rule, says):
    found = findings(sound(table.system("zeta", [grant]),
                           table.user("zoe", [grant])))
    assert set(found) == {(rule, ZETA),
                          (rule, "clearance zoe@" + table.REALM)}
    assert all(says in text for text in found.values())


@pytest.mark.parametrize("restriction, rule, says", [
    ("engineering PUBLIC COSMIC", "range", "COSMIC"),
    ("engineering SECRET PUBLIC", "range", "does not lie below"),
    ("engineering PUBLIC TOPSECRET", "restriction", "restricts nothing"),
    ("engineering PUBLIC SECRET 20991231000000Z", "restriction",
     "restricts nothing"),
    ("engineering TOPSECRET TOPSECRET", "restriction",
     "restrictions leave nothing of engineering"),
    ("engineering PUBLIC INTERNAL 20200101000000Z", "expired", "2020-01-01"),
    ("corporate OPEN OPEN", "restriction", "nothing in corporate"),
    ("nowhere OPEN OPEN", "restriction", "nothing in nowhere"),
], ids=lambda value: value.replace(" ", "-"))
def test_rules_of_restrictions(sound, restriction, rule, says):
    granted = ["engineering PUBLIC SECRET 20990101000000Z"]
    found = findings(sound(
        table.system("zeta", granted) + "trRestriction: %s\n" % restriction,
        table.user("zoe", granted) + "trRestriction: %s\n" % restriction))
    texts = {key: text for key, text in found.items() if key[0] == rule}
    assert set(texts) == {(rule, ZETA),
                          (rule, "clearance zoe@" + table.REALM)}
    assert all(says in text for text in texts.values())
    assert {key[0] for key in found} <= {rule, "restriction"}


def test_restrictions_that_are_right(sound):
    granted = ["engineering PUBLIC SECRET 20990101000000Z"]
    for restriction in ("engineering INTERNAL SECRET",
                        "ENGINEERING PUBLIC INTERNAL",
                        "engineering PUBLIC SECRET 20980101000000Z"):
        line = "trRestriction: %s\n" % restriction
        assert findings(sound(table.system("zeta", granted) + line,
                              table.user("zoe", granted) + line)) == {}


def test_who_is_restricted_counts_for_what_is_left(ldif):
    """No member is left with TOPSECRET, which only the vault had."""
    found = findings(ldif(VAULT + "trRestriction: engineering PUBLIC "
                          "SECRET:CRYPTO,RADAR\n"))
    assert "TOPSECRET" in found["unreachable", ENGINEERING]


def test_rule_principal(sound):
    entry = table.system("zeta", []).replace(
        "trustrealm/zeta", "trustrealm/eta")
    assert findings(sound(entry)) == {("principal", ZETA): (
        "trustrealm/eta.example.test@%s is the principal of another host"
        % table.REALM)}
    alias = entry + "trAlias: eta.example.test\n"
    assert findings(sound(alias)) == {}


def test_rule_wildcard(sound, config):
    entry = table.system("zeta", []).replace("trustrealm/zeta.example.test",
                                             "trustrealm-*")
    assert set(findings(sound(entry))) == {("wildcard", ZETA)}
    user = table.user("*", ["engineering PUBLIC SECRET"])
    assert set(findings(sound(user))) == {
        ("wildcard", "clearance *@" + table.REALM)}
    assert set(findings(sound(entries=changed(
        "engineering", "trRequiredAttribute: zone=*")))) == {
            ("wildcard", ENGINEERING)}
    for pattern, everybody in (("*", True), ("*@*", True),
                               ("nfs/*@EXAMPLE.TEST", False)):
        path = config(policy={"allow-bypass": True, "bypass-to": pattern})
        found = findings(sound(), "-c", path)
        assert set(found) == (
            {("wildcard", "configuration %s" % path)} if everybody else set())


# --- trust realms -------------------------------------------------------

def test_rule_members(sound):
    found = findings(sound(
        trust_realm("empty"),
        trust_realm("alone", trDOI=3001),
        table.system("zeta", ["alone LOW HIGH"]),
        table.system("eta", ["alone LOW HIGH 20200101000000Z"]),
        table.system("theta", ["alone LOW HIGH"]) + "trEnabled: FALSE\n"))
    assert set(found) == {
        ("members", "trust realm empty"), ("members", "trust realm alone"),
        ("expired", "system " + table.host("eta"))}
    assert found[("members", "trust realm empty")].startswith("no ")
    assert found[("members", "trust realm alone")].startswith("only one ")


def test_rule_priority(sound):
    members = [table.system(name, ["third LOW HIGH:A", "corporate OPEN OPEN"])
               for name in ("zeta", "eta")]
    third = trust_realm("third", trPriority=10)
    found = findings(sound(third, *members))
    assert set(found) == {("priority", "trust realm third")}
    assert "corporate, 10" in found[("priority", "trust realm third")]
    # with one system in both, no two have to choose
    alone = table.system("eta", ["third LOW HIGH:A"])
    assert findings(sound(third, members[0], alone)) == {}
    other = trust_realm("third", trPriority=11)
    assert findings(sound(other, *members)) == {}


@pytest.mark.parametrize("lines, severity, says", [
    (["trRequiredAttribute: zone=a", "trRequiredAttribute: zone=b"],
     "error", "both zone=a and zone=b"),
    (["trIdleTimeout: 100", "trLifetime: 99"], "warning", "idle for 100 s"),
    (["trKernelLifetime: 60"], "warning", "without trKernelExport"),
    (["trLifetime: 600", "trLifetime: 60"], "warning",
     "trLifetime 600 has no effect beside a narrower value"),
    (["trConfidentialFrom: SECRET", "trConfidentialFrom: TOPSECRET"],
     "warning", "trConfidentialFrom TOPSECRET has no effect"),
    (["trProtection: confidentiality"], "warning", "trConfidentialFrom"),
    (["trConfidentialFrom: PUBLIC", "trCarrier: nfs mic"], "warning",
     "nfs does not encrypt"),
])
def test_rule_contradiction(sound, lines, severity, says):
    drop = {line.split(":")[0] + ":" for line in lines} - {
        "trRequiredAttribute:"}
    path = sound(entries=changed("engineering", *lines, drop=drop))
    status, out, _ = trustrealm("check", "--ldif", path)
    assert status == 1
    (row,) = rows(out)
    assert row[:3] == [severity, "contradiction", ENGINEERING]
    assert says in row[3]


def test_rule_dry_run(sound, config):
    path = sound(entries=changed("engineering", "trMode: dry-run"))
    tried = config(policy={"allow-dry-run": True})
    found = findings(path, "-c", tried)
    assert set(found) == {("dry-run", ENGINEERING),
                          ("dry-run", "configuration " + str(tried))}
    assert "let by what label, clearance and attributes forbid" in \
        found["dry-run", ENGINEERING]
    status, out, _ = trustrealm("check", "--ldif", path)
    assert (status, [row[0] for row in rows(out)]) == (1, ["warning"])


def test_attributes_of_different_names_do_not_contradict(sound):
    assert findings(sound(entries=changed(
        "engineering", "trRequiredAttribute: zone=a",
        "trRequiredAttribute: zone2=b"))) == {}


# --- labels out of reach ------------------------------------------------

def test_rule_unreachable_levels_and_categories(ldif):
    entries = changed("engineering", "trCategory: 9 SONAR")
    found = findings(ldif(entries=entries))
    status, out, _ = trustrealm("check", "--ldif", ldif(entries=entries))
    assert [row[3] for row in rows(out)] == [
        "no member may send or hold category SONAR",
        "no member may send or hold level TOPSECRET"]
    assert set(found) == {("unreachable", ENGINEERING)}


def test_rule_unreachable_member(ldif):
    high = table.system("zeta", ["engineering TOPSECRET TOPSECRET"])
    found = findings(ldif(high))
    assert found == {("unreachable", ZETA): "shares no label with another "
                     "member of engineering"}
    # two alike share theirs
    twin = table.system("eta", ["engineering TOPSECRET TOPSECRET"])
    assert findings(ldif(high, twin)) == {}


def test_rule_unreachable_clearance(sound):
    user = table.user("zoe", ["corporate RESTRICTED:HR RESTRICTED:HR",
                              "engineering TOPSECRET:RADAR TOPSECRET:RADAR"])
    assert findings(sound(user)) == {}
    entries = changed("engineering", "trCategory: 9 SONAR")
    user = table.user("zoe", ["engineering SECRET:SONAR SECRET:SONAR"])
    assert "clearance zoe@" + table.REALM in {
        entry for rule, entry in findings(sound(user, entries=entries))
        if rule == "unreachable"}


# --- label maps ---------------------------------------------------------

@pytest.mark.parametrize("added, rule, entry, says", [
    (label_map("army", "nowhere", ["a PUBLIC"]),
     "unknown-realm", "label map nowhere/army", "nowhere"),
    (label_map("army", "engineering", ["a COSMIC"]),
     "map-name", "label map engineering/army", "level COSMIC"),
    (label_map("army", "engineering", ["a PUBLIC"], ["s SONAR"]),
     "map-name", "label map engineering/army", "category SONAR"),
], ids=["trust-realm", "level", "category"])
def test_rule_map_name(sound, added, rule, entry, says):
    found = findings(sound(added))
    assert set(found) == {(rule, entry)}
    assert says in found[(rule, entry)]


def proof(path, *options):
    """The one way that is found on which dominance gets lost."""
    found = findings(path, *options)
    assert {rule for rule, _ in found} == {"map-order"}
    (text,) = found.values()
    way = re.fullmatch("loses dominance: (.*), yet (.*)", text)
    return [word.split(" of ")[0] for word in
            re.split(" ([=<]) ", way.group(1))], way.group(2)


def test_rule_map_order_of_two_maps(sound):
    steps, wrong = proof(sound(
        label_map("army", "engineering", ["a PUBLIC", "b SECRET"]),
        label_map("army", "corporate", ["a RESTRICTED", "b OPEN"], ["p HR"]),
        entries=UNMAPPED))
    # a < b goes by one map, b < a by the other
    assert steps in (
        ["SECRET", "=", "b", "=", "OPEN", "<", "RESTRICTED", "=", "a", "=",
         "PUBLIC"],
        ["RESTRICTED", "=", "a", "=", "PUBLIC", "<", "SECRET", "=", "b",
         "=", "OPEN"])
    assert wrong in ("PUBLIC lies below SECRET", "OPEN lies below RESTRICTED")


def test_a_label_that_comes_back_lower_by_a_third_format(sound):
    """Each map is in order, each two maps of a format agree: only all of
    them together turn army's c into army's a."""
    low = trust_realm("low", trLevel=["0 L0", "1 L1", "2 L2"])
    members = [table.system(name, ["low L0 L2:A"]) for name in ("eta",
                                                                "zeta")]
    maps = [label_map("army", "engineering", ["c SECRET"]),
            label_map("fleet", "engineering", ["z SECRET"]),
            label_map("fleet", "low", ["z L0"], ["k A"])]
    assert findings(sound(low, *members, *maps)) == {}
    steps, wrong = proof(sound(
        low, *members, *maps,
        label_map("army", "low", ["a L0", "c L1"], ["k A"])))
    assert steps == ["L1", "=", "c", "=", "SECRET", "=", "z", "=", "L0"]
    assert wrong == "L0 lies below L1"
    # the map alone is no mistake
    assert findings(sound(low, *members, *maps[:2], label_map(
        "army", "low", ["a L0", "c L1"], ["k A"]))) == {}


def test_a_category_that_comes_back_as_another(sound):
    """army's k is CRYPTO, is fleet's x, is HR, is army's p."""
    steps, wrong = proof(sound(
        label_map("army", "engineering", ["a PUBLIC"], ["k CRYPTO"]),
        label_map("fleet", "engineering", ["a PUBLIC"], ["x CRYPTO"]),
        label_map("fleet", "corporate", ["a OPEN"], ["x HR"]),
        label_map("army", "corporate", ["a OPEN"], ["p HR"]),
        entries=UNMAPPED))
    assert steps in (["k", "=", "CRYPTO", "=", "x", "=", "HR", "=", "p"],
                     ["p", "=", "HR", "=", "x", "=", "CRYPTO", "=", "k"])
    assert wrong in ("k and p are two", "p and k are two")


def test_a_long_way_is_shown_to_its_end(sound):
    """Of names as long as they may be."""
    def long(letter):
        return letter * 255

    realms = [trust_realm(long(letter), trDOI=number, trLevel=[
        "0 " + long("A"), "1 " + long("B")])
        for letter, number in (("x", 3000), ("y", 3001))]
    maps = [label_map("army", long(letter), [low + " " + long("A"),
                                             high + " " + long("B")], ["k A"])
            for letter, low, high in (("x", long("c"), long("d")),
                                      ("y", long("d"), long("c")))]
    (text,) = [text for (rule, _), text in
               findings(sound(*realms, *maps)).items() if rule == "map-order"]
    assert len(text) > 2000
    assert text.endswith("%s lies below %s" % (long("A"), long("B")))


def test_maps_of_many_formats_that_agree(sound):
    maps = [label_map("format%d" % n, "engineering",
                      ["low%d PUBLIC" % n, "high%d SECRET" % n],
                      ["c%d CRYPTO" % n]) for n in range(200)]
    assert findings(sound(*maps)) == {}


def test_map_against_the_order_of_this_system(sound, config):
    path = sound(label_map("army", "engineering", ["hi PUBLIC", "lo SECRET"],
                           ["k CRYPTO"]))
    assert findings(path) == {}
    army = config(labels={"format": "army", "levels": ["lo", "hi"],
                          "categories": ["k"]})
    steps, wrong = proof(path, "-c", army)
    assert steps in (["hi", "=", "PUBLIC", "<", "SECRET", "=", "lo"],
                     ["SECRET", "=", "lo", "<", "hi", "=", "PUBLIC"])
    assert wrong in ("lo lies below hi", "PUBLIC lies below SECRET")


def test_names_that_this_system_has_not_got(sound, config):
    entries = without(table.entries(),
                      "trFormat=ministry+trRealmName=engineering")
    path = sound(label_map("ministry", "engineering", ["odd SECRET"],
                           ["cipher CRYPTO"]), entries=entries)
    found = findings(path, "-c", config())
    assert set(found) == {("map-name", "label map engineering/ministry")}
    assert "odd" in list(found.values())[0]


def test_equal_names_against_the_order_of_this_system(sound, config):
    """Where there is no map, equal names are taken for each other."""
    path = sound(trust_realm("turned", trLevel=["0 grave", "1 open"]),
                 *[table.system(name, ["turned grave open:A"])
                   for name in ("eta", "zeta")])
    assert findings(path) == {}
    steps, _ = proof(path, "-c", config())
    assert set(steps) == {"open", "grave", "=", "<"}


def test_how_far_the_proof_goes_is_said(sound, config):
    """Of other formats than the configured one only maps tell."""
    path = sound(label_map("Air", "engineering", ["a PUBLIC"], []))
    for options, format, rest in (
            ([], None, ["air", "ministry", "navy"]),
            (["-c", config()], "ministry", ["air", "navy"])):
        _, out, _ = trustrealm("check", "--ldif", path, "--json", *options)
        assert json.loads(out)["proof"] == {"format": format,
                                            "names_in_maps": rest}
    _, shown = on_terminal("check", "--ldif", path)
    assert "with the names in the maps alone; -c adds those of a system's " \
        "format (air, ministry, navy)\n" in shown
    _, shown = on_terminal("map", "check", "--ldif", path, "-c", config())
    assert shown.splitlines()[-1] == "label maps are proven with all names " \
        "of format ministry; of air, navy with those in the maps alone"


# --- this system and others ---------------------------------------------

def test_rules_unknown_system_and_configuration(sound, config):
    strange = config(system={"name": EPSILON}, policy={"trust-realms": "x"})
    entry = "configuration %s" % strange
    assert findings(sound(), "-c", strange) == {
        ("unknown-system", entry): "system %s is not in the table" % EPSILON,
        ("unknown-realm", entry): "there is no trust realm x"}
    disabled = sound(entries=changed(ALPHA, "trEnabled: FALSE"))
    path = config()
    assert findings(disabled, "-c", path) == {
        ("configuration", "configuration %s" % path):
            "system %s is disabled in the table" % ALPHA}


@pytest.fixture
def held(tmp_path):
    """Write what another system would say that it holds."""
    def write(system, **digests):
        path = tmp_path / (system + ".json")
        path.write_text(json.dumps({"system": system, "digests": digests}))
        return path
    return write


def test_rule_drift(sound, held):
    path = sound()
    found = findings(path, "--compare", held(
        BETA, engineering="0" * 64, elsewhere="1" * 64))
    assert {key: text.split(",")[0] for key, text in found.items()} == {
        ("drift", ENGINEERING):
            BETA + " has another label policy: labels between it and systems "
            "with this table are refused",
        ("drift", "trust realm elsewhere"): BETA + " has it",
        ("drift", "trust realm corporate"): BETA + " has not got it"}


@pytest.mark.parametrize("option", ["held.json", "-"])
def test_drift_of_several(sound, held, tmp_path, option):
    """One after the other, as a loop over systems prints them."""
    path = sound()
    texts = [held(system, engineering=digit * 64).read_text() + "\n"
             for system, digit in ((BETA, "0"), (GAMMA, "1"))]
    (tmp_path / "held.json").write_text("\n".join(texts) + "\n \n")
    with open(tmp_path / "held.json") as several:
        done = subprocess.run(
            [program(), "check", "--ldif", path, "--compare", option],
            stdin=several, cwd=tmp_path, env=base_environment(), text=True,
            stdout=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert [row[3].split()[0] for row in rows(done.stdout)
            if row[:3] == ["error", "drift", ENGINEERING]] == [BETA, GAMMA]


def test_names_are_compared_in_any_case(sound, held):
    found = findings(sound(), "--compare", held(
        BETA, ENGINEERING="0" * 64, CORPORATE="0" * 64))
    assert set(found) == {("drift", "trust realm ENGINEERING"),
                          ("drift", "trust realm CORPORATE")}


def test_compare_with_what_is_no_such_file(sound, tmp_path):
    status, _, err = trustrealm("check", "--ldif", sound(), "--compare",
                                tmp_path / "none")
    assert status == 3
    assert err == "trustrealm: %s: No such file or directory\n" % (
        tmp_path / "none")
    whole = '{"system": "x", "digests": {}}'
    for text in ("", "[]", '{"system": "x"}', whole + "[]", whole + "x"):
        path = tmp_path / "held.json"
        path.write_text(text)
        status, _, err = trustrealm("check", "--ldif", sound(), "--compare",
                                    path)
        assert status == 3
        assert str(path) in err


# --- output -------------------------------------------------------------

def test_a_file_that_is_not_there(tmp_path):
    status, out, err = trustrealm("check", "--ldif", tmp_path / "none.ldif")
    assert (status, out) == (3, "")
    assert "none.ldif" in err


def test_errors_come_first_and_entries_stand_together(sound):
    def grade(number):
        return table.system("s%d" % number, ["x A B", "corporate OPEN OPEN "
                                             "20200101000000Z"])
    numbers = list(range(10, 60))
    path = sound(*map(grade, reversed(numbers)))
    wanted = [[severity, "system s%d.example.test" % number]
              for severity in ("error", "warning") for number in numbers]
    assert [[row[0], row[2]] for row in rows(trustrealm(
        "check", "--ldif", path).out)] == wanted
    found = json.loads(trustrealm("check", "--ldif", path, "--json").out)
    assert [[item["severity"], item["entry"]]
            for item in found["findings"]] == wanted


def test_rows_into_a_pipe(sound):
    status, out, _ = trustrealm("check", "--ldif",
                                sound(table.system("zeta", ["x A B"])))
    assert status == 1
    assert rows(out) == [["error", "unknown-realm", ZETA,
                          "there is no trust realm x"]]


@pytest.mark.parametrize("octets, shown", [
    (b"\xc2\x9b2J", "??2J"), (b"\x9b2J", "?2J"), (b"\xe2\x80\xaeabc",
                                                  "???abc"),
    (b"\xe2\x81\xa6abc", "???abc"), (b"\xed\xa0\x80", "???"),
    (b"J\xc3\xb6rg", "J\xf6rg"), (b"\xf0\x9f\x94\x92", "\U0001f512"),
], ids=["c1", "alone", "override", "isolate", "surrogate", "name", "sign"])
def test_what_is_beyond_ascii(ldif, octets, shown):
    """Controls and marks of direction go the same way, names stay."""
    dn = base64.b64encode(b"uid=" + octets + b",dc=x").decode()
    status, text = on_terminal("check", "--ldif", ldif(
        "dn:: %s\nobjectClass: trSubject\n" % dn))
    assert status == 1
    assert "uid=%s,dc=x" % shown in text


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
