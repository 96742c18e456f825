# tests/unit/test_figures.py - figures in the documentation are measured ones
# SPDX-License-Identifier: BSD-2-Clause
"""What doc/SCALING shows is in tests/bench/figures, as it was measured."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

SOURCE = os.environ.get("TR_SRCDIR") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEPT = os.path.join(SOURCE, "tests/bench/figures")
FIGURES = os.path.join(KEPT, "scale.jsonl")


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def test_the_table_is_what_was_measured():
    shown = subprocess.run(
        [sys.executable, os.path.join(SOURCE, "tests/bench/scale"), "--show",
         FIGURES], stdout=subprocess.PIPE, check=True).stdout.decode()
    with open(os.path.join(SOURCE, "doc/SCALING")) as file:
        assert textwrap.indent(shown, "    ") in file.read()


@pytest.mark.parametrize("name", sorted(os.listdir(KEPT)))
def test_a_run_says_where_it_was_made(name):
    kept = lines(os.path.join(KEPT, name))
    runs = [line for line in kept if "bench" in line]
    assert kept[0] in runs
    for run in runs:
        assert run["date"] and run["machine"]["processor"]
        assert all(run["versions"].values())
