# tests/integration/test_redeem.py - from a token to a key, whatever happens
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm system enroll with a token: where the disk, the KDC or another
process is in the way, against a real kadmind and slapd."""

import itertools
import os
import shlex
import shutil
import signal

import pytest

from testlib import servers, table
from testlib.invitation import (
    AGAIN, INVITATION, by_sid, command, enroll, enroll_in, forget, invite, kinit,
    new_system, refused)
from testlib.process import run
from testlib.relay import Cut
from testlib.roles import (
    PRINCIPAL, ZETA, Administration, TwoPersonsDirectory, kadmin_rules)
from testlib.steps import by_steps, in_order


@pytest.fixture(scope="module")
def administration():
    with Administration(TwoPersonsDirectory) as made:
        made.start_kadmind()
        yield made


@pytest.fixture
def keytab(administration):
    """Of zeta, which is gone after the test."""
    path = administration.scratch.join("zeta.keytab")
    yield path
    forget(administration, path)


def test_keytab_that_cannot_be_written(administration, keytab):
    """It is seen before the token is used."""
    token = invite(administration)
    for path in ("/nowhere/keytab", administration.scratch.path):
        done = enroll(administration, path, token)
        assert done.status == 3 and path in done.err
    assert enroll(administration, keytab, token).status == 0


@pytest.mark.parametrize("text", [b"", b"not a keytab"],
                         ids=["empty", "other"])
def test_keytab_that_cannot_be_read(administration, keytab, text):
    """Likewise; and it stays as it is."""
    token = invite(administration)
    with open(keytab, "wb") as file:
        file.write(text)
    done = enroll(administration, keytab, token)
    assert done.status == 3 and keytab in done.err, done
    assert "token was not used" in done.err
    assert "not found" in kinit(administration, PRINCIPAL, "x").err
    with open(keytab, "rb") as file:
        assert file.read() == text
    os.unlink(keytab)
    assert enroll(administration, keytab, token).status == 0


def test_keytab_that_breaks_off(administration, keytab):
    """A disk is full just then: before the KDC makes the key."""
    token = invite(administration)
    done = enroll_in(administration, keytab, token, 0)
    assert done.returncode == 3 and keytab in done.stderr
    assert "still valid" in done.stderr and AGAIN in done.stderr
    assert not os.path.exists(keytab)
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


@pytest.mark.parametrize("ignore", [True, False], ids=["error", "killed"])
def test_interrupted_when_there_is_a_key(administration, keytab, ignore):
    """The token is used up, and still good to go on with, here alone: the
    draft of a keytab has room, and not what other keys it is to have."""
    administration.realm.add({keytab: ["host/" + ZETA, "nfs/" + ZETA]})
    before = administration.keys(keytab)
    token = invite(administration)
    done = enroll_in(administration, keytab, token, 150, ignore)
    assert done.returncode == (3 if ignore else -signal.SIGXFSZ), done
    assert not ignore or (AGAIN in done.stderr and
                          "it is in %s.new/1" % keytab in done.stderr)
    assert administration.can_log_in(keytab=keytab + ".new/1")
    assert administration.keys(keytab) == before
    assert "not found" in kinit(administration, INVITATION, token).err
    assert PRINCIPAL in administration.realm.show(PRINCIPAL)
    other = keytab + ".other"
    done = enroll(administration, other, token)
    assert done.status == 1 and not os.path.exists(other)

    done = enroll(administration, keytab, token)
    assert done.status == 0, done
    assert administration.can_log_in(keytab=keytab)
    listed = administration.keys(keytab)
    assert [listed.count(name) for name in (
        PRINCIPAL, "host/" + ZETA, "nfs/" + ZETA)] == [1, 1, 1]
    assert not os.path.exists(keytab + ".new")


def test_a_keytab_that_takes_no_key_any_more(administration, keytab):
    """What is added to it is not read: the only copy stays."""
    administration.realm.add({keytab: ["host/" + ZETA, "nfs/" + ZETA]})
    before = administration.keys(keytab)
    token = invite(administration)
    # There was room for half of a length.
    assert enroll_in(administration, keytab, token,
                     os.path.getsize(keytab) + 2).returncode == 3
    done = enroll(administration, keytab, token)
    assert done.status == 3, done
    assert "it is in %s.new/1" % keytab in done.err
    assert administration.can_log_in(keytab=keytab + ".new/1")
    assert administration.keys(keytab) == before
    os.rename(keytab, keytab + ".other")
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_a_draft_of_another_key(administration, keytab):
    """It was left, and the system has been invited again since."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    token = invite(administration, "--force")
    assert os.path.exists(keytab + ".new")
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)
    assert not os.path.exists(keytab + ".new")


