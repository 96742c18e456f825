# tests/unit/test_manual.py - the manual is sound, and says what there is
# SPDX-License-Identifier: BSD-2-Clause
"""Manual pages against mandoc, and against what the programs, the
configuration and the schema know."""

import glob
import os
import re
import shutil
import subprocess

import pytest

SOURCE = os.path.abspath(os.environ.get(
    "TR_SRCDIR", os.path.join(os.path.dirname(__file__), "../..")))
BUILD = os.path.abspath(os.environ.get("TR_BUILDDIR", "."))
PAGES = sorted(glob.glob(os.path.join(SOURCE, "doc/man/*.[1-9]")))
TEXTS = [os.path.join(SOURCE, name) for name in (
    "README", "AUTHORS", "tests/README", "doc/OVERVIEW", "doc/PROTOCOL",
    "doc/SCALING", "doc/SCHEMA", "doc/THREATS")] + sorted(
        glob.glob(os.path.join(SOURCE, "doc/apps/*")))


def read(*names):
    with open(os.path.join(SOURCE, *names), encoding="utf-8") as page:
        return page.read()


def items(page):
    """Everything that a page has a list item for."""
    text = read("doc/man", page).replace("\\-", "-")
    words = set()
    for line in re.findall(r"^\.It (.*)", text, re.MULTILINE):
        words.update(word.strip(",") for word in line.split())
    return words


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_page_passes_mandoc(page):
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        if os.environ.get("TR_REQUIRE"):
            pytest.fail("mandoc is missing")
        pytest.skip("mandoc is missing")
    done = subprocess.run([mandoc, "-T", "lint", page],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=30, check=False)
    # Which manuals this machine has, and knows of, is not the page's fault.
    assert [line for line in (done.stdout + done.stderr).splitlines()
            if "referenced manual not found" not in line and
            "outdated mandoc.db" not in line] == []


def test_every_page_is_installed():
    installed = read("doc/Makemodule.am")
    for page in PAGES:
        assert "doc/man/" + os.path.basename(page) in installed


@pytest.mark.parametrize("page", [
    "gss-label.1", "trustrealm.1", "trustrealm.conf.5", "trustrealm-table.5",
    "mech_trustrealm.7", "trustrealmd.8"])
def test_page_exists(page):
    assert os.path.join(SOURCE, "doc/man", page) in PAGES


@pytest.mark.parametrize("path", TEXTS + PAGES, ids=os.path.basename)
def test_text_is_plain(path):
    with open(path, "rb") as text:
        lines = text.read().decode("ascii").split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert line == line.rstrip() and "\t" not in line
        assert len(line) < 80 or path in PAGES or line.startswith("    ")


def test_tree_is_that_of_the_sample():
    """What tree.ldif has are the containers of sample.ldif."""
    def containers(name):
        return [entry for entry in read("doc/schema", name).strip().split(
            "\n\n") if entry.startswith("dn: ou=")]

    assert len(containers("tree.ldif")) == 6
    assert containers("tree.ldif") == containers("sample.ldif")


def guides():
    """The table at the top of their README."""
    return re.findall("^    ([a-z-]+)  ", read("doc/apps/README"),
                      re.MULTILINE)


def test_every_guide_is_listed():
    installed = re.findall(r"doc/apps/([a-z-]+)\s",
                           read("doc/Makemodule.am").partition(
                               "dist_apps_SCRIPTS")[0])
    assert len(installed) > 5 and sorted(installed) == sorted(guides())


@pytest.mark.parametrize("name", guides())
def test_guide_is_a_page_of_the_form(name):
    lines = read("doc/apps", name).splitlines()
    assert len(lines) < 110
    headings = [line for line, under in zip(lines, lines[1:])
                if line and under == "-" * len(line)]
    assert headings[:4] == ["What is labelled", "On the server",
                            "On the client", "See that it works"]
    assert headings[-2:] == ["Doors to close", "When it does not work"]


def configuration_keys():
    """All that the daemon reads."""
    source = "".join(read("mech/service/%s.c" % name)
                     for name in ("config", "config_table",
                                  "config_policy"))
    calls = re.findall(r"\b(?:tr_conf_(?!complain|enter)\w+|read_label|add_names)"
                       r"\(([^;]*);", source)
    keys = {word for call in calls
            for word in re.findall(r'"([a-z][a-z-]*)"', call)}
    # Sections, and what is said when a key is not there.
    keys -= {"system", "table", "labels", "policy", "services", "attributes",
             "audit", "missing"}
    assert len(keys) > 35
    return keys


def test_every_configuration_key_is_documented():
    assert configuration_keys() - items("trustrealm.conf.5") == set()


def test_sample_shows_every_configuration_key():
    shown = re.findall(r"^\s+#?\s*([a-z][a-z-]*) = ",
                       read("tools/trustrealm.conf.in"), re.MULTILINE)
    assert configuration_keys() - set(shown) == set()


