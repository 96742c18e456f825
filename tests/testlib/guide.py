# tests/testlib/guide.py - what the guides in doc/apps tell an administrator
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of applications use the very text that the guides show."""

import os
import textwrap

from . import servers


def path(name):
    """A file that comes with the guides."""
    return os.path.join(servers.source_directory(), "doc/apps", name)


def shown(guide, file):
    """The indented block that guide shows after the line that ends with
    "FILE:"."""
    with open(path(guide)) as text:
        lines = text.read().splitlines()
    start = next(i for i, line in enumerate(lines)
                 if line.endswith(file + ":"))
    block = []
    for line in lines[start + 1:]:
        if line and not line.startswith("    "):
            break
        block.append(line)
    return textwrap.dedent("\n".join(block)).strip() + "\n"
