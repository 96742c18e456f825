/* mech/service/kdc.c - asking the KDC, off the event loop */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "trustrealm_err.h"
#include "boottime.h"
#include "crypto.h"
#include "kdc.h"

/*
 * Locks: login_lock is held by the one thread that logs in while others that
 * need the login wait; lock guards everything else of struct tr_kdc and is
 * never held over I/O.  login_lock is taken first.
 *
 * A thread may hang in libkrb5 for long, so tr_kdc_free() does not join it:
 * the last one to let go of the structure frees it.  Those that do not hang are
 * waited for, since libkrb5 is taken down when the process ends.
 */

#define THREADS         3
#define MAX_QUESTIONS   64
#define STOP_MS         200     /* a thread that takes longer hangs */
#define LOGIN_CHECK_S   15      /* is a login due? */
#define LOGIN_PAUSE_MS  3000    /* after one that failed */
#define OLD_LOGIN_S     30      /* after an error, log in anew when older */
#define MARGIN_S        600     /* renew so long before the end, ... */
#define MARGIN_SHARE    4       /* ... or this part of the lifetime */

struct question {
    TAILQ_ENTRY(question) link;
    char *server;               /* NULL: log in */
    krb5_error_code code;
    char *why;
    krb5_creds *creds;
};
TAILQ_HEAD(questions, question);

struct tr_kdc {
    char *client;
    pthread_mutex_t login_lock;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    char *keytab;
    bool stop;
    int owners;                 /* threads, and who created it */
    struct questions asked, answered;
    size_t nasked, nbusy;
    uint64_t nanswered, nfailed;
    bool login_asked;
    krb5_creds *tgt;
    unsigned int login;         /* number of this login */
    int64_t login_failed;       /* boot time; 0 = the last one succeeded */
    int notify;                 /* eventfd: something was answered */
    struct event *notified, *timer;
    tr_kdc_done *done;
    void *arg;
};

struct worker {
    struct tr_kdc *kdc;
    krb5_context context;
    krb5_principal client;
    krb5_ccache ccache;         /* in memory, this thread's own */
    unsigned int login;         /* that ccache holds the tickets of */
};

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

static bool
is_good(const krb5_creds *creds)
{
    return creds != NULL && tr_ticket_renewal(creds) > time(NULL);
}

static void
question_free(struct question *question)
{
    if (question == NULL)
        return;
    /* Freeing takes no context. */
    krb5_free_creds(NULL, question->creds);
    free(question->server);
    free(question->why);
    free(question);
}

/* --- the threads --------------------------------------------------------- */

/* Let go of the structure. */
static void
release(struct tr_kdc *kdc)
{
    struct question *question;
    bool last;

    pthread_mutex_lock(&kdc->lock);
    last = --kdc->owners == 0;
    pthread_cond_broadcast(&kdc->wake);
    pthread_mutex_unlock(&kdc->lock);
    if (!last)
        return;
    while ((question = TAILQ_FIRST(&kdc->asked)) != NULL) {
        TAILQ_REMOVE(&kdc->asked, question, link);
        question_free(question);
    }
    while ((question = TAILQ_FIRST(&kdc->answered)) != NULL) {
        TAILQ_REMOVE(&kdc->answered, question, link);
        question_free(question);
    }
    krb5_free_creds(NULL, kdc->tgt);
    if (kdc->notify >= 0)
        close(kdc->notify);
    pthread_mutex_destroy(&kdc->lock);
    pthread_mutex_destroy(&kdc->login_lock);
    pthread_cond_destroy(&kdc->wake);
    free(kdc->client);
    free(kdc->keytab);
    free(kdc);
}

