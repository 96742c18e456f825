# tests/integration/conftest.py - fixtures of the tests of trustrealm
# SPDX-License-Identifier: BSD-2-Clause
"""A table and a configuration in files."""

import pytest

from testlib import table
from testlib.system import render
from testlib.tool import ALPHA


@pytest.fixture
def ldif(tmp_path):
    """Write a table: the one of the tests and what is added to it."""
    def write(*added, entries=None):
        path = tmp_path / "table.ldif"
        path.write_text(table.ldif((entries or table.entries())
                                   + list(added)))
        path.chmod(0o600)
        return path
    return write


@pytest.fixture
def config(tmp_path):
    """A configuration of alpha, in its own label format."""
    def write(**sections):
        levels, categories = table.FORMATS["ministry"]
        settings = {
            "system": {"name": ALPHA, "principal": "trustrealm/" + ALPHA,
                       "state-directory": tmp_path / "state",
                       "socket": tmp_path / "socket"},
            "table": {"source": "ldif:%s" % (tmp_path / "table.ldif")},
            "labels": {"format": "ministry", "levels": levels,
                       "categories": categories},
            "policy": {"backend": "policy"},
        }
        for name, keys in sections.items():
            settings[name].update(keys)
        path = tmp_path / "trustrealm.conf"
        path.write_text(render(settings))
        path.chmod(0o600)
        return path
    return write
