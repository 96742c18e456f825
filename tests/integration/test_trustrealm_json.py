# tests/integration/test_trustrealm_json.py - every command has --json
# SPDX-License-Identifier: BSD-2-Clause
"""Each noun and verb that the tool knows of, with --json: on a file, with a
real daemon, and by administrators of a real KDC and directory."""

import json
import os
import re
import subprocess

import pytest

from testlib import servers, table
from testlib.process import run
from testlib.roles import ZETA, Administration, TwoPersonsDirectory, person
from testlib.tool import ALPHA, BETA, DELTA, GAMMA, program, trustrealm

BOB = "bob@" + table.REALM
IN = ["--realm", "engineering"]
RANGE = ["--low", "PUBLIC", "--high", "INTERNAL"]

#: On a file, which they may change.
FILE = {
    "explain": ["--from", ALPHA, "--to", BETA],
    "reach": ["--from", ALPHA],
    "who": IN,
    "import": ["new.ldif", "--widen"],
    "export": [],
    "check": [],
    "diff": ["old.ldif"],
    "graph": [],
    "realm add": ["project", "--doi", "77", "--level", "0 low"],
    "realm set": ["engineering", "--priority", "30"],
    "realm show": ["engineering"],
    "realm list": [],
    "realm remove": ["corporate", "--force"],
    "system add": [ZETA, "--principal", "trustrealm/zeta@X"],
    "system set": [DELTA, "--alias", "d.example.test"],
    "system show": [ALPHA],
    "system list": [],
    "system join": [DELTA, *IN, *RANGE],
    "system leave": [BETA, *IN],
    "system restrict": [BETA, *IN, "--high", "INTERNAL"],
    "system unrestrict": [GAMMA, "--realm", "corporate"],
    "system disable": [BETA],
    "system enable": [BETA],
    "system remove": [GAMMA],
    "clearance set": [BOB, *IN, *RANGE],
    "clearance limit": [BOB],
    "clearance show": [BOB],
    "clearance list": [],
    "clearance restrict": [BOB, *IN, "--high", "PUBLIC"],
    "clearance unrestrict": [BOB, "--realm", "corporate"],
    "clearance remove": [BOB, *IN],
    "map add": ["corporate/air", "--level", "a OPEN"],
    "map set": ["engineering/navy", "--unset", "level=black"],
    "map show": ["engineering/navy"],
    "map list": [],
    "map remove": ["engineering/navy"],
    "map check": [],
}
#: With the daemon of alpha.
DAEMON = ["status", "metrics", "cache"]
#: As these people.
PEOPLE = {
    "system invite": ("sid", [ZETA]),
    "system enroll": ("sid", [ZETA]),
    "system rotate": ("sid", [ZETA]),
    "system retire": ("sid", [ZETA]),
    "pending list": ("oscar", []),
    "pending show": ("oscar", ["PROPOSAL"]),
    "pending approve": ("oscar", ["PROPOSAL"]),
    "pending reject": ("olga", ["PROPOSAL"]),
    "offboard": ("rosa", ["olga@" + table.REALM, "--entry",
                          person("olga"), "--no-log"]),
}
#: Without anything.
ALONE = ["schema"]


def commands():
    """All of them, in the order of the tool's own table."""
    out = trustrealm("--help").out
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", out, re.M)


def test_every_command_is_here():
    known = [*FILE, *DAEMON, *PEOPLE, *ALONE, "watch"]
    assert sorted(commands()) == sorted(known)
    assert len(commands()) > 40


#: Members that are objects, of names that are not ours alone.
OBJECTS = {"digests", "add", "remove", "attributes", "labels", "decisions",
           "refused"}


