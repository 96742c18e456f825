/* realmdb/source_ldap.c - follow a directory */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One connection carries two things: the search that persists (RFC 4533),
 * and now and then a small search whose answer shows that the provider is
 * alive: an open connection proves nothing.  Its answer also says where the
 * provider stands, if it tells; one that stands behind the table is left,
 * before it can make the table look fresh.
 */

#include "config.h"
#include <sys/random.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "boottime.h"
#include "source_answer.h"
#include "source_connect.h"
#include "source_replica.h"
#include "text.h"
#include "trustrealm_err.h"

/* Times in milliseconds. */
#define FIRST_PAUSE 100
#define LONGEST_PAUSE 2000          /* in the first minutes without it ... */
#define FIRST_MINUTES (5 * 60 * 1000)
#define LATER_PAUSE 15000           /* ... and then */
#define MAX_BATCH 256               /* messages in one commit */
#define REFRESH_SILENCE 60000

struct follower {
    const struct tr_ldap_options *options;
    const struct tr_source_callbacks *cb;
    int stop_fd;
    struct tr_replica *replica;
    LDAP *ld;
    size_t turn;                /* of the servers, to be tried first */
    char *suffix;               /* whose contextCSN tells, or the base */
    int sync_id, beat_id;
    int64_t next_beat;          /* when to send it */
    int64_t beat_deadline;      /* when its answer is overdue; 0 = none out */
    struct tr_cookie beat_known;    /* by the table when it was sent */
    struct tr_cookie standing;      /* in the answer so far */
    int64_t last_sync;          /* last message of the refresh */
    char *away;                 /* what was told of, while it is lost */
    bool worked;                /* this connection got through its refresh */
};

static char *context_csn[] = { (char *)"contextCSN", NULL };

/* Wait for the directory (NULL: nothing) or the stop; true for the stop. */
static bool
wait_for(struct follower *f, LDAP *ld, int64_t ms)
{
    struct pollfd fds[2] = {
        { .fd = f->stop_fd, .events = POLLIN }, { .fd = -1, .events = POLLIN }
    };

    if (ld != NULL)
        (void)ldap_get_option(ld, LDAP_OPT_DESC, &fds[1].fd);
    if (poll(fds, 2, ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms) < 0)
        return false;
    return fds[0].revents != 0;
}

/* --- where the provider stands ------------------------------------------- */

static bool
ends_with(const char *dn, const char *suffix)
{
    size_t length = strlen(dn), tail = strlen(suffix);

    if (tail == 0 || tail > length ||
        tr_text_compare(dn + length - tail, suffix) != 0)
        return false;
    return tail == length || dn[length - tail - 1] == ',';
}

/*
 * The entry that answers request id, or NULL; to be ldap_msgfree()d.  What a
 * base holds is one entry and a result, no reference or anything else (RFC
 * 4511 4.5.2): who sends more is left.
 */
static int
wait_entry(struct follower *f, int id, LDAPMessage **entry_out)
{
    LDAPMessage *message;
    int code, result;

    for (;;) {
        code = tr_answer_wait(f->ld, id, f->options->timeout_s, &message);
        if (code != LDAP_SUCCESS)
            return code;
        if (*entry_out != NULL ||
            ldap_msgtype(message) != LDAP_RES_SEARCH_ENTRY)
            break;
        *entry_out = message;
    }
    code = ldap_parse_result(f->ld, message, &result, NULL, NULL, NULL, NULL,
                             1);
    return code == LDAP_SUCCESS ? result : code;
}

/* Ask for attributes of an entry; *entry_out, NULL when there is none, is to
 * be ldap_msgfree()d. */
