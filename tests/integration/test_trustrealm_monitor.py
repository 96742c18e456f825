# tests/integration/test_trustrealm_monitor.py - what monitors are told
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm status --check and metrics, of a real daemon and of none."""

import json
import os
import re
import socket
import threading

import pytest

from testlib.process import eventually
from testlib.tool import trustrealm
from testlib.world import STAFF, as_uid

if os.environ.get("TR_REQUIRE"):
    from prometheus_client.openmetrics import parser
else:
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")


def on_alpha(world, *arguments, uid=None):
    return world.alpha.trustrealm(*arguments, "--socket", world.alpha.socket,
                                  uid=uid)


def check(world, *options):
    """(exit status, word, {label: its numbers})"""
    done = on_alpha(world, "status", "--check", *options)
    line = re.fullmatch(r"TRUSTREALM (\w+) - ([^|]+) \| ([^|]+)\n", done.out)
    assert line, done
    numbers = {}
    for item in line.group(3).split():
        name, values = re.fullmatch(
            r"(\w+)=(\d+[a-z]?(?:;\d*)*)", item).groups()
        numbers[name] = values.split(";")
    return done.status, line.group(1), numbers


def metrics(world, uid=None):
    """{sample with its labels: value}, by a parser that is strict."""
    done = on_alpha(world, "metrics", uid=uid)
    assert (done.status, done.err) == (0, "")
    return {(sample.name,) + tuple(sorted(sample.labels.items())):
            sample.value
            for family in parser.text_string_to_metric_families(done.out)
            for sample in family.samples}


# --- status --check -----------------------------------------------------

def test_check_ok(world):
    status, word, numbers = check(world)
    assert (status, word) == (0, "OK")
    assert numbers["age"][0].endswith("s") and numbers["age"][1:3] == ["",
                                                                      ""]
    assert int(numbers["generation"][0]) >= 1
    assert numbers["stale_realms"][0] == "0"
    assert numbers["clock_behind"] == ["0s", "", "0"]


def test_check_compares_the_age_with_thresholds(make_world):
    world = make_world(run=("alpha",))
    world.alpha.config["table"]["heartbeat"] = "100s"
    world.alpha.restart()
    world.directory.stop()
    eventually(lambda: int(check(world)[2]["age"][0][:-1]) >= 2,
               what="a table of two seconds")
    assert check(world, "--warning", "100", "--critical", "200")[:2] == (
        0, "OK")
    assert check(world, "--warning", "1", "--critical", "200")[:2] == (
        1, "WARNING")
    status, word, numbers = check(world, "--warning", "0", "--critical", "1")
    assert (status, word) == (2, "CRITICAL")
    assert numbers["age"][1:] == ["0", "1", "0"]


def test_check_warns_of_a_source_that_is_away(make_world):
    """After two heartbeats, whatever thresholds the age has."""
    world = make_world(run=("alpha",))
    alpha = world.alpha
    world.directory.kill()
    eventually(lambda: alpha.status()["table"]["away"], what="away")
    done = on_alpha(world, "status", "--check", "--warning", "10000")
    assert done.status == 1
    assert re.match("TRUSTREALM WARNING - the table has not been up to date "
                    "for [0-9]+ s: .*Can't contact LDAP server", done.out)
    table = alpha.status()["table"]
    assert table["silent"] > 2 and not table["stale"]
    assert metrics(world)[("trustrealm_table_source_away",)] == 1
    assert metrics(world)[("trustrealm_table_silent_seconds",)] > 2
    world.directory.start()
    eventually(lambda: check(world)[:2] == (0, "OK"), what="up to date")
    assert metrics(world)[("trustrealm_table_source_away",)] == 0


def test_check_warns_of_a_process_that_hangs(make_world):
    """The one that follows the source: it says nothing, not that it does
    not."""
    world = make_world(run=("alpha",))
    world.alpha.pause_table()
    eventually(lambda: check(world)[:2] == (1, "WARNING"), what="warning")
    assert world.alpha.status()["table"]["silent"] > 12
    world.alpha.resume_table()
    eventually(lambda: check(world)[:2] == (0, "OK"), what="up to date")


def test_a_clock_that_is_behind_is_measured(make_world):
    world = make_world(run=())
    world.alpha.know_time(3600)
    world.alpha.start()
    status, word, numbers = check(world)
    assert (status, word) == (2, "CRITICAL")
    seconds = int(numbers["clock_behind"][0][:-1])
    assert 3000 < seconds <= 3600
    assert 3000 < metrics(world)[("trustrealm_clock_behind_seconds",)] \
        <= seconds


def test_check_without_a_daemon(tmp_path):
    status, out, err = trustrealm("status", "--check", "--socket",
                                  tmp_path / "none")
    assert (status, err) == (2, "")
    assert out.startswith("TRUSTREALM CRITICAL - %s/none: " % tmp_path)
    assert "systemctl start trustrealmd" in out and "\n" not in out[:-1]


@pytest.mark.parametrize("arguments, says", [
    (["--check", "--warning", "x"], "--warning x: "),
    (["--warning", "x", "--check"], "--warning x: "),
    (["--critical", "-1", "--check"], "--critical -1: "),
    (["--check", "--json"], "--check or --json"),
    (["extra", "--check"], "unexpected argument 'extra'"),
    (["--nonsense", "--check"], "an option"),
    (["--check", "--warning"], "an option")],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_wrong_usage_is_unknown(arguments, says):
    status, out, _ = trustrealm("status", *arguments)
    assert status == 3
    assert re.fullmatch(r"TRUSTREALM UNKNOWN - .*\n", out) and says in out


def test_configuration_that_cannot_be_read_is_unknown(tmp_path):
    status, out, err = trustrealm("status", "--check", "-c", tmp_path / "none")
    assert (status, err) == (3, "")
    assert re.fullmatch(r"TRUSTREALM UNKNOWN - .*%s/none.*\n" % tmp_path, out)
    status, out, err = trustrealm("status", "-c", tmp_path / "none")
    assert (status, out) == (3, "") and "%s/none" % tmp_path in err


class Older:
    """In front of a daemon: lets it not say some members of its answer."""

    def __init__(self, daemon, path, *unsaid):
        self._daemon, self._path, self._unsaid = daemon, path, unsaid
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(path)
        self._listener.listen()
        self._listener.settimeout(60)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *exception):
        self._thread.join()
        self._listener.close()
        os.unlink(self._path)

    def _serve(self):
        """One call."""
        client, _ = self._listener.accept()
        with client, socket.socket(socket.AF_UNIX,
                                   socket.SOCK_SEQPACKET) as daemon:
            daemon.connect(self._daemon)
            daemon.send(client.recv(1 << 17))
            answer = daemon.recv(1 << 17)
            for name in self._unsaid:
                assert answer.count(b'"%s"' % name) == 1
                # Of the same length: nobody knows it.
                answer = answer.replace(b'"%s"' % name,
                                        b'"%s"' % name.upper())
            client.send(answer)


@pytest.mark.parametrize("unsaid, named", [
    ([b"clock"], "clock.behind"),
    ([b"login"], "login.failed"),
    ([b"away", b"stale_realms"], "table.stale_realms, table.away"),
    ([b"age"], "table.age"),
    ([b"table"], "table.age, table.silent, table.generation, table.systems, "
     "table.stale_realms, table.unusable_realms, table.disputed_names, "
     "table.stale, table.away")])
def test_what_a_daemon_does_not_say_is_unknown(world, unsaid, named):
    path = world.scratch.join("older")
    with Older(world.alpha.socket, path, *unsaid):
        status, out, err = trustrealm("status", "--check", "--socket", path)
    assert (status, err) == (3, "")
    word, numbers = out.split(" | ")
    assert word == "TRUSTREALM UNKNOWN - trustrealmd does not say " + named
    unmeasured = {b"clock": ["clock_behind"], b"login": [],
                  b"away": ["stale_realms"], b"age": ["age"]}
    if unsaid[0] in unmeasured:
        assert re.findall(r"(\w+)=U", numbers) == unmeasured[unsaid[0]]


def test_thresholds_without_check_are_refused():
    status, _, err = trustrealm("status", "--warning", "3")
    assert status == 2 and "--check" in err


def test_what_to_do_when_nobody_listens(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(path)
    status, out, err = trustrealm("status", "--socket", path)
    assert (status, out) == (3, "")
    assert path in err and "journalctl -u trustrealmd" in err


# --- metrics ------------------------------------------------------------

def decide(world):
    """alpha allows once and refuses once."""
    assert world.client(world.server("beta"), to="beta").delivered
    assert not world.client(world.server("beta"), "--label", "nonsense",
                            to="beta").delivered


def test_metrics_count_what_happens(world):
    before = metrics(world)
    decide(world)
    after = metrics(world)

    def grown(*key):
        return after[key] - before.get(key, 0)

    assert grown("trustrealm_associations_total",
                 ("side", "initiator")) == 1
    assert grown("trustrealm_decisions_total", ("event", "seal"),
                 ("outcome", "allow")) == 1
    assert grown("trustrealm_refusals_total", ("step", "S6")) == 1
    denied = sum(grown(*key) for key in after
                 if key[0] == "trustrealm_decisions_total"
                 and ("outcome", "deny") in key)
    refused = sum(grown(*key) for key in after
                  if key[0] == "trustrealm_refusals_total")
    assert denied == refused == 1


def test_metrics_of_the_table_and_the_pool(world):
    found = metrics(world)
    assert found[("trustrealm_up",)] == 1
    assert found[("trustrealm_table_entries", ("kind", "realms"))] == 2
    assert found[("trustrealm_table_generation",)] >= 1
    assert found[("trustrealm_table_stale",)] == 0
    assert found[("trustrealm_login_failed",)] == 0
    assert found[("trustrealm_kdc_threads",)] >= 1
    assert found[("trustrealm_kdc_questions_total",)] >= 1
    assert any(key[0] == "trustrealm_daemon_info"
               and ("system", world.alpha.host) in key for key in found)


def test_metrics_as_json_are_the_same(world):
    decide(world)
    shown = {family.name: family for family in
             parser.text_string_to_metric_families(
                 on_alpha(world, "metrics").out)}
    done = on_alpha(world, "metrics", "--json")
    assert (done.status, done.err) == (0, "")
    families = json.loads(done.out)["families"]
    assert [family["name"] for family in families] == list(shown)
    for family in families:
        other = shown[family["name"]]
        assert (family["type"], family.get("unit", ""), family["help"]) == (
            other.type, other.unit, other.documentation)
        assert [one["labels"] for one in family["samples"]] == [
            sample.labels for sample in other.samples]
    by_name = {family["name"]: family for family in families}
    assert by_name["trustrealm_start_time_seconds"]["unit"] == "seconds"
    assert by_name["trustrealm_decisions"]["type"] == "counter"
    for name in ("trustrealm_refusals", "trustrealm_table_entries",
                 "trustrealm_up", "trustrealm_start_time_seconds"):
        assert [one["value"] for one in by_name[name]["samples"]] == [
            sample.value for sample in shown[name].samples]


@pytest.mark.usefixtures("several_uids")
def test_metrics_tell_users_less(world):
    decide(world)
    mine, theirs = metrics(world), metrics(world, uid=as_uid(STAFF))
    inside = {key[0] for key in mine} - {key[0] for key in theirs}
    for name in ("decisions_total", "refusals_total", "associations_total",
                 "kdc_threads", "connections", "audit_lost_total",
                 "let_by_total"):
        assert "trustrealm_" + name in inside
    assert ("trustrealm_table_generation",) in theirs


def test_metrics_without_a_daemon(tmp_path):
    status, out, err = trustrealm("metrics", "--socket", tmp_path / "none")
    assert status == 3
    assert [family.samples[0][:3] for family in
            parser.text_string_to_metric_families(out)] == [
                ("trustrealm_up", {}, 0)]
    assert "none" in err
    status, out, _ = trustrealm("metrics", "--json", "--socket",
                                tmp_path / "none")
    (up,) = json.loads(out)["families"]
    assert status == 3 and up["name"] == "trustrealm_up"
    assert up["samples"] == [{"labels": {}, "value": 0}]
