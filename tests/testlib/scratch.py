# tests/testlib/scratch.py - one directory that everything of a test lives in
# SPDX-License-Identifier: BSD-2-Clause
"""A temporary directory and the processes that work in it.

The directory can be passed through, not read, by other users (several run
programs in it); its name is short, since unix sockets live there.
"""

import os
import random
import shutil
import socket
import tempfile

from .process import Process

#: What is printed of each log when a test failed.
TAIL = 6000

#: Of the ports that this process was given, until it ends.
_claims = []


class Scratch:
    """Use as a context manager: at its end all is stopped and removed, but
    kept when TR_KEEP is set."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="tr.")
        os.chmod(self.path, 0o711)
        self._processes = []
        self._seen = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def join(self, *names):
        return os.path.join(self.path, *names)

    def mkdir(self, name, mode=0o700, uid=None):
        path = self.join(name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        if uid is not None and uid != os.geteuid():
            os.chown(path, uid, uid)
        return path

    def write(self, name, text, mode=0o600, uid=None):
        """Write a file, by renaming, for its reader uid."""
        path = self.join(name)
        fd = os.open(path + ".new",
                     os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(fd, "wb") as out:
            os.fchmod(fd, mode)
            if uid is not None and uid != os.geteuid():
                os.fchown(fd, uid, uid)
            out.write(text if isinstance(text, bytes) else text.encode())
        os.rename(path + ".new", path)
        return path

    def spawn(self, argv, log, **options):
        """Start a program whose output goes to LOG.log here."""
        process = Process(argv, self.join(log + ".log"), **options)
        self._processes.append(process)
        return process

    def close(self):
        for process in reversed(self._processes):
            process.kill()
        self._processes.clear()
        if "TR_KEEP" not in os.environ:
            shutil.rmtree(self.path, ignore_errors=True)

    def _logs(self):
        for folder, _, names in os.walk(self.path):
            for name in sorted(names):
                if name.endswith((".log", ".audit")):
                    yield os.path.join(folder, name)

    def mark(self):
        """Remember how long the logs are: a test begins."""
        self._seen = {path: os.path.getsize(path) for path in self._logs()}

    def since_mark(self):
        """[(name, end of what was written since)] of every log that grew."""
        grown = []
        for path in self._logs():
            with open(path, "rb") as log:
                log.seek(self._seen.get(path, 0))
                text = log.read().decode(errors="replace")
            if text:
                grown.append((os.path.relpath(path, self.path), text[-TAIL:]))
        return grown


def free_port():
    """A port that neither anybody uses now nor another test is given, outside
    the range that the kernel hands out by itself.  A process that is no test
    can still be faster: callers retry.  (Two KDCs would not notice: theirs is
    SO_REUSEPORT.)"""
    while True:
        port = random.randrange(16000, 32000)
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                claim.bind("\0trustrealm-tests-port-%d" % port)
                probe.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                continue
        _claims.append(claim)
        return port
