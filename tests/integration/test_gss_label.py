# tests/integration/test_gss_label.py - the test tool by itself
# SPDX-License-Identifier: BSD-2-Clause
"""gss-label between two ends of plain Kerberos: whatever it says of labels
elsewhere, here it must deliver, refuse and end as its manual says."""

import base64
import json
import socket
import struct
import threading

import pytest

from testlib import servers
from testlib.process import run
from testlib.programs import parse_events, pick
from testlib.realm import Realm
from testlib.scratch import Scratch

SERVICE = "sample@localhost"
PROTECTIONS = ("wrap", "integrity", "mic", "mic-iov", "iov", "iov-integrity",
               "iov-lengths", "iov-lengths-integrity", "aead",
               "aead-integrity", "none")
CONFIDENTIAL = ("wrap", "iov", "iov-lengths", "aead")


class Plain:
    """A Kerberos realm with a user and a service, and no plugin."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.tool = servers.built("tools/gss-label/gss-label")
        realm = Realm(scratch)
        user, service = scratch.join("user"), scratch.join("service")
        realm.create({user: ["alice"], service: ["sample/localhost"]})
        realm.start()
        realm.kinit("alice", user, scratch.join("ccache"))
        self.env = dict(realm.environment(), GSS_MECH_CONFIG="/dev/null",
                        KRB5CCNAME="FILE:" + scratch.join("ccache"),
                        KRB5_KTNAME="FILE:" + service,
                        KRB5RCACHENAME="none:")

    def run(self, *argv, **options):
        return run([self.tool] + list(argv), env=self.env, check=False,
                   **options)

    def serve(self, *options):
        return Server(self, options)


class Server:
    number = 0

    def __init__(self, plain, options):
        Server.number += 1
        self.process = plain.scratch.spawn(
            [plain.tool, "server", "--json", "-a", "127.0.0.1", "-p", "0"]
            + list(options), "server-%d" % Server.number, env=plain.env)
        found = self.process.wait_for(r'"listening","port":(\d+)')
        self.port = int(found.group(1))

    def events(self, event):
        return of(self.process.text(), event)


def of(text, event):
    return pick(parse_events(text), event=event)


@pytest.fixture(scope="module")
def plain():
    with Scratch() as scratch:
        yield Plain(scratch)


@pytest.fixture
def server(plain):
    made = plain.serve()
    yield made
    made.process.stop()


def client(plain, server, *options, **more):
    return plain.run("client", "--json", "-p", str(server.port), *options,
                     "127.0.0.1", SERVICE, **more)


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_protection_delivers(plain, server, protection):
    done = client(plain, server, "-P", protection, "-M", "one", "-M", "",
                  "-s", "3")
    assert done.status == 0, done
    assert [e["state"] for e in of(done.out, "context")] == ["plain"]
    received = server.events("message")
    assert [e["text"] for e in received] == ["one", "..."]
    for event in received:
        assert event["protection"] == protection
        assert event["confidential"] == (protection in CONFIDENTIAL)
        assert "label" not in event
    saw = [e["peer_saw"] for e in of(done.out, "reply")]
    assert [e["length"] for e in saw] == [3, 3]


@pytest.mark.parametrize("mech", ["krb5", "spnego", "spnego-default"])
def test_mechanism_delivers(plain, server, mech):
    done = client(plain, server, "-m", mech, "--delegate", "--no-mutual")
    assert done.status == 0, done
    context = server.events("context")[0]
    assert context["mechanism"] == "krb5"
    assert context["user"] == "alice@EXAMPLE.TEST"
    assert context["delegated"] == "alice@EXAMPLE.TEST"
    assert "mutual" not in context["flags"]


def test_server_for_one_mechanism_and_service(plain):
    server = plain.serve("--once", "-m", "spnego", "-S", SERVICE)
    assert client(plain, server, "-m", "spnego").status == 0
    assert server.process.wait() == 0


def test_64_kib_message(plain, server):
    done = client(plain, server, "-s", "65536", "-n", "3")
    assert done.status == 0
    assert [e["length"] for e in server.events("message")] == [65536] * 3


def test_message_longer_than_a_frame_is_not_sent(plain, server):
    done = client(plain, server, "-s", "1048576")
    assert done.status == 3
    assert server.events("message") == []


def test_labels_are_refused_where_there_is_no_mechanism(plain, server):
    assert client(plain, server, "-l", "secret").status == 1
    assert server.events("connection") == []
    done = client(plain, server, "-L", "secret", "-n", "2")
    assert done.status == 1
    assert len(of(done.out, "error")) == 1      # the second has no label
    assert len(server.events("message")) == 1


def test_no_connection_before_there_is_a_token(plain, server):
    done = plain.run("client", "-p", str(server.port), "127.0.0.1",
                     "nobody@localhost")
    assert done.status == 1
    assert "not found in Kerberos database" in done.out
    assert server.events("connection") == []


def test_host_that_is_not_known(plain):
    """A name that is too long for any server to be asked for it."""
    done = plain.run("client", "--json", "x" * 64 + ".invalid", SERVICE)
    assert done.status == 3
    assert of(done.out, "error")[0]["text"] != ""


def test_nobody_listens(plain):
    done = plain.run("client", "--json", "127.0.0.1:1", SERVICE)
    assert done.status == 3
    assert "refused" in of(done.out, "error")[0]["text"]


@pytest.mark.parametrize("argv", [
    (), ("nothing",), ("client",), ("client", "a", "b", "c"),
    ("client", "-n", "-1", "a", "b"), ("client", "-n", "4x", "a", "b"),
    ("client", "-t", "0", "a", "b"), ("client", "-m", "ntlm", "a", "b"),
    ("client", "-P", "rot13", "a", "b"), ("client", "-s", "1048577", "a", "b"),
    ("server", "x"), ("server", "--wait", "soon"), ("token",),
    ("token", "make"), ("token", "init"), ("token", "accept", "x"),
    ("token", "accept", "--label", "x"), ("token", "accept", "-r", "-j")])
def test_wrong_command_line(plain, argv):
    done = plain.run(*argv)
    assert done.status == 2
    assert done.out == ""
    assert "usage: gss-label" in done.err or \
        done.err.endswith("try --help\n")


@pytest.mark.parametrize("argv, option", [
    (("client", "--port", "99999", "a", "b"), "--port: unusable: '99999'"),
    (("client", "-n", "0", "a", "b"), "--count: unusable: '0'"),
    (("client", "a:70000", "b"), "no host and port"),
    (("server", "-w", "soon"), "--wait: unusable: 'soon'"),
    (("token", "init", "-S", "x"), "gss-label token init: invalid option")])
def test_wrong_option_is_named(plain, argv, option):
    assert option in plain.run(*argv).err


@pytest.mark.parametrize("argv", [(), ("client",), ("server",), ("token",),
                                  ("token", "init"), ("token", "accept")])
def test_help(plain, argv):
    done = plain.run(*argv, "--help")
    assert done.status == 0
    assert "usage: gss-label" in done.out and done.err == ""


def test_address_that_cannot_be_had_is_named(plain, server):
    done = plain.run("server", "-a", "127.0.0.1", "-p", str(server.port))
    assert done.status == 3
    assert "127.0.0.1 port %d: Address already in use\n" % server.port in \
        done.out


def test_silent_server_costs_the_timeout(plain):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        done = plain.run("client", "-t", "0.3", "-p",
                         str(silent.getsockname()[1]), "127.0.0.1", SERVICE)
    assert done.status == 3


def test_slow_client_costs_the_timeout(plain):
    server = plain.serve("--once", "--timeout", "0.3")
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"\0\0")
        assert server.process.wait(check=False) == 3


def test_no_client_costs_the_wait(plain):
    server = plain.serve("--wait", "0.2")
    assert server.process.wait(check=False) == 3


@pytest.mark.parametrize("octets", [
    b"\0\0\0\0", b"\xff\xff\xff\xff\1", b"\0\x10\0\2\1",
    b"\0\0\0\5\x01junk", b"\0\0\0\5\x02junk", b"GET / HTTP/1.1\r\n\r\n"],
    ids=lambda octets: octets[:6].hex())
def test_garbage_harms_nobody_else(plain, server, octets):
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        peer.sendall(octets)
        assert client(plain, server).status == 0


def test_refused_message_does_not_end_the_connection(plain, server):
    """Between the two ends the second message is changed."""
    with socket.socket() as middle:
        middle.bind(("127.0.0.1", 0))
        middle.listen(1)
        threading.Thread(target=change_second, args=(middle, server.port),
                         daemon=True).start()
        done = plain.run("client", "--json", "-n", "3", "-p",
                         str(middle.getsockname()[1]), "127.0.0.1", SERVICE)
    assert done.status == 1
    assert [e["number"] for e in of(done.out, "reply")] == [1, 3]
    assert [e["call"] for e in of(done.out, "error")] == [
        "refused by the peer"]
    assert [e["number"] for e in server.events("message")] == [1, 3]
    error = server.events("error")[0]
    assert error["major"] == 6 << 16            # GSS_S_BAD_SIG


def receive_frame(peer):
    def exactly(n):
        data = b""
        while len(data) < n:
            more = peer.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data
    length = exactly(4)
    return length + exactly(struct.unpack(">I", length)[0])


def change_second(listener, port):
    near, _ = listener.accept()
    with near, socket.create_connection(("127.0.0.1", port)) as far:
        messages = 0
        try:
            while True:
                frame = bytearray(receive_frame(near))
                messages += frame[4] != 1
                if frame[4] != 1 and messages == 2:
                    frame[-1] ^= 1
                far.sendall(frame)
                near.sendall(receive_frame(far))
        except (EOFError, OSError):
            pass


def test_count_of_connections(plain):
    server = plain.serve("--count", "2")
    assert client(plain, server).status == 0
    assert server.process.alive()
    assert client(plain, server).status == 0
    assert server.process.wait() == 0


def test_server_tells_that_something_was_refused(plain):
    server = plain.serve("--count", "1")
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        peer.sendall(b"\0\0\0\5\x01junk")
        assert receive_frame(peer) == b"\0\0\0\1\xff"
    assert server.process.wait(check=False) == 1


def test_token_in_base64(plain):
    made = plain.run("token", "init", SERVICE)
    assert made.status == 0 and made.err == ""
    assert base64.b64decode(made.out)[0] == 0x60
    taken = plain.run("token", "accept", input=made.out)
    assert taken.status == 0
    assert base64.b64decode(taken.out)[0] == 0x60
    assert "alice@EXAMPLE.TEST" in taken.err


def test_token_raw(plain):
    made = plain.run("token", "init", "--raw", "--no-mutual", SERVICE,
                     binary=True)
    assert made.status == 0 and made.out[0] == 0x60
    taken = plain.run("token", "accept", "--raw", input=made.out,
                      binary=True)
    assert taken.status == 0 and taken.out == b""


def test_token_and_reply(plain):
    """init waits for the reply that accept makes."""
    def pass_on():
        line = init.stdout.readline()
        taken = plain.run("token", "accept", "--json", input=line,
                          binary=True)
        answer = json.loads(taken.out.splitlines()[0])["token"]
        init.stdin.write(answer.encode() + b"\n")
        init.stdin.flush()

    init = plain.scratch.spawn(
        [plain.tool, "token", "init", "--reply", SERVICE], "token",
        env=plain.env, with_stdin=True, with_stdout=True)
    pass_on()
    assert init.wait() == 0
    assert "mutual" in init.text()


@pytest.mark.parametrize("text, status", [
    ("", 1), ("AAAA\n", 1), ("*\n", 3), ("YWJj", 1)])
def test_token_that_is_none(plain, text, status):
    done = plain.run("token", "accept", "--json", input=text)
    assert done.status == status
    assert len(of(done.out, "error")) == 1
