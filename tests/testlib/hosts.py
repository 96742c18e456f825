# tests/testlib/hosts.py - machines of their own, as namespaces
# SPDX-License-Identifier: BSD-2-Clause
"""A Network is one namespace of every kind with a bridge in it; a Machine is
a network, mount, UTS and process namespace inside, with a host name, an
address on the bridge, and its own /etc, /run, /home, /srv, /tmp and /var/tmp.
What is written to its /usr and /var stays there too.  Packages that were
unpacked in TR_SERVERS are in its /usr and /etc as if they had been installed.
(TR_SERVERS, source and build are where they are outside.)

So programs need no environment variable to belong to a machine: they find
its mech.d, krb5.conf, keytab and trustrealmd where these always are.
Addresses exist only inside; no packet leaves.  All processes end with the
Network, even when the test is killed.  Needs root, of a user namespace at
least.
"""

import contextlib
import ctypes
import os
import socket
import stat
import time

from . import servers
from .process import (Deadline, Failure, base_environment, children_of,
                      run)

CLONE = {"net": 0x40000000, "mnt": 0x00020000, "uts": 0x04000000,
         "pid": 0x20000000}
PREFIX = "10.77.0."
_libc = ctypes.CDLL(None, use_errno=True)

#: The first process of a namespace: reaps what is left to it.
INIT = "while :; do sleep 1000 & wait $!; done"

NETWORK = """
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/layers
# To the root of a user namespace what is outside belongs to nobody: he may
# write to none of it, nor to a layer above.  So /etc is a copy, and the
# directories that programs write to are his.
if [ ! -O /etc ]; then
    cp -dR /etc /mnt 2>/dev/null || :
    mount --bind /mnt/etc /etc
    mkdir /mnt/own
    cd /
    find usr var -maxdepth 2 -type d -print0 | (cd /mnt/own; xargs -0 mkdir -p)
fi
"""
#: On the bridge, for the machine whose first process is PID here.
PLUG = """
ip link add "v-$NAME" type veth peer name eth0 netns "$PID"
ip link set "v-$NAME" master br0 up
"""
MACHINE = """
hostname "$HOST"
ip link set lo up
ip address add "$ADDRESS/24" dev eth0
ip link set eth0 up
layers=/mnt/layers/$NAME
mkdir -p "$layers/outside"
mount --rbind / "$layers/outside"
for top in etc var usr; do
    mkdir -p "$layers/$top/upper" "$layers/$top/work"
    lower=/$top
    for layer in "/mnt/own/$top" "$SERVERS/$top"; do
        [ ! -d "$layer" ] || lower=$layer:$lower
    done
    mount -t overlay -o "lowerdir=$lower,upperdir=$layers/$top/upper" \\
        -o "workdir=$layers/$top/work" overlay "/$top"
done
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /home
mount -t tmpfs -o mode=755 tmpfs /srv
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
mount -t tmpfs -o mode=1777 tmpfs /tmp
for kept in $KEPT; do
    mkdir -p "$kept"
    mount --rbind "$layers/outside$kept" "$kept"
done
umount -l "$layers/outside"
mkdir -p -m 755 /run/sshd /run/lock "$RUN"
mount --bind "$SHARED" "$RUN"
"""


def environment():
    """Of a program that has a whole machine: nothing of ours."""
    env = base_environment()
    env.pop("TMPDIR", None)
    return env


def _setns(fd, kind):
    if _libc.setns(fd, CLONE[kind]) != 0:
        raise OSError(ctypes.get_errno(), "setns " + kind)


