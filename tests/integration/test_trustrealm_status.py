# tests/integration/test_trustrealm_status.py - trustrealm asks real daemons
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm status, and explain against the table that a daemon keeps."""

import json
import os

import pytest

from testlib import table
from testlib.process import run
from testlib.world import STAFF, as_uid


def trustrealm(world, *arguments, uid=None):
    return run([world.program("trustrealm")] + list(arguments), uid=uid,
               env=world.alpha.environment(), check=False)


def status(world, uid=None):
    done = trustrealm(world, "status", "--socket", world.alpha.socket,
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
    done = trustrealm(world, "status", "-c", world.alpha.config_path)
    assert done.status == 0
    rows = dict(line.split("\t") for line in done.out.splitlines())
    assert rows["system"] == world.alpha.host
    assert rows["table.realms"] == "2"
    assert rows["table.stale"] == "false"


def test_explain_and_check_ask_the_table_of_this_system(world):
    done = trustrealm(world, "check", "-c", world.alpha.config_path)
    assert (done.status, done.out) == (0, ""), done
    done = trustrealm(world, "explain", "-c", world.alpha.config_path,
                      "--json", "--from", world.alpha.host, "--to",
                      world.beta.host, "--label", "grave:cipher")
    assert done.status == 0, done
    answer = json.loads(done.out)
    assert answer["label"] == "SECRET:CRYPTO"
    assert answer["table"]["generation"] == \
        status(world)["table"]["generation"]