def members(value):
    """The names of all members in it."""
    if isinstance(value, list):
        return set().union(*map(members, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(
        members(item) for name, item in value.items()
        if not (name in OBJECTS and isinstance(item, dict))))


def documented():
    """The names in the section JSON of trustrealm(1), and of options."""
    folder = os.path.join(servers.source_directory(), "doc/man")
    pages = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as page:
            pages[name] = page.read()
    section = pages["trustrealm.1"].partition(".Sh JSON\n")[2].partition(
        "\n.Sh ")[0]
    names = set()
    for line in re.findall(r"^\.(?:Pq )?(?:Li|It Cm) (.*)", section, re.M):
        names.update(re.findall(r"[a-z][a-z_]*", line))
    return names.union(*(re.findall(r"Fl -([a-z-]+)", page)
                         for page in pages.values()))


def parsed(done, statuses=(0,), known=()):
    """What was printed, which nothing else was; its members are known."""
    assert done.status in statuses, done
    value = json.loads(done.out)
    assert isinstance(value, (dict, list)) and value
    assert members(value) - documented() <= set(known)
    return value


@pytest.mark.parametrize("command", FILE)
def test_on_a_file(command, tmp_path):
    restricted = [entry + "trRestriction: corporate OPEN OPEN\n"
                  if entry.startswith(("dn: " + table.system_dn("gamma"),
                                       "dn: " + table.user_dn("bob")))
                  else entry for entry in table.entries()]
    for name, entries in (("table", restricted), ("old", table.entries()),
                          ("new", table.entries() + [table.system(
                              "zeta", ["corporate OPEN OPEN"])])):
        (tmp_path / (name + ".ldif")).write_text(table.ldif(entries))
    done = run([program(), *command.split(), *FILE[command], "--ldif",
                "table.ldif", "--json"], cwd=tmp_path, check=False)
    # To find something is no failure.
    parsed(done, (0, 1) if command in ("check", "diff") else (0,))


@pytest.mark.parametrize("command", DAEMON)
def test_with_a_daemon(world, command):
    parsed(world.alpha.trustrealm(command, "-c", world.alpha.config_path,
                                  "--json"))


def test_watch(world):
    """An object a line."""
    with subprocess.Popen(
            [program(), "watch", "-c", world.alpha.config_path, "--json"],
            stdout=subprocess.PIPE, text=True,
            env=world.alpha.environment()) as watching:
        line = watching.stdout.readline()
        watching.terminate()
        assert json.loads(line)["event"] == "daemon"


@pytest.mark.parametrize("command", ALONE)
def test_alone(command):
    parsed(trustrealm(command, "--json"))


@pytest.fixture(scope="module")
def administration():
    with Administration(TwoPersonsDirectory) as made:
        made.start_kadmind()
        yield made


#: What is proposed.
JOIN = ["delta.example.com", *IN]


@pytest.fixture
def ask(administration):
    """Runs a command as its person; what it made is gone after the test."""
    def ask(command, who, *arguments):
        options = []
        if command in PEOPLE and command.startswith("system "):
            options += administration.by_kadmin(who)
            if command != "system invite":
                options += "--keytab", administration.scratch.join("keytab")
        return administration.trustrealm(who, *command.split(), *arguments,
                                         *options, "--json")
    yield ask
    ask("system retire", "sid", ZETA)
    ask("system leave", "olga", *JOIN)
    for proposal in json.loads(ask("pending list", "olga").out):
        parsed(ask("pending reject", "olga", proposal["id"]))


@pytest.mark.parametrize("command", PEOPLE)
def test_by_people(ask, command):
    who, arguments = PEOPLE[command]
    if command in ("system rotate", "system retire"):
        parsed(ask("system enroll", "sid", ZETA))
    if command.startswith("pending "):
        parsed(ask("system join", "olga", *JOIN, "--low", "public", "--high",
                   "internal", "--propose"))
        (proposal,) = parsed(ask("pending list", "olga"))
        arguments = [proposal["id"] if word == "PROPOSAL" else word
                     for word in arguments]
    # Not everything is known of who leaves.
    parsed(ask(command, who, *arguments), (1,) if command == "offboard" else
           (0,))
