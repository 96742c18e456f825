# tests/unit/test_build.py - every test is run, and every file is shipped
# SPDX-License-Identifier: BSD-2-Clause
"""The files of the tests against the lists that "make check" and "make dist"
go by, where nobody notices a forgotten line."""

import glob
import os

SOURCE = os.path.abspath(os.environ.get(
    "TR_SRCDIR", os.path.join(os.path.dirname(__file__), "../..")))


def test_every_file_is_listed():
    with open(os.path.join(SOURCE, "tests/Makemodule.am")) as lists:
        listed = set(lists.read().split())
    # A program of one file is listed by its own name.
    listed |= {word + ".c" for word in listed}
    found = {os.path.relpath(path, SOURCE)
             for end in ("c", "h", "py", "sh") for path in glob.glob(
                 os.path.join(SOURCE, "tests/*/*." + end))}
    assert len(found) > 150
    assert found - listed == set()
