# tests/integration/test_trustrealm_file.py - change an LDIF file
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm edits a file that people keep: what it does not change stays as
it is, octet by octet."""

import fnmatch
import os
import shutil
import signal
import struct
import subprocess

import pytest

from testlib.process import base_environment, run
from testlib.scratch import Scratch
from testlib.steps import by_steps
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


def test_file_keeps_its_owner(own, several_uids):
    os.chown(own, 12345, 54321)
    own.chmod(0o640)
    edit(own, "realm", "set", "eng", "--priority", "1")
    there = own.stat()
    assert (there.st_uid, there.st_gid, there.st_mode & 0o7777) == (
        12345, 54321, 0o640)


ACL, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
#: Its owner, and a user; the mask is shown as the rights of the group.
LIST = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, 0xffffffff if tag != 2 else 12345)
    for tag, rights in ((1, 6), (2, 4), (4, 0), (16, 4), (32, 0)))


def test_file_keeps_its_list_of_permissions(own):
    """The group has none by it."""
    os.setxattr(own, ACL, LIST)
    assert own.stat().st_mode & 0o777 == 0o640
    edit(own, "realm", "set", "eng", "--priority", "1")
    assert os.getxattr(own, ACL) == LIST


def test_file_gets_no_list_of_permissions(own):
    """From the folder that it is in."""
    os.setxattr(own.parent, DEFAULT, LIST)
    edit(own, "realm", "set", "eng", "--priority", "1")
    assert ACL not in os.listxattr(own)
    assert own.stat().st_mode & 0o777 == 0o640


def test_file_through_links_elsewhere(own):
    """They stay, and what they lead to is changed where it is; or is not
    there."""
    folder = own.parent / "other"
    folder.mkdir()
    first, second = folder / "first", folder / "second"
    first.symlink_to("second")
    second.symlink_to("../own.ldif")
    edit(first, "realm", "set", "eng", "--priority", "1")
    assert first.is_symlink() and second.is_symlink()
    assert "trPriority: 1" in own.read_text()
    assert sorted(os.listdir(folder)) == ["first", "second"]
    own.unlink()
    done = trustrealm("realm", "set", "eng", "--priority", "2", "--ldif",
                      first)
    assert done.status == 3 and "No such file" in done.err
    assert os.listdir(own.parent) == ["other"]


CHANGE = ["realm", "set", "eng", "--priority", "1"]


def at_write(own, what, then):
    """Before that is on the disk, a shell's command."""
    with Scratch() as scratch:
        line = [program(), *CHANGE, "--ldif", str(own)]
        _, steps = by_steps(scratch, line, base_environment())
        own.write_text(FILE)
        step, = (number for number, taken in enumerate(steps, 1)
                 if fnmatch.fnmatchcase(taken, "fsync %s" % what))
        done, _ = by_steps(scratch, line, base_environment(), step, then)
    return done


def kill_before(own, what):
    assert at_write(own, what, "kill -KILL $PPID").status == -signal.SIGKILL
    return own.read_text()


def test_file_is_the_old_or_the_new_one(own):
    """Killed while it is written, before it has its name, and after that; then
    the same command changes it, or finds it changed."""
    done = run(["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", program(),
                *CHANGE, "--ldif", str(own)], check=False)
    assert done.status == -signal.SIGXFSZ
    assert own.read_text() == FILE
    new = FILE + "\ntrPriority: 1\n"
    assert kill_before(own, "%s.*" % own) == FILE
    assert kill_before(own, own.parent) == new
    assert edit(own, *CHANGE) == new
    assert own.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("edit", [
    "echo '# by hand' >> %s", "sed -i 's/^# Kept by hand[.]$/# by hand/' %s"],
    ids=["in place", "anew"])
def test_file_that_is_edited_meanwhile(own, edit):
    """By somebody who does not ask for the lock: his change stays."""
    done = at_write(own, "%s.*" % own, edit % own)
    assert done.status == 1
    assert "somebody else has changed it meanwhile" in done.err
    text = own.read_text()
    assert "# by hand" in text and "trPriority" not in text
    assert os.listdir(own.parent) == ["own.ldif"]


def test_file_in_a_folder_that_cannot_be_read(own, tmp_path, several_uids):
    """It is changed, and that is told."""
    folder = tmp_path / "folder"
    folder.mkdir(0o300)
    path = own.rename(folder / "own.ldif")
    for item in (folder, path):
        os.chown(item, 12345, 12345)
    for above in path.parents[1:4]:
        above.chmod(0o755)
    tool = shutil.copy(program(), tmp_path / "trustrealm")
    done = subprocess.run([tool, *CHANGE, "--ldif", str(path)],
                          env=base_environment(), user=12345, group=12345,
                          extra_groups=[], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3, done
    assert "%s: was changed, but a crash may undo that" % path in done.stderr
    assert path.read_text() == FILE + "\ntrPriority: 1\n"


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