@pytest.fixture
def behind(administration):
    """The KDC still has the invitation after the token has been used, and
    does not take the key when told so, as one that is behind another."""
    administration.realm.start_administration(
        [rule for rule in kadmin_rules()
         if not (rule.startswith("trustrealm-invite/") and
                 rule.split()[1] == "d")])
    yield
    administration.realm.start_administration(kadmin_rules() + [
        "paula@%s i *" % table.REALM])


def test_an_invitation_that_stays_is_no_fault(administration, keytab, behind):
    """It cannot be removed by its token, and is good for nothing."""
    token = invite(administration)
    done = enroll(administration, keytab, token)
    assert done.status == 0 and done.err == "", done
    assert kinit(administration, INVITATION, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_a_key_that_the_kdc_does_not_take_yet(administration, keytab,
                                              behind):
    """Another try makes no other key, and does not lose the only copy."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    administration.realm.modify(PRINCIPAL, "-allow_tix")
    for _ in range(2):
        done = enroll(administration, keytab, token)
        assert done.status == 1 and "every KDC knows" in done.err, done
        assert os.listdir(keytab + ".new").count("1") == 1
        assert "2" not in os.listdir(keytab + ".new")
    administration.realm.modify(PRINCIPAL, "+allow_tix")
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)
    assert not os.path.exists(keytab + ".new")


def test_a_draft_makes_the_token_uncertain(administration, keytab, behind):
    """It is not called valid when it may have been used."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    administration.realm.modify(PRINCIPAL, "-allow_tix")
    try:
        administration.directory.stop()
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "still valid" not in done.err
        assert "may have used the token" in done.err
    finally:
        administration.directory.start()
    administration.realm.modify(PRINCIPAL, "+allow_tix")
    assert enroll(administration, keytab, token).status == 0


def test_a_draft_of_another_principal(administration, keytab):
    """It may be the only copy of that one's key."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    other = [("eta.example.test" if part == ZETA else part)
             for part in command(administration, keytab, "-")]
    done = run(other, env=new_system(administration), input=token,
               check=False)
    assert done.status == 1 and keytab + ".new" in done.err
    assert "another principal" in done.err
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_what_is_not_a_draft_is_not_followed(administration, keytab):
    """A name in the folder that leads elsewhere."""
    elsewhere = administration.scratch.write("elsewhere", "text\n")
    token = invite(administration)
    os.mkdir(keytab + ".new", 0o700)
    os.symlink(elsewhere, keytab + ".new/whole")
    assert enroll(administration, keytab, token).status == 0
    with open(elsewhere) as file:
        assert file.read() == "text\n"
    assert not os.path.islink(keytab)
    assert administration.can_log_in(keytab=keytab)


def test_a_folder_that_others_may_write(administration, keytab):
    token = invite(administration)
    os.mkdir(keytab + ".new")
    os.chmod(keytab + ".new", 0o777)
    try:
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "not permitted" in done.err
    finally:
        os.rmdir(keytab + ".new")
    assert enroll(administration, keytab, token).status == 0


def test_what_may_be_used_is_not_called_unused(administration, keytab):
    """The keytab was damaged after a try that broke off."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    with open(keytab, "wb") as file:
        file.write(b"not a keytab")
    done = enroll(administration, keytab, token)
    assert done.status == 3 and "token was not used" not in done.err, done
    assert "may have used the token" in done.err
    assert keytab + ".new" in done.err
    os.unlink(keytab)
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_a_keytab_that_is_mounted(administration, keytab):
    """It is the same file afterwards."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    line = shlex.join(command(administration, keytab, "-"))
    place = shlex.quote(keytab)
    done = run(["unshare", "--mount", "sh", "-ec",
                "mount --bind %s %s\nexec %s" % (place, place, line)],
               env=new_system(administration), input=token + "\n",
               check=False)
    assert done.status == 0, done
    assert administration.can_log_in(keytab=keytab)
    assert "host/" + ZETA in administration.keys(keytab)


def test_too_many_tries(administration, keytab):
    """There is a way on."""
    token = invite(administration)
    os.mkdir(keytab + ".new", 0o700)
    for number in range(1, 10):
        with open("%s.new/%u" % (keytab, number), "wb"):
            pass
    done = enroll(administration, keytab, token)
    assert done.status == 3 and "remove the folder" in done.err, done
    assert keytab + ".new: " in done.err
    shutil.rmtree(keytab + ".new")
    assert enroll(administration, keytab, token).status == 0


def test_keys_of_others_stay(administration, keytab, several_uids):
    """In a keytab that has some, and an old key of the system."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    assert enroll(administration, keytab, invite(administration)).status == 0
    os.chown(keytab, 1, 1)
    os.chmod(keytab, 0o640)
    token = invite(administration, "--force")
    assert enroll(administration, keytab, token).status == 0
    found = os.stat(keytab)
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (1, 1,
                                                                   0o640)
    listed = administration.keys(keytab)
    assert listed.count(PRINCIPAL) == 1 and "host/" + ZETA in listed
    assert administration.can_log_in(keytab=keytab)


def test_a_keytab_of_somebody_else(administration, keytab, several_uids):
    """Who may read it, and write beside it, and no more, is told before the
    token is used."""
    uid = 1
    folder = administration.scratch.mkdir("home", uid=uid)
    theirs = os.path.join(folder, "keytab")
    administration.realm.add({theirs: ["host/" + ZETA]})
    os.chmod(theirs, 0o644)
    tool = shutil.copy(servers.built("tools/trustrealm/trustrealm"),
                       administration.scratch.join("tool"))
    os.chmod(tool, 0o755)
    token = invite(administration)
    done = run([tool] + command(administration, theirs, "-")[1:], uid=uid,
               env=new_system(administration), input=token, check=False)
    assert done.status == 3, done
    assert theirs + ": Permission denied; nothing was changed" in done.err
    assert "token was not used" in done.err
    assert os.listdir(folder) == ["keytab"]
    assert "not found" in kinit(administration, PRINCIPAL, "x").err
    assert enroll(administration, keytab, token).status == 0


def test_a_keytab_that_is_no_file(administration, keytab):
    """Nobody waits for who writes into a pipe."""
    os.mkfifo(keytab)
    token = invite(administration)
    done = enroll(administration, keytab, token)
    assert done.status == 3 and "token was not used" in done.err, done
    os.unlink(keytab)
    assert enroll(administration, keytab, token).status == 0


def test_a_keytab_that_is_a_link(administration, keytab):
    """Its file gets the key; where there is none, and Kerberos would make
    none, it is told before the token is used."""
    token = invite(administration)
    os.symlink(keytab + ".other", keytab)
    done = enroll(administration, keytab, token)
    assert done.status == 3 and "token was not used" in done.err, done
    assert "not found" in kinit(administration, PRINCIPAL, "x").err
    administration.realm.add({keytab + ".other": ["host/" + ZETA]})
    assert enroll(administration, keytab, token).status == 0
    assert os.path.islink(keytab)
    assert administration.can_log_in(keytab=keytab + ".other")


# --- step by step -------------------------------------------------------

#: There is a keytab, with a key of somebody else.
there = pytest.mark.parametrize("there", [False, True],
                                ids=["new", "there"])


def enroll_by_steps(administration, keytab, token, *options):
    return by_steps(administration.scratch,
                    command(administration, keytab, "-"),
                    dict(new_system(administration), TOKEN=token), *options,
                    input=token)


def each_step(administration, keytab, there, then, skip=None):
    """Enroll again and again, each time with that command ahead of another
    step: (the step, what was left, the token)."""
    def another(*options):
        if not there:
            forget(administration, keytab)
        token = invite(administration, "--force")
        return enroll_by_steps(administration, keytab, token, *options), token

    if there:
        administration.realm.add({keytab: ["host/" + ZETA]})
        another()
    (done, steps), _ = another()
    assert done.status == 0, done
    for number, step in enumerate(steps, 1):
        if step != skip:
            (done, _), token = another(number, then)
            yield step, done, token


@there
def test_what_is_on_the_disk_in_time(administration, keytab, there):
    """The draft before the token is used; the keytab before that goes."""
    if there:
        administration.realm.add({keytab: ["host/" + ZETA]})
    done, steps = enroll_by_steps(administration, keytab,
                                  invite(administration))
    assert done.status == 0, done
    folder, beside = os.path.dirname(keytab), keytab + ".new"
    draft = beside + "/1"

    assert in_order(steps, "mkdir " + beside, "fsync " + folder, "create ")
    assert in_order(steps, "add " + draft, "fsync " + draft,
                    "fsync " + beside, "create ")
    last = "unlink " + draft
    if there:
        assert in_order(steps, "create ", "add " + keytab, "fsync " + keytab,
                        last)
    else:
        whole = beside + "/whole"
        assert in_order(steps, "create ", "add " + whole, "fsync " + whole,
                        "link " + keytab, "fsync " + folder, last)
    assert steps.index("create ") < steps.index(last)


@there
def test_killed_at_any_step(administration, keytab, there):
    """The same command again has a key in the keytab."""
    seen = set()
    for step, done, token in each_step(administration, keytab, there,
                                       "kill -KILL $PPID"):
        assert done.status == -signal.SIGKILL, (step, done)
        done = enroll(administration, keytab, token)
        seen.add(done.status)
        assert done.status == 0 or refused(done, keytab + " has its key"), (
            step, done)
        assert administration.can_log_in(keytab=keytab), step
        assert not os.path.exists(keytab + ".new"), step
        listed = administration.keys(keytab)
        assert listed.count(PRINCIPAL) == 1, step
        assert listed.count("host/" + ZETA) == there, step
    assert seen == {0, 1}


def test_two_at_once(administration, keytab):
    """The second comes at any step of the first: one of them enrolls."""
    told = keytab + ".told"
    other = "echo $TOKEN | %s >%s 2>&1 || :" % (
        shlex.join(command(administration, keytab, "-")), told)
    refusals = 0
    for step, done, _ in each_step(administration, keytab, False, other):
        with open(told) as file:
            text = file.read()
        if "another enrolment is under way" in text:
            refusals += 1
            assert done.status == 0, (step, done)
        else:
            assert "entry\tadded" in text, (step, text)
            assert refused(done, keytab + " has its key"), (step, done)
        assert administration.can_log_in(keytab=keytab), step
        assert administration.keys(keytab).count(PRINCIPAL) == 1, step
        assert not os.path.exists(keytab + ".new"), step
    assert refusals > 5


@there
def test_another_writes_the_keytab_at_any_step(administration, keytab, there):
    """No key is lost, of nobody."""
    administration.realm.add({keytab + ".other": ["nfs/" + ZETA]})
    other = administration.realm.key_command("nfs/" + ZETA, keytab)
    n = 0
    # While a key is written he would have to wait for its end.
    for step, done, _ in each_step(administration, keytab, there, other,
                                   skip="fsync " + keytab):
        n = n + 1 if there else 1
        assert done.status == 0, (step, done)
        listed = administration.keys(keytab)
        assert listed.count(PRINCIPAL) == 1, step
        assert listed.count("host/" + ZETA) == there, step
        assert listed.count("nfs/" + ZETA) == n, step
        assert administration.can_log_in(keytab=keytab), step
    assert step == "rmdir %s.new" % keytab


# --- the KDC ------------------------------------------------------------

#: Kerberos waits for half a minute.
SILENCE = ["freeze"] if "TR_THOROUGH" in os.environ else []


@pytest.mark.parametrize("how", ["stop"] + SILENCE)
def test_without_a_kdc(administration, keytab, how):
    """Nothing is lost."""
    realm = administration.realm
    token = invite(administration)
    getattr(realm, how)()
    try:
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "token is still valid" in done.err
        assert AGAIN in done.err
    finally:
        (realm.start if how == "stop" else realm.thaw)()
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_an_answer_that_is_lost(administration, keytab):
    """Whichever it is: the same command again has a key in the keytab."""
    told = set()
    for answers in itertools.count():
        forget(administration, keytab)
        token = invite(administration)
        with Cut(administration.realm.admin_port, answers) as cut:
            env = administration.realm.administered_through(
                cut.port, new_system(administration))
            done = run(command(administration, keytab, "-"), env=env,
                       input=token, check=False)
        if not cut.happened:
            break
        if done.status != 0:
            assert done.status == 3 and AGAIN in done.err, done
            told |= {what for what in ("is not known", "is still valid")
                     if what in done.err}
            done = enroll(administration, keytab, token)
        assert done.status == 0, done
        assert administration.can_log_in(keytab=keytab)
        assert not os.path.exists(keytab + ".new")
    assert done.status == 0, done
    assert told == {"is not known", "is still valid"}


@pytest.fixture(params=["minlength 64", "minclasses 5"])
def strict(administration, request):
    """Have the rules of kadm5.acl that begin so ask for a password that no
    token is."""
    def apply(rule):
        name = request.param.split()[0]
        administration.realm.add_policy(name, "-" + request.param)
        administration.realm.start_administration([
            one + " -policy " + name
            if " ".join(one.split()).startswith(rule) else one
            for one in kadmin_rules()])

    yield apply
    administration.start_kadmind()


def test_a_policy_that_no_key_meets(administration, keytab, strict):
    """It is not made, and none is kept."""
    token = invite(administration)
    strict("trustrealm-invite/*@%s a " % table.REALM)
    done = enroll(administration, keytab, token)
    assert refused(done, "a policy of the KDC"), done
    assert "still valid" in done.err
    assert not os.path.exists(keytab + ".new")
    administration.start_kadmind()
    assert enroll(administration, keytab, token).status == 0


def test_a_policy_that_no_token_meets(administration, keytab, strict):
    strict("sid@%s ad " % table.REALM)
    done = by_sid(administration, "invite", check=False)
    assert refused(done, "inviting it: Password "), done
    assert "not found" in kinit(administration, INVITATION, "x").err


def test_a_kdc_that_still_takes_the_old_key(administration, keytab):
    """It knows neither that this ended nor the new one: that is kept."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    administration.realm.change_key(PRINCIPAL)
    administration.realm.key_for(PRINCIPAL, keytab)
    done = enroll(administration, keytab, token)
    assert done.status == 1 and AGAIN in done.err, done
    assert os.listdir(keytab + ".new").count("1") == 1
