# tests/integration/test_trustrealm_sheet.py - tables on a terminal
# SPDX-License-Identifier: BSD-2-Clause
"""What is too wide goes on in the next line; nothing is lost."""

import re

import pytest

from testlib import table
from testlib.tool import ALPHA, BETA, DELTA, GAMMA, on_terminal, rows, \
    trustrealm

EXPLAIN = ["explain", "--from", ALPHA, "--to", BETA, "--label",
           "SECRET:CRYPTO", "--user", "alice@" + table.REALM]


def cells(shown, heading):
    """Rows of cells, put together again, of the table with that heading;
    a row begins where its first cell does."""
    lines = shown.splitlines()
    first = next(i for i, line in enumerate(lines)
                 if line.startswith(heading))
    starts = [found.start() for found in re.finditer(r"\S+( \S+)*",
                                                     lines[first])]
    ends = starts[1:] + [None]
    found = []
    for line in lines[first + 1:]:
        parts = [line[a:b].rstrip() for a, b in zip(starts, ends)]
        if parts[0]:
            found.append([[part] for part in parts])
            continue
        for cell, part in zip(found[-1], parts):
            cell.append(part)
    return [["".join(cell).replace(" ", "") for cell in row]
            for row in found]


@pytest.mark.parametrize("columns", [80, 100])
def test_explain_fits_a_terminal(ldif, columns):
    path = ldif()
    arguments = EXPLAIN + ["--ldif", path]
    _, whole = on_terminal(*arguments)
    assert max(map(len, whole.splitlines()[1:])) > 100
    status, shown = on_terminal(*arguments, columns=columns)
    assert status == 0
    assert max(map(len, shown.splitlines()[1:])) <= columns
    assert not any(line.endswith(" ") for line in shown.splitlines())
    last = -4                           # what it comes to
    assert cells(shown, "STEP")[:last] == cells(whole, "STEP")[:last]


def test_reach_says_to_people_apart_who_may_not(ldif):
    status, shown = on_terminal("reach", "--from", ALPHA, "--verbose",
                                "--ldif", ldif(), columns=80)
    assert status == 0
    head, _, tail = shown.partition("\nSYSTEM              REFUSED AT")
    assert BETA in head and GAMMA in head and DELTA not in head
    assert [row[:2] for row in cells("SYSTEM              REFUSED AT" + tail,
                                     "SYSTEM")][:-1] == [[DELTA, "S5"]]
    assert "and %s share no trust realm" % DELTA in \
        " ".join(tail.split())
    assert max(map(len, shown.splitlines()[1:])) <= 80


def test_a_list_leaves_out_what_nobody_has(ldif):
    """And the principal that everybody knows."""
    path = ldif()
    status, shown = on_terminal("system", "list", "--ldif", path)
    assert status == 0
    assert shown.splitlines()[1].split() == ["NAME", "STATE", "TRUST",
                                             "REALM", "LOW", "HIGH"]
    path = ldif(table.entry(
        table.system_dn("zeta"), objectClass="trSystem",
        cn=table.host("zeta"), trPrincipal="host/z@OTHER.TEST",
        trMembership="corporate OPEN OPEN 20991231235959Z"))
    _, shown = on_terminal("system", "list", "--ldif", path)
    lines = shown.splitlines()
    assert lines[1].split() == ["NAME", "STATE", "PRINCIPAL", "TRUST",
                                "REALM", "LOW", "HIGH", "UNTIL"]
    assert lines[-1].split()[2] == "host/z@OTHER.TEST"
    assert lines[2].split()[2] == "-"
    assert {len(row) for row in rows(trustrealm(
        "system", "list", "--ldif", path).out)} == {8}


def test_a_list_with_all_of_its_columns_fits(ldif):
    """Then the first one goes on in the next line as well."""
    long = "a-system-with-a-name-of-some-length"
    path = ldif(entries=[
        entry for entry in table.entries() if "trSystem" not in entry] + [
            table.system(long, ["engineering PUBLIC SECRET:CRYPTO,RADAR "
                                "20991231235959Z"])
            + "trRestriction: engineering PUBLIC INTERNAL:CRYPTO\n"])
    _, shown = on_terminal("system", "list", "--ldif", path, columns=80)
    heading, *lines = shown.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    at = [heading.index(name) for name in ("NAME", "STATE", "TRUST", "LOW",
                                           "HIGH", "UNTIL", "RESTRICTED")]
    assert ["".join(line[a:b].strip() for line in lines[1:])
            for a, b in zip(at, at[1:] + [None])] == [
        table.host(long), "enabled", "engineering", "PUBLIC",
        "SECRET:CRYPTO,RADAR", "2099-12-3123:59:59UTC",
        "PUBLICINTERNAL:CRYPTO"]


def test_a_removed_value_is_marked(ldif):
    """Though "-" is what an empty cell has."""
    _, shown = on_terminal("system", "leave", ALPHA, "--realm", "corporate",
                           "--dry-run", "--ldif", ldif(), columns=80)
    assert shown.startswith("CHANGE  ENTRY") and "\n-       cn=" in shown


def test_two_columns_can_be_copied(ldif):
    """The terminal itself continues them."""
    dn = table.system_dn("alpha")
    _, shown = on_terminal("system", "show", ALPHA, "--ldif", ldif(),
                           columns=60)
    assert dn in shown
