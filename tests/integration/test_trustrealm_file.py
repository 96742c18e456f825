# tests/integration/test_trustrealm_file.py - change an LDIF file
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm edits a file that people keep: what it does not change stays as
it is, octet by octet."""

import pytest

from testlib.process import run
from testlib.tool import program, trustrealm


FILE = """\
version: 1

# Kept by hand.

# alpha, in the basement
dn: cn=alpha.example.test,dc=x
objectClass: trSystem
cn: alpha.example.test
# its key is old
trPrincipal: trustrealm/alpha.example.test@EXAMPLE.TEST
trMembership: eng PUBLIC
  SECRET
description:: w6TDtsO8

dn: cn=printer,dc=x
objectClass: device
cn: printer
jpegPhoto:: AAECAwQF

dn: cn=eng,dc=x
objectClass: trTrustRealm
cn: eng
trDOI: 1
trLevel: 0 PUBLIC
trLevel: 1 SECRET"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.ldif"
    path.write_text(FILE)
    path.chmod(0o640)
    return path


def edit(path, *arguments, status=0):
    done = trustrealm(*arguments, "--ldif", path)
    assert done.status == status, done
    return path.read_text()


def test_file_keeps_what_is_not_changed(own):
    assert edit(own, "system", "set", "alpha.example.test", "--alias",
                "a.example.test") == FILE.replace(
        "w6TDtsO8\n", "w6TDtsO8\ntrAlias: a.example.test\n")


def test_file_value_among_its_like(own):
    assert edit(own, "realm", "set", "eng", "--level", "2 UTMOST") == \
        FILE + "\ntrLevel: 2 UTMOST\n"
    assert edit(own, "realm", "set", "eng", "--priority", "1") == \
        FILE + "\ntrLevel: 2 UTMOST\ntrPriority: 1\n"


def test_file_folded_value_goes(own):
    assert edit(own, "system", "leave", "alpha.example.test", "--all") == \
        FILE.replace("trMembership: eng PUBLIC\n  SECRET\n", "")


def test_file_entry_goes_with_its_comments(own):
    start = FILE.index("# alpha")
    end = FILE.index("dn: cn=printer")
    assert edit(own, "system", "remove", "alpha.example.test") == \
        FILE[:start] + FILE[end:]


def test_file_entry_comes_last(own):
    text = edit(own, "system", "add", "b.example.test", "--principal",
                "trustrealm/b@EXAMPLE.TEST")
    assert text == FILE + """

dn: cn=b.example.test,dc=x
objectClass: trSystem
cn: b.example.test
trPrincipal: trustrealm/b@EXAMPLE.TEST
"""


def test_file_keeps_its_line_ends(own):
    own.write_bytes(FILE.replace("\n", "\r\n").encode())
    edit(own, "system", "set", "alpha.example.test", "--alias", "a")
    text = own.read_bytes().decode()
    assert text.replace("trAlias: a\r\n", "") == FILE.replace("\n", "\r\n")


def test_file_keeps_mode_and_links(own):
    link = own.with_name("link.ldif")
    link.symlink_to(own.name)
    edit(link, "realm", "set", "eng", "--priority", "1")
    assert link.is_symlink()
    assert own.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in own.parent.iterdir()) == \
        ["link.ldif", "own.ldif"]


@pytest.mark.parametrize("text, reason", [
    ("cn: x\n", "1: an entry starts with its DN"),
    ("dn: cn=x\ncn: x\ndn: cn=y\n", "3: a second DN"),
    ("dn: cn=x\nchangetype: delete\n", "2: entries expected, not changes"),
    ("dn: cn=x\ncn:< file:///etc/passwd\n", "2: values by URL"),
    ("dn: cn=x\ncn: x\nnonsense\n", "3: not a line of LDIF"),
    ("dn: cn=x\ncn: \0\n", "not text")])
def test_file_that_is_none(own, text, reason):
    own.write_text(text)
    done = trustrealm("system", "disable", "x", "--ldif", own)
    assert done.status == 3
    assert reason in done.err
    assert own.read_text() == text


def test_file_that_cannot_be_written_stays(own):
    """No room for the new one: the old one is whole, and nothing is left."""
    quota = own.parent / "small"
    quota.mkdir()
    path = quota / "own.ldif"
    path.write_text(FILE)
    done = run(["/bin/sh", "-c", 'trap "" XFSZ; ulimit -f 0; "$@"', "sh",
                program(), "realm", "set", "eng", "--priority", "1",
                "--ldif", str(path)], check=False)
    assert done.status == 3, done
    assert path.read_text() == FILE
    assert [p.name for p in quota.iterdir()] == ["own.ldif"]
