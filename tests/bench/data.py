# tests/bench/data.py - figures that are kept in a file
# SPDX-License-Identifier: BSD-2-Clause
"""One JSON object a line, as measured.  A line with "bench" begins a run: it
says which, when, on what machine, and with what software."""

import contextlib
import json
import os
import platform
import re
import subprocess
import time

from testlib import servers


def add_options(parser):
    parser.add_argument("--json", action="store_true",
                        help="one object a line")
    parser.add_argument("--data", metavar="FILE",
                        help="add what is measured to FILE")
    parser.add_argument("--show", metavar="FILE",
                        help="measure nothing, show what is in FILE")


def figures(args, bench, measured):
    """Those that measured yields, kept if they are to be; or those in a file,
    the latest of each, in their order."""
    if args.show:
        yield from latest(args.show)
        return
    with (open(args.data, "a") if args.data
          else contextlib.nullcontext()) as out:
        if out:
            print(json.dumps(circumstances(bench)), file=out)
        for f in measured:
            if out:
                print(json.dumps(f), file=out, flush=True)
            yield f


def latest(path):
    found = {}
    with open(path) as lines:
        for line in lines:
            f = json.loads(line)
            if "bench" not in f:
                what = f["name"], f.get("enctype"), f.get("size")
                found.pop(what, None)
                found[what] = f
    return found.values()


def circumstances(bench):
    return {
        "bench": bench,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "load": os.getloadavg()[0],
        "machine": {
            "processor": first("/proc/cpuinfo", r"model name\s*: (.*)"),
            "processors": len(os.sched_getaffinity(0)),
            "memory-kb": int(first("/proc/meminfo", r"MemTotal:\s*(\d+)")),
            "kernel": platform.release(),
        },
        "versions": {
            "trustrealm": said("git", "-C", os.path.dirname(__file__),
                               "describe", "--always", "--dirty"),
            "krb5": said("krb5-config", "--version"),
            "slapd": said(servers.program("slapd"), "-VV"),
            "openssl": said("openssl", "version"),
        },
    }


def first(path, pattern):
    with open(path) as text:
        found = re.search(pattern, text.read())
    return found[1] if found else "0"


def said(*argv):
    """The first line that a program says, or None."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT,
                              env=servers.environment())
    except OSError:
        return None
    return (done.stdout.decode().strip().splitlines() or [None])[0]
