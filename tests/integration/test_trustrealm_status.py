# tests/integration/test_trustrealm_status.py - trustrealm asks real daemons
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm status, and explain against the table that a daemon keeps."""

import json
import os
import re
import shutil

import pytest

from testlib import table
from testlib.tool import on_terminal
from testlib.world import STAFF, as_uid


def status(world, uid=None):
    done = world.alpha.trustrealm("status", "--socket", world.alpha.socket,
                                  "--json", uid=uid)
    assert done.status == 0, done
    return json.loads(done.out)


def test_status_of_a_daemon(world):
    state = status(world)
    assert state["system"] == world.alpha.host
    assert state["principal"] == "trustrealm/%s@%s" % (world.alpha.host,
                                                       table.REALM)
    assert os.path.exists("/proc/%d" % state["pid"])
    assert state["table"]["generation"] >= 1
    assert state["table"]["realms"] == 2
    assert state["table"]["stale"] is False
    assert 0 <= state["table"]["age"] < 60


def test_status_counts_decisions(world):
    def sealed():
        return status(world)["decisions"].get("seal", {}).get("allow", 0)
    before = sealed()
    assert world.client(world.server("beta"), to="beta").delivered
    assert sealed() == before + 1


@pytest.mark.usefixtures("several_uids")
def test_status_tells_users_less(world):
    state = status(world, uid=as_uid(STAFF))
    assert state["table"]["generation"] >= 1
    for key in ("decisions", "attributes", "connections"):
        assert key in status(world)
        assert key not in state


def test_status_in_rows(world):
    done = world.alpha.trustrealm("status", "-c", world.alpha.config_path)
    assert done.status == 0
    rows = dict(line.split("\t") for line in done.out.splitlines())
    assert rows["system"] == world.alpha.host
    assert rows["table.realms"] == "2"
    assert rows["table.stale"] == "false"
    assert rows["started"] == str(status(world)["started"])


@pytest.mark.parametrize("command, keys", [
    ("status", ("started", "table.fresh", "login.end")),
    ("cache", ("table.fresh",))])
def test_people_read_times(world, command, keys):
    status, shown = on_terminal(command, "-c", world.alpha.config_path)
    assert status == 0
    for key in keys:
        assert re.search(r"^%s +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"
                         % re.escape(key), shown, re.M), shown


def test_explain_and_check_ask_the_table_of_this_system(world):
    done = world.alpha.trustrealm("check", "-c", world.alpha.config_path)
    assert done.status == 1
    assert done.out == "warning\tunreachable\ttrust realm engineering\t" \
        "no member may send or hold level TOPSECRET\n"
    done = world.alpha.trustrealm("explain", "-c", world.alpha.config_path,
                                  "--json", "--from", world.alpha.host, "--to",
                                  world.beta.host, "--label", "grave:cipher")
    assert done.status == 0, done
    answer = json.loads(done.out)
    assert answer["label"] == "SECRET:CRYPTO"
    assert answer["table"]["generation"] == \
        status(world)["table"]["generation"]
    assert answer["table"]["path"] == world.alpha.path + "/state/table"
    assert answer["table"]["age"] >= 0


@pytest.mark.usefixtures("several_uids")
def test_who_may_not_read_the_table_asks_the_directory(world):
    """It asks as himself, and says that it was not the table."""
    done = world.alpha.trustrealm("who", "-c", world.alpha.config_path,
                                  "--realm", "engineering", uid=as_uid(STAFF))
    assert done.status == 3
    assert "own table cannot be read: %s/state/table: " \
        "Permission denied (root may)" % world.alpha.path in done.err


@pytest.mark.usefixtures("several_uids")
def test_who_may_not_read_the_table_is_told_who_may(world):
    """Not that there is no table yet."""
    done = world.alpha.trustrealm("cache", "-c", world.alpha.config_path,
                                  uid=as_uid(STAFF))
    assert done.status == 3
    assert "Permission denied" in done.err
    assert "root and the user of trustrealmd may" in done.err
    assert "when it starts" not in done.err


def test_cache_is_what_the_daemon_sees(world):
    done = world.alpha.trustrealm("cache", "-c", world.alpha.config_path,
                                  "--json")
    assert done.status == 0, done
    held = json.loads(done.out)
    state = status(world)
    assert held["system"] == world.alpha.host
    assert held["table"]["generation"] == held["daemon"]["generation"] \
        == state["table"]["generation"]
    assert held["daemon"]["stale"] is False
    assert set(held["digests"]) == {"engineering", "corporate"}
    assert all(len(digest) == 64 for digest in held["digests"].values())


def test_tables_of_two_systems_mean_the_same(world, tmp_path):
    done = world.alpha.trustrealm("cache", "-c", world.beta.config_path,
                                  "--json")
    path = tmp_path / "beta.json"
    path.write_text(done.out)
    done = world.alpha.trustrealm("check", "-c", world.alpha.config_path,
                                  "--compare", str(path))
    assert "drift" not in done.out
    held = json.loads(path.read_text())
    held["digests"]["corporate"] = "0" * 64
    path.write_text(json.dumps(held))
    done = world.alpha.trustrealm("check", "-c", world.alpha.config_path,
                                  "--compare", str(path))
    assert "drift\ttrust realm corporate\t%s" % world.beta.host in done.out


@pytest.mark.parametrize("name, kinds", [
    ("beta.example.test", {"system"}),
    ("trustrealm/beta.example.test@" + table.REALM, {"system"}),
    ("alice@" + table.REALM, {"clearance"}),
    ("engineering", {"trust realm", "label map"}),
    ("navy", {"label map"}),
])
def test_cache_shows_entries_as_they_are_held(world, name, kinds):
    done = world.alpha.trustrealm("cache", name, "-c", world.alpha.config_path)
    assert done.status == 0, done
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert {line[0] for line in lines} == kinds
    done = world.alpha.trustrealm("cache", name, "-c", world.alpha.config_path,
                                  "--json")
    shown = {(entry["kind"], entry["name"], attribute, value)
             for entry in json.loads(done.out)["entries"]
             for attribute, values in entry["attributes"].items()
             for value in values}
    assert {tuple(line) for line in lines} == shown


def test_cache_has_no_such_entry(world):
    done = world.alpha.trustrealm("cache", "nobody", "-c",
                                  world.alpha.config_path)
    assert (done.status, done.out) == (1, "")
    assert "nobody" in done.err


def copied(system, name):
    """Its table as it is now, of which nothing is written meanwhile."""
    path = system.scratch.join(name)
    system.pause_table()
    try:
        shutil.copytree(os.path.join(system.path, "state/table"), path)
    finally:
        system.resume_table()
    return path


def test_diff_with_another_moment(world):
    """A withdrawal narrows what was allowed at the moment before it; seen
    from today's table, that moment allows more."""
    def diff(*tables):
        done = world.alpha.trustrealm("diff", *tables, "-c",
                                      world.alpha.config_path)
        assert done.status == 1, done
        return [line.split("\t") for line in done.out.splitlines()]

    membership = "corporate OPEN RESTRICTED"
    narrows = [["narrows", "system", world.gamma.host, "trMembership",
                membership, "-"]]
    widens = [["widens", *narrows[0][1:4], "-", membership]]
    before = copied(world.alpha, "before")
    world.change(table.system_dn("gamma"), "trMembership")
    try:
        after = copied(world.alpha, "after")
        assert diff(before, after) == narrows
        assert diff(after, before) == widens
        today = os.path.join(world.alpha.path, "state/table")
        assert diff(before, today) == narrows
        assert diff(before) == widens
    finally:
        world.change(table.system_dn("gamma"), "trMembership", membership)
