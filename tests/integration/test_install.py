# tests/integration/test_install.py - what "make install" puts where
# SPDX-License-Identifier: BSD-2-Clause
"""An installation below DESTDIR is complete and works; one that was
configured with another arc has no OID of the default one."""

import json
import os
import re
import shutil

import pytest

from testlib import servers
from testlib.process import base_environment, run

INSTALLED = {
    "bindir": ["gss-label", "trustrealm"],
    "sbindir": ["trustrealmd"],
    "gssplugindir": ["mech_trustrealm.so"],
    "gssmechdir": ["trustrealm.conf"],
    "includedir": ["gssapi_trustrealm.h"],
    "pkgconfigdir": ["trustrealm.pc"],
    "systemdsystemunitdir": ["trustrealmd.service"],
    "sysusersdir": ["trustrealm.conf"],
    "tmpfilesdir": ["trustrealm.conf"],
    "bashcompletiondir": ["trustrealm"],
    "zshcompletiondir": ["_trustrealm"],
    "man1dir": ["gss-label.1", "trustrealm.1", "trustrealm-clearance.1",
                "trustrealm-map.1", "trustrealm-offboard.1",
                "trustrealm-pending.1", "trustrealm-realm.1",
                "trustrealm-system.1"],
    "man5dir": ["trustrealm.conf.5", "trustrealm-table.5"],
    "man7dir": ["mech_trustrealm.7"],
    "man8dir": ["trustrealmd.8"],
    "schemadir": ["60trustrealm.ldif", "access-389.ldif", "access-two.conf",
                  "access-two.ldif", "access.conf", "access.ldif",
                  "authz.conf", "authz.ldif", "limits.conf", "limits.ldif",
                  "roles.ldif", "sample.ldif", "tree.ldif",
                  "trustrealm.ldif", "trustrealm.schema"],
    "docdir": ["AUTHORS", "COPYING", "OVERVIEW", "PROTOCOL", "README",
               "SCALING", "SCHEMA", "THREATS", "trustrealm.asn1"],
    "exampledir": ["trustrealm.conf"],
    "appsdir": ["README", "http", "http-apache.conf", "http-get",
                "http-many-requests", "nfs", "nfs-ganesha.conf", "nfs-kernel",
                "openssh", "other-kerberos", "postgresql",
                "postgresql-label.sql", "python", "python-client",
                "python-server", "sasl", "sasl-slapd.ldif",
                "sshd-label-record", "sshd-label-session"],
}
PROGRAMS = ("bindir", "sbindir", "gssplugindir")
SCRIPTS = ("http-get", "python-client", "python-server", "sshd-label-record",
           "sshd-label-session")


def make(directory, *arguments):
    return run(["make", "-s", "-C", directory, *arguments], timeout=300).out


class Installation:
    """What "make install" made of a build directory that is up to date, as
    it is under "make check": nothing is built, nothing changes there."""

    def __init__(self, root):
        self.root = str(root)
        build = servers.build_directory()
        make(build, "install", "DESTDIR=" + self.root)
        shown = make(build, "--eval", "shown: ; @echo " + " ".join(
            "%s=$(%s)" % (name, name)
            for name in (*INSTALLED, "prefix", "CC")), "shown")
        self._values = dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", shown,
                                       re.MULTILINE))

    def __getitem__(self, name):
        return self._values[name]

    def path(self, directory, *name):
        return os.path.join(self.root + self[directory], *name)

    def read(self, directory, name):
        with open(self.path(directory, name)) as file:
            return file.read()


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    servers.built("tools/trustrealmd")
    return Installation(tmp_path_factory.mktemp("root"))


def test_what_is_installed(installation):
    found = {os.path.join(folder, name)
             for folder, _, names in os.walk(installation.root)
             for name in names}
    assert found == {installation.path(directory, name)
                     for directory, names in INSTALLED.items()
                     for name in names}
    for directory, names in INSTALLED.items():
        for name in names:
            path = installation.path(directory, name)
            assert os.path.getsize(path) > 0, path
            runs = directory in PROGRAMS or name in SCRIPTS
            assert os.stat(path).st_mode & 0o777 == (0o755 if runs
                                                     else 0o644), path


def test_every_text_is_filled_in(installation):
    for directory, names in INSTALLED.items():
        for name in names if directory not in PROGRAMS else ():
            text = installation.read(directory, name)
            assert not re.search(r"@[A-Za-z_]+@", text), name


def test_nothing_knows_where_it_was_built(installation, tmp_path):
    """Programs, once nobody is to debug them.  Where it is installed they
    know, which is below the source for "make distcheck"."""
    for directory, names in INSTALLED.items():
        for name in names:
            path = installation.path(directory, name)
            if directory in PROGRAMS:
                path = shutil.copy(path, tmp_path)
                run(["strip", path])
            with open(path, "rb") as file:
                octets = file.read().replace(
                    os.fsencode(installation["prefix"]), b"")
            for place in (installation.root, servers.build_directory(),
                          servers.source_directory()):
                assert os.fsencode(place + "/") not in octets, (name, place)


# --- it works -----------------------------------------------------------

def doctor(program, mech_config):
    """What gss-label finds of the plugin: (verdict, text)."""
    done = run([program, "doctor", "--json"], check=False,
               env=dict(base_environment(), GSS_MECH_CONFIG=str(mech_config),
                        KRB5_CONFIG="/dev/null"))
    (found,) = [finding for finding in map(json.loads, done.out.splitlines())
                if finding["check"] == "plugin"]
    return found["verdict"], found["text"]


