# tests/adversary/test_minted.py - tickets such as only a KDC can make
# SPDX-License-Identifier: BSD-2-Clause
"""With authorization data that libkrb5 has to look through, in the ticket and
in the authenticator, of the user and of the system; and by the KDC of another
Kerberos realm, which says of its tickets whatever it likes."""

import os

import pytest
from attacks import TARGET, refused, refused_by_beta
from test_forged import REALM, forge, principal     # noqa: F401 (a fixture)
from test_pretended import other_realm              # noqa: F401 (a fixture)

from testlib import table
from testlib.agent import Agent
from testlib.process import Failure, run
from testlib.servers import built
from testlib.world import SERVICE, STAFF, as_uid

ALICE = "alice@" + REALM
SAMPLE = "sample/beta.example.test@" + REALM


def mint(world, keytab, server, client, **fields):
    """A cache with a ticket, for STAFF; see mint.c."""
    uid = as_uid(STAFF)
    path = os.path.join(world.scratch.mkdir("minted", 0o700, uid),
                        str(world.next_number()))
    run([built("tests/adversary/mint"), keytab, server, client,
         "FILE:" + path] + ["%s=%s" % (name.rstrip("_"), value)
                            for name, value in fields.items()],
        env=dict(world.realm.environment(), **world.sanitizer_environment))
    if uid is not None:
        os.chown(path, uid, uid)
    return path


# --- authorization data ---------------------------------------------------

#: Whether Kerberos takes a ticket that has it.
SHAPES = {"deep:300": True, "many:300": True, "large:6000": True,
          "wide:300": True, "and-or": True, "issued": True,
          "mandatory": True, "broken": False, "pac": False}


@pytest.mark.parametrize("shape", [*SHAPES, "deep:3000", "many:3000",
                                   "large:60000"])
def test_in_the_ticket_of_a_user(world, beta, shape):
    """It gives him nothing."""
    alice = Agent(world.alpha, as_uid(STAFF), mint(
        world, world.beta.services_keytab, SAMPLE, ALICE, ticket=shape))
    context, token = alice.initiate(TARGET)
    if not SHAPES.get(shape, True):
        refused_by_beta(world, beta, token, None)
        return
    theirs, reply, client = beta.accept(token)
    context.step(reply)
    assert (client, theirs.label()) == (ALICE, "INTERNAL")


def memory(agent):
    """The most that it has had, MiB."""
    with open("/proc/%d/status" % agent.pid) as status:
        return next(int(line.split()[1]) for line in status
                    if line.startswith("VmHWM:")) // 1024


def test_ticket_that_takes_much_memory(world):
    """A gigabyte, if libkrb5 came to see it."""
    beta = world.agent("beta", None, SERVICE)
    plain = Agent(world.alpha, as_uid(STAFF), mint(
        world, world.beta.services_keytab, SAMPLE, ALICE,
        ticket="deep:10000"), plugin=False)
    before = memory(beta)
    assert "AP-REQ is too long" in str(refused(beta.accept,
                                               plain.initiate(TARGET)[1]))
    assert memory(beta) < before + 50


@pytest.mark.parametrize("where", ["ticket", "authenticator"])
@pytest.mark.parametrize("shape", SHAPES)
def test_in_the_ap_req_of_a_system(world, beta, forge, where, shape):
    """Of a member's, which has the key: it is what it was without that."""
    token = forge(tickets=mint(world, world.beta.keytab, principal("beta"),
                               principal("alpha"), **{where: shape}))
    if where == "ticket" and not SHAPES[shape]:
        refused_by_beta(world, beta, token, "TRR_SYSTEM_AUTH")
        return
    context, _, client = beta.accept(token)
    assert (client, context.label()) == (ALICE, "INTERNAL")


@pytest.fixture
def question(world):
    """Gamma is a system whose principal has a question mark."""
    dn, name = table.system_dn("gamma"), "trustrealm/g?mma@" + REALM
    world.change(dn, "trPrincipal", name)
    yield name
    world.change(dn, "trPrincipal", principal("gamma"))


