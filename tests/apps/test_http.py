# tests/apps/test_http.py - Apache and clients of HTTP Negotiate carry labels
# SPDX-License-Identifier: BSD-2-Clause
"""alice gets pages from beta by a program on alpha.  Configurations are those
that doc/apps/http shows."""

import contextlib
import json
import re

import pytest
from cases import (  # noqa: F401
    Application, test_by_pass_is_for_the_named_client, test_label_out_of_range,
    test_label_that_the_server_may_not_have, test_no_common_trust_realm,
    test_plain_client_is_refused, test_plain_server_with_by_pass,
    test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import guide, policies, table
from testlib.apache import WWW_DATA, Apache, trust
from testlib.process import eventually
from testlib.world import CLERK, STAFF

SHOW = "/cgi-bin/show"


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts("apache2", "curl", run=("alpha", "beta"))
    guide.follow(made, "alpha", "http", "On the client")
    return made


@pytest.fixture(scope="module")
def servers(world):
    made = {name: Apache(world, name) for name in ("beta", "epsilon")}
    trust(world, *made)
    return made


@pytest.fixture(scope="module")
def server(servers):
    return servers["beta"]


class Answer:
    """What curl got: status, headers and text of every answer."""

    def __init__(self, result):
        self.result = result
        self.statuses = [int(n) for n in re.findall(
            r"^HTTP/\S+ (\d+)", result.out, re.MULTILINE)]
        self.status = self.statuses[-1] if self.statuses else None
        self.text = result.out

    def variables(self):
        return dict(re.findall(r"^TRUSTREALM_(\w+)=(.*)$", self.text,
                               re.MULTILINE))

    def __repr__(self):
        return repr(self.result)


NEGOTIATE = ("--negotiate", "-u", ":")


def curl(world, path=SHOW, user="alice", uid=STAFF, sender="alpha", to="beta",
         options=(), plugin=True, scheme="https"):
    """Get a page; user None: without a name."""
    return Answer(world.machine(sender).run(
        ["curl", "-sSi", "--max-time", "20", *(NEGOTIATE if user else ()),
         *options, "%s://%s%s" % (scheme, table.host(to), path)],
        uid=uid, check=False,
        env=world.environment(user, uid, sender, plugin)))


UNLABELLED = ("GssapiRequiredNameAttributes trustrealm-state=labelled\n", "")


@pytest.fixture(scope="module")
def plain_server(world, servers):
    """That asks for no label."""
    server = servers["epsilon"]
    server.restart(site=server.site.replace(*UNLABELLED))
    return server


def attempt(world, **who):
    answer = curl(world, "/", options=("-v",), **who)
    assert answer.statuses in ([200], [401]), answer
    return answer.status == 200, answer.result.err


APPLICATION = Application("HTTP", [WWW_DATA], "www", attempt, "401")


# --- allowed ------------------------------------------------------------

def test_label_is_in_the_environment_of_the_request(world, server):
    mark = world.beta.audit.mark()
    answer = curl(world)
    assert answer.statuses == [200], answer
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert (record["service"], record["user"], record["uid"]) == (
        "HTTP", "alice@EXAMPLE.TEST", WWW_DATA)
    assert answer.variables() == {
        "STATE": "labelled", "REALM": "engineering", "LABEL": "blue",
        "WIRE_LABEL": "INTERNAL", "SENDER": "alpha.example.test",
        "CORRELATION": record["correlation"]}
    assert "REMOTE_USER=alice@EXAMPLE.TEST" in answer.text


def test_what_the_guide_says_to_see(world, server):
    assert "this is index.html" in guide.see(world, "http")


def test_label_is_that_of_the_sending_user(world, server):
    answer = curl(world, user="bob", uid=CLERK)
    assert answer.variables()["LABEL"] == "white"


def test_one_request_brings_token_and_contents(world, server):
    """Nothing of it waits for the receiver's decision."""
    big = world.alpha.machine.write("/tmp/big", b"labelled\n" * 100000, 0o644)
    answer = curl(world, options=("--data-binary", "@" + big))
    assert answer.statuses == [200], answer
    assert "BODY=900000" in answer.text


def test_requests_side_by_side_have_each_their_label(world, server):
    """Apache's threads accept at the same time."""
    urls = ["https://%s%s" % (table.host("beta"), SHOW)] * 30
    mark = world.beta.audit.mark()
    many = [world.alpha.spawn(
        ["curl", "-sSiZ", *NEGOTIATE, *urls], "curl-" + user, uid=uid,
        env=world.environment(user, uid))
        for user, uid in (("alice", STAFF), ("bob", CLERK))]
    for one, label in zip(many, ("blue", "white")):
        one.wait()
        assert re.findall("^TRUSTREALM_LABEL=(.*)$", one.text(),
                          re.MULTILINE) == [label] * len(urls)
    records = world.beta.audit.since(mark, event="accept", result="allow")
    assert len(records) == 2 * len(urls)


def test_attributes_as_json(world, server):
    with server.configured("GssapiNameAttributes json\n"):
        answer = curl(world)
    found = json.loads(re.search("^GSS_NAME_ATTRS_JSON=(.*)$", answer.text,
                                 re.MULTILINE).group(1))
    label = found["attributes"]["trustrealm-label"]
    assert label["authenticated"] and label["complete"]
    assert [v["display"] for v in label["values"]] == ["INTERNAL"]


def test_names_of_local_users(world, server):
    with server.configured("GssapiLocalName On\n"):
        assert "REMOTE_USER=alice\n" in curl(world).text


def test_log_has_the_label(world, server):
    with server.configured(site=server.site.replace(
            "SSLEngine on", "SSLEngine on\n" + guide.shown(
                "http-apache.conf", "A log with labels"))):
        curl(world, "/")
        # Apache answers first.
        eventually(lambda: "alice@EXAMPLE.TEST blue alpha.example.test 200"
                   in server.machine.read("/var/log/apache2/label.log"),
                   what="line of the log")


def test_application_behind_is_told_the_label(world, server):
    """Whatever the client says of it."""
    with server.configured(site=server.site.replace(
            "Require valid-user", "Require valid-user\n" + guide.shown(
                "http-apache.conf", "only Apache may reach"))):
        answer = curl(world, options=("-H", "X-Label: red:code"))
    assert re.findall("^HTTP_X_LABEL=(.*)$", answer.text,
                      re.MULTILINE) == ["blue"]


@pytest.fixture
def delegation(world, server):
    machine = server.machine
    machine.script("mkdir -p /srv/tickets; chown www-data /srv/tickets")
    with server.configured("GssapiDelegCcacheDir /srv/tickets\n"):
        yield


def test_delegation_where_the_trust_realm_allows_it(world, server,
                                                    delegation):
    options = ("--delegation", "always")
    assert "KRB5CCNAME=" not in curl(world, options=options).text
    with policies.engineering(world, trDelegation=["HTTP"]):
        answer = curl(world, options=options)
    assert "KRB5CCNAME=FILE:/srv/tickets/alice@EXAMPLE.TEST" in answer.text


# --- Python -------------------------------------------------------------

def python(world, path="/cgi-bin/show", user="alice", uid=STAFF,
           sender="alpha", to="beta"):
    """The program that comes with the guide."""
    return world.machine(sender).run(
        [guide.APPS + "http-get", table.host(to), path], uid=uid,
        check=False, env=world.environment(user, uid, sender))


def test_python_hears_that_the_server_has_accepted(world, server):
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    result = python(world)
    assert "TRUSTREALM_LABEL=blue" in result.out, result
    record = world.beta.audit.wait(beta, event="accept", result="allow")
    ours = world.alpha.audit.wait(alpha, event="accepted", result="allow")
    assert ours["correlation"] == record["correlation"]


def test_python_says_that_a_label_is_not_accepted(world, server):
    assert "this is plans" in python(world, "/plans/").out
    result = python(world, "/plans/", user="bob", uid=CLERK)
    assert (result.status, result.out) == (1, ""), result
    assert result.err == "401 Unauthorized\n"


def test_curl_does_not_listen(world, server):
    """As the guide says."""
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    assert curl(world).status == 200
    record = world.beta.audit.wait(beta, event="accept", result="allow")
    seal = world.alpha.audit.wait(alpha, event="seal", result="allow")
    assert seal["correlation"] == record["correlation"]
    assert not world.alpha.audit.since(alpha, event="accepted")


# --- by label -----------------------------------------------------------

def test_location_asks_for_a_label(world, server):
    answer = curl(world, "/plans/")
    assert answer.status == 200, answer
    assert "this is plans" in answer.text
    assert curl(world, "/plans/", user="bob", uid=CLERK).status == 401


def test_location_asks_for_a_label_with_categories(world, server):
    with policies.rule(world.alpha, "staff", label="grave:cipher"):
        assert curl(world).variables()["LABEL"] == "red:code"
        assert curl(world, "/plans/").status == 200


def asking_once(server, label="blue"):
    """The site with a location that asks for a label in the other way."""
    server.machine.write("/srv/www/once/index.html", "this is once\n")
    return server.site.replace("</VirtualHost>", """
        <Location "/once">
            Include trustrealm.conf
            GssapiRequiredNameAttributes trustrealm-label-local=%s
        </Location>
    </VirtualHost>""" % label)


def test_beginning_of_a_label_is_not_the_label_for_expr(world, server):
    """As http-apache.conf says of the two ways."""
    longer = asking_once(server, "bluebell").replace("'blue'", "'bluebell'")
    with server.configured(site=longer):
        assert curl(world, "/once/").status == 200
        assert curl(world, "/plans/").status == 401


# --- refused ------------------------------------------------------------

def test_carrier_where_data_must_be_secret(world, server):
    with policies.engineering(world, trConfidentialFrom=["PUBLIC"]):
        assert curl(world).status == 200
        with policies.engineering(world, trCarrier=["HTTP auth-only"]):
            mark = world.alpha.audit.mark()
            assert curl(world).status == 401
            assert world.alpha.audit.since(mark, result="deny", step="S12")


def test_request_without_tls_is_refused(world, server):
    assert "Failed to connect" in curl(world, scheme="http").result.err
    clear = server.site.replace(":443", ":80").replace("SSLEngine on",
                                                       "SSLEngine off")
    with server.configured(site="Listen 80\n" + server.site + clear):
        mark = world.beta.audit.mark()
        assert curl(world, scheme="http").status == 401
        assert not world.beta.audit.since(mark)
        assert curl(world).status == 200


# --- doors --------------------------------------------------------------

@pytest.mark.parametrize("options, sent", [
    ((), True), (("-H", "Expect: 100-continue"), False)])
def test_curl_goes_on_where_the_sender_refuses(world, server, options, sent):
    """Without a token; the contents go out, unless it waits for leave."""
    big = world.alpha.machine.write("/tmp/big", b"labelled\n" * 100000, 0o644)
    with policies.withdrawn(world, "alpha"):
        answer = curl(world, options=("-v", "--data-binary", "@" + big,
                                      *options))
    assert answer.status == 401
    assert ("completely uploaded" in answer.result.err) == sent


def test_python_stops_where_the_sender_refuses(world, server):
    with policies.withdrawn(world, "alpha"):
        mark = world.alpha.audit.mark()
        result = python(world)
        record = world.alpha.audit.wait(mark, result="deny", step="S5")
    assert record["reason"] in result.err
    assert result.out == ""


def test_nothing_else_listens_or_is_open(world, server):
    for path in ("/", "/cgi-bin/show", "/icons/", "/server-status"):
        assert curl(world, path, user=None).status == 401
    shown = server.machine.run(["apache2ctl", "-S"])
    assert "*:443" in shown.out and "*:80" not in shown.out


# --- while connected ----------------------------------------------------

class Session:
    """One of HTTP that stays open while the test does something."""

    def __init__(self, world, user="alice", uid=STAFF, plugin=True):
        self._process = world.alpha.spawn(
            ["/usr/bin/python3", world.script("http_main.py"),
             table.host("beta")],
            "http-%d" % world.next_number(), uid=uid, with_stdin=True,
            env=world.environment(user, uid, plugin=plugin))
        self._answers = 0

    def ask(self, *words):
        self._process.tell(" ".join(words))

    def answer(self):
        """Status of the next answer, or why there was no request."""
        self._answers += 1
        found = self._process.wait_for(
            r"(?:^(?:status|refused) .*$[\s\S]*?){%d}^(?:status|refused) "
            r"(.*)$" % (self._answers - 1)).group(1)
        return int(found) if found.isdigit() else found

    def get(self, *words):
        self.ask(*words)
        return self.answer()

    def text(self):
        return self._process.text()

    def close(self):
        self._process.kill()


def test_curl_takes_no_connection_for_authenticated(world, server):
    urls = ["https://%s/" % table.host("beta")] * 3
    mark = world.beta.audit.mark()
    result = world.alpha.machine.run(
        ["curl", "-sSiv", *NEGOTIATE, *urls], uid=STAFF,
        env=world.environment())
    assert Answer(result).statuses == [200] * 3
    assert result.err.count("Re-using existing connection") == 2
    assert len(world.beta.audit.since(mark, event="accept")) == 3


def test_each_request_is_a_decision(world, session):
    live = session()
    mark = world.beta.audit.mark()
    assert [live.get(SHOW) for _ in range(3)] == [200] * 3
    assert live.get(SHOW, "bare") == 401
    records = world.beta.audit.since(mark, event="accept", result="allow")
    assert len({record["correlation"] for record in records}) == 3


@pytest.mark.parametrize("system", ["alpha", "beta"])
def test_membership_withdrawn_while_connected(world, session, system):
    live = session()
    assert live.get(SHOW) == 200
    mark = world.alpha.audit.mark()
    with policies.withdrawn(world, system):
        assert live.get(SHOW) != 200
        assert world.alpha.audit.since(mark, result="deny", step="S5")
    assert live.get(SHOW) == 200


def test_answer_that_has_begun_goes_on(world, server, session):
    live = session()
    try:
        live.ask("/cgi-bin/slow")
        eventually(lambda: "begin" in live.text(), what="first line")
        with policies.withdrawn(world):
            server.machine.write("/srv/www/go", "")
            assert live.answer() == 200
            assert "end" in live.text()
            assert live.get(SHOW) != 200
    finally:
        server.machine.script("rm -f /srv/www/go")


@pytest.mark.parametrize("end", ["alpha", "beta"])
def test_daemon_restarted(world, session, end):
    live = session()
    assert live.get(SHOW) == 200
    with policies.stopped(world.systems[end]):
        assert live.get(SHOW) != 200
    assert live.get(SHOW) == 200


def test_channel_bindings_are_not_looked_at(world, session):
    """As the guide says."""
    assert session().get(SHOW, "bound") == 200


# --- many requests over a connection ------------------------------------

@pytest.fixture
def bound(world, server, session):
    """A session of which each request with "bare" has no token."""
    with server.configured(site=server.bound_site()):
        yield session


def test_connection_is_decided_on_once(world, bound):
    live = bound()
    mark = world.beta.audit.mark()
    assert live.get(SHOW, "bare") == 401
    assert live.get(SHOW) == 200
    assert [live.get(SHOW, "bare") for _ in range(3)] == [200] * 3
    assert re.findall("^TRUSTREALM_LABEL=(.*)$", live.text(),
                      re.MULTILINE) == ["blue"] * 4
    assert len(world.beta.audit.since(mark, event="accept")) == 1


@pytest.mark.parametrize("user, uid, status", [
    ("alice", STAFF, 200), ("bob", CLERK, 401)])
def test_each_request_is_asked_for_its_label(world, bound, user, uid, status):
    live = bound(user, uid)
    assert live.get("/") == 200
    assert live.get("/plans/", "bare") == status
    assert live.get("/", "bare") == 200


@pytest.mark.parametrize("system", ["alpha", "beta"])
@pytest.mark.parametrize("location", ["/", "/plans/"])
def test_membership_withdrawn_stops_the_next_request(world, bound, system,
                                                     location):
    live = bound()
    assert live.get("/") == 200
    assert live.get(location, "bare") == 200
    with policies.withdrawn(world, system):
        assert live.get(location, "bare") == 401
        assert live.get(location) != 200
    assert live.get(location, "bare") == 401
    assert live.get(location) == 200
    assert live.get(location, "bare") == 200


def test_no_request_without_a_daemon(world, bound):
    live = bound()
    assert live.get("/") == 200
    with policies.stopped(world.beta):
        assert live.get("/", "bare") == 401
    live = bound()
    assert [live.get("/"), live.get("/", "bare")] == [200, 200]


@pytest.fixture
def beside(server):
    """A site with a location that has these lines, too."""
    @contextlib.contextmanager
    def configured(lines):
        location = """
            <Location "/cgi-bin">
                Include trustrealm.conf
                GssapiConnectionBound On
                %s
                Require valid-user
            </Location>
        </VirtualHost>""" % lines
        with server.configured(site=server.bound_site().replace(
                "</VirtualHost>", location)):
            yield
    return configured


def test_what_another_location_admits_is_not_labelled(bypass, beside,
                                                      session):
    """Where one of the same site is open to plain Kerberos."""
    with beside("GssapiNameAttributes TRUSTREALM_EPOCH trustrealm-epoch"):
        live = session(plugin=False)
        assert live.get(SHOW) == 200
        assert "TRUSTREALM_STATE=unlabelled" in live.text()
        assert live.get(SHOW, "bare") == 200
        assert live.get("/", "bare") == 401
        live = session()
        assert [live.get(SHOW), live.get("/", "bare")] == [200, 200]


def test_what_another_location_admits_without_its_epoch_is_over(beside,
                                                                session):
    """The directory of epochs is always there, but not one of them."""
    with beside("GssapiRequiredNameAttributes trustrealm-state=labelled"):
        live = session()
        assert live.get(SHOW) == 200
        assert "TRUSTREALM_STATE=labelled" in live.text()
        assert live.get("/", "bare") == 401
        assert [live.get("/"), live.get("/", "bare")] == [200, 200]


def test_what_the_guide_for_this_says_to_see(world, server, bound):
    mark = world.beta.audit.mark()
    pages = guide.see(world, "http-many-requests")
    assert pages.count("this is index.html") == 2
    assert len(world.beta.audit.since(mark, event="accept")) == 1


def test_curl_authenticates_again_when_asked(world, server, bound):
    """The membership that is withdrawn in between is another's."""
    urls = ["https://%s%s" % (table.host("beta"), path)
            for path in ("/", "/cgi-bin/slow", "/")]
    mark = world.beta.audit.mark()
    process = world.alpha.spawn(
        ["curl", "-sSiN", *NEGOTIATE, *urls], "curl-again", uid=STAFF,
        env=world.environment())
    try:
        process.wait_for("^begin")
        with policies.withdrawn(world, "gamma"):
            server.machine.write("/srv/www/go", "")
            process.wait(30)
    finally:
        server.machine.script("rm -f /srv/www/go")
    assert re.findall(r"^HTTP/\S+ (\d+)", process.text(),
                      re.MULTILINE) == ["200", "200", "401", "200"]
    assert len(world.beta.audit.since(mark, event="accept")) == 2


def test_curl_does_not_try_for_ever(world, server, bound):
    """For a label that a location does not accept."""
    answer = curl(world, "/plans/", user="bob", uid=CLERK)
    assert answer.statuses == [401]


# --- what the guide tells to leave off ----------------------------------

@pytest.fixture
def cookies(world, server):
    server.machine.script("a2enmod -q session session_cookie request",
                          PATH=guide.PATH)
    with server.configured("GssapiUseSessions On\nSession On\n"
                           "SessionCookieName session path=/;secure\n"):
        yield


def test_cookie_is_a_ticket_of_its_own(world, server, cookies):
    jar = "/tmp/cookies"
    assert curl(world, "/", options=("-c", jar)).status == 200
    stolen = world.alpha.machine.read(jar)
    world.machine("epsilon").write(jar, stolen)
    there = {"user": None, "sender": "epsilon", "options": ("-b", jar)}
    with policies.withdrawn(world):
        assert curl(world, "/", **there).status == 200
        # Compared at each request, with a label that is not there.
        assert curl(world, "/plans/", **there).status == 401


def test_connection_that_is_bound_asks_once(world, server, session):
    with server.configured("GssapiConnectionBound On\n",
                           site=asking_once(server)):
        assert session("bob", CLERK).get("/once/") == 403
        live = session("bob", CLERK)
        assert live.get("/") == 200
        with policies.withdrawn(world):
            assert live.get("/once/", "bare") == 200
            assert live.get("/plans/", "bare") == 401


def test_password_comes_in_under_the_label_of_the_server(world, server):
    world.realm.add_with_password("dave", "open-sesame")
    with server.configured("GssapiBasicAuth On\n"):
        answer = curl(world, user=None, sender="epsilon",
                      options=("-u", "dave:open-sesame"))
    found = answer.variables()
    assert (found["STATE"], found["SENDER"], found["LABEL"]) == (
        "labelled", "beta.example.test", "white")


def test_location_is_asked_again_inside_a_request_by_expr_alone(world,
                                                                server):
    """As http-apache.conf says of pages that Apache itself turns to."""
    seen = {}
    for page in "once", "plans":
        with server.configured("ErrorDocument 404 /%s/index.html\n" % page,
                               site=asking_once(server)):
            answer = curl(world, "/missing", user="bob", uid=CLERK)
            seen[page] = "this is " + page in answer.text
    assert seen == {"once": True, "plans": False}


# --- plain peers --------------------------------------------------------

def test_plain_client_with_by_pass(world, server, bypass):
    assert curl(world, sender="epsilon").status == 403
    with server.configured(site=server.site.replace(*UNLABELLED)):
        answer = curl(world, sender="epsilon")
        assert answer.status == 200
        assert answer.variables() == {"STATE": "unlabelled"}
        assert curl(world, "/plans/", sender="epsilon").status == 401
        assert curl(world, sender="epsilon", user="bob",
                    uid=CLERK).status == 401


