# tests/testlib/guide.py - what the guides in doc/apps tell an administrator
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of applications use the very text that the guides show: steps() reads
a section, follow() does what it says."""

import os
import re
import textwrap

from . import servers, table
from .world import STAFF

#: Where the files that come with the guides are installed.
APPS = "/usr/share/doc/trustrealm/apps/"
AUDIT = "/var/log/trustrealm/audit"
CONFIG = "/etc/trustrealm/trustrealm.conf"
#: Which of the guides' machines one is.
SELF = {"On the server": "beta", "On the client": "alpha"}
#: The guides' labels, in the formats of the systems.
LABELS = {
    "ministry": {"public": "open", "internal": "official",
                 "secret:crypto": "grave:cipher"},
    "navy": {"public": "white", "internal": "blue",
             "secret:crypto": "red:code"},
}
#: Packages are unpacked already, tests start servers themselves, and the
#: tests' names are in the files.
COMMANDS = """
adduser() { :; }
addgroup() { :; }
apt() { :; }
editor() { :; }
systemctl() { :; }
kadmin() { kadmin.local -r "$REALM" "$@"; }
trustrealm() { "$TRUSTREALM" "$@" --uri "$URI" --base "$BASE"; }
cd /var/tmp
"""
PATH = "/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def path(name):
    """A file that comes with the guides."""
    return os.path.join(servers.source_directory(), "doc/apps", name)


def read(name):
    """It, with the names of the tests."""
    with open(path(name)) as file:
        text = file.read()
    for ours, tests in (("example.com", table.DOMAIN),
                        ("EXAMPLE.COM", table.REALM),
                        ("EXAMPLE\\.COM", table.REALM.replace(".", "\\.")),
                        ("dc=example,dc=com", table.SUFFIX)):
        text = text.replace(ours, tests)
    return text


def shown(name, where):
    """The indented block after the line that ends with "WHERE:", in a guide or
    in the comment at the top of another file."""
    lines = [re.sub(r"^(#|--) ?", "", line)
             for line in read(name).splitlines()]
    start = next(i for i, line in enumerate(lines)
                 if line.endswith(where + ":"))
    block = []
    for line in lines[start + 1:]:
        if line and not line.startswith("    "):
            break
        block.append(line)
    return textwrap.dedent("\n".join(block)).strip() + "\n"


def steps(name, section):
    """What a section shows, in this order: (file, what goes into it), or
    (None, commands)."""
    heading = "\n%s\n%s\n\n" % (section, "-" * len(section))
    before, found, text = read(name).partition(heading)
    assert found, (name, section)
    blocks = []
    for paragraph in text.partition("\n\n\n")[0].split("\n\n"):
        if paragraph.startswith("    "):
            file = re.match(r"(/\S+?)[,:].*", before)
            blocks.append((file and file.group(1),
                           textwrap.dedent(paragraph).strip("\n") + "\n"))
        before = paragraph
    return blocks


def follow(world, name, guide, section="On the server", start=None):
    """Do on a machine what a section says; start: for "systemctl restart".
    Accounts are there already."""
    system, machine = world.systems[name], world.machine(name)
    install(system)
    for file, text in steps(guide, section):
        text = here(system, text, SELF[section])
        if file == CONFIG:
            enter(system, text)
            if system.running():
                system.restart()
        elif file:
            machine.write(file, text)
        else:
            first, restart, rest = text.partition("systemctl restart ")
            run(world, machine, first)
            if restart:
                start()
                run(world, machine, rest.partition("\n")[2])


def here(system, text, name="beta"):
    """text, which is about that machine, for a system."""
    return text.replace(table.host(name), system.host).replace(
        AUDIT, system.audit.path)


def install(system):
    """The files that come with the guides."""
    for name in os.listdir(path("")):
        system.machine.write(APPS + name, here(system, read(name)),
                             0o755 if os.access(path(name), os.X_OK)
                             else 0o644)


def enter(system, text):
    """Lines for trustrealm.conf, with labels of the system; rules come
    first."""
    config, labels = settings(text), LABELS[system.config["labels"]["format"]]
    for rule in config["rules"].values():
        for key in rule.keys() & {"lowest", "highest", "label"}:
            rule[key] = labels[rule[key]]
    system.config["rules"] = {**config["rules"], **{
        name: rule for name, rule in system.config["rules"].items()
        if name not in config["rules"]}}
    system.config["policy"]["rules"] = list(system.config["rules"])
    system.config["services"].update(config.get("services", {}))


def settings(text):
    """{section: {key: value or {key: value}}}"""
    config = {}
    for line in text.splitlines():
        section = re.fullmatch(r"\[(\w+)\]", line)
        key, _, value = line.strip().partition(" = ")
        if section:
            inner = outer = config.setdefault(section.group(1), {})
        elif value == "{":
            inner = outer[key] = {}
        elif key == "}":
            inner = outer
        else:
            inner[key] = value
    return config


def see(world, name):
    """What alice, on alpha, is told to do to see that it works."""
    _, text = steps(name, "See that it works")[-1]
    env = dict(world.environment(), PATH=world.scratch.join("bin:") + PATH)
    return world.machine("alpha").run(["sh", "-euc", text], env=env,
                                      uid=STAFF).out


def run(world, machine, commands):
    """As root; what they print.  When they change the trust realm, all
    daemons have it."""
    generations = world.generations()
    before = world.directory.search(table.ENGINEERING)
    shown = machine.script(
        COMMANDS + commands, PATH=world.scratch.join("bin:") + PATH,
        REALM=world.realm.name,
        KRB5_KDC_PROFILE=world.realm.path + "/kdc.conf",
        TRUSTREALM=world.program("trustrealm"), URI=world.directory.ldapi,
        BASE=table.BASE).out
    if world.directory.search(table.ENGINEERING) != before:
        world.wait_for_change(generations)
    return shown