@pytest.mark.parametrize("octet", ["\x7f", "\x01", "\udcff"])
def test_name_that_cannot_be_printed(world, beta, forge, question, octet):
    """In the log it would be another's."""
    token = forge(sender=question, tickets=mint(
        world, world.beta.keytab, principal("beta"),
        question.replace("?", octet)))
    record = refused_by_beta(world, beta, token, "TRR_NOT_MEMBER")
    assert (record["step"], record["sender"]) == ("R4", None)


# --- the KDC of another Kerberos realm ------------------------------------

@pytest.fixture
def lie(world, other_realm):
    """lie(client): a cache with what the other KDC says is a ticket of client
    for this one, as if it came from the client's realm."""
    tgs = "krbtgt/%s@%s" % (REALM, other_realm.name)
    keytab = other_realm.scratch.join("tgs.keytab")
    world.realm.key_for(tgs, keytab)

    def lie(client, transited=""):
        return mint(world, keytab, tgs, client, transited=transited, as_=(
            "krbtgt/%s@%s" % (REALM, client.rsplit("@", 1)[1])))
    return lie


@pytest.mark.parametrize("realm", [REALM, "A." + REALM, "TEST", "THIRD.TEST"])
@pytest.mark.parametrize("transited", [
    "", "OTHER.TEST", REALM, ",", "%", "%,OTHER.TEST", "\\", "/", ".",
    "," * 3000])
def test_of_a_realm_that_is_not_its_own(world, forge, lie, realm, transited):
    """This KDC refuses that, for systems and users."""
    with pytest.raises(Failure, match="policy|cross-realm"):
        forge(tickets=lie("trustrealm/alpha.example.test@" + realm,
                          transited))
    alice = Agent(world.alpha, as_uid(STAFF), lie("alice@" + realm, transited))
    refused(alice.initiate, TARGET)


@pytest.mark.parametrize("transited", ["OTHER.TEST", REALM, ",", "\\", "/"])
def test_of_this_realm_by_way_of_another(world, beta, forge, transited):
    """A KDC that lets it pass says so in the ticket: systems look again."""
    refused_by_beta(world, beta, forge(tickets=mint(
        world, world.beta.keytab, principal("beta"), principal("alpha"),
        transited=transited)), "TRR_SYSTEM_AUTH")
    alice = Agent(world.alpha, as_uid(STAFF), mint(
        world, world.beta.services_keytab, SAMPLE, ALICE,
        transited=transited))
    refused_by_beta(world, beta, alice.initiate(TARGET)[1], None)


#: Component by component, as krb5_parse_name() reads them; % is the realm.
@pytest.mark.parametrize("name", [
    "%s", "%s\\@%%", "%s\\0", "%s\\0\\@%%", "%s\\@%%\\0", "%s/", "/%s",
    "\\0%s", "%s\\n", "%s\\\\"])
def test_names_like_those_of_this_realm(world, beta, forge, lie, other_realm,
                                        name):
    """Whoever they are, they are of the other realm."""
    def like(original):
        return "%s@%s" % (name.replace("%%", REALM) % original,
                          other_realm.name)

    for original in ("trustrealm/alpha.example.test",
                     "trustrealm\\/alpha.example.test"):
        own = like(original)
        for sender, code in ((own, "TRR_NOT_MEMBER"),
                             (principal("alpha"), "TRR_BINDING")):
            record = refused_by_beta(world, beta, forge(
                tickets=lie(own), sender=sender), code)
            assert (record["sender"], record["sender_principal"]) == (None,
                                                                      own)
    context, token = Agent(world.alpha, as_uid(STAFF),
                           lie(like("alice"))).initiate(TARGET)
    _, reply, client = beta.accept(token)
    context.step(reply)
    assert client == like("alice")
