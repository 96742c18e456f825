# tests/integration/test_completion.py - what the Tab key offers
# SPDX-License-Identifier: BSD-2-Clause
"""bash and zsh complete trustrealm's command lines by their own machinery."""

import os
import pty
import re
import select
import shlex
import subprocess

import pytest

from testlib import servers, table
from testlib.process import Deadline, base_environment
from testlib.tool import program

#: What readline does for Tab: words, cursor at the end of the last one.
TAB = """
source %(script)s
PATH=%(folder)s:$PATH
COMP_LINE=%(line)s
COMP_POINT=${#COMP_LINE}
COMP_WORDS=(%(words)s)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
spec=$(complete -p trustrealm) || exit 1
$(sed 's/.*-F \\([^ ]*\\).*/\\1/' <<<"$spec") trustrealm
printf '%%s\\n' "${COMPREPLY[@]}"
"""


SCRIPT = os.path.join(servers.source_directory(),
                      "tools/completion/trustrealm")


@pytest.fixture
def tab(tmp_path):
    """tab("realm", "s"): what is offered for the last of these words."""
    (tmp_path / "table.ldif").write_text(table.ldif(table.entries()))

    def complete(*words):
        script = TAB % {
            "script": shlex.quote(SCRIPT),
            "folder": shlex.quote(os.path.dirname(program())),
            "line": shlex.quote(" ".join(("trustrealm",) + words)),
            "words": " ".join(shlex.quote(w)
                              for w in ("trustrealm",) + words)}
        done = subprocess.run(
            ["bash", "--norc", "-c", script], capture_output=True,
            text=True, timeout=60, cwd=tmp_path, env=base_environment())
        assert done.stderr == "" and done.returncode == 0, done
        return done.stdout.split()
    return complete


def test_nouns_and_commands(tab):
    offered = tab("")
    assert {"realm", "system", "clearance", "map", "check", "explain",
            "--help"} <= set(offered)
    assert len(offered) == len(set(offered))
    assert tab("sys") == ["system"]
    assert set(tab("s")) == {"system", "status", "schema"}


def test_verbs(tab):
    assert set(tab("realm", "")) == {"add", "set", "show", "list", "remove",
                                     "--help"}
    assert set(tab("system", "l")) == {"list", "leave"}
    assert tab("nonsense", "l") == []


def test_options(tab):
    assert {"--realm", "--low", "--high", "--until", "--dry-run", "--ldif",
            "--config"} <= set(tab("system", "join", "x", "--"))
    assert tab("system", "join", "x", "--un") == ["--until"]
    assert "--low" not in tab("system", "leave", "x", "--")
    assert tab("check", "--ld") == ["--ldif"]


def test_names(tab):
    where = ["--ldif", "table.ldif"]
    assert set(tab("system", "join", "x", *where, "--realm", "")) == \
        {"engineering", "corporate"}
    assert tab("explain", *where, "--from", "al") == [table.host("alpha")]
    assert tab("system", "show", *where, "al") == [table.host("alpha")]
    assert tab("system", "join", *where, "--low", "") == []


def test_name_comes_from_the_configuration(tab, tmp_path, monkeypatch):
    config = tmp_path / "trustrealm.conf"
    config.write_text("""\
[system]
    name = alpha.example.test
    principal = trustrealm/alpha.example.test
[table]
    source = ldif:%s/table.ldif
[labels]
    format = ministry
    levels = open
""" % tmp_path)
    monkeypatch.setitem(os.environ, "TRUSTREALM_CONFIG", str(config))
    monkeypatch.setattr("testlib.process.KEPT", ("TRUSTREALM_CONFIG",))
    assert tab("realm", "show", "e") == ["engineering"]
    assert tab("system", "disable", "be") == [table.host("beta")]
    assert set(tab("map", "show", "c")) == {"corporate/ministry",
                                            "corporate/navy"}


