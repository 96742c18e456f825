# tests/integration/test_trustrealm_graph.py - pictures of a table
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm graph: what is drawn, by Graphviz and in a real browser."""

import json
import re
import xml.etree.ElementTree

import pytest

from testlib import table
from testlib.browser import Browser, graphviz
from testlib.process import run
from testlib.tool import ALPHA, BETA, DELTA, GAMMA, program, trustrealm

TABLE = [ALPHA, BETA, GAMMA, DELTA]


def drawn(path, *options):
    status, out, err = trustrealm("graph", "--ldif", path, *options)
    assert (status, err) == (0, "")
    return out


def groups(path, *options):
    """{names of trust realms: names of systems}"""
    found = json.loads(drawn(path, "--json", *options))
    return {tuple(found["realms"][number]["name"]
                  for number in group["realms"]):
            [system["name"] for system in group["systems"]]
            for group in found["groups"]}


def many(realms, systems):
    """A table in which every system is in three trust realms, never the same
    three before all others had their turn."""
    names = ["realm%02d" % number for number in range(realms)]
    entries = [table.entry("cn=%s,%s" % (name, table.BASE),
                           objectClass="trTrustRealm", cn=name,
                           trDOI=number + 1, trLevel=["0 LOW", "1 HIGH"])
               for number, name in enumerate(names)]
    for number in range(systems):
        chosen = {number % realms, (number * 7 + 1) % realms,
                  (number * 3 + number // realms + 2) % realms}
        entries.append(table.system("host%04d" % number, [
            "%s LOW HIGH" % names[place] for place in sorted(chosen)]))
    return entries


def written(path, entries):
    path.write_text(table.ldif(entries))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def thousands(tmp_path_factory):
    return written(tmp_path_factory.mktemp("table") / "table.ldif",
                   many(12, 2000))


# --- groups -------------------------------------------------------------

def test_systems_are_grouped_by_their_trust_realms(ldif):
    ended = table.system("zeta", ["corporate OPEN OPEN 20200101000000Z"])
    assert groups(ldif(ended)) == {
        ("corporate", "engineering"): [ALPHA, BETA],
        ("corporate",): [GAMMA],
        (): [DELTA, table.host("zeta")]}


def test_one_trust_realm_alone(ldif):
    assert groups(ldif(), "--realm", "engineering") == {
        ("corporate", "engineering"): [ALPHA, BETA]}
    status, out, err = trustrealm("graph", "--ldif", ldif(), "--realm", "x")
    assert (status, out) == (1, "") and "no trust realm x" in err


def test_ranges_belong_to_their_trust_realms(ldif):
    found = json.loads(drawn(ldif(), "--json"))
    (group,) = [group for group in found["groups"]
                if len(group["realms"]) == 2]
    assert {(system["name"], found["realms"][realm]["name"]):
            found["ranges"][system["ranges"][place]]
            for system in group["systems"]
            for place, realm in enumerate(group["realms"])} == {
        (ALPHA, "engineering"): "PUBLIC SECRET:CRYPTO,RADAR",
        (ALPHA, "corporate"): "OPEN RESTRICTED:HR",
        (BETA, "engineering"): "PUBLIC SECRET:CRYPTO",
        (BETA, "corporate"): "OPEN RESTRICTED:HR"}


@pytest.mark.parametrize("arguments", [
    ["--format", "png"], ["--format"], ["extra"]],
    ids=lambda arguments: " ".join(arguments))
def test_wrong_usage(arguments):
    status, out, err = trustrealm("graph", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("trustrealm graph")


# --- Graphviz -----------------------------------------------------------

@pytest.fixture(scope="module")
def dot(tmp_path_factory):
    return graphviz(tmp_path_factory.mktemp("graphviz"))


def laid_out(dot, text):
    """(text of each node, pairs that have a line)"""
    drawing = json.loads(run([dot[0], "-Tjson0"], env=dot[1],
                             input=text).out)
    nodes = [node for node in drawing["objects"] if "label" in node]
    names = {node["_gvid"]: node["label"] for node in nodes}
    return list(names.values()), {
        (names[edge["tail"]].split("\\n")[0],
         names[edge["head"]].split("|")[0]) for edge in drawing["edges"]}


def test_graphviz_draws_groups(ldif, dot):
    nodes, lines = laid_out(dot, drawn(ldif()))
    assert lines == {("engineering", "2 systems"), ("corporate", "2 systems"),
                     ("corporate", "1 system")}
    text = "\n".join(nodes)
    assert all(name in text for name in TABLE)
    assert "1 system in no trust realm" in text
    assert "engineering: several ranges" in text
    assert "corporate: OPEN to RESTRICTED:HR" in text


def test_graphviz_draws_trust_realms_of_thousands(thousands, dot):
    text = drawn(thousands)
    nodes, lines = laid_out(dot, text)
    assert len(nodes) == 12
    assert 12 <= len(lines) <= 36
    assert "thinner ones are not drawn" in text
    # of one trust realm there are few enough
    found = json.loads(drawn(thousands, "--json"))
    assert len(found["groups"]) > 40


def test_svg(ldif, dot):
    folder = dot[0].rsplit("/", 1)[0]
    done = run([program(), "graph", "--format", "svg", "--ldif", ldif()],
               env=dict(dot[1], PATH=folder))
    root = xml.etree.ElementTree.fromstring(done.out)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert ALPHA in done.out


def test_svg_without_graphviz(ldif):
    status, out, err = trustrealm("graph", "--format", "svg", "--ldif",
                                  ldif(), PATH="/nonexistent")
    assert (status, out) == (3, "")
    assert "install Graphviz" in err


# --- the page -----------------------------------------------------------

def test_page_needs_nothing_from_elsewhere(ldif):
    page = drawn(ldif(), "--format", "html")
    assert re.search(r"default-src 'none'", page)
    assert not re.search(r"""(?:src|href)=|url\(|@import|https?:""", page)


def test_text_of_the_table_cannot_end_its_element(tmp_path):
    """The name of the source is the administrator's, with any octets."""
    path = tmp_path / "<script>alert(1)<"
    path.mkdir()
    path /= "script>.ldif"
    path.write_text(table.ldif(table.entries()))
    path.chmod(0o600)
    page = drawn(path, "--format", "html")
    assert page.count("<script") == page.count("</script>") == 2
    assert "alert(1)" in page


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def show(browser, tmp_path):
    """Open the page of a table."""
    def open_page(path):
        page = tmp_path / "page.html"
        page.write_text(drawn(path, "--format", "html"))
        browser.open(page)
        return browser
    return open_page


ROWS = """[...document.querySelectorAll("tbody tr")].map(row => [
    row.querySelector(".size").textContent,
    [...row.querySelectorAll("td.in")].map(cell => cell.title).sort(),
    [...row.querySelectorAll(".system")].map(one => one.title)])"""
DETAILS = 'document.getElementById("details").innerText'


def click(browser, selector, text):
    assert browser.ask("""(() => {
        const found = [...document.querySelectorAll(%s)].find(
            element => element.textContent === %s);
        if (found) found.click();
        return Boolean(found); })()""" % (json.dumps(selector),
                                         json.dumps(text)))


def test_page_shows_groups(show, ldif):
    browser = show(ldif())
    assert browser.ask(ROWS) == [
        ["2", ["corporate", "engineering"], [ALPHA, BETA]],
        ["1", ["corporate"], [GAMMA]], ["1", [], [DELTA]]]
    assert "example.test" in browser.ask(DETAILS)


def test_page_searches(show, ldif):
    browser = show(ldif())
    browser.type("#find", "GAMM")
    assert browser.ask(ROWS) == [["1", ["corporate"], [GAMMA]]]
    assert browser.ask(
        'document.querySelector(".hit").textContent') == "gamma"
    browser.type("#find", "x")
    assert browser.ask(ROWS) == []
    assert "Nothing" in browser.ask(
        'document.getElementById("picture").innerText')


def test_page_shows_details_on_a_click(show, ldif):
    browser = show(ldif())
    click(browser, ".system", "alpha")
    details = browser.ask(DETAILS)
    assert ALPHA in details and "PUBLIC to SECRET:CRYPTO,RADAR" in details
    click(browser, "th button", "engineering")
    assert [row[0] for row in browser.ask(ROWS)] == ["2"]
    assert "PUBLIC, INTERNAL, SECRET, TOPSECRET" in browser.ask(DETAILS)
    click(browser, "#details button", "show all trust realms")
    assert len(browser.ask(ROWS)) == 3


@pytest.mark.parametrize("realms, systems", [(3, 10), (6, 100), (12, 2000)])
def test_page_of_many_systems(show, tmp_path, realms, systems):
    """A row for those that are in the same trust realms, and each is found
    in its row."""
    entries = many(realms, systems)
    memberships = {"".join(re.findall(r"^cn: (.*)", entry, re.MULTILINE)):
                   re.findall(r"trMembership: (\S+)", entry)
                   for entry in entries if "trMembership" in entry}
    browser = show(written(tmp_path / "many.ldif", entries))
    rows = browser.ask(ROWS)
    assert sorted(members for _, members, _ in rows) == sorted(
        map(list, set(map(tuple, memberships.values()))))
    assert sum(int(size) for size, _, _ in rows) == systems
    name = "host%04d" % (systems * 5 // 8)
    members = memberships[table.host(name)]
    browser.type("#find", name)
    assert [row[1:] for row in browser.ask(ROWS)] == [
        [members, [table.host(name)]]]
    click(browser, ".system", name)
    assert browser.ask(DETAILS).count("LOW to HIGH") == len(members)