static krb5_error_code
ask(struct follower *f, const char *dn, char **attributes, const char *step,
    LDAPMessage **entry_out, char **why_out)
{
    struct timeval timeout = { f->options->timeout_s, 0 };
    LDAPMessage *entry = NULL;
    int code, id;

    code = ldap_search_ext(f->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)",
                           attributes, 0, NULL, NULL, &timeout, 1, &id);
    if (code == LDAP_SUCCESS)
        code = wait_entry(f, id, &entry);
    if (code == LDAP_SUCCESS) {
        *entry_out = entry;
        return 0;
    }
    *why_out = tr_answer_error(f->ld, code, step);
    ldap_msgfree(entry);
    return TRR_SOURCE;
}

/* The naming context that base lies in: it has the contextCSN.  A server
 * that does not tell is asked for the base itself. */
static krb5_error_code
find_suffix(struct follower *f, char **why_out)
{
    krb5_error_code ret;
    const char *base = f->options->base;
    char *attributes[] = { (char *)"namingContexts", NULL };
    LDAPMessage *entry;
    struct berval **values = NULL;
    const char *found = base;
    size_t i;

    ret = ask(f, "", attributes, "root DSE", &entry, why_out);
    if (ret)
        return ret;
    if (entry != NULL)
        values = ldap_get_values_len(f->ld, entry, attributes[0]);
    for (i = 0; values != NULL && values[i] != NULL; i++) {
        if (ends_with(base, values[i]->bv_val) &&
            (found == base || strlen(found) < values[i]->bv_len))
            found = values[i]->bv_val;
    }
    free(f->suffix);
    f->suffix = strdup(found);
    ldap_value_free_len(values);
    ldap_msgfree(entry);
    return f->suffix == NULL ? ENOMEM : 0;
}

static void
take_standing(struct follower *f, LDAPMessage *entry)
{
    struct berval **values = ldap_get_values_len(f->ld, entry, "contextCSN");
    size_t i;

    for (i = 0; values != NULL && values[i] != NULL; i++)
        (void)tr_cookie_add(&f->standing, values[i]->bv_val,
                            values[i]->bv_len);
    ldap_value_free_len(values);
}

/* A provider that does not tell is judged by its cookies alone. */
static krb5_error_code
judge_standing(struct follower *f, const struct tr_cookie *known,
               char **why_out)
{
    if (tr_cookie_is_empty(&f->standing) ||
        !tr_cookie_is_behind(&f->standing, known))
        return 0;
    *why_out = strdup("the provider is behind what this system has seen");
    return TRR_SOURCE;
}

/*
 * Ask before anything else: to a cookie that is ahead of it OpenLDAP answers
 * that nothing has changed, as if it knew all of that.
 */
static krb5_error_code
check_standing(struct follower *f, char **why_out)
{
    krb5_error_code ret;
    LDAPMessage *entry;

    tr_cookie_clear(&f->standing);
    ret = ask(f, f->suffix, context_csn, "contextCSN", &entry, why_out);
    if (ret)
        return ret;
    if (entry != NULL)
        take_standing(f, entry);
    ldap_msgfree(entry);
    return judge_standing(f, tr_replica_cookie(f->replica), why_out);
}

/* --- the heartbeat ------------------------------------------------------- */

static krb5_error_code
send_beat(struct follower *f, char **why_out)
{
    krb5_error_code ret;
    int code;

    tr_cookie_clear(&f->standing);
    tr_cookie_clear(&f->beat_known);
    /* What the provider sent before this was asked, it must know of. */
    ret = tr_cookie_copy(tr_replica_cookie(f->replica), &f->beat_known);
    if (ret)
        return ret;
    code = ldap_search_ext(f->ld, f->suffix, LDAP_SCOPE_BASE,
                           "(objectClass=*)", context_csn, 0, NULL, NULL,
                           NULL, 1, &f->beat_id);
    if (code != LDAP_SUCCESS) {
        *why_out = tr_answer_error(f->ld, code, "heartbeat");
        return TRR_SOURCE;
    }
    f->next_beat = tr_boottime() + f->options->heartbeat_s * 1000LL;
    f->beat_deadline = tr_boottime() + f->options->timeout_s * 1000LL;
    return 0;
}

