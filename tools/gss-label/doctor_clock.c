/* tools/gss-label/doctor_clock.c - is the clock right? */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An error from a KDC says what time it is there.  So the KDC is asked for a
 * ticket for somebody who does not exist.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <krb5/krb5.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "doctor.h"
#include "limits.h"

#define NOBODY "gss-label"
#define MEND "timedatectl set-ntp true (with systemd-timesyncd or chrony), " \
    "or ask the host of this virtual machine"

/* libkrb5 would wait for half a minute. */
#define LIMIT_S 5

struct answer {
    int64_t asked;              /* when, by this clock */
    bool known;
    int64_t ahead;              /* s, of this clock, at least */
    char why[DOCTOR_TEXT];      /* it is not known */
};

static krb5_error_code
take_reply(krb5_context context, void *data, krb5_error_code code,
           const krb5_data *realm, const krb5_data *message,
           const krb5_data *reply, krb5_data **new_reply_out)
{
    struct answer *answer = data;
    int64_t now = time(NULL), there;
    krb5_error *error;

    if (code == 0 && krb5_rd_error(context, reply, &error) == 0) {
        there = (int64_t)(uint32_t)error->stime;
        answer->known = true;
        answer->ahead = there < answer->asked ? answer->asked - there :
            there > now ? now - there : 0;
        krb5_free_error(context, error);
    }
    return code;
}

static krb5_error_code
ask(krb5_context context, struct answer *answer)
{
    krb5_principal client = NULL;
    krb5_init_creds_context request = NULL;
    krb5_error_code ret;
    char *realm = NULL;

    ret = krb5_get_default_realm(context, &realm);
    if (ret == 0)
        ret = krb5_build_principal(context, &client,
                                   (unsigned int)strlen(realm), realm, NOBODY,
                                   (char *)NULL);
    if (ret == 0)
        ret = krb5_init_creds_init(context, client, NULL, NULL, 0, NULL,
                                   &request);
    if (ret == 0) {
        answer->asked = time(NULL);
        krb5_set_kdc_recv_hook(context, take_reply, answer);
        ret = krb5_init_creds_get(context, request);
    }
    krb5_init_creds_free(context, request);
    krb5_free_principal(context, client);
    krb5_free_default_realm(context, realm);
    return ret;
}

static void
ask_kdc(struct answer *answer)
{
    krb5_context context = NULL;
    krb5_error_code ret;
    const char *why;

    ret = krb5_init_context(&context);
    if (ret == 0)
        ret = ask(context, answer);
    why = krb5_get_error_message(context, ret);
    (void)snprintf(answer->why, sizeof(answer->why), "%s", why);
    krb5_free_error_message(context, why);
    krb5_free_context(context);
}

/* In a child, since nothing else makes libkrb5 give up. */
static void
ask_for_a_while(struct answer *answer)
{
    struct pollfd reader = { .events = POLLIN };
    struct answer found;
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0) {
        (void)snprintf(answer->why, sizeof(answer->why), "it was not asked: "
                       "%s", strerror(errno));
        return;
    }
    (void)snprintf(answer->why, sizeof(answer->why), "no answer within %d s",
                   LIMIT_S);
    pid = fork();
    if (pid < 0)
        (void)snprintf(answer->why, sizeof(answer->why), "it was not asked: "
                       "%s", strerror(errno));
    if (pid == 0) {
        ask_kdc(answer);
        _exit(write(fds[1], answer, sizeof(*answer)) < 0);
    }
    (void)close(fds[1]);
    reader.fd = fds[0];
    if (pid > 0 && poll(&reader, 1, 1000 * LIMIT_S) > 0 &&
        read(fds[0], &found, sizeof(found)) == sizeof(found))
        *answer = found;
    (void)close(fds[0]);
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
}

/* In a unit that says enough, as people read it; malloced. */
static char *
in_words(int64_t seconds)
{
    static const struct { int64_t s; const char *name; } units[] = {
        { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" }, { 1, "s" }
    };
    size_t i = 0;
    char *text;

    while (units[i].s > 1 && seconds < 2 * units[i].s)
        i++;
    if (asprintf(&text, "%lld %s", (long long)(seconds / units[i].s),
                 units[i].name) < 0)
        return NULL;
    return text;
}

static void
say_ahead(struct doctor *doctor, int64_t ahead)
{
    char *much = in_words(ahead < 0 ? -ahead : ahead);
    const char *way = ahead < 0 ? "behind" : "ahead of";

    if (much == NULL)
        doctor_say(doctor, DOCTOR_NOTE, "clock", NULL, "out of memory");
    else if (ahead > TR_MAX_CLOCK_SKEW_S || ahead < -TR_MAX_CLOCK_SKEW_S)
        doctor_say(doctor, DOCTOR_WRONG, "clock", MEND "; if it is the KDC "
                   "that is wrong, set that", "the clock of this system is "
                   "%s %s the KDC's: tickets and messages are refused", much,
                   way);
    else if (ahead >= -1 && ahead <= 1)
        doctor_say(doctor, DOCTOR_GOOD, "clock", NULL, "it agrees with the "
                   "KDC's");
    else
        doctor_say(doctor, DOCTOR_GOOD, "clock", NULL, "it is %s %s the "
                   "KDC's", much, way);
    free(much);
}

static void
compare_with_kdc(struct doctor *doctor)
{
    struct answer answer = { .known = false };

    ask_for_a_while(&answer);
    doctor->no_kdc = !answer.known;
    if (answer.known)
        say_ahead(doctor, answer.ahead);
    else
        doctor_say(doctor, DOCTOR_NOTE, "clock", "see that krb5.conf names "
                   "the KDC, that DNS answers, and that it is reached",
                   "the KDC did not say what time it is: %s", answer.why);
}

void
doctor_clock(struct doctor *doctor)
{
    struct timex state = { .modes = 0 };

    compare_with_kdc(doctor);
    if (adjtimex(&state) == TIME_ERROR)
        doctor_say(doctor, DOCTOR_NOTE, "clock", MEND, "it is not known to "
                   "be synchronised; tickets and the table need it to be "
                   "right within minutes");
    else
        doctor_say(doctor, DOCTOR_GOOD, "clock", NULL, "synchronised");
}