def test_files(tab, tmp_path):
    assert tab("check", "--ldif", "tab") == ["table.ldif"]
    (tmp_path / "a b.ldif").write_text("")
    assert tab("check", "--ldif", "a") == ["a", "b.ldif"]
    assert tab("watch", "--log", "tab") == ["table.ldif"]
    assert tab("offboard", "x", "--log", "tab") == []
    assert tab("export", "-o", "tab") == ["table.ldif"]
    assert tab("import", "tab") == ["table.ldif"]
    assert tab("diff", "table.ldif", "tab") == ["table.ldif"]
    (tmp_path / "place").mkdir()
    assert tab("check", "--table", "") == ["place"]


def test_words_that_an_option_knows(tab):
    assert set(tab("graph", "--format", "")) == {"dot", "svg", "html"}
    assert set(tab("schema", "--format", "")) == {"schema", "ldif", "389"}
    assert tab("realm", "set", "x", "--mode", "d") == ["dry-run"]
    assert set(tab("realm", "set", "x", "--policy", "")) == {"mls", "equal"}
    assert set(tab("realm", "set", "x", "--kernel-export", "")) == {
        "TRUE", "FALSE"}


def test_after_an_option_that_takes_nothing(tab):
    where = ["--ldif", "table.ldif"]
    assert tab("system", "show", *where, "--json", "al") == [
        table.host("alpha")]
    assert tab("system", "join", "x", *where, "--until", "al") == []
    assert tab("realm", "set", *where, "--level", "e") == []


def bash():
    """(how it is started, what is typed first)"""
    return ["bash", "--norc", "--noprofile", "-i"], \
        "source " + shlex.quote(SCRIPT)


def zsh():
    """The same; unpacked, it has to be told where its own parts are."""
    modules = os.path.dirname(os.path.dirname(servers.packaged(
        "/usr/lib/*/zsh/*/zsh/zle.so", "zsh's line editor")))
    functions = servers.packaged("/usr/share/zsh/functions",
                                 "zsh's functions")
    return [servers.program("zsh"), "-f", "-i"], \
        "module_path=(%s); fpath=(%s %s/**/*(/)); zmodload zsh/zle; " \
        "setopt zle; autoload -Uz compinit; compinit -u -D" % (
            modules, os.path.dirname(SCRIPT), functions)


@pytest.mark.parametrize("shell", [bash, zsh])
def test_at_a_prompt(tmp_path, shell):
    """Keys are typed, and the line that they make is run."""
    for name in ("table.ldif", "of:all.ldif"):
        (tmp_path / name).write_text(table.ldif(table.entries()))
    command, first = shell()
    env = dict(base_environment(), TERM="dumb", PS1="ready> ", HISTFILE="")
    env["PATH"] = "%s:%s" % (os.path.dirname(program()), env["PATH"])
    master, slave = pty.openpty()

    def shown(pattern):
        deadline = Deadline(30)
        text = b""
        while not re.search(pattern, text):
            ready, _, _ = select.select([master], [], [], deadline.left())
            assert ready, text.decode()
            text += os.read(master, 65536)

    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                          env=env, cwd=tmp_path,
                          start_new_session=True) as child:
        os.close(slave)
        try:
            shown(b"ready> ")
            os.write(master, b"%s; echo set up\n" % first.encode())
            shown(b"\nset up\r\n[^>]*ready> ")
            for keys, pattern in ((b"trustrealm real\t", b"realm "),
                                  (b"sh\t", b"show "),
                                  (b"--ldi\t", b"--ldif "),
                                  (b"tab\t", b"table.ldif "),
                                  (b"engi\t", b"engineering "),
                                  (b"--js\t", b"--json "),
                                  (b"| grep doi\r", rb'"doi": 2001'),
                                  (b"trustrealm realm show --json --ldif "
                                   b"of:all.ldif corpo\t", b"corporate "),
                                  (b"| grep doi\r", rb'"doi": 2002'),
                                  (b"trustrealm graph --format h\t",
                                   b"html "),
                                  (b"--ldif table.ldif | head -1\r",
                                   b"<!DOCTYPE html>")):
                os.write(master, keys)
                shown(pattern)
        finally:
            child.kill()
            os.close(master)