def moved(text, directory, to):
    """text, which names files in directory, with those that are in to."""
    assert directory in text
    return text.replace(directory, to)


def test_the_mechanism_file_is_ready(installation, tmp_path):
    """libgssapi puts the plugin in front of Kerberos by it."""
    config = tmp_path / "trustrealm.conf"
    config.write_text(moved(
        installation.read("gssmechdir", "trustrealm.conf"),
        installation["gssplugindir"], installation.path("gssplugindir")))
    plugin = installation.path("gssplugindir", "mech_trustrealm.so")
    assert doctor(installation.path("bindir", "gss-label"), config) == (
        "good", plugin + " is in front of Kerberos")


@pytest.mark.parametrize("directory, program", [
    (directory, program) for directory in ("bindir", "sbindir")
    for program in INSTALLED[directory]])
def test_a_program_runs(installation, directory, program):
    done = run([installation.path(directory, program), "--version"])
    assert re.match(program + r" .*[0-9]\.[0-9]", done.out), done


PROGRAM = r"""
#include <gssapi_trustrealm.h>
#include <stdio.h>
#include <string.h>

int
main(void)
{
    gss_OID_desc oid = GSS_TRUSTREALM_MECHANISM;
    gss_buffer_desc text;
    OM_uint32 minor;

    if (gss_oid_to_str(&minor, &oid, &text) != GSS_S_COMPLETE)
        return 1;
    printf("%s\n%.*s\n", GSS_TRUSTREALM_MECHANISM_TEXT, (int)text.length,
           (char *)text.value);
    return 0;
}
"""


def test_a_program_is_built_by_pkg_config(installation, tmp_path):
    """With the header, and nothing to link with but GSS-API."""
    def pkg_config(*options):
        return run(["pkg-config", *options, "trustrealm"],
                   env=dict(base_environment(),
                            PKG_CONFIG_PATH=installation.path("pkgconfigdir"),
                            PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1")).out.strip()

    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    flags = pkg_config("--cflags", "--libs").split()
    flags[flags.index("-I" + installation["includedir"])] = \
        "-I" + installation.path("includedir")
    run([*installation["CC"].split(), "-Wall", "-Werror", "-o",
         tmp_path / "program", source, *flags])
    arc = pkg_config("--variable=oid_arc")
    assert run([tmp_path / "program"]).out.splitlines() == [
        arc + ".1.1", "{ %s 1 1 }" % arc.replace(".", " ")]
    assert pkg_config("--variable=gssplugindir") == \
        installation["gssplugindir"]


def test_the_unit_is_one(installation, tmp_path):
    """By systemd's own judgement, but for the place of the daemon."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed, and tests install no servers")
    unit = tmp_path / "trustrealmd.service"
    unit.write_text(moved(
        installation.read("systemdsystemunitdir", unit.name),
        "ExecStart=" + installation["sbindir"],
        "ExecStart=" + installation.path("sbindir")))
    done = run([analyze, "verify", "--man=no", unit], check=False)
    # Of other units, and of what this machine runs on, it may say anything.
    assert not [line for line in done.text.splitlines() if unit.name in line]


# --- another arc --------------------------------------------------------

DEFAULT = "1.3.6.1.4.1.32473"
DEFAULT_DER = bytes.fromhex("2b0601040181fd59")
OTHER = "2.999.7.300000"
OTHER_DER = bytes.fromhex("883707" "92a760")

#: What of the source it takes, wherever that has been built before.
NEEDED = ("configure", "configure.ac", "aclocal.m4", "config.h.in",
          "Makefile.am", "Makefile.in", "m4", "build-aux", "mech", "realmdb",
          "tools", "doc", "tests/Makemodule.am")
BUILT = shutil.ignore_patterns("*.o", "*.lo", "*.la", ".libs", ".deps")
TEXTS = ("mech/gssapi_trustrealm.h", "mech/mech.d/trustrealm.conf",
         "tools/trustrealm.pc", "tools/trustrealm/schema_text.h",
         "doc/schema/trustrealm.schema", "doc/schema/trustrealm.ldif",
         "doc/schema/60trustrealm.ldif")


def test_another_arc(tmp_path):
    """All that has an OID in it, and the plugin is loaded by the new ones."""
    for name in NEEDED:
        path = os.path.join(servers.source_directory(), name)
        if os.path.isdir(path):
            shutil.copytree(path, tmp_path / name, ignore=BUILT)
        else:
            os.makedirs((tmp_path / name).parent, exist_ok=True)
            shutil.copy2(path, tmp_path / name)
    run(["./configure", "-q", "--with-oid-arc=" + OTHER], cwd=tmp_path,
        timeout=300)
    make(tmp_path, "realmdb/trustrealm_err.h", "mech/wire_fields.h", *TEXTS)
    make(tmp_path, "CFLAGS=-O0", "mech/mech_trustrealm.la",
         "tools/gss-label/gss-label")

    for name in TEXTS:
        text = (tmp_path / name).read_text()
        assert DEFAULT not in text and OTHER in text, name
    plugin = tmp_path / "mech/.libs/mech_trustrealm.so"
    octets = plugin.read_bytes()
    assert DEFAULT_DER not in octets
    for oid in (b"\1\1", b"\1\2"):
        assert OTHER_DER + oid in octets
    config = tmp_path / "trustrealm.conf"
    config.write_text(re.sub(r"/\S+/mech_trustrealm\.so", str(plugin),
                             (tmp_path / TEXTS[1]).read_text()))
    assert doctor(tmp_path / "tools/gss-label/gss-label", config) == (
        "good", "%s is in front of Kerberos" % plugin)
