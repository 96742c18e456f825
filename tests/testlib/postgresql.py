# tests/testlib/postgresql.py - Debian's PostgreSQL on a machine
# SPDX-License-Identifier: BSD-2-Clause
"""A server as doc/apps/postgresql sets it up, and psql."""

from . import guide, table
from .world import STAFF

POSTGRES = 20031
BIN = "/usr/lib/postgresql/15/bin/"
ETC = "/etc/postgresql/15/main/"
SETTINGS = """
fsync = off
jit = off
dynamic_shared_memory_type = mmap
data_directory = '%s'
include_dir = 'conf.d'
"""


class Postgres:
    """A server on a machine, with Debian's places of its files."""

    def __init__(self, world, name):
        self.world = world
        self.machine = world.machine(name)
        self.data = world.scratch.mkdir(name + ".postgres", 0o700, POSTGRES)
        machine = self.machine
        machine.user("postgres", POSTGRES)
        machine.script("mkdir -p /run/postgresql $ETC/conf.d; "
                       "chown postgres /run/postgresql", ETC=ETC)
        machine.run([BIN + "initdb", "-D", self.data, "-N", "-A", "reject",
                     "--no-locale", "-E", "UTF8"], uid=POSTGRES)
        machine.write(ETC + "postgresql.conf", SETTINGS % self.data)
        guide.follow(world, name, "postgresql", start=self.start)
        self.sql("CREATE ROLE bob LOGIN;" + "".join(
            "GRANT ALL ON SCHEMA public TO %s;" % user
            for user in ("alice", "bob")))

    def start(self):
        machine = self.machine
        self.process = machine.spawn(
            [BIN + "postgres", "-D", ETC, "-c", "hba_file=%spg_hba.conf"
             % ETC, "-c", "ident_file=%spg_ident.conf" % ETC],
            machine.name + "/postgres", uid=POSTGRES)
        self.process.wait_for("ready to accept connections")

    def sql(self, text, *options):
        """Run as superuser, over the machine's own socket."""
        return self.machine.run([BIN + "psql", "-qAt", "-v",
                                 "ON_ERROR_STOP=1", *options, "postgres"],
                                uid=POSTGRES, input=text).out


def environment(world, *who, mode="require", **more):
    """World.environment(), and how psql connects."""
    return dict(world.environment(*who, **more), PGGSSENCMODE=mode,
                PGCONNECT_TIMEOUT="10")


def psql_command(to="beta", login="alice"):
    return [BIN + "psql", "-XqAt", "-h", table.host(to), "-U", login,
            "postgres"]


def psql(world, sql, user="alice", uid=STAFF, sender="alpha", to="beta",
         login=None, variables=(), **more):
    """Run a query to its end."""
    env = environment(world, user, uid, sender, **more)
    return world.machine(sender).run(
        psql_command(to, login or user) + ["-c", sql],
        env=dict(env, **dict(variables)), uid=uid, check=False)
