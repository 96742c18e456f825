/* mech/service/login.c - the system's login at the KDC, shared by threads */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "boottime.h"
#include "crypto.h"
#include "login.h"

/*
 * turn is held by the one thread that logs in, while others that need the
 * login wait; lock guards the rest, and is never held over I/O.  turn is taken
 * first.
 */

#define PAUSE_MS        3000    /* after a login that failed */
#define DOUBT_MS        10000   /* one that worked is proof for so long */
#define OLD_S           30      /* after an error, log in anew when older */
#define MARGIN_S        600     /* renew so long before the end, ... */
#define MARGIN_SHARE    4       /* ... or this part of the lifetime */

struct tr_login {
    char *client;
    pthread_mutex_t turn;
    pthread_mutex_t lock;
    char *keytab;
    krb5_creds *tgt;
    unsigned int number;        /* of this login */
    int64_t tried;              /* boot time, ms; 0 = not with this keytab */
    krb5_error_code code;       /* of the last try */
    char why[TR_LOGIN_TEXT];    /* it failed */
    bool doubted;               /* whether the keytab's key is still good */
};

/* --- the times of a ticket ----------------------------------------------- */

int64_t
tr_ticket_start(const krb5_creds *creds)
{
    return (uint32_t)(creds->times.starttime != 0 ? creds->times.starttime :
                      creds->times.authtime);
}

int64_t
tr_ticket_end(const krb5_creds *creds)
{
    return (uint32_t)creds->times.endtime;
}

int64_t
tr_ticket_renewal(const krb5_creds *creds)
{
    int64_t end = tr_ticket_end(creds);
    int64_t share = (end - tr_ticket_start(creds)) / MARGIN_SHARE;

    return end - (share < MARGIN_S ? share : MARGIN_S);
}

/* --- the login ----------------------------------------------------------- */

krb5_error_code
tr_login_create(const char *client, const char *keytab,
                struct tr_login **login_out)
{
    struct tr_login *login;

    login = calloc(1, sizeof(*login));
    if (login == NULL)
        return ENOMEM;
    pthread_mutex_init(&login->turn, NULL);
    pthread_mutex_init(&login->lock, NULL);
    login->client = strdup(client);
    login->keytab = strdup(keytab);
    if (login->client == NULL || login->keytab == NULL) {
        tr_login_free(login);
        return ENOMEM;
    }
    *login_out = login;
    return 0;
}

void
tr_login_free(struct tr_login *login)
{
    if (login == NULL)
        return;
    /* Freeing takes no context. */
    krb5_free_creds(NULL, login->tgt);
    pthread_mutex_destroy(&login->lock);
    pthread_mutex_destroy(&login->turn);
    free(login->client);
    free(login->keytab);
    free(login);
}

krb5_error_code
tr_login_set_keytab(struct tr_login *login, const char *keytab)
{
    char *copy, *old;

    copy = strdup(keytab);
    if (copy == NULL)
        return ENOMEM;
    pthread_mutex_lock(&login->lock);
    old = login->keytab;
    login->keytab = copy;
    login->tried = 0;
    pthread_mutex_unlock(&login->lock);
    free(old);
    return 0;
}

bool
tr_login_doubt(struct tr_login *login)
{
    bool due;

    pthread_mutex_lock(&login->lock);
    due = login->code == 0 && !login->doubted &&
        tr_boottime() - login->tried >= DOUBT_MS;
    login->doubted = login->doubted || due;
    pthread_mutex_unlock(&login->lock);
    return due;
}

void
tr_login_state(struct tr_login *login, struct tr_login_state *out)
{
    pthread_mutex_lock(&login->lock);
    out->code = login->code;
    memcpy(out->why, login->why, sizeof(out->why));
    out->end = login->tgt == NULL ? 0 : tr_ticket_end(login->tgt);
    pthread_mutex_unlock(&login->lock);
}

static bool
is_good(const krb5_creds *creds)
{
    return creds != NULL && tr_ticket_renewal(creds) > time(NULL);
}

/* The lock is held. */
static bool
is_due(const struct tr_login *login)
{
    return !is_good(login->tgt) || login->code != 0 || login->doubted;
}

bool
tr_login_is_due(struct tr_login *login)
{
    bool due;

    pthread_mutex_lock(&login->lock);
    due = is_due(login);
    pthread_mutex_unlock(&login->lock);
    return due;
}

/* Ask for a ticket-granting ticket with the system's key. */
static krb5_error_code
log_in(struct tr_login_user *user, krb5_creds **creds_out)
{
    krb5_context context = user->context;
    krb5_get_init_creds_opt *options = NULL;
    krb5_keytab keytab = NULL;
    krb5_creds *creds = NULL;
    krb5_error_code ret;
    char *name;

    pthread_mutex_lock(&user->login->lock);
    name = strdup(user->login->keytab);
    pthread_mutex_unlock(&user->login->lock);
    creds = calloc(1, sizeof(*creds));
    if (name == NULL || creds == NULL) {
        ret = ENOMEM;
        goto cleanup;
    }
    ret = krb5_kt_resolve(context, name, &keytab);
    if (ret == 0)
        ret = krb5_get_init_creds_opt_alloc(context, &options);
    if (ret)
        goto cleanup;
    /* It is used here and now: nothing that it could be passed on with. */
    krb5_get_init_creds_opt_set_forwardable(options, 0);
    krb5_get_init_creds_opt_set_proxiable(options, 0);
    ret = krb5_get_init_creds_keytab(context, creds, user->client, keytab,
                                     0, NULL, options);
    if (ret)
        goto cleanup;
    *creds_out = creds;
    creds = NULL;

cleanup:
    krb5_get_init_creds_opt_free(context, options);
    if (keytab != NULL)
        krb5_kt_close(context, keytab);
    free(creds);
    free(name);
    return ret;
}

