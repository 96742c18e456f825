# tests/adversary/test_entries.py - who may write one system's entry
# SPDX-License-Identifier: BSD-2-Clause
"""Gamma's administrator puts into gamma's entry what he likes.  The worst that
he reaches is that gamma is unknown, or who has a name that he claims: alpha
and beta learn of changes as before, and take nobody for somebody else."""

import base64
import re

import pytest

from testlib import table
from testlib.directory import Directory
from testlib.process import eventually
from testlib.roles import CONSTRAINT_VIOLATION, document

GAMMA = table.system_dn("gamma")


@pytest.fixture(scope="module")
def attacked(make_module_world):
    world = make_module_world(run=("alpha", "beta"))
    world.gamma_before = world.alpha.status()["table"]["systems"]
    return world


@pytest.fixture
def restored(attacked):
    """Gamma's entry is as it was after each attack, and known again."""
    yield attacked
    attacked.directory.delete(GAMMA)
    attacked.directory.add(next(
        entry for entry in table.entries()
        if entry.startswith("dn: %s\n" % GAMMA)))
    known(attacked, True)


def known(world, gamma):
    for system in (world.alpha, world.beta):
        eventually(lambda: system.status()["table"]["systems"] ==
                   world.gamma_before - (not gamma),
                   what="gamma known: %s" % gamma)


def write(world, attribute, *values):
    """As Directory.replace(), with values of any octets."""
    world.directory.modify("\n".join(
        ["dn: " + GAMMA, "changetype: modify", "replace: " + attribute]
        + ["%s:: %s" % (attribute, base64.b64encode(value).decode())
           for value in values]) + "\n")


def others_are_well(world):
    """They talk, and what changes is known at once."""
    server = world.server("beta")
    outcome = world.client(server)
    assert outcome.delivered, outcome
    dn = table.system_dn("delta")
    world.change(dn, "trEnabled", "FALSE")
    world.change(dn, "trEnabled")


@pytest.mark.parametrize("attribute, value", [
    ("trAlias", "%s"), ("trPrincipal", "trustrealm/%s@" + table.REALM)])
@pytest.mark.parametrize("owner", ["alpha", "beta"])
def test_name_of_another_is_nobodys(restored, attribute, value, owner):
    """Until one of the two lets go of it."""
    server = restored.server("beta")
    assert restored.client(server).delivered
    write(restored, attribute, (value % table.host(owner)).encode())
    eventually(lambda: not restored.client(server).delivered, what="refusal")
    write(restored, attribute, (value % table.host("omega")).encode())
    eventually(lambda: restored.client(server).delivered, what="traffic")
    others_are_well(restored)


@pytest.mark.parametrize("attribute, value", [
    ("trAlias", "x" * 256), ("trAlias", "a b"), ("trMembership", "nonsense"),
    ("trMembership", "engineering " + "A" * 100000 + " B"),
    ("trPrincipal", "trustrealm/g\u00e4mma@" + "R" * 100000),
    ("trPrincipal", "trustrealm/\u202egamma"),
], ids=lambda value: value[:30].replace("\u202e", ""))
def test_values_that_are_wrong(restored, attribute, value):
    write(restored, attribute, value.encode())
    known(restored, False)
    others_are_well(restored)


def test_name_that_would_move_a_terminal(attacked):
    """The log names the entry, as far as that can be shown."""
    dn = "cn=J\u00f6rg\u009b2J,ou=systems," + table.BASE
    attacked.directory.add(
        "dn:: %s\nobjectClass: trSystem\ntrPrincipal: no\n"
        % base64.b64encode(dn.encode()).decode())
    eventually(lambda: "unusable entry: cn=J\u00f6rg??2J" in
               attacked.alpha.log(), what="the entry in the log")
    assert "\u009b" not in attacked.alpha.log()
    attacked.directory.delete(dn.replace("\u009b", "\\C2\\9B"))
    others_are_well(attacked)


def test_thousands_of_values(restored):
    write(restored, "trAlias", *[b"h%d" % i for i in range(5000)])
    known(restored, False)
    others_are_well(restored)


#: What has these attributes; a trust realm has the others.
HOLDERS = {"trAlias": GAMMA, "cn": GAMMA, "trMembership": GAMMA,
           "trRestriction": GAMMA, "trClearance": table.user_dn("alice"),
           **dict.fromkeys(("trLevelMap", "trCategoryMap"),
                           "trFormat=navy+trRealmName=engineering,ou=maps," +
                           table.BASE)}


class LimitedDirectory(Directory):
    """With the limits that doc/SCHEMA recommends."""

    def _globals(self):
        return "moduleload constraint\n"

    def _access(self):
        return document("limits.conf") + super()._access()


class ConfigLimitedDirectory(Directory):
    """The same in cn=config."""

    def _globals(self):
        return ("moduleload constraint\ndatabase config\n"
                "rootdn cn=admin,%s\n" % table.SUFFIX)

    def start(self):
        super().start()
        self.modify(document("limits.ldif"))


@pytest.fixture(params=[LimitedDirectory, ConfigLimitedDirectory])
def limited(request, make_world):
    return make_world(run=("alpha", "beta"), directory=request.param)


@pytest.mark.parametrize("attribute", ["trAlias", "cn", "trPrincipal"])
def test_entry_that_is_larger_than_a_message(limited, attribute):
    """No system could take such an entry, nor what comes after it: it must
    not come about."""
    done = limited.directory.modify(
        "dn: %s\nchangetype: modify\n%s: %s\n%s: %s\n" % (
            GAMMA, "replace" if attribute == "trPrincipal" else "add",
            attribute, attribute, "x" * 3400000), check=False)
    assert done.status == CONSTRAINT_VIOLATION, done.err
    others_are_well(limited)


def test_more_values_than_a_system_takes(limited):
    counted = re.findall(r"^constraint_attribute (\S+) count (\d+)$",
                         document("limits.conf"), re.M)
    assert len(counted) > 15
    for attribute, most in counted:
        done = limited.directory.replace(
            HOLDERS.get(attribute, table.ENGINEERING), attribute,
            *[str(i) for i in range(int(most) + 1)], check=False)
        assert done.status == CONSTRAINT_VIOLATION, done
    limited.change(GAMMA, "trAlias", *["h%d" % i for i in range(256)])
    limited.change(table.ENGINEERING, "trLifetime", *[
        str(36000 + i) for i in range(32)])
    others_are_well(limited)