static krb5_error_code
take_beat_end(struct follower *f, LDAPMessage *raw, char **why_out)
{
    krb5_error_code ret;
    int code, result;

    f->beat_deadline = 0;
    code = ldap_parse_result(f->ld, raw, &result, NULL, NULL, NULL, NULL, 0);
    if (code == LDAP_SUCCESS)
        code = result;
    if (code != LDAP_SUCCESS) {
        *why_out = tr_answer_error(f->ld, code, "heartbeat");
        return TRR_SOURCE;
    }
    ret = judge_standing(f, &f->beat_known, why_out);
    return ret != 0 ? ret : tr_replica_alive(f->replica, why_out);
}

/* --- messages ------------------------------------------------------------ */

static krb5_error_code
take_sync(struct follower *f, LDAPMessage *raw, char **why_out)
{
    krb5_error_code ret;
    struct tr_message message;

    f->last_sync = tr_boottime();
    ret = tr_message_parse(f->ld, raw, &message);
    if (ret) {
        *why_out = strdup("the provider sent a malformed message");
        return ret;
    }
    ret = tr_replica_take(f->replica, &message, why_out);
    tr_message_clear(&message);
    return ret;
}

static krb5_error_code
take(struct follower *f, LDAPMessage *raw, char **why_out)
{
    int id = ldap_msgid(raw);

    if (id == f->sync_id)
        return take_sync(f, raw, why_out);
    if (id != f->beat_id)
        return 0;
    if (ldap_msgtype(raw) == LDAP_RES_SEARCH_ENTRY)
        take_standing(f, raw);
    else if (ldap_msgtype(raw) == LDAP_RES_SEARCH_RESULT)
        return take_beat_end(f, raw, why_out);
    return 0;
}

/*
 * Take the messages that are at hand, and commit.  *more_out: there may be
 * others, that libldap has read and poll() will not tell of.
 */
static krb5_error_code
drain(struct follower *f, bool *more_out, char **why_out)
{
    krb5_error_code ret;
    struct timeval no_time = { 0, 0 };
    LDAPMessage *raw;
    int code, n;

    for (n = 0; n < MAX_BATCH; n++) {
        raw = NULL;
        code = ldap_result(f->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &no_time, &raw);
        if (code == 0)
            break;
        if (code < 0) {
            (void)ldap_get_option(f->ld, LDAP_OPT_RESULT_CODE, &code);
            *why_out = tr_answer_error(f->ld, code, "connection");
            return TRR_SOURCE;
        }
        ret = take(f, raw, why_out);
        ldap_msgfree(raw);
        if (ret)
            return ret;
    }
    *more_out = n == MAX_BATCH;
    if (tr_replica_is_ready(f->replica))
        f->worked = true;
    return tr_replica_pause(f->replica, why_out);
}

/* --- connections --------------------------------------------------------- */

static krb5_error_code
start(struct follower *f, char **why_out)
{
    krb5_error_code ret;
    struct berval cookie = { 0, NULL };

    ret = tr_connect(f->options, &f->turn, &f->ld, why_out);
    if (ret == 0)
        ret = find_suffix(f, why_out);
    if (ret == 0)
        ret = tr_replica_start(f->replica, &cookie);
    if (ret == 0)
        ret = check_standing(f, why_out);
    if (ret == 0 && tr_message_search(f->ld, f->options->base, &cookie,
                                      &f->sync_id) != 0) {
        *why_out = strdup("the search cannot be sent");
        ret = TRR_SOURCE;
    }
    free(cookie.bv_val);
    if (ret)
        return ret;
    f->last_sync = tr_boottime();
    return send_beat(f, why_out);
}