/* Ask for a ticket-granting ticket with the system's key. */
static krb5_error_code
log_in(struct worker *worker, krb5_creds **creds_out)
{
    krb5_context context = worker->context;
    krb5_get_init_creds_opt *options = NULL;
    krb5_keytab keytab = NULL;
    krb5_creds *creds = NULL;
    krb5_error_code ret;
    char *name;

    pthread_mutex_lock(&worker->kdc->lock);
    name = strdup(worker->kdc->keytab);
    pthread_mutex_unlock(&worker->kdc->lock);
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
    ret = krb5_get_init_creds_keytab(context, creds, worker->client, keytab,
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

/*
 * Get a copy of the login that all threads share, logging in when it is due
 * or, with anew, when it is still the one that this worker knows.
 */
static krb5_error_code
shared_login(struct worker *worker, bool anew, krb5_creds **tgt_out)
{
    struct tr_kdc *kdc = worker->kdc;
    krb5_creds *tgt = NULL;
    krb5_error_code ret = 0;
    bool due, pause;

    pthread_mutex_lock(&kdc->login_lock);
    pthread_mutex_lock(&kdc->lock);
    due = !is_good(kdc->tgt) || (anew && kdc->login == worker->login);
    pause = kdc->login_failed != 0 &&
        tr_boottime() - kdc->login_failed < LOGIN_PAUSE_MS;
    pthread_mutex_unlock(&kdc->lock);

    if (due && pause)
        ret = KRB5_KDC_UNREACH;
    else if (due)
        ret = log_in(worker, &tgt);

    pthread_mutex_lock(&kdc->lock);
    if (due && !pause)
        kdc->login_failed = ret ? tr_boottime() : 0;
    if (tgt != NULL) {
        krb5_free_creds(worker->context, kdc->tgt);
        kdc->tgt = tgt;
        kdc->login++;
    }
    if (ret == 0)
        ret = krb5_copy_creds(worker->context, kdc->tgt, tgt_out);
    if (ret == 0 && worker->login != kdc->login) {
        ret = krb5_cc_initialize(worker->context, worker->ccache,
                                 worker->client);
        if (ret == 0)
            ret = krb5_cc_store_cred(worker->context, worker->ccache,
                                     kdc->tgt);
        worker->login = ret ? 0 : kdc->login;
    }
    pthread_mutex_unlock(&kdc->lock);
    pthread_mutex_unlock(&kdc->login_lock);
    return ret;
}

static krb5_error_code
get_ticket(struct worker *worker, const char *server, krb5_creds **creds_out)
{
    krb5_creds wanted;
    krb5_error_code ret;

    memset(&wanted, 0, sizeof(wanted));
    ret = krb5_parse_name(worker->context, server, &wanted.server);
    if (ret)
        return ret;
    wanted.client = worker->client;
    /* Not stored: a ticket asked for is one that has to be new. */
    ret = krb5_get_credentials(worker->context, KRB5_GC_NO_STORE,
                               worker->ccache, &wanted, creds_out);
    krb5_free_principal(worker->context, wanted.server);
    return ret;
}

static krb5_error_code
answer(struct worker *worker, struct question *question)
{
    krb5_creds *tgt = NULL;
    krb5_error_code ret;

    ret = shared_login(worker, false, &tgt);
    if (ret)
        return ret;
    if (question->server == NULL) {
        question->creds = tgt;
        return 0;
    }
    ret = get_ticket(worker, question->server, &question->creds);
    if (ret != 0 && ret != KRB5_KDC_UNREACH &&
        ret != KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN &&
        time(NULL) - tr_ticket_start(tgt) > OLD_LOGIN_S) {
        /* The KDC may have got a new key since the login. */
        krb5_free_creds(worker->context, tgt);
        tgt = NULL;
        ret = shared_login(worker, true, &tgt);
        if (ret == 0)
            ret = get_ticket(worker, question->server, &question->creds);
    }
    krb5_free_creds(worker->context, tgt);
    return ret;
}

/* Who was not required to preauthenticate gets no ticket for those who are. */
static char *
explain(const char *message)
{
    char *text;

    if (strstr(message, "NO PREAUTH") == NULL)
        return strdup(message);
    return asprintf(&text, "%s: the principal of this system needs "
                    "+requires_preauth", message) < 0 ? NULL : text;
}

static void
work(struct worker *worker, struct question *question)
{
    const char *message;

    question->code = answer(worker, question);
    if (question->code == 0)
        return;
    message = krb5_get_error_message(worker->context, question->code);
    question->why = explain(message);
    krb5_free_error_message(worker->context, message);
}

static krb5_error_code
worker_init(struct worker *worker, struct tr_kdc *kdc)
{
    krb5_error_code ret;

    memset(worker, 0, sizeof(*worker));
    worker->kdc = kdc;
    ret = tr_context_create(&worker->context);
    if (ret == 0)
        ret = krb5_parse_name(worker->context, kdc->client, &worker->client);
    if (ret == 0)
        ret = krb5_cc_new_unique(worker->context, "MEMORY", NULL,
                                 &worker->ccache);
    return ret;
}

static void
worker_fini(struct worker *worker)
{
    if (worker->context == NULL)
        return;
    if (worker->ccache != NULL)
        krb5_cc_destroy(worker->context, worker->ccache);
    krb5_free_principal(worker->context, worker->client);
    krb5_free_context(worker->context);
}

static void *
run(void *arg)
{
    struct tr_kdc *kdc = arg;
    struct worker worker;
    struct question *question;
    krb5_error_code ret;
    uint64_t one = 1;

    ret = worker_init(&worker, kdc);
    pthread_mutex_lock(&kdc->lock);
    while (!kdc->stop) {
        question = TAILQ_FIRST(&kdc->asked);
        if (question == NULL) {
            pthread_cond_wait(&kdc->wake, &kdc->lock);
            continue;
        }
        TAILQ_REMOVE(&kdc->asked, question, link);
        kdc->nasked--;
        kdc->nbusy++;
        pthread_mutex_unlock(&kdc->lock);
        if (ret)
            question->code = ret;
        else
            work(&worker, question);
        pthread_mutex_lock(&kdc->lock);
        kdc->nbusy--;
        kdc->nanswered++;
        kdc->nfailed += question->code != 0;
        if (question->server == NULL)
            kdc->login_asked = false;
        TAILQ_INSERT_TAIL(&kdc->answered, question, link);
        if (write(kdc->notify, &one, sizeof(one)) < 0) {
            /* The counter is full: the loop is due to wake up anyway. */
        }
    }
    pthread_mutex_unlock(&kdc->lock);
    worker_fini(&worker);
    release(kdc);
    return NULL;
}

/* --- the event loop's side ----------------------------------------------- */

krb5_error_code
tr_kdc_ask(struct tr_kdc *kdc, const char *server)
{
    struct question *question = NULL;
    krb5_error_code ret = 0;

    question = calloc(1, sizeof(*question));
    if (question == NULL)
        return ENOMEM;
    if (server != NULL) {
        question->server = strdup(server);
        if (question->server == NULL) {
            free(question);
            return ENOMEM;
        }
    }
    pthread_mutex_lock(&kdc->lock);
    if (server == NULL && kdc->login_asked) {
        /* one is enough */
    } else if (kdc->nasked >= MAX_QUESTIONS) {
        ret = TRR_DAEMON_BUSY;
    } else {
        kdc->login_asked = kdc->login_asked || server == NULL;
        TAILQ_INSERT_TAIL(&kdc->asked, question, link);
        question = NULL;
        kdc->nasked++;
        pthread_cond_signal(&kdc->wake);
    }
    pthread_mutex_unlock(&kdc->lock);
    question_free(question);
    return ret;
}

void
tr_kdc_state(struct tr_kdc *kdc, struct tr_kdc_state *out)
{
    pthread_mutex_lock(&kdc->lock);
    *out = (struct tr_kdc_state){
        .threads = THREADS, .busy = kdc->nbusy, .queue = kdc->nasked,
        .answered = kdc->nanswered, .failed = kdc->nfailed
    };
    pthread_mutex_unlock(&kdc->lock);
}

static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct tr_kdc *kdc = arg;
    struct questions answered = TAILQ_HEAD_INITIALIZER(answered);
    struct question *question;
    krb5_creds *creds;
    uint64_t count;

    if (read(fd, &count, sizeof(count)) < 0)
        return;
    pthread_mutex_lock(&kdc->lock);
    TAILQ_CONCAT(&answered, &kdc->answered, link);
    pthread_mutex_unlock(&kdc->lock);
    while ((question = TAILQ_FIRST(&answered)) != NULL) {
        TAILQ_REMOVE(&answered, question, link);
        creds = question->creds;
        question->creds = NULL;
        kdc->done(question->server, question->code, question->why, creds,
                  kdc->arg);
        question_free(question);
    }
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct tr_kdc *kdc = arg;
    bool due;

    pthread_mutex_lock(&kdc->lock);
    due = !is_good(kdc->tgt);
    pthread_mutex_unlock(&kdc->lock);
    if (due)
        (void)tr_kdc_ask(kdc, NULL);
}

krb5_error_code
tr_kdc_set_keytab(struct tr_kdc *kdc, const char *keytab)
{
    char *copy, *old;

    copy = strdup(keytab);
    if (copy == NULL)
        return ENOMEM;
    pthread_mutex_lock(&kdc->lock);
    old = kdc->keytab;
    kdc->keytab = copy;
    kdc->login_failed = 0;
    pthread_mutex_unlock(&kdc->lock);
    free(old);
    return 0;
}

/* Threads take no signals: these are the event loop's. */
static krb5_error_code
start_threads(struct tr_kdc *kdc)
{
    sigset_t all, old;
    pthread_t thread;
    krb5_error_code ret = 0;
    int i;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (i = 0; i < THREADS && ret == 0; i++) {
        pthread_mutex_lock(&kdc->lock);
        kdc->owners++;
        pthread_mutex_unlock(&kdc->lock);
        ret = pthread_create(&thread, NULL, run, kdc);
        if (ret == 0)
            pthread_detach(thread);
        else
            release(kdc);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return ret;
}

krb5_error_code
tr_kdc_create(const char *client, const char *keytab, struct event_base *base,
              tr_kdc_done *done, void *arg, struct tr_kdc **kdc_out)
{
    static const struct timeval interval = { LOGIN_CHECK_S, 0 };
    struct tr_kdc *kdc;
    krb5_error_code ret = ENOMEM;

    kdc = calloc(1, sizeof(*kdc));
    if (kdc == NULL)
        return ENOMEM;
    kdc->owners = 1;
    kdc->done = done;
    kdc->arg = arg;
    TAILQ_INIT(&kdc->asked);
    TAILQ_INIT(&kdc->answered);
    pthread_mutex_init(&kdc->login_lock, NULL);
    pthread_mutex_init(&kdc->lock, NULL);
    pthread_cond_init(&kdc->wake, NULL);
    kdc->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (kdc->notify < 0)
        goto cleanup;
    kdc->client = strdup(client);
    kdc->keytab = strdup(keytab);
    kdc->notified = event_new(base, kdc->notify, EV_READ | EV_PERSIST,
                              on_answer, kdc);
    kdc->timer = event_new(base, -1, EV_PERSIST, on_timer, kdc);
    if (kdc->client == NULL || kdc->keytab == NULL ||
        kdc->notified == NULL || kdc->timer == NULL ||
        event_add(kdc->notified, NULL) != 0 ||
        event_add(kdc->timer, &interval) != 0)
        goto cleanup;
    ret = start_threads(kdc);
    if (ret == 0)
        ret = tr_kdc_ask(kdc, NULL);
    if (ret)
        goto cleanup;
    *kdc_out = kdc;
    kdc = NULL;

cleanup:
    tr_kdc_free(kdc);
    return ret;
}

/* The lock is held. */
static void
wait_for_threads(struct tr_kdc *kdc)
{
    struct timespec limit;
    int ret = 0;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_nsec += STOP_MS * 1000000L;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    while (kdc->owners > 1 && ret == 0)
        ret = pthread_cond_timedwait(&kdc->wake, &kdc->lock, &limit);
}

void
tr_kdc_free(struct tr_kdc *kdc)
{
    if (kdc == NULL)
        return;
    if (kdc->notified != NULL)
        event_free(kdc->notified);
    if (kdc->timer != NULL)
        event_free(kdc->timer);
    pthread_mutex_lock(&kdc->lock);
    kdc->stop = true;
    pthread_cond_broadcast(&kdc->wake);
    wait_for_threads(kdc);
    pthread_mutex_unlock(&kdc->lock);
    release(kdc);
}
