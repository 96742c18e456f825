# tests/integration/test_as_kerberos.py - what Kerberos offers is offered still
# SPDX-License-Identifier: BSD-2-Clause
"""The same program with the plugin and without it."""

import json

import pytest

from testlib.process import run
from testlib.world import STAFF, as_uid

#: That these are answered at all, and not refused by both.
ANSWERS = {
    "password": ["dave@EXAMPLE.TEST", True],
    "password_for_spnego": ["dave@EXAMPLE.TEST", True],
    "impersonation": "alice@EXAMPLE.TEST",
    "mechanisms_by_attribute": True,
    "both_usages": ["both", True, 86400],
    "replay_cache": False,
    "chosen_in_spnego": True,
}


@pytest.fixture(scope="module")
def world(make_module_world):
    made = make_module_world(run=("alpha",))
    made.realm.add_with_password("dave", "secret")
    return made


def offered(world, **environment):
    """{call: answer} to a program of alice's on alpha."""
    env = world.alpha.environment(as_uid(STAFF), world.ccache("alice"))
    env.update(environment)
    done = run(["/usr/bin/python3", world.script("offer_main.py"),
                world.beta.host, world.beta.services_keytab],
               env=env, uid=as_uid(STAFF))
    return dict(json.loads(line) for line in done.out.splitlines())


def test_answers_are_those_of_kerberos(world):
    ours = offered(world)
    plain = offered(world, GSS_MECH_CONFIG="/dev/null")
    assert len(plain) > len(ANSWERS)
    assert ours == plain
    assert {name: plain[name] for name in ANSWERS} == ANSWERS
