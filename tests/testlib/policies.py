# tests/testlib/policies.py - changes of the policy that are taken back
# SPDX-License-Identifier: BSD-2-Clause
"""Contexts for the cases that every application is tested in."""

import contextlib
import re

from . import table


@contextlib.contextmanager
def withdrawn(world, system="beta"):
    """system is in no trust realm."""
    world.change(table.system_dn(system), "trMembership")
    try:
        yield
    finally:
        world.change(table.system_dn(system), "trMembership",
                     *table.MEMBERSHIPS[system])


@contextlib.contextmanager
def alias(world, system, name):
    """system has another name, too."""
    try:
        world.change(table.system_dn(system), "trAlias", name)
        yield
    finally:
        world.change(table.system_dn(system), "trAlias")


@contextlib.contextmanager
def engineering(world, **attributes):
    """Attributes of the trust realm engineering have these values."""
    saved = {name: re.findall("^%s: (.*)$" % name, world.directory.search(
        table.ENGINEERING, "(objectClass=*)", name), re.M)
        for name in attributes}
    try:
        for name, values in attributes.items():
            world.change(table.ENGINEERING, name, *values)
        yield
    finally:
        for name, values in saved.items():
            world.change(table.ENGINEERING, name, *values)


@contextlib.contextmanager
def rule(system, name, **changes):
    """system goes by a changed rule."""
    rules = system.config["rules"]
    saved = dict(rules[name])
    rules[name].update(changes)
    system.restart()
    try:
        yield
    finally:
        rules[name] = saved
        system.restart()


@contextlib.contextmanager
def stopped(system):
    """system has no daemon."""
    system.stop()
    try:
        yield
    finally:
        system.start()


@contextlib.contextmanager
def explicit_labels(world):
    """Every message has a label record."""
    both = world.alpha, world.beta
    for system in both:
        system.config["policy"]["message-label"] = "explicit"
        system.restart()
    try:
        yield
    finally:
        for system in both:
            del system.config["policy"]["message-label"]
            system.restart()


@contextlib.contextmanager
def bypass(world, service, accept, *others):
    """beta serves alice, and others, without a label; alpha's chief, who has
    none but the lowest, may go to epsilon."""
    alpha, beta = world.alpha.config, world.beta.config
    saved = beta["services"].get(service)
    alpha["policy"]["allow-bypass"] = beta["policy"]["allow-bypass"] = True
    alpha["policy"]["bypass-to"] = "%s/%s@*" % (service,
                                                table.host("epsilon"))
    world.beta.service(service, accept, bypass=[
        "%s@%s" % (name, table.REALM) for name in ("alice", *others)])
    world.beta.restart()
    try:
        with rule(world.alpha, "chief", lowest="open", highest="open",
                  label="open"):
            yield
    finally:
        del alpha["policy"]["allow-bypass"], alpha["policy"]["bypass-to"]
        del beta["policy"]["allow-bypass"], beta["services"][service]
        if saved:
            beta["services"][service] = saved
        world.alpha.restart()
        world.beta.restart()
