# tests/testlib/apache.py - Debian's Apache on a machine, and curl
# SPDX-License-Identifier: BSD-2-Clause
"""A server as doc/apps/http sets it up, with programs that show what they
get."""

import contextlib
import os

from . import guide, table
from .guide import PATH
from .process import eventually
from .world import socket_directory

WWW_DATA = 33
ETC = "/etc/apache2/"
COMMON = ETC + "trustrealm.conf"
SITE = ETC + "sites-available/trustrealm.conf"
CERTIFICATE = "/etc/ssl/certs/%s.pem"
KEY = "/etc/ssl/private/%s.key"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
SOCKETS = "/run/apache2/socks"
#: What the packages enable when they are installed.
INSTALL = """
mkdir -p $SOCKETS /run/lock/apache2 /srv/www /etc/ssl/private
chown www-data $SOCKETS
a2enmod -q mpm_event authn_core authz_core authz_host authz_user alias dir \\
    env mime setenvif cgid
a2enconf -q serve-cgi-bin
a2ensite -q 000-default
echo "ServerName localhost" >>/etc/apache2/apache2.conf
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$HOST" \\
    -addext "subjectAltName=DNS:$HOST" -out /etc/ssl/certs/$HOST.pem \\
    -keyout /etc/ssl/private/$HOST.key
"""
#: The programs, in /cgi-bin.
SHOW = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n'
echo "BODY=$(wc -c)"
env
"""
SLOW = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\nbegin\\n'
until [ -e /srv/www/go ]; do sleep 0.05; done
echo end
"""


def relabelled(text):
    """What a guide shows, with beta's labels and this build's directory."""
    for ours, tests in (("'internal'", "'blue'"),
                        ("secret:crypto", "red:code"),
                        ("/run/trustrealm", socket_directory())):
        text = text.replace(ours, tests)
    return text


class Apache:
    """A server on a machine, with Debian's places of its files."""

    def __init__(self, world, name):
        self.world = world
        self.machine = machine = world.machine(name)
        machine.user("www-data", WWW_DATA, "/var/www")
        machine.script(INSTALL, HOST=machine.host, SOCKETS=SOCKETS, PATH=PATH)
        for program, text in (("show", SHOW), ("slow", SLOW)):
            machine.write("/usr/lib/cgi-bin/" + program, text, 0o755)
        for page in "index.html", "plans/index.html":
            machine.write("/srv/www/" + page, "this is %s\n" % page)
        guide.follow(world, name, "http", start=self.first_start)

    def bound_site(self):
        """The other guide's, for many requests over a connection."""
        return (self.site[:self.site.index("<Location")] + relabelled(
            guide.shown("http-many-requests", "of that guide")) +
            "</VirtualHost>\n")

    def first_start(self):
        self.common = self.machine.read(COMMON)
        self.site = relabelled(self.machine.read(SITE))
        self.configure()
        self.start()

    def configure(self, common="", site=None):
        """Write the guide's files, with more lines for all locations, or
        another site."""
        self.machine.write(COMMON, self.common + common)
        self.machine.write(SITE, site or self.site)

    def start(self):
        self.process = self.machine.spawn(
            ["sh", "-c", ". /etc/apache2/envvars; exec apache2 -DFOREGROUND"],
            self.machine.name + "/apache")
        self.machine.wait_port(443, self.process)
        eventually(self._runs_programs, what=self.process.text)

    def _runs_programs(self):
        """Its socket for them is root's at first, which is a 503."""
        sockets = self.machine.path(SOCKETS)
        return any(os.stat(os.path.join(sockets, name)).st_uid == WWW_DATA
                   for name in os.listdir(sockets))

    def stop(self):
        self.process.stop()

    def restart(self, *configuration, **more):
        self.stop()
        self.configure(*configuration, **more)
        self.start()

    @contextlib.contextmanager
    def configured(self, *configuration, **more):
        """It runs with that configuration for a while."""
        self.restart(*configuration, **more)
        try:
            yield
        finally:
            self.restart()

    def log(self):
        return self.machine.read("/var/log/apache2/error.log")


def trust(world, *names):
    """All machines know the certificates of the servers on these."""
    texts = [world.machine(name).read(CERTIFICATE % table.host(name))
             for name in names]
    for machine in world.network:
        machine.write(AUTHORITIES, "".join(texts))
