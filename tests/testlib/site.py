# tests/testlib/site.py - people and the directory they log in to
# SPDX-License-Identifier: BSD-2-Clause

from . import table
from .realm import Realm
from .scratch import Scratch


class Site:
    """A Kerberos realm, a directory of that class with these entries, and a
    ticket of each of people.  Use as a context manager."""

    def __init__(self, directory, entries, people):
        self.scratch = Scratch()
        self.realm = Realm(self.scratch, table.REALM)
        self.directory = directory(self.scratch, self.realm,
                                   self.scratch.join("ldap.keytab"))
        self.keytab = self.scratch.join("people.keytab")
        self._entries = entries
        self._people = people

    def __enter__(self):
        try:
            self.realm.create({
                self.keytab: self._people,
                self.directory.keytab: ["ldap/" + self.directory.host]})
            self.realm.start()
            self.directory.create(self._entries)
            self.directory.start()
            for name in self._people:
                self.realm.kinit(name, self.keytab, self.ccache(name))
        except BaseException:
            self.scratch.close()
            raise
        return self

    def __exit__(self, *exception):
        self.scratch.close()

    def ccache(self, name):
        return self.scratch.join("cc." + name)

    def environment(self, name):
        """For a program of that person."""
        return dict(self.realm.environment(), GSS_MECH_CONFIG="/dev/null",
                    KRB5CCNAME="FILE:" + self.ccache(name))