/* The lock is held. */
static void
note_result(struct tr_login *login, krb5_context context, krb5_error_code code)
{
    const char *message;

    login->tried = tr_boottime();
    login->code = code;
    login->doubted = false;
    login->why[0] = '\0';
    if (code == 0)
        return;
    message = krb5_get_error_message(context, code);
    snprintf(login->why, sizeof(login->why), "%s", message);
    krb5_free_error_message(context, message);
}

/* What somebody wants a login for. */
enum purpose {
    FOR_TICKET,                 /* one that is good will do */
    FOR_ANOTHER,                /* but not the one that this user knows */
    FOR_ITSELF                  /* to see that it works, if that is not sure */
};

/* Get a copy of the login that all threads share, logging in when it is due
 * for this purpose. */
static krb5_error_code
shared_login(struct tr_login_user *user, enum purpose purpose,
             krb5_creds **tgt_out)
{
    struct tr_login *login = user->login;
    krb5_creds *tgt = NULL;
    krb5_error_code ret = 0;
    bool due, pause;

    pthread_mutex_lock(&login->turn);
    pthread_mutex_lock(&login->lock);
    due = !is_good(login->tgt) ||
        (purpose == FOR_ANOTHER && login->number == user->number) ||
        (purpose == FOR_ITSELF && is_due(login));
    pause = login->code != 0 && login->tried != 0 &&
        tr_boottime() - login->tried < PAUSE_MS;
    if (due && pause) {
        ret = login->code;
        krb5_set_error_message(user->context, ret, "%s", login->why);
    }
    pthread_mutex_unlock(&login->lock);

    if (due && !pause)
        ret = log_in(user, &tgt);

    pthread_mutex_lock(&login->lock);
    if (due && !pause)
        note_result(login, user->context, ret);
    if (tgt != NULL) {
        krb5_free_creds(user->context, login->tgt);
        login->tgt = tgt;
        login->number++;
    }
    if (ret == 0)
        ret = krb5_copy_creds(user->context, login->tgt, tgt_out);
    if (ret == 0 && user->number != login->number) {
        ret = krb5_cc_initialize(user->context, user->ccache, user->client);
        if (ret == 0)
            ret = krb5_cc_store_cred(user->context, user->ccache,
                                     login->tgt);
        user->number = ret ? 0 : login->number;
    }
    pthread_mutex_unlock(&login->lock);
    pthread_mutex_unlock(&login->turn);
    return ret;
}

/* --- a thread that uses it ----------------------------------------------- */

krb5_error_code
tr_login_user_init(struct tr_login_user *user, struct tr_login *login)
{
    krb5_error_code ret;

    memset(user, 0, sizeof(*user));
    user->login = login;
    ret = tr_context_create(&user->context);
    if (ret == 0)
        ret = krb5_parse_name(user->context, login->client, &user->client);
    if (ret == 0)
        ret = krb5_cc_new_unique(user->context, "MEMORY", NULL,
                                 &user->ccache);
    return ret;
}

void
tr_login_user_clear(struct tr_login_user *user)
{
    if (user->context == NULL)
        return;
    if (user->ccache != NULL)
        krb5_cc_destroy(user->context, user->ccache);
    krb5_free_principal(user->context, user->client);
    krb5_free_context(user->context);
}

static krb5_error_code
get_ticket(struct tr_login_user *user, const char *server,
           krb5_creds **creds_out)
{
    krb5_creds wanted;
    krb5_error_code ret;

    memset(&wanted, 0, sizeof(wanted));
    ret = krb5_parse_name(user->context, server, &wanted.server);
    if (ret)
        return ret;
    wanted.client = user->client;
    /* Not stored: a ticket asked for is one that has to be new. */
    ret = krb5_get_credentials(user->context, KRB5_GC_NO_STORE,
                               user->ccache, &wanted, creds_out);
    krb5_free_principal(user->context, wanted.server);
    return ret;
}

krb5_error_code
tr_login_get(struct tr_login_user *user, const char *server,
             krb5_creds **creds_out)
{
    krb5_creds *tgt = NULL;
    krb5_error_code ret;

    ret = shared_login(user, server == NULL ? FOR_ITSELF : FOR_TICKET, &tgt);
    if (ret)
        return ret;
    if (server == NULL) {
        *creds_out = tgt;
        return 0;
    }
    ret = get_ticket(user, server, creds_out);
    if (ret != 0 && ret != KRB5_KDC_UNREACH &&
        ret != KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN &&
        time(NULL) - tr_ticket_start(tgt) > OLD_S) {
        /* The KDC may have got a new key since the login. */
        krb5_free_creds(user->context, tgt);
        tgt = NULL;
        ret = shared_login(user, FOR_ANOTHER, &tgt);
        if (ret == 0)
            ret = get_ticket(user, server, creds_out);
    }
    krb5_free_creds(user->context, tgt);
    return ret;
}
