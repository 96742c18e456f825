# tests/integration/test_trustrealm_watch.py - see decisions as they are made
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm watch, of real daemons: as lines, as JSON, on a terminal."""

import json
import os
import pty
import re
import signal
import subprocess

import pytest

from testlib import table
from testlib.process import Deadline, descriptors_of, eventually


class Watching:
    """The tool at work, until the end of the with statement."""

    def __init__(self, world, *options, terminal=False, **environment):
        argv = [world.program("trustrealm"), "watch", "-c",
                world.alpha.config_path] + list(options)
        env = dict(world.alpha.environment(), **environment)
        if terminal:
            self._read, write = pty.openpty()
        else:
            self._read, write = os.pipe()
        self._child = subprocess.Popen(argv, stdout=write, env=env,
                                       stdin=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
        os.close(write)
        os.set_blocking(self._read, False)
        self.text = ""
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
        os.close(self._read)
        self._child.stderr.close()

    def _more(self):
        try:
            self.text += os.read(self._read, 1 << 20).decode()
        except (BlockingIOError, OSError):
            pass
        return self.text

    def wait(self, pattern):
        return eventually(lambda: re.search(pattern, self._more()),
                          what=lambda: "%r in %r" % (pattern, self.text))

    def wait_until_it_follows(self, audit):
        """It has the file open, at its end."""
        path = os.path.realpath(audit)
        eventually(lambda: path in descriptors_of(self._child.pid).values(),
                   what="the log is followed")

    def stop(self):
        if self.status is None:
            self._child.send_signal(signal.SIGINT)
            deadline = Deadline(30)
            while self._child.poll() is None and not deadline.over():
                self._more()
            self.status = self._child.poll()
            self._child.kill()
            self._child.wait()
            self._more()
        return self.status

    def events(self):
        return [json.loads(line) for line in self._more().splitlines()]


def test_lines_of_what_is_allowed_and_refused(world):
    with Watching(world) as watching:
        watching.wait_until_it_follows(world.alpha.audit.path)
        assert world.client(world.server("beta"), to="beta").delivered
        world.client(world.server("beta"), "--label", "nonsense", to="beta")
        watching.wait(r"\tS6\t")
        assert watching.stop() == 0
    rows = [line.split("\t") for line in watching.text.splitlines()]
    assert all(len(row) == 10 for row in rows)
    (accepted,) = [row for row in rows if row[1] == "accepted"]
    assert accepted[2] == "allow"
    assert accepted[4:7] == [world.alpha.host, world.beta.host,
                             "engineering"]
    (refused,) = [row for row in rows if row[2] == "deny"]
    assert refused[3] == "S6" and "nonsense" in refused[9]


def test_what_was_before_is_not_shown(world):
    assert world.client(world.server("beta"), to="beta").delivered
    with Watching(world, "--json") as watching:
        watching.wait_until_it_follows(world.alpha.audit.path)
        mark = world.alpha.audit.mark()
        assert world.client(world.server("beta"), to="beta").delivered
        watching.wait('"accepted"')
        assert [event for event in watching.events()
                if event["event"] != "daemon"] == \
            world.alpha.audit.since(mark)


def test_a_log_that_is_moved_away_is_followed(make_world):
    world = make_world(run=("alpha", "beta"))
    path = world.alpha.audit.path
    with Watching(world) as watching:
        watching.wait_until_it_follows(path)
        os.rename(path, path + ".1")
        world.alpha.reload()
        watching.wait_until_it_follows(path)
        assert world.client(world.server("beta"), to="beta").delivered
        watching.wait(r"\taccepted\tallow\t")


def test_changes_of_the_table_and_the_daemon(make_world):
    world = make_world(run=("alpha",))
    with Watching(world, "--json") as watching:
        watching.wait_until_it_follows(world.alpha.audit.path)
        watching.wait(r'"daemon".*it answers: table of generation')
        world.directory.add(table.system("zeta", ["corporate OPEN OPEN"]))
        watching.wait(r'"table".*after \d+: 2 trust realms, 5 systems')
        world.alpha.stop()
        watching.wait(r'"daemon".*it does not answer: .*systemctl start')
        world.alpha.start()
        watching.wait(r'does not answer(?s:.*)it answers: table')


def test_the_journal_is_read_by_journalctl(make_world, tmp_path):
    """Where the audit log goes there; what journalctl prints is shown, even
    what is no record."""
    world = make_world(run=("alpha",))
    world.alpha.config["audit"]["target"] = "syslog"
    world.alpha.restart()
    program = tmp_path / "journalctl"
    program.write_text('#!/bin/sh\necho "$*"\n'
                       'echo \'{"time":"2026-01-02T03:04:05.678Z",'
                       '"event":"open","result":"deny","step":"R4"}\'\n'
                       'exec sleep 60\n')
    program.chmod(0o755)
    with Watching(world, PATH="%s:/bin:/usr/bin" % tmp_path) as watching:
        watching.wait("--follow.*--identifier=trustrealmd")
        watching.wait("03:04:05.678Z\topen\tdeny\tR4\t")
        assert watching.stop() == 0


def test_on_a_terminal(world):
    with Watching(world, terminal=True) as watching:
        watching.wait(r"table of .*generation \d+")
        assert world.client(world.server("beta"), to="beta").delivered
        watching.wait(r"accepted +allow .*alpha > beta  engineering ")
        watching.wait(r"seal +[1-9][0-9]* ")
        assert watching.stop() == 0
    assert watching.text.startswith("\x1b[?1049h")
    assert watching.text.endswith("\x1b[?1049l")
    # nothing comes over the edge of 80 columns and 24 rows
    for frame in watching.text.split("\x1b[H")[1:]:
        lines = re.sub(r"\x1b\[[?0-9]*[a-zA-Z]", "", frame).split("\n")
        assert len(lines) <= 24
        assert all(len(line.rstrip("\r")) <= 80 for line in lines)


@pytest.mark.parametrize("options, says", [
    (["--log", "/nonexistent"], "/nonexistent"),
    (["extra"], "'extra'"),
])
def test_what_cannot_be_watched(world, options, says):
    done = world.alpha.trustrealm("watch", "-c", world.alpha.config_path,
                                  *options)
    assert done.status == (2 if options == ["extra"] else 3)
    assert done.out == "" and says in done.err
