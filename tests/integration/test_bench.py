# tests/integration/test_bench.py - the bench works
# SPDX-License-Identifier: BSD-2-Clause
"""That everything is measured; what comes of it is not for a test to say."""

import json
import os
import sys

from testlib import servers
from testlib.process import base_environment, run

STEPS = ["", "-init", "-accept", "-finish", "-cpu", "-spread"]
MESSAGES = ["wrap-conf", "unwrap-conf", "wrap-integ", "unwrap-integ", "mic",
            "verify-mic"]
CALLS = ["connect", "prepare", "seal", "accept", "accepted", "issue", "check",
         "judge"]


def test_everything_is_measured():
    env = base_environment()
    env.update((name, value) for name, value in os.environ.items()
               if name.startswith("TR_"))
    bench = os.path.join(servers.source_directory(), "tests/bench/run")
    done = run([sys.executable, bench, "--once", "--json"], env=env,
               timeout=120)
    found = [json.loads(line) for line in done.out.splitlines()]
    beside = {"establish" + step for step in STEPS}
    beside |= {name + label for name in MESSAGES
               for label in ("", "-changed-label")}
    alone = {"call-" + name for name in CALLS} | {"decisions"}
    for enctype in ("aes256-sha1", "aes256-sha384"):
        figures = [f for f in found if f["enctype"] == enctype]
        assert {f["name"] for f in figures} == beside | alone
        assert len(figures) == len(STEPS) + 8 * len(MESSAGES) + len(alone)
    for f in found:
        assert f["ours_ns"] > 0
        assert (f["plain_ns"] is None) == (f["name"] in alone)