class _Space:
    """Namespaces, and the process that keeps them."""

    KINDS = ("net", "mnt", "pid")
    FLAGS = ("-n", "-m", "-p")

    def __init__(self, scratch, name, outer=None):
        self.scratch = scratch
        self.name = name
        self._fds = {}
        self._keeper = scratch.spawn(
            ["unshare", *self.FLAGS, "-f", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-c",
             "echo ready; " + INIT],
            name + "-machine", machine=outer)
        self._keeper.wait_for("^ready")
        self.pid, = children_of(self._keeper.pid)
        for kind in self.KINDS:
            self._fds[kind] = os.open("/proc/%d/ns/%s" % (self.pid, kind),
                                      os.O_RDONLY | os.O_CLOEXEC)

    def close(self):
        self._keeper.kill()
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()

    @contextlib.contextmanager
    def _switched(self, kind):
        back = os.open("/proc/self/ns/" + kind, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(self._fds[kind], kind)
            try:
                yield
            finally:
                _setns(back, kind)
        finally:
            os.close(back)

    def begin(self):
        """A context: children that this thread makes in it are inside, as
        far as process numbers go."""
        return self._switched("pid")

    def enter(self):
        """In such a child: everything else."""
        for kind in self.KINDS:
            if kind != "pid":
                _setns(self._fds[kind], kind)

    def run(self, argv, **options):
        """process.run() here."""
        options.setdefault("env", environment())
        return run(argv, machine=self, **options)

    def script(self, text, **variables):
        """A shell script as root; it stops at the first failure."""
        return self.run(["sh", "-euc", text],
                        env=dict(environment(), **variables))

    def spawn(self, argv, log, **options):
        """scratch.spawn() here."""
        options.setdefault("env", environment())
        return self.scratch.spawn(argv, log, machine=self, **options)

    def path(self, name):
        """The file called name here, as seen from outside."""
        return "/proc/%d/root%s" % (self.pid, name)

    def write(self, name, text, mode=0o644, uid=0, gid=None):
        """Write a file here, a new one; its directories are made."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(path, "wb") as out:
            os.fchmod(out.fileno(), mode)
            os.fchown(out.fileno(), uid, uid if gid is None else gid)
            out.write(text if isinstance(text, bytes) else text.encode())
        return name

    def append(self, name, text):
        mode = stat.S_IMODE(os.stat(self.path(name)).st_mode)
        self.write(name, self.read(name) + text, mode)

    def read(self, name):
        with open(self.path(name), errors="replace") as file:
            return file.read()

    def processes(self):
        """{number here: command line} of what runs here."""
        found = {}
        for pid in filter(str.isdigit, os.listdir(self.path("/proc"))):
            try:
                found[int(pid)] = self.read(
                    "/proc/%s/cmdline" % pid).replace("\0", " ").strip()
            except OSError:
                pass
        return found

    def kill_all(self, start):
        """Kill what has a command line that begins with start."""
        pids = [str(pid) for pid, command in self.processes().items()
                if command.startswith(start)]
        if pids:
            self.script("kill -9 $PIDS || :", PIDS=" ".join(pids))

    def network(self):
        """A context: sockets that this thread makes in it are of here."""
        return self._switched("net")


class Machine(_Space):
    """name, host (its name with the domain), address."""

    KINDS = ("net", "mnt", "uts", "pid")
    FLAGS = ("-n", "-m", "-u", "-p")

    def __init__(self, network, name, host, address, run):
        super().__init__(network.scratch, name, network)
        self.host = host
        self.address = address
        self.run_directory = run
        #: What is in run here.
        self.shared = network.scratch.mkdir(name + ".run", 0o755)
        network.script(PLUG, NAME=name, PID=str(network.number(self.pid)))
        self.script(MACHINE, NAME=name, HOST=host, ADDRESS=address, RUN=run,
                    SHARED=self.shared, SERVERS=servers.root() or "/nowhere",
                    KEPT=" ".join(filter(None, (
                        servers.root(), servers.source_directory(),
                        servers.build_directory(), network.scratch.path))))
        self.write("/etc/hostname", host + "\n")
        self.write("/etc/hosts", network.hosts_file())
        self.write("/etc/nsswitch.conf", "".join(
            "%s: files\n" % what
            for what in ("passwd", "group", "shadow", "hosts", "services")))
        self.write("/etc/resolv.conf", "")
        self.write("/etc/shadow", "", 0o600)

    def user(self, name, uid, home=None, shell="/bin/sh"):
        """An account here, also of a server; replaces one of that name."""
        for path, line in (
                ("/etc/passwd", "%s:x:%d:%d::%s:%s" % (
                    name, uid, uid, home or "/home/" + name, shell)),
                ("/etc/group", "%s:x:%d:" % (name, uid)),
                ("/etc/shadow", "%s:*:20000::::::" % name)):
            kept = [old for old in self.read(path).splitlines()
                    if not old.startswith(name + ":")]
            self.write(path, "\n".join(kept + [line]) + "\n",
                       0o600 if path == "/etc/shadow" else 0o644)
        if home is None:
            os.mkdir(self.path("/home/" + name), 0o700)
            os.chown(self.path("/home/" + name), uid, uid)

    def connect(self, address, timeout=30):
        """A TCP connection from here."""
        with self.network():
            return socket.create_connection(address, timeout)

    def wait_port(self, port, server=None, timeout=30):
        """Until a server (Process) here listens on port."""
        deadline = Deadline(timeout)
        while True:
            try:
                self.connect((self.address, port)).close()
                return
            except OSError:
                if server is not None and not server.alive():
                    raise Failure("%s ended:\n%s" % (
                        server.argv[0], server.text())) from None
                if deadline.over():
                    raise Failure("nothing listens on %s port %d\n%s" % (
                        self.name, port,
                        server.text() if server else "")) from None
                time.sleep(0.01)


class Network(_Space):
    """names: of machines, in domain; run: where they have trustrealmd's
    socket.  network["alpha"] is the Machine."""

    def __init__(self, scratch, names, domain, run):
        if os.geteuid() != 0:
            raise servers.NotRoot("machines of their own")
        super().__init__(scratch, "network")
        self._addresses = {
            name: ("%s.%s" % (name, domain), PREFIX + str(number))
            for number, name in enumerate(names, 1)}
        self.script(NETWORK)
        self._machines = {
            name: Machine(self, name, host, address, run)
            for name, (host, address) in self._addresses.items()}

    def __getitem__(self, name):
        return self._machines[name]

    def get(self, name):
        """The machine, or None."""
        return self._machines.get(name)

    def __iter__(self):
        return iter(self._machines.values())

    def close(self):
        for machine in self:
            machine.close()
        super().close()

    def hosts_file(self):
        lines = ["127.0.0.1 localhost"]
        lines += ["%s %s %s" % (address, host, name)
                  for name, (host, address) in self._addresses.items()]
        return "\n".join(lines) + "\n"

    @staticmethod
    def number(pid):
        """The number that the process pid has in the network itself."""
        with open("/proc/%d/status" % pid) as status:
            numbers = [line.split() for line in status
                       if line.startswith("NSpid:")][0]
        return int(numbers[2])
