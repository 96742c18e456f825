# tests/testlib/http_main.py - a connection of HTTP that stays open
# SPDX-License-Identifier: BSD-2-Clause
"""Reads "PATH [WITH...]" from stdin, gets PATH with HTTP Negotiate over one
connection to HOST (argument 1), and prints what comes, then "status NUMBER";
"refused REASON" when there was no token to send.  WITH: "bare" for no token,
"bound" for channel bindings of nobody.
"""

import base64
import http.client
import sys

import gssapi

SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")


def context(host, words):
    bindings = None
    if "bound" in words:
        bindings = gssapi.raw.ChannelBindings(application_data=b"elsewhere")
    name = gssapi.Name("HTTP@" + host, gssapi.NameType.hostbased_service)
    return gssapi.SecurityContext(usage="initiate", name=name, mech=SPNEGO,
                                  channel_bindings=bindings)


def get(connection, host, path, *words):
    headers = {}
    if "bare" not in words:
        try:
            token = context(host, words).step()
        except gssapi.exceptions.GSSError as error:
            print("refused", error)
            return
        headers["Authorization"] = "Negotiate " + \
            base64.b64encode(token).decode()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    while line := answer.readline():
        print(line.decode(errors="replace"), end="", flush=True)
    answer.read()       # nothing, but the connection is free now
    print("status", answer.status)


def main(host):
    connection = http.client.HTTPSConnection(host, timeout=60)
    connection.connect()
    connection.auto_open = 0        # this one and no other
    for line in sys.stdin:
        get(connection, host, *line.split())
        sys.stdout.flush()


main(sys.argv[1])
