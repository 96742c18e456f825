# tests/testlib/servers.py - where the programs that tests use are
# SPDX-License-Identifier: BSD-2-Clause
"""Servers are found in TR_SERVERS, a directory that Debian packages were
unpacked in (tools/quickstart does that), or else on the system.  What this
project built is found in TR_BUILDDIR."""

import glob
import os

import pytest

from .process import base_environment

PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin",
        "/usr/libexec", "/usr/lib/postgresql/15/bin", "/usr/lib/qemu")
PACKAGES = {
    "krb5kdc": "krb5-kdc", "kdb5_util": "krb5-kdc",
    "kadmin.local": "krb5-admin-server",
    "kadmind": "krb5-admin-server", "klist": "krb5-user", "slapd": "slapd",
    "slapadd": "slapd", "kinit": "krb5-user", "kvno": "krb5-user",
    "gss-client": "krb5-gss-samples", "gss-server": "krb5-gss-samples",
    "ldapmodify": "ldap-utils", "ldapsearch": "ldap-utils",
    "ldapwhoami": "ldap-utils", "ns-slapd": "389-ds-base",
    "sshd": "openssh-server", "ssh": "openssh-client",
    "ganesha.nfsd": "nfs-ganesha", "rpc.svcgssd": "nfs-kernel-server",
    "qemu-system-x86_64": "qemu-system-x86",
    "virtiofsd": "qemu-system-common", "busybox": "busybox-static",
    "postgres": "postgresql-15", "psql": "postgresql-client-15",
    "apache2": "apache2 and libapache2-mod-auth-gssapi",
    "sasl-sample-server": "sasl2-bin", "zsh": "zsh",
}


class Missing(Exception if os.environ.get("TR_REQUIRE")
              else pytest.skip.Exception):
    """What tests need is not there, and the text says what to do: a test is
    skipped by it, or fails where all is required."""


class NotRoot(pytest.skip.Exception):
    """A test is skipped that needs root for this, be it that of a namespace
    (tests/as-root)."""

    def __init__(self, what):
        why = os.environ.get("TR_NOT_ROOT", "not run by tests/as-root")
        super().__init__("needs root: %s (%s; see tests/README)" % (what, why))


def need_real_root(what):
    """Skip a test in a user namespace, where the kernel refuses what it
    does."""
    with open("/proc/self/uid_map") as mapped:
        if mapped.read().split() != ["0", "0", str(2 ** 32 - 1)]:
            pytest.skip("needs root outside of a user namespace: " + what)


def source_directory():
    return os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


def build_directory():
    """TR_BUILDDIR, or where the tests were started."""
    return os.path.abspath(os.environ.get("TR_BUILDDIR", "."))


def built(name):
    """Path of a file in the build directory."""
    path = os.path.join(build_directory(), name)
    if not os.path.exists(path):
        raise Missing("%s is not in %s: build first, or set TR_BUILDDIR"
                      % (name, build_directory()))
    return path


def root():
    """TR_SERVERS, or nothing."""
    return os.environ.get("TR_SERVERS", "")


def program(name, top=None):
    """Path of a program of the system, or of TR_SERVERS or top."""
    for folder in PATH:
        for path in ((top or root()) + folder, folder):
            candidate = os.path.join(path, name)
            if os.access(candidate, os.X_OK):
                return candidate
    raise Missing("%s is missing: install %s, or run \"sh tools/quickstart\""
                  % (name, PACKAGES.get(name, "it")))


def packaged(pattern, what, top=None):
    """The first file or directory of that absolute name."""
    for at in (top or root(), ""):
        found = sorted(glob.glob(at + pattern))
        if found:
            return found[0]
    raise Missing("%s is missing" % what)


def environment(top=None):
    """What servers need in their environment to find their libraries."""
    env = base_environment()
    if top or root():
        env["LD_LIBRARY_PATH"] = ":".join(
            sorted(glob.glob((top or root()) + "/usr/lib/*-linux-gnu*")))
    return env


def kdb_modules():
    return packaged("/usr/lib/*/krb5/plugins/kdb", "krb5-kdc's module")


def library(name):
    return packaged("/usr/lib/*/" + name, name)


def java():
    """The virtual machine of Debian's package."""
    return packaged("/usr/lib/jvm/java-17-openjdk-*/bin/java",
                    "openjdk-17-jre-headless")


def jar(name):
    return packaged("/usr/share/java/" + name, name)


def ldap_modules():
    return packaged("/usr/lib/ldap", "slapd's module directory")


def ldap_schemas():
    return packaged("/etc/ldap/schema", "slapd's schema directory")
