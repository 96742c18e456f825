# tests/integration/test_snapshot.py - a table that is carried, signed
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm export makes an LDIF file of the directory, or a signed snapshot;
trustrealmd takes a snapshot only with a good signature, not from the future,
and none that is older than what it knows."""

import base64
import json
import os
import re
import shutil
import stat
import subprocess

import pytest

from testlib import servers, table
from testlib.process import base_environment, eventually, run
from testlib.scratch import Scratch
from testlib.tool import program, trustrealm
from testlib.world import World

YEAR = 365 * 86400


def openssl(*arguments):
    run(["openssl", *map(str, arguments)], env=base_environment())


class Signers:
    """An authority, who issued a certificate; and somebody else."""

    def __init__(self, scratch):
        self.scratch = scratch
        for name in ("authority", "other"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                    "2", "-subj", "/CN=" + name, "-keyout", self.key(name),
                    "-out", self.certificate(name))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj",
                "/CN=officer", "-keyout", self.key("officer"), "-out",
                scratch.join("officer.csr"))
        openssl("x509", "-req", "-in", scratch.join("officer.csr"), "-CA",
                self.certificate("authority"), "-CAkey",
                self.key("authority"), "-CAcreateserial", "-days", "2",
                "-out", self.certificate("officer"))
        for name in ("authority", "officer", "other"):
            os.chmod(self.certificate(name), 0o644)

    def key(self, name):
        return self.scratch.join(name + ".key")

    def certificate(self, name):
        return self.scratch.join(name + ".pem")


def export(entries, scratch, *options, shift=0, check=True):
    """Write entries to a file and export that."""
    source = scratch.write("export.ldif", table.ldif(entries), 0o600)
    env = base_environment()
    if shift:
        env.update(TR_SHIFT=str(shift), LD_PRELOAD=servers.built(
            "tests/integration/.libs/shifted.so"))
    return subprocess.run([program(), "export", "--ldif", source, *options],
                          env=env, capture_output=True, check=check,
                          timeout=60)


class Snapshots:
    """What the systems of a world load."""

    def __init__(self, world, signers, path):
        self.world = world
        self.signers = signers
        self.path = path

    def put(self, entries=None, signer="officer", shift=0):
        """Sign, as administrators do, and carry the file there."""
        signed = self.sign(entries or table.entries(), signer, shift)
        self.carry(signed)

    def sign(self, entries, signer="officer", shift=0):
        output = self.world.scratch.join("signed")
        export(entries, self.world.scratch, "--sign", "--signer",
               self.signers.certificate(signer), "--key",
               self.signers.key(signer), "-o", output, shift=shift)
        with open(output, "rb") as file:
            return file.read()

    def trust(self, certificate):
        """Both systems take what its key has signed, too."""
        with open(certificate) as file:
            added = file.read()
        for name in ("alpha", "beta"):
            with open(self.world.scratch.join(name + ".signers")) as file:
                kept = file.read()
            self.world.scratch.write(name + ".signers", kept + added, 0o644)

    def carry(self, octets):
        with open(self.path + ".new", "wb") as file:
            file.write(octets)
        os.chmod(self.path + ".new", 0o644)
        os.rename(self.path + ".new", self.path)


@pytest.fixture(scope="module")
def signers():
    with Scratch() as scratch:
        yield Signers(scratch)


@pytest.fixture(scope="module")
def shared(signers):
    """alpha believes the authority, beta the officer alone."""
    with World(run=(), source="ldif") as made:
        path = made.scratch.join("carried")
        for name, signer in (("alpha", "authority"), ("beta", "officer")):
            with open(signers.certificate(signer)) as file:
                trusted = made.scratch.write(name + ".signers", file.read(),
                                             0o644)
            made.systems[name].config["table"] = {
                "source": "snapshot:" + path, "signers": trusted}
        yield made, Snapshots(made, signers, path)


@pytest.fixture
def snapshots(shared):
    """Both systems run, from a snapshot that was signed a minute ago."""
    world, made = shared
    made.put(shift=-60)
    for name in ("alpha", "beta"):
        system = world.systems[name]
        shutil.rmtree(system.path + "/state/table", ignore_errors=True)
        system.start()
    yield made
    for name in ("alpha", "beta"):
        world.systems[name].stop()


def state(world, name="alpha"):
    return world.systems[name].status()["table"]


def without_beta():
    return [entry for entry in table.entries()
            if not entry.startswith("dn: " + table.system_dn("beta"))]


def refused(snapshots, reason):
    """The table is as it was, and says why."""
    world = snapshots.world
    for name in ("alpha", "beta"):
        eventually(lambda: reason in state(world, name)["state"],
                   what="%s: %s" % (name, reason))
    assert world.client(world.server("beta")).delivered


# --- export -------------------------------------------------------------

def test_what_is_exported_is_what_was_there():
    with Scratch() as scratch:
        done = export(table.entries(), scratch)
        back = scratch.write("back.ldif", done.stdout.decode(), 0o600)
        same = trustrealm("diff", "--ldif", scratch.join("export.ldif"), back)
        assert (same.status, same.out) == (0, ""), same


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFLNK],
                         ids=["fifo", "link"])
def test_only_a_file_is_replaced(kind):
    """root would have no /dev/null, or no /dev/stdout, any more."""
    with Scratch() as scratch:
        output = scratch.join("output")
        if kind == stat.S_IFIFO:
            os.mkfifo(output)
        else:
            os.symlink(scratch.write("elsewhere", "text\n"), output)
        before = os.listdir(scratch.path) + ["export.ldif"]
        done = export(table.entries(), scratch, "-o", output, check=False)
        assert done.returncode == 3
        assert b"not a regular file" in done.stderr
        assert stat.S_IFMT(os.lstat(output).st_mode) == kind
        assert sorted(os.listdir(scratch.path)) == sorted(before)


def test_json_has_what_ldif_has():
    entries = table.entries() + [table.entry(
        "cn=f\u00fcnf,ou=systems," + table.BASE, objectClass="trSystem",
        cn="five.example.test", trPrincipal="trustrealm/five@X",
        description="a: \u00e9")]

    def values(ldif):
        """{DN: its values, in order}"""
        found = {}
        for block in ldif.split("\n\n"):
            (_, dn), *lines = [(name, base64.b64decode(value[2:]).decode()
                                if value.startswith(":") else value[1:])
                               for name, value in (
                                   line.split(":", 1)
                                   for line in block.strip().split("\n"))]
            found[dn] = sorted(lines)
        return found

    with Scratch() as scratch:
        plain = export(entries, scratch).stdout.decode()
        output = scratch.join("table.json")
        text = export(entries, scratch, "--json").stdout
        assert export(entries, scratch, "--json", "-o",
                      output).stdout == b""
        with open(output, "rb") as file:
            assert file.read() == text
    plain = plain.replace("\n ", "").removeprefix("version: 1\n")
    made = {entry["dn"]: sorted(
        (name, value) for name, values in entry["attributes"].items()
        for value in values) for entry in json.loads(text)["entries"]}
    assert made == values(plain.strip())
    assert ("description", "a: \u00e9") in made[
        "cn=f\u00fcnf,ou=systems," + table.BASE]


def test_openssl_shows_a_snapshot(signers):
    with Scratch() as scratch:
        path = scratch.join("signed")
        export(table.entries(), scratch, "--sign", "--signer",
               signers.certificate("officer"), "--key",
               signers.key("officer"), "-o", path)
        shown = subprocess.run(
            ["openssl", "cms", "-verify", "-inform", "DER", "-in", path,
             "-CAfile", signers.certificate("authority"), "-purpose", "any"],
            capture_output=True, check=True, timeout=60)
        plain = export(table.entries(), scratch)
        assert shown.stdout == plain.stdout


@pytest.mark.parametrize("key, reason", [
    ("other", "not the key of the certificate"), ("none", "no private key")])
def test_key_that_cannot_sign(signers, key, reason):
    with Scratch() as scratch:
        done = export(table.entries(), scratch, "--sign", "--signer",
                      signers.certificate("officer"), "--key",
                      signers.key(key), check=False)
        assert done.returncode == 3 and done.stdout == b""
        assert reason in done.stderr.decode()


def test_what_is_wrong_is_not_signed(signers):
    wrong = table.entry("cn=wrong,ou=systems," + table.BASE,
                        objectClass="trSystem", cn="wrong",
                        trPrincipal="trustrealm/wrong@X",
                        trMembership="engineering PUBLIC")
    with Scratch() as scratch:
        done = export(table.entries() + [wrong], scratch, "--sign",
                      "--signer", signers.certificate("officer"), "--key",
                      signers.key("officer"), check=False)
        assert done.returncode == 1 and done.stdout == b""
        assert "cn=wrong" in done.stderr.decode()


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_systems_would_ignore_is_not_signed(signers, force):
    """Unless somebody insists."""
    wrong = table.system("wrong", ["engineering PUBLIC SECERT"])
    with Scratch() as scratch:
        done = export(table.entries() + [wrong], scratch, "--sign",
                      "--signer", signers.certificate("officer"), "--key",
                      signers.key("officer"), *force, check=False)
        assert done.returncode == (0 if force else 1)
        assert bool(done.stdout) == bool(force)
        assert "system wrong.example.test: SECERT of engineering: " in \
            done.stderr.decode()


# --- taken --------------------------------------------------------------

def test_traffic_goes_on_a_snapshot(snapshots):
    world = snapshots.world
    outcome = world.client(world.server("beta"))
    assert outcome.delivered, outcome
    assert 60 <= state(world)["age"] < 120, "as old as the signature"


def test_later_snapshot_withdraws_a_membership(snapshots):
    world = snapshots.world
    server = world.server("beta")
    running = world.talking_client(server)
    snapshots.put(without_beta())
    running.wait("error")
    outcome = world.client(server)
    assert outcome.status == 1
    running.kill()


def test_age_is_limited(snapshots):
    """Nobody brings a later one: the table goes stale."""
    world = snapshots.world
    world.alpha.config["table"]["maximum-staleness"] = "50s"
    world.alpha.restart()
    mark = world.alpha.audit.mark()
    try:
        assert world.client(world.server("beta")).status == 1
        record = world.alpha.audit.wait(mark, result="deny")
        assert (record["step"], record["code"]) == ("S2", "TRR_STALE")
    finally:
        del world.alpha.config["table"]["maximum-staleness"]


def test_no_two_are_signed_in_one_second(signers):
    times = []
    with Scratch() as scratch:
        for _ in range(2):
            output = scratch.join("signed")
            export(table.entries(), scratch, "--sign", "--signer",
                   signers.certificate("officer"), "--key",
                   signers.key("officer"), "-o", output)
            shown = run(["openssl", "cms", "-cmsout", "-print", "-inform",
                         "DER", "-in", output], env=base_environment()).out
            times.append(re.search(r"UTCTIME:(.*)\n", shown[
                shown.index("signingTime"):]).group(1))
    assert times[0] != times[1]


# --- refused ------------------------------------------------------------

def test_earlier_snapshot_is_not_taken(snapshots):
    snapshots.put(without_beta(), shift=-3600)
    refused(snapshots, "before what the table says already")


def test_earlier_snapshot_is_not_taken_after_a_restart(snapshots):
    world = snapshots.world
    world.alpha.stop()
    world.beta.stop()
    snapshots.put(without_beta(), shift=-3600)
    world.alpha.start()
    world.beta.start()
    refused(snapshots, "before what the table says already")


def test_snapshot_of_the_future_is_not_taken(snapshots):
    snapshots.put(without_beta(), shift=3600)
    refused(snapshots, "still to come")


def test_somebody_else_signed(snapshots):
    snapshots.put(without_beta(), signer="other")
    refused(snapshots, "not signed by a signer that is trusted")


def test_authority_is_no_signer_where_the_officer_is_named(snapshots):
    world = snapshots.world
    snapshots.put(without_beta(), signer="authority")
    eventually(lambda: "not signed by a signer" in
               state(world, "beta")["state"], what="refusal")
    eventually(lambda: state(world)["systems"] ==
               state(world, "beta")["systems"] - 1, what="alpha takes it")


def test_certificate_that_has_expired(snapshots):
    """It is judged by today, not by when it was used."""
    expired = snapshots.signers.scratch.join("officer-old")
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=old", "-keyout", expired + ".key", "-out",
         expired + ".pem"],
        env=dict(base_environment(), TR_SHIFT=str(-YEAR), LD_PRELOAD=(
            servers.built("tests/integration/.libs/shifted.so"))))
    snapshots.trust(expired + ".pem")
    snapshots.put(without_beta(), signer="officer-old")
    refused(snapshots, "certificate")


def test_key_that_is_too_short(snapshots):
    """Even of a signer who is named."""
    name = snapshots.signers.scratch.join("short")
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "2",
            "-subj", "/CN=short", "-keyout", name + ".key", "-out",
            name + ".pem")
    snapshots.trust(name + ".pem")
    snapshots.put(without_beta(), signer="short")
    refused(snapshots, "not signed by a signer that is trusted")


def test_plain_ldif_is_no_snapshot(snapshots):
    snapshots.carry(table.ldif(without_beta()).encode())
    refused(snapshots, "no signed snapshot")


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9, 0.999])
def test_one_bit_is_different(snapshots, place):
    octets = bytearray(snapshots.sign(without_beta()))
    octets[int(len(octets) * place)] ^= 1
    snapshots.carry(octets)
    refused(snapshots, "signed")


def test_cut_snapshot(snapshots):
    octets = snapshots.sign(without_beta())
    snapshots.carry(octets[:-1])
    refused(snapshots, "no signed snapshot")


def test_two_signatures_are_one_too_many(snapshots):
    """One of them could be anybody's."""
    once = snapshots.world.scratch.join("once")
    with open(once, "wb") as file:
        file.write(snapshots.sign(without_beta()))
    openssl("cms", "-resign", "-inform", "DER", "-in", once, "-outform",
            "DER", "-signer", snapshots.signers.certificate("authority"),
            "-inkey", snapshots.signers.key("authority"), "-out",
            once + ".twice", "-md", "sha256")
    with open(once + ".twice", "rb") as file:
        snapshots.carry(file.read())
    refused(snapshots, "not data with one signature")