def test_sample_has_no_key_that_is_not_documented():
    sample = read("tools/trustrealm.conf.in")
    section = None
    for line in sample.splitlines():
        start = re.match(r"\[(\w+)\]", line)
        if start:
            section = start.group(1)
            assert (".Ss [%s]" % section
                    in read("doc/man/trustrealm.conf.5"))
        key = re.match(r"\s+#?([a-z][a-z-]*) = [^{]", line)
        if key and section != "attributes":
            assert key.group(1) in items("trustrealm.conf.5")


def test_every_attribute_of_the_schema_is_documented():
    schema = read("doc/schema/trustrealm.schema.in")
    names = re.findall(r"attributetype \( \S+ NAME '(\w+)'", schema)
    assert len(names) > 20
    for name in names:
        assert name in items("trustrealm-table.5")
    page = read("doc/man/trustrealm-table.5")
    for name in re.findall(r"objectclass \( \S+ NAME '(\w+)'", schema):
        assert ".Ss %s\n" % name in page


def options_of(*argv):
    """Long options in what a program says of itself."""
    program = os.path.join(BUILD, argv[0])
    done = subprocess.run([program] + list(argv[1:]) + ["--help"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    # The path of a default is as long as the prefix is.
    lines = re.sub(r"\[/.*\]", "[]", done.stdout).splitlines()
    assert [line for line in lines if len(line) > 79] == []
    return set(re.findall(r"--([a-z][a-z-]+)", done.stdout)) | {"help"}


def documented_options(page):
    """Long options that a page has a list item for."""
    found = set()
    for line in re.findall(r"^\.It (Fl .*)", read("doc/man", page),
                           re.MULTILINE):
        found.update(re.findall(r"(?<= )-([a-z][a-z-]+)", line))
    return found


@pytest.mark.parametrize("page, program, command", [
    ("gss-label.1", "tools/gss-label/gss-label", "client"),
    ("gss-label.1", "tools/gss-label/gss-label", "server"),
    ("gss-label.1", "tools/gss-label/gss-label", "token"),
    ("gss-label.1", "tools/gss-label/gss-label", "doctor"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "explain"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "status"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "metrics"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "watch"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "check"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "cache"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "reach"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "who"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "diff"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "export"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "import"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "graph"),
    ("trustrealm.1", "tools/trustrealm/trustrealm", "schema"),
    ("trustrealm-offboard.1", "tools/trustrealm/trustrealm", "offboard"),
    ("trustrealmd.8", "tools/trustrealmd", None)])
def test_options_and_manual_agree(page, program, command):
    options = options_of(program, *([command] if command else []))
    assert options - documented_options(page) == set()


@pytest.mark.parametrize("page, commands", [
    ("gss-label.1", [("tools/gss-label/gss-label", c)
                     for c in ("client", "server", "token", "doctor")]),
    ("trustrealm.1", [("tools/trustrealm/trustrealm", c)
                      for c in ("explain", "status", "check", "cache", "reach",
                                "who", "diff", "metrics", "graph", "watch",
                                "export", "import",
                                "schema")] +
     [("tools/trustrealm/trustrealm", "realm", "set")]),
    ("trustrealm-offboard.1",
     [("tools/trustrealm/trustrealm", "offboard")])])
def test_no_option_is_documented_that_is_not_there(page, commands):
    options = set().union(*(options_of(*c) for c in commands))
    assert documented_options(page) - options - {"version"} == set()


def verbs_of(noun):
    """What "trustrealm NOUN --help" lists."""
    done = subprocess.run(
        [os.path.join(BUILD, "tools/trustrealm/trustrealm"), noun, "--help"],
        capture_output=True, text=True, timeout=30, check=True)
    return re.findall(r"^  ([a-z]+) ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("noun", ["realm", "system", "clearance", "map",
                                  "pending"])
def test_noun_has_a_page(noun):
    """Its verbs and options, but for those that trustrealm(1) has for all
    nouns, and nothing else."""
    page = "trustrealm-%s.1" % noun
    verbs = verbs_of(noun)
    assert len(verbs) > 3
    assert set(verbs) - items(page) == set()
    options = set().union(*(options_of("tools/trustrealm/trustrealm", noun,
                                       verb) for verb in verbs))
    common = documented_options("trustrealm.1")
    assert options - documented_options(page) - common == set()
    assert documented_options(page) - options == set()


def test_every_rule_of_check_is_documented():
    source = "".join(read("tools/trustrealm", os.path.basename(path))
                     for path in glob.glob(os.path.join(
                         SOURCE, "tools/trustrealm/[cl]*.c")))
    rules = set(re.findall(r'"(?:error|warning)", *\s"([a-z-]+)"', source))
    assert len(rules) > 10
    assert rules - items("trustrealm.1") == set()
