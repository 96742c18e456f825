# tests/testlib/guest.py - a virtual machine with a kernel of its own
# SPDX-License-Identifier: BSD-2-Clause
"""A guest runs Debian's kernel, unpacked in TR_GUEST, on the file system of
this machine, which it can only read: what is installed here and what was
built is there too.  /run and /media, its TMPDIR, are in memory.  It has no
network.  The processor is emulated, never virtualized, and the guest's clock
counts its instructions: however slow and busy this machine is, programs there
seem to have a quick one for themselves.  Only where nothing runs does the
clock go as it does here.  Needs root, to share the file system."""

import glob
import lzma
import os
import re
import shlex
import shutil

from . import servers
from .process import Failure, run
from .scratch import Scratch
from .servers import NotRoot

UNPACKED = os.environ.get("TR_GUEST", "")
MEMORY = "1536M"
NANOSECONDS = "shift=1"     # of an instruction, as a power of two
MODULES = ("virtio_pci", "virtiofs", "overlay", "veth", "bridge", "cts",
           "nfsd", "nfsv4", "rpcsec_gss_krb5")

#: The first process of the guest, in its initial file system.
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
for module in /modules/*; do insmod "$module"; done
mount -t virtiofs -o ro host /host
mount -t tmpfs -o mode=755 tmpfs /host/run
mount -t tmpfs -o mode=1777 tmpfs /host/media
for top in proc sys dev; do mount --move "/$top" "/host/$top"; done
cp /script /host/media
exec switch_root /host /bin/sh /media/script
"""
SCRIPT = """
cd %s
env -i %s
echo "guest: exit status $?"
echo b >/proc/sysrq-trigger
"""
#: Here, in a mount namespace of its own: everything, and nothing to write to.
SHARE = """
mount --rbind / "$SHARE"
cut -d " " -f 5 /proc/self/mountinfo >"$SOCKET.mounts"
while read -r at; do
    case $at in
    "$SHARE" | "$SHARE"/*) mount -o remount,bind,ro "$at" ;;
    esac
done <"$SOCKET.mounts"
exec "$VIRTIOFSD" --socket-path="$SOCKET" -o source="$SHARE" \\
    -o sandbox=chroot -o cache=always
"""


def _kernel():
    """(image, directory of its modules); never this machine's own."""
    images = UNPACKED and glob.glob(UNPACKED + "/boot/vmlinuz-*-amd64")
    if not images:
        raise servers.Missing("a kernel for virtual machines is missing in "
                              "TR_GUEST (see kernel in tools/quickstart)")
    image = min(images)
    version = image.partition("/boot/vmlinuz-")[2]
    return image, UNPACKED + "/usr/lib/modules/" + version


def _modules(folder):
    """MODULES and what they need, in the order to load them; what is not a
    file is in the kernel."""
    paths = {
        os.path.basename(path).partition(".ko")[0].replace("-", "_"): path
        for path in glob.glob(folder + "/**/*.ko*", recursive=True)}
    loaded = {}

    def add(name):
        path = paths.get(name.replace("-", "_"))
        if path is None or path in loaded:
            return
        read = lzma.open if path.endswith(".xz") else open
        with read(path, "rb") as file:
            module = file.read()
        needs = re.search(rb"\0depends=([^\0]*)\0", module)
        for needed in needs.group(1).decode().split(","):
            add(needed)
        loaded[path] = module
    for name in MODULES:
        add(name)
    return loaded.values()


class Guest:
    """Use as a context manager."""

    def __init__(self):
        if os.geteuid() != 0:
            raise NotRoot("a virtual machine")
        servers.need_real_root("virtiofsd opens files as their owner")
        self.scratch = Scratch()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.scratch.close()

    def _initial(self, folder, script):
        """The archive that the kernel begins with."""
        top = self.scratch.mkdir("initial")
        for name in ("bin", "modules", "host", "proc", "sys", "dev"):
            os.mkdir(os.path.join(top, name))
        busybox = shutil.copy(servers.program("busybox", UNPACKED),
                              top + "/bin")
        for number, module in enumerate(_modules(folder)):
            self.scratch.write("initial/modules/%03d" % number, module)
        self.scratch.write("initial/init", INIT, 0o700)
        self.scratch.write("initial/script", script)
        names = "\n".join(
            os.path.relpath(os.path.join(at, name), top)
            for at, folders, files in os.walk(top)
            for name in folders + files)
        archive = run([busybox, "cpio", "-o", "-H", "newc"], cwd=top,
                      input=names.encode(), binary=True).out
        return self.scratch.write("initial.cpio", archive)

    def _share(self):
        """The socket at which this machine's file system is."""
        env = dict(servers.environment(UNPACKED),
                   SHARE=self.scratch.mkdir("share"),
                   SOCKET=self.scratch.join("share.socket"),
                   VIRTIOFSD=servers.program("virtiofsd", UNPACKED))
        server = self.scratch.spawn(
            ["unshare", "-m", "--propagation", "private", "sh", "-euc",
             SHARE], "virtiofsd", env=env)
        server.wait_for("Waiting for vhost-user socket connection")
        return env["SOCKET"]

    def run(self, argv, cwd, env, timeout=1400):
        """Run a program as root; (exit status, what was on the console)."""
        image, folder = _kernel()
        script = SCRIPT % (shlex.quote(cwd), shlex.join(
            ["%s=%s" % pair for pair in env.items()] + list(argv)))
        data = UNPACKED + "/usr/share/"
        outside = dict(servers.environment(UNPACKED),
                       QEMU_MODULE_DIR=servers.packaged(
                           "/usr/lib/*-linux-gnu*/qemu", "qemu", UNPACKED))
        qemu = self.scratch.spawn(
            [servers.program("qemu-system-x86_64", UNPACKED), "-accel", "tcg",
             "-icount", NANOSECONDS, "-cpu", "max", "-m", MEMORY,
             "-L", data + "seabios", "-L", data + "qemu",
             "-nodefaults", "-no-user-config", "-no-reboot",
             "-display", "none", "-serial", "stdio",
             "-object", "memory-backend-memfd,id=memory,share=on,size="
             + MEMORY, "-numa", "node,memdev=memory",
             "-chardev", "socket,id=share,path=" + self._share(),
             "-device", "vhost-user-fs-pci,chardev=share,tag=host",
             "-kernel", image, "-initrd", self._initial(folder, script),
             "-append", "console=ttyS0 quiet panic=-1 mitigations=off"],
            "console", env=outside)
        qemu.wait(timeout, check=False)
        console = qemu.text()
        status = re.search(r"^guest: exit status (\d+)", console,
                           re.MULTILINE)
        if status is None:
            raise Failure("the guest did not end by itself:\n" + console)
        return int(status.group(1)), console
