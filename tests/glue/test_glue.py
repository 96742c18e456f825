# tests/glue/test_glue.py - the cases of the probe, and programs of a kind
# SPDX-License-Identifier: BSD-2-Clause
"""Through libgssapi, as applications see it; both ends in one process."""

import shutil
import subprocess

import pytest

from testlib import servers
from testlib.process import run
from testlib.world import SERVICE, as_uid


def built_probe():
    return servers.built("tests/glue/.libs/probe", "tests/glue/probe")


def case_names():
    try:
        return subprocess.run([built_probe()], stdout=subprocess.PIPE,
                              check=True, timeout=20).stdout.decode().split()
    except Exception:                       # the tests themselves will say
        return ["cases_of_the_probe"]


@pytest.fixture(scope="module")
def probe(world):
    return shutil.copy(built_probe(), world.scratch.join("bin"))


def environment(world):
    env = world.beta.environment(as_uid(SERVICE),
                                 world.ccache("alice", SERVICE))
    env["INITIATOR_SOCKET"] = world.alpha.socket
    env["ACCEPTOR_SOCKET"] = world.beta.socket
    env["ACCEPTOR_HOST"] = world.beta.host
    env["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0"
    env["OTHER_CCACHE"] = "FILE:" + world.ccache("bob", SERVICE)
    return env


@pytest.mark.parametrize("name", case_names())
def test_probe(world, probe, name):
    result = run([probe, name], env=environment(world), uid=as_uid(SERVICE),
                 check=False, timeout=30)
    assert result.status == 0, result.err
