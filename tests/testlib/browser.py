# tests/testlib/browser.py - programs that draw: Graphviz and Chromium
# SPDX-License-Identifier: BSD-2-Clause
"""Installed, or unpacked below TR_PICTURES (tools/quickstart does that).

    with Browser(tmp_path) as browser:
        browser.open(page)
        assert browser.ask("document.title") == "Trust realms"
"""

import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import subprocess

from .process import Deadline, Failure, base_environment, run
from .servers import Missing

UNPACKED = os.environ.get("TR_PICTURES", "")
LIBRARIES = os.path.join(UNPACKED, "usr/lib/x86_64-linux-gnu")
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>
"""


def find(name):
    """Path of a program; Missing where it is not there."""
    # Debian's usr/bin/chromium is a script that looks into /usr and /etc.
    for path in ("usr/lib/chromium/" + name, "usr/bin/" + name):
        path = os.path.join(UNPACKED, path)
        if UNPACKED and os.access(path, os.X_OK):
            return path
    path = shutil.which(name)
    if path is None:
        raise Missing("%s is not on this machine: see pictures in "
                      "tools/quickstart" % name)
    return path


def environment(**more):
    env = dict(base_environment(), **more)
    if UNPACKED:
        env["LD_LIBRARY_PATH"] = ":".join(
            [LIBRARIES, os.path.join(LIBRARIES, "pulseaudio")])
    return env


def fonts(folder):
    """What tells a program of the fonts that were unpacked; without any,
    Chromium shows no text at all."""
    if not UNPACKED or os.path.exists("/etc/fonts/fonts.conf"):
        return {}
    path = os.path.join(folder, "fonts.conf")
    with open(path, "w") as file:
        file.write(FONTS % (os.path.join(UNPACKED, "usr/share/fonts"),
                            os.path.join(folder, "fontconfig")))
    return {"FONTCONFIG_FILE": path}


def graphviz(folder):
    """(path of dot, environment for it); folder is for its configuration."""
    path = find("dot")
    if not path.startswith(UNPACKED or "\0"):
        return path, environment()
    # Unpacked, it has not been told of its own plugins.
    plugins = os.path.join(LIBRARIES, "graphviz")
    for name in os.listdir(plugins):
        if name.startswith("libgvplugin"):
            os.symlink(os.path.join(plugins, name),
                       os.path.join(folder, name))
    env = environment(GVBINDIR=str(folder))
    run([path, "-c"], env=env)
    return path, env


class Browser:
    """Headless Chromium, spoken to over two pipes."""

    def __init__(self, folder):
        program = find("chromium")
        self._calls = itertools.count(1)
        self._left = b""
        read_end, self._to = os.pipe()
        self._from, write_end = os.pipe()
        # It speaks on descriptors 3 and 4.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
                for end in (read_end, write_end)]

        def in_child():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._child = subprocess.Popen(
            [program, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-pipe",
             "--window-size=1400,900", "--user-data-dir=%s/profile" % folder,
             "about:blank"],
            env=environment(HOME=str(folder), **fonts(folder)),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4), preexec_fn=in_child, start_new_session=True)
        for end in [read_end, write_end] + ends:
            os.close(end)
        self._session = None
        target = self._call("Target.createTarget", url="about:blank")
        self._session = self._call("Target.attachToTarget", flatten=True,
                                   targetId=target["targetId"])["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        os.close(self._to)
        os.close(self._from)

    def _read(self, deadline):
        while b"\0" not in self._left:
            if not select.select([self._from], [], [], deadline.left())[0]:
                raise Failure("the browser does not answer")
            octets = os.read(self._from, 1 << 20)
            if not octets:
                raise Failure("the browser has ended")
            self._left += octets
        message, self._left = self._left.split(b"\0", 1)
        return json.loads(message)

    def _call(self, method, **parameters):
        number = next(self._calls)
        call = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            call["sessionId"] = self._session
        os.write(self._to, json.dumps(call).encode() + b"\0")
        deadline = Deadline(60)
        while True:
            answer = self._read(deadline)
            if answer.get("id") == number:
                if "error" in answer:
                    raise Failure("%s: %s" % (method, answer["error"]))
                return answer["result"]

    def open(self, path):
        self._call("Page.navigate", url="file://%s" % path)
        deadline = Deadline(60)
        # Until it is there, the page before may answer.
        while self.ask("document.readyState + decodeURI(location.pathname)") \
                != "complete%s" % path:
            if deadline.over():
                raise Failure("%s does not load" % path)

    def ask(self, expression):
        """Value of a JavaScript expression in the page."""
        result = self._call("Runtime.evaluate", expression=expression,
                            returnByValue=True)
        if "exceptionDetails" in result:
            raise Failure("%s: %s" % (expression, result["exceptionDetails"]))
        return result["result"].get("value")

    def type(self, selector, text):
        """As a user: into the element, character by character."""
        self.ask("document.querySelector(%s).focus()" % json.dumps(selector))
        self._call("Input.insertText", text=text)
