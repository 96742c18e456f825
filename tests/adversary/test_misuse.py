# tests/adversary/test_misuse.py - applications that are a danger to themselves
# SPDX-License-Identifier: BSD-2-Clause
"""What an application does wrong, or has done to it, must not let anything
pass that should not."""

import os

import pytest
from attacks import THOROUGH

from testlib.process import run
from testlib.world import SERVICE, as_uid


@pytest.fixture(scope="module")
def famine(world):
    program = world.staged("tests/adversary/famine")

    def starve(phase, how, first=1):
        return run([program, phase, how, str(first)], env=world.both_ends(),
                   uid=as_uid(SERVICE), check=False, timeout=200)

    # The service's ticket is fetched; what a starving Kerberos fetches again
    # must not make the cache, and so the phases, longer and longer.
    starve("sending", "one", first=1000000)
    os.chmod(world.ccache("alice", SERVICE), 0o400)
    return starve


@pytest.mark.parametrize("phase", ["initiating", "accepting", "sending",
                                   "handing-over"])
@pytest.mark.parametrize("how", ["one", "all"])
def test_no_memory(famine, phase, how):
    done = famine(phase, how)
    assert done.status == 0, done.out + done.err


@pytest.mark.parametrize("seed", range(1, 5))
def test_buffers_laid_out_at_random(world, seed):
    done = run([world.staged("tests/adversary/layouts"), str(seed),
                "20000" if THOROUGH else "1000"],
               env=world.both_ends(), uid=as_uid(SERVICE), check=False,
               timeout=60)
    assert done.status == 0, done.out + done.err
