# tests/testlib/steps.py - what a program does, step by step
# SPDX-License-Identifier: BSD-2-Clause

from . import servers
from .process import run


def by_steps(scratch, argv, env, at=0, then=":", input=None):
    """Run it: (its Result, what it does on the disk and at the KDC).  Ahead of
    step number at, from 1, a shell runs another command, with env."""
    log = scratch.write("steps", "")
    done = run(argv, check=False, input=input, env=dict(
        env, TR_STEPS=log, TR_AT=str(at), TR_THEN=then,
        LD_PRELOAD=servers.built("tests/integration/.libs/steps.so")))
    with open(log) as steps:
        return done, steps.read().splitlines()


def in_order(steps, *wanted):
    """Is each of them there, after the one before it?"""
    rest = iter(steps)
    return all(step in rest for step in wanted)
