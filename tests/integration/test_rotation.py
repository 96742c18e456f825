# tests/integration/test_rotation.py - a system gets a new key in operation
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm system rotate under a running trustrealmd."""

from testlib import table
from testlib.process import run


def rotate(world, *options):
    """As root on beta, an administrator of the KDC and the directory."""
    cache = world.scratch.join("kadm")
    world.realm.kinit("alice", world.users_keytab, cache,
                      service="kadmin/admin")
    return run([world.program("trustrealm"), "system", "rotate",
                table.host("beta"), "--keytab", world.beta.keytab,
                "--admin-cache", "FILE:" + cache, "--uri",
                world.directory.ldapi, "--base", table.BASE] + list(options),
               env=world.realm.environment())


def test_messages_go_on(make_world):
    """By tickets for the old key and for the new one, without a reload; once
    the old one is removed and forgotten, by new tickets alone."""
    world = make_world()
    world.realm.start_administration(["alice@%s acdim *" % table.REALM])
    server = world.server("beta")
    assert world.client(server).delivered
    rotate(world)
    # alpha has a ticket for the old key.
    assert world.client(server).delivered
    # It gets another one, for the new key.
    mark = world.beta.audit.mark()
    world.alpha.restart()
    assert world.client(server).delivered
    assert not world.beta.audit.since(mark, result="deny")

    rotate(world, "--finish", "--force")
    world.beta.reload()
    assert world.client(server).delivered
