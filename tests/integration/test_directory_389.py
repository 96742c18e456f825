# tests/integration/test_directory_389.py - the table in 389 Directory Server
# SPDX-License-Identifier: BSD-2-Clause
"""Schema and sample tree load, and systems follow the tree by RFC 4533."""

import re

import pytest

from testlib import servers, table
from testlib.directory389 import Directory389
from testlib.process import eventually

READ = ('(targetattr = "*")(version 3.0; acl "systems"; '
        'allow (read, search, compare) userdn = '
        '"ldap:///cn=*,ou=systems,%s";)' % table.BASE)


@pytest.fixture(scope="module")
def world(make_module_world):
    """One server for all; each test leaves the tree as it was."""
    world = make_module_world(directory=Directory389, run=())
    world.directory.replace(table.SUFFIX, "aci", READ)
    for name in ("alpha", "beta"):
        world.systems[name].start()
    return world


def allowed(world, receiver):
    return world.explain("alpha", receiver, "--label", "open").status == 0


def followed(world, receiver, expected):
    eventually(lambda: allowed(world, receiver) == expected,
               what="%s allowed: %s" % (receiver, expected))


def test_messages_are_delivered(world):
    server = world.server("beta")
    assert world.client(server, "--label", "grave").delivered


def test_changes_arrive(world):
    before = world.alpha.table_generation()
    dn = table.system_dn("delta")
    assert not allowed(world, "delta")
    world.directory.replace(dn, "trMembership", "corporate OPEN OPEN")
    followed(world, "delta", True)
    world.directory.replace(dn, "trMembership")
    followed(world, "delta", False)
    assert world.alpha.table_generation() > before


def test_restriction_arrives(world):
    world.directory.replace(table.system_dn("gamma"), "trRestriction",
                            "corporate RESTRICTED:HR RESTRICTED:HR")
    followed(world, "gamma", False)
    world.directory.replace(table.system_dn("gamma"), "trRestriction")
    followed(world, "gamma", True)


def test_entries_come_and_go(world):
    entry = table.system("epsilon", ["corporate OPEN OPEN"])
    world.directory.add(entry)
    followed(world, "epsilon", True)
    world.directory.delete(table.system_dn("epsilon"))
    followed(world, "epsilon", False)


def test_catches_up_with_what_it_missed(world):
    """From its cookie: an entry changed, one added, one gone."""
    world.directory.add(table.system("epsilon", ["corporate OPEN OPEN"]))
    followed(world, "epsilon", True)
    world.alpha.stop()
    world.directory.delete(table.system_dn("epsilon"))
    world.directory.replace(table.system_dn("gamma"), "trMembership")
    world.directory.replace(table.system_dn("delta"), "trMembership",
                            "corporate OPEN OPEN")
    world.alpha.start()
    followed(world, "delta", True)
    followed(world, "gamma", False)
    followed(world, "epsilon", False)
    world.directory.replace(table.system_dn("delta"), "trMembership")
    world.directory.replace(table.system_dn("gamma"), "trMembership",
                            "corporate OPEN RESTRICTED")
    followed(world, "gamma", True)
    followed(world, "delta", False)


def test_server_restarts(world):
    world.directory.stop()
    world.directory.start()
    world.directory.replace(table.system_dn("gamma"), "trMembership")
    followed(world, "gamma", False)
    world.directory.replace(table.system_dn("gamma"), "trMembership",
                            "corporate OPEN RESTRICTED")
    followed(world, "gamma", True)


def test_no_access_is_no_table(world):
    """A server that shows nothing does not empty the table."""
    world.directory.replace(table.SUFFIX, "aci")
    try:
        world.alpha.stop()
        world.alpha.start(wait=False)
        eventually(lambda: "may this system still read it?"
                   in world.alpha.log(), what="the log")
        assert allowed(world, "beta")
    finally:
        world.directory.replace(table.SUFFIX, "aci", READ)


def test_values_are_compared_by_the_rules_of_the_schema(world):
    directory = world.directory
    found = directory.search(table.BASE, "(&(trMembership=ENGINEERING *)"
                             "(trPrincipal=trustrealm/alpha.*))", "cn")
    assert re.findall("^cn: (.*)$", found, re.M) == ["alpha.example.test"]
    assert "cn:" not in directory.search(
        table.BASE, "(trPrincipal=TRUSTREALM/alpha.*)", "cn")
    found = directory.search(table.BASE, "(trPriority>=15)", "cn")
    assert re.findall("^cn: (.*)$", found, re.M) == ["engineering"]


def test_sample_tree_loads(world):
    """Entries above it are those of the guide."""
    with open(servers.source_directory() + "/doc/schema/sample.ldif") as file:
        sample = file.read()
    sample = sample.replace("ou=trustrealm,dc=example,dc=com",
                            "ou=sample,dc=example,dc=test")
    sample = sample.replace("ou: trustrealm", "ou: sample")
    base = "ou=sample," + table.SUFFIX
    try:
        world.directory.add(sample)
        found = world.directory.search(base, "(objectClass=tr*)", "dn")
        assert found.count("dn:") == 10
    finally:
        for dn in reversed(re.findall("^dn: (.*)$", world.directory.search(
                base, "(objectClass=*)", "dn"), re.M)):
            world.directory.delete(dn)
