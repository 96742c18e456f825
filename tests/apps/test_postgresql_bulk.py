# tests/apps/test_postgresql_bulk.py - a gibibyte through PostgreSQL
# SPDX-License-Identifier: BSD-2-Clause
"""COPY in both directions over gssencmode=require, every packet labelled."""

import pytest

from testlib.postgresql import Postgres, environment, psql_command
from testlib.world import STAFF

# A row is 8000 octets; all rows differ.
ROW, GIBIBYTE = 8000, 1 << 30
NUMBERS = "seq -f %%0%d.0f 1 %d" % (ROW - 1, GIBIBYTE // ROW)


@pytest.fixture(scope="module")
def world(make_hosts):
    return make_hosts("postgres", "psql", run=("alpha", "beta"))


def test_copy_of_a_gibibyte_in_both_directions(world):
    """What comes back is what was sent, octet for octet."""
    server = Postgres(world, "beta")
    server.sql("CREATE UNLOGGED TABLE big (line text);"
               "ALTER TABLE big ALTER line SET STORAGE PLAIN;"
               "GRANT ALL ON big TO alice;")
    command = " ".join(psql_command())
    env = environment(world)
    for script in ("%s | %s -c 'COPY big FROM STDIN'" % (NUMBERS, command),
                   "%s -c 'COPY big TO STDOUT' | cmp - <(%s)" % (command,
                                                                NUMBERS)):
        world.alpha.machine.run(["bash", "-o", "pipefail", "-c", script],
                                env=env, uid=STAFF, timeout=400)
    count = server.sql("SELECT count(*), sum(length(line) + 1) FROM big")
    rows = GIBIBYTE // ROW
    assert count.strip() == "%d|%d" % (rows, rows * ROW)
