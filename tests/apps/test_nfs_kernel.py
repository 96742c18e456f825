# tests/apps/test_nfs_kernel.py - the kernel's NFS carries labels
# SPDX-License-Identifier: BSD-2-Clause
"""Runs guest_nfs.py in a virtual machine, and reports each test in it."""

import os
import re

import pytest

from testlib import servers
from testlib.guest import Guest

PROGRAM = os.path.join(os.path.dirname(__file__), "guest_nfs.py")
#: By the guest's clock.
PATIENCE = "3"


def names():
    """Of the tests in PROGRAM."""
    with open(PROGRAM) as text:
        return re.findall(r"^def (test_\w+)", text.read(), re.MULTILINE)


@pytest.fixture(scope="module")
def console():
    """What pytest said in the guest."""
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": "/media",
        "PYTHONDONTWRITEBYTECODE": "1", "TR_PATIENCE": PATIENCE,
        "TR_REQUIRE": "all", "TR_SERVERS": servers.root(),
        "TR_BUILDDIR": servers.build_directory()}
    with Guest() as guest:
        _, text = guest.run(
            ["/usr/bin/python3", "-m", "pytest", "-v", "-rpfEs", "--tb=short",
             "--color=no", "-p", "no:cacheprovider", PROGRAM],
            servers.source_directory(), environment)
    print(text)
    return text


@pytest.mark.parametrize("name", names())
def test_in_a_guest(console, name):
    outcomes = re.findall(r"^([A-Z]+) \S*::%s\b" % name, console,
                          re.MULTILINE)
    assert outcomes and set(outcomes) == {"PASSED"}
