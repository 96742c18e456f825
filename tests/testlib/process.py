# tests/testlib/process.py - programs that end when they should
# SPDX-License-Identifier: BSD-2-Clause
"""Run programs with a deadline, as another user, never left behind.

Every program gets the environment that it is given and nothing else, is the
leader of a process group, and is killed by the kernel when the process that
started it dies.
"""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

#: Factor for every deadline: slow machines, sanitizers, valgrind.  A deadline
#: is long, since it only ends what hangs, but where the program promises
#: something in time: there it is that time.
PATIENCE = float(os.environ.get("TR_PATIENCE", "1"))

#: Variables that reach every program from outside.
KEPT = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR", "TZ")


class Failure(Exception):
    """A program did not do what it had to do."""


def base_environment():
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    env.update((k, os.environ[k]) for k in KEPT if k in os.environ)
    return env


def _die_with(parent):
    """In a new child: die when parent does."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(127)


def _popen(argv, uid, gids, machine=None, cwd=None, **options):
    """machine: what has begin() and enter() of hosts.Machine."""
    if uid == os.geteuid():
        uid = None
    gids = list(gids) or [uid]
    argv = [str(a) for a in argv]
    options["start_new_session"] = True
    if machine is None:
        # The kernel forgets PDEATHSIG when the user changes; Popen changes
        # it before preexec_fn.
        if uid is not None:
            options.update(user=uid, group=gids[0], extra_groups=gids[1:])
        parent = os.getpid()
        return subprocess.Popen(argv, preexec_fn=lambda: _die_with(parent),
                                cwd=cwd, **options)

    def in_child():
        machine.enter()
        os.chdir(cwd or "/")
        if uid is not None:
            os.setgroups(gids[1:])
            os.setgid(gids[0])
            os.setuid(uid)
        # A parent outside of the machine has no number inside.
        _die_with(0)

    with machine.begin():
        return subprocess.Popen(argv, preexec_fn=in_child, **options)


def _kill_group(pid, signum):
    try:
        os.killpg(pid, signum)
    except (ProcessLookupError, PermissionError):
        pass


class Result:
    """What a finished program left: status, out, err (text)."""

    def __init__(self, argv, status, out, err):
        self.argv = [str(a) for a in argv]
        self.status = status
        self.out = out
        self.err = err

    @property
    def text(self):
        return self.out + self.err

    def __iter__(self):
        """status, out, err = result"""
        return iter((self.status, self.out, self.err))

    def __repr__(self):
        return "%s: exit status %s\n%s" % (" ".join(self.argv), self.status,
                                           self.text)


def run(argv, env=None, uid=None, gids=(), input=None, timeout=60,
        check=True, cwd=None, binary=False, machine=None):
    """Run to the end; Failure when it exceeds timeout or, with check, when
    its exit status is not 0.  binary: input, out and err are octets."""
    if isinstance(input, str) and not binary:
        input = input.encode()
    child = _popen(argv, uid, gids, machine, cwd,
                   env=env or base_environment(),
                   stdin=subprocess.PIPE if input is not None
                   else subprocess.DEVNULL,
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    late = False
    try:
        out, err = child.communicate(input, timeout * PATIENCE)
    except subprocess.TimeoutExpired:
        late = True
        _kill_group(child.pid, signal.SIGKILL)
        out, err = child.communicate()
    finally:
        _kill_group(child.pid, signal.SIGKILL)
    if not binary:
        out, err = (b.decode(errors="replace") for b in (out, err))
    result = Result(argv, child.returncode, out, err)
    if late:
        raise Failure("not finished after %g s: %r" % (timeout * PATIENCE,
                                                       result))
    if check and result.status != 0:
        raise Failure(repr(result))
    return result


class Process:
    """A program in the background; stdout and stderr go to the file log.

    with_stdin: self.stdin is a pipe to it.  with_stdout: stdout comes
    through the pipe self.stdout instead of to the log.
    """

    def __init__(self, argv, log, env=None, uid=None, gids=(), cwd=None,
                 with_stdin=False, with_stdout=False, machine=None):
        self.argv = [str(a) for a in argv]
        self.log = str(log)
        self._start = (os.path.getsize(self.log)
                       if os.path.exists(self.log) else 0)
        with open(self.log, "ab") as out:
            self._child = _popen(
                argv, uid, gids, machine, cwd, env=env or base_environment(),
                stdin=subprocess.PIPE if with_stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE if with_stdout else out, stderr=out)
        self.stdin = self._child.stdin
        self.stdout = self._child.stdout

    @property
    def pid(self):
        return self._child.pid

    @property
    def status(self):
        """Exit status (negative: signal); None while it runs."""
        return self._child.poll()

    def alive(self):
        return self.status is None

    def tell(self, line):
        """Write a line to its stdin; when it has ended, nothing happens."""
        try:
            self.stdin.write(line.encode() + b"\n")
            self.stdin.flush()
        except BrokenPipeError:
            pass

    def text(self):
        """What this run wrote to the log so far."""
        with open(self.log, "rb") as log:
            log.seek(self._start)
            return log.read().decode(errors="replace")

    def wait_for(self, pattern, timeout=30):
        """Wait until the log has a match of pattern, and return it; Failure
        when the program ends before or time is up."""
        deadline = Deadline(timeout)
        while True:
            ended = not self.alive()
            found = re.search(pattern, self.text(), re.MULTILINE)
            if found:
                return found
            if ended or deadline.over():
                raise Failure("%s: %r %s:\n%s" % (
                    self.argv[0], pattern,
                    "never came (exit status %s)" % self.status if ended
                    else "not within %g s" % timeout, self.text()))
            time.sleep(0.005)

    def wait(self, timeout=30, check=True):
        """Wait for its end; Failure when late or, with check, not 0."""
        try:
            self._child.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure("%s: still runs after %g s:\n%s" % (
                self.argv[0], timeout * PATIENCE, self.text())) from None
        self._close()
        if check and self.status != 0:
            raise Failure("%s: exit status %s:\n%s" % (
                self.argv[0], self.status, self.text()))
        return self.status

    def signal(self, signum):
        if self.alive():
            self._child.send_signal(signum)

    def stop(self, timeout=30):
        """Ask it to end and wait; the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout, check=False)
        finally:
            self.kill()

    def kill(self):
        """End it and its children at once."""
        _kill_group(self.pid, signal.SIGKILL)
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._close()

    def _close(self):
        for pipe in (self.stdin, self.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except OSError:
                    pass


class Deadline:
    """A moment in the future that a test waits for at most."""

    def __init__(self, seconds):
        self._end = time.monotonic() + seconds * PATIENCE

    def over(self):
        return time.monotonic() >= self._end

    def left(self):
        return max(0.0, self._end - time.monotonic())


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
        return [int(child) for child in children.read().split()]


def descriptors_of(pid):
    """What a process has open: path in /proc -> what it is.  It may close
    one at any moment."""
    opened = {}
    for number in os.listdir("/proc/%d/fd" % pid):
        path = "/proc/%d/fd/%s" % (pid, number)
        with contextlib.suppress(FileNotFoundError):
            opened[path] = os.readlink(path)
    return opened


@contextlib.contextmanager
def within(seconds):
    """What is promised in so many seconds is done in them."""
    deadline = Deadline(seconds)
    yield
    if deadline.over():
        raise Failure("not within %g s" % (seconds * PATIENCE))


def eventually(condition, timeout=30, what="condition"):
    """Wait until condition() is true and return its value; what, or what it
    returns then, is missed otherwise."""
    deadline = Deadline(timeout)
    while True:
        value = condition()
        if value:
            return value
        if deadline.over():
            raise Failure("%s: not within %g s" % (
                what() if callable(what) else what, timeout * PATIENCE))
        time.sleep(0.01)