def test_pipe_in_the_place_of_the_file(snapshots):
    """Nobody waits for who would write to it."""
    os.unlink(snapshots.path)
    os.mkfifo(snapshots.path)
    refused(snapshots, "no signed snapshot")
    os.unlink(snapshots.path)
    snapshots.put(without_beta())
    eventually(lambda: not snapshots.world.client(
        snapshots.world.server("beta")).delivered, what="the later one")


def cms(snapshots, *options, signer="officer"):
    """without_beta() as openssl signs it."""
    join = snapshots.world.scratch.join
    source = snapshots.world.scratch.write("plain", table.ldif(
        without_beta()), 0o600)
    openssl("cms", "-sign", "-binary", "-in", source, "-signer",
            snapshots.signers.certificate(signer), "-inkey",
            snapshots.signers.key(signer), "-outform", "DER", "-out",
            join("made"), *options)
    with open(join("made"), "rb") as file:
        return file.read()


@pytest.mark.parametrize("options,reason", [
    (["-nodetach", "-md", "sha1"], "weak digest"),
    (["-nodetach", "-noattr", "-md", "sha256"], "when it was signed"),
    (["-nodetach", "-md", "sha256", "-econtent_type", "1.2.3.4"],
     "not data with one signature"),
    (["-md", "sha256"], "not signed by a signer"),
], ids=["digest", "attributes", "type", "detached"])
def test_signed_otherwise(snapshots, options, reason):
    snapshots.carry(cms(snapshots, *options))
    refused(snapshots, reason)


def test_signer_is_no_authority(snapshots):
    """Who may sign says of nobody else that he may."""
    signers, join = snapshots.signers, snapshots.world.scratch.join
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mallory",
            "-keyout", signers.key("mallory"), "-out", join("mallory.csr"))
    openssl("x509", "-req", "-in", join("mallory.csr"), "-CA",
            signers.certificate("officer"), "-CAkey", signers.key("officer"),
            "-CAcreateserial", "-days", "2", "-out",
            signers.certificate("mallory"))
    snapshots.carry(cms(snapshots, "-nodetach", "-md", "sha256", "-certfile",
                        signers.certificate("officer"), signer="mallory"))
    refused(snapshots, "not signed by a signer")


def test_configuration_needs_signers(shared):
    world, made = shared
    made.put()
    signers = world.alpha.config["table"].pop("signers")
    try:
        world.alpha.write_config()
        done = run([world.program("trustrealmd"), "-t", "-c",
                    world.alpha.config_path], check=False,
                   env=world.alpha.daemon_environment())
        assert done.status != 0
        assert "signers: missing" in done.err
    finally:
        world.alpha.config["table"]["signers"] = signers