/* What is overdue, or 0 and how long nothing will be. */
static krb5_error_code
check_times(struct follower *f, int64_t *wait_out, char **why_out)
{
    krb5_error_code ret;
    int64_t now = tr_boottime(), until;

    if (f->beat_deadline != 0 && now >= f->beat_deadline) {
        *why_out = strdup("the provider does not answer");
        return TRR_SOURCE;
    }
    if (!tr_replica_is_ready(f->replica) &&
        now >= f->last_sync + REFRESH_SILENCE) {
        *why_out = strdup("the provider does not finish its answer");
        return TRR_SOURCE;
    }
    if (f->beat_deadline == 0 && now >= f->next_beat) {
        ret = send_beat(f, why_out);
        if (ret)
            return ret;
    }
    until = f->beat_deadline != 0 ? f->beat_deadline : f->next_beat;
    if (!tr_replica_is_ready(f->replica) &&
        until > f->last_sync + REFRESH_SILENCE)
        until = f->last_sync + REFRESH_SILENCE;
    *wait_out = until - now + 1;
    return 0;
}

/* Follow over one connection until it breaks; 0 for the stop. */
static krb5_error_code
run_connection(struct follower *f, char **why_out)
{
    krb5_error_code ret;
    int64_t ms;
    bool more;

    f->worked = false;
    f->beat_deadline = 0;
    f->sync_id = f->beat_id = -1;
    ret = start(f, why_out);
    while (ret == 0) {
        ret = drain(f, &more, why_out);
        if (ret == 0)
            ret = check_times(f, &ms, why_out);
        if (ret == 0 && wait_for(f, f->ld, more ? 0 : ms))
            break;
    }
    /* One that was reached, and is no good: another one may be. */
    if (f->ld != NULL) {
        (void)ldap_unbind_ext(f->ld, NULL, NULL);
        f->turn++;
    }
    f->ld = NULL;
    return ret;
}

/* Say that the provider is lost, once for each reason. */
static void
tell_away(struct follower *f, char *why)
{
    if (why == NULL)
        why = strdup("no reason known");
    if (f->away == NULL || why == NULL || strcmp(f->away, why) != 0)
        f->cb->event(TR_SOURCE_AWAY, why, f->cb->arg);
    free(f->away);
    f->away = why;
}

/* Between a half of ms and ms: systems should not all come back at once. */
static int64_t
jitter(int64_t ms)
{
    uint32_t number = 0;

    (void)getrandom(&number, sizeof(number), GRND_NONBLOCK);
    return ms / 2 + number % (uint32_t)(ms / 2 + 1);
}

krb5_error_code
tr_source_follow_ldap(struct tr_table *table,
                      const struct tr_ldap_options *options,
                      const struct tr_source_callbacks *cb, int stop_fd)
{
    krb5_error_code ret;
    struct follower f = { .options = options, .cb = cb, .stop_fd = stop_fd };
    int64_t pause = FIRST_PAUSE, lost = 0;
    char *why = NULL;

    ret = tr_connect_check(options, &why);
    if (ret == 0)
        ret = tr_replica_create(table, options->base, options->uri, cb,
                                &f.replica);
    if (ret) {
        tell_away(&f, why);
        goto cleanup;
    }
    for (;;) {
        why = NULL;
        ret = run_connection(&f, &why);
        if (ret == 0)
            break;
        if (f.worked) {
            pause = FIRST_PAUSE;
            lost = tr_boottime();
            free(f.away);
            f.away = NULL;
        } else if (lost == 0) {
            lost = tr_boottime();
        }
        tell_away(&f, why);
        if (wait_for(&f, NULL, jitter(pause))) {
            ret = 0;
            break;
        }
        pause *= 2;
        if (pause > LONGEST_PAUSE)
            pause = tr_boottime() - lost < FIRST_MINUTES ? LONGEST_PAUSE :
                LATER_PAUSE;
    }

cleanup:
    tr_replica_free(f.replica);
    tr_cookie_clear(&f.beat_known);
    tr_cookie_clear(&f.standing);
    free(f.suffix);
    free(f.away);
    return ret;
}
