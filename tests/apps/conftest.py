# tests/apps/conftest.py - fixtures of the cases that applications share
# SPDX-License-Identifier: BSD-2-Clause

import pytest

from testlib import policies

pytest.register_assert_rewrite("cases")


@pytest.fixture
def application(request, world, server):
    return request.module.APPLICATION


@pytest.fixture
def session(request, world, server):
    """Connect, and stay so to the end of the test."""
    opened = []

    def start(*arguments, **options):
        opened.append(request.module.Session(world, *arguments, **options))
        return opened[-1]
    yield start
    for one in opened:
        one.close()


@pytest.fixture
def bypass(world, application):
    with policies.bypass(world, application.service, application.accept):
        yield
