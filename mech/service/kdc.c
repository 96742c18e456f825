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
#include "kdc.h"
#include "login.h"

/*
 * lock guards what threads and event loop share, and is never held over I/O.
 *
 * A thread may hang in libkrb5 for long, so tr_kdc_free() does not join it:
 * the last one to let go of the structure frees it.  Those that do not hang are
 * waited for, since libkrb5 is taken down when the process ends.
 */

#define THREADS         3
#define MAX_QUESTIONS   128
#define STOP_MS         200     /* a thread that takes longer hangs */
#define LOGIN_CHECK_S   15      /* is a login due? */

struct question {
    TAILQ_ENTRY(question) link;
    char *server;               /* NULL: log in */
    krb5_error_code code;
    char *why;
    krb5_creds *creds;
};
TAILQ_HEAD(questions, question);

struct tr_kdc {
    struct tr_login *login;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    int owners;                 /* threads, and who created it */
    struct questions asked, answered;
    size_t nasked, nbusy;
    uint64_t nanswered, nfailed;
    bool login_asked;
    int notify;                 /* eventfd: something was answered */
    struct event *notified, *timer;
    tr_kdc_done *done;
    void *arg;
};

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
    if (kdc->notify >= 0)
        close(kdc->notify);
    pthread_mutex_destroy(&kdc->lock);
    pthread_cond_destroy(&kdc->wake);
    tr_login_free(kdc->login);
    free(kdc);
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
answer(struct tr_login_user *user, struct question *question)
{
    const char *message;

    question->code = tr_login_get(user, question->server, &question->creds);
    if (question->code == 0)
        return;
    message = krb5_get_error_message(user->context, question->code);
    question->why = explain(message);
    krb5_free_error_message(user->context, message);
}

static void *
run(void *arg)
{
    struct tr_kdc *kdc = arg;
    struct tr_login_user user;
    struct question *question;
    krb5_error_code ret;
    uint64_t one = 1;

    ret = tr_login_user_init(&user, kdc->login);
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
            answer(&user, question);
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
    tr_login_user_clear(&user);
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
    tr_login_state(kdc->login, &out->login);
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

    if (tr_login_is_due(kdc->login))
        (void)tr_kdc_ask(kdc, NULL);
}

krb5_error_code
tr_kdc_set_keytab(struct tr_kdc *kdc, const char *keytab)
{
    krb5_error_code ret;

    ret = tr_login_set_keytab(kdc->login, keytab);
    /* If too much is asked already, the timer has it tried. */
    if (ret == 0 && tr_login_is_due(kdc->login))
        (void)tr_kdc_ask(kdc, NULL);
    return ret;
}

void
tr_kdc_doubt_key(struct tr_kdc *kdc)
{
    if (tr_login_doubt(kdc->login))
        (void)tr_kdc_ask(kdc, NULL);
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
    pthread_mutex_init(&kdc->lock, NULL);
    pthread_cond_init(&kdc->wake, NULL);
    kdc->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (kdc->notify < 0)
        goto cleanup;
    ret = tr_login_create(client, keytab, &kdc->login);
    if (ret)
        goto cleanup;
    ret = ENOMEM;
    kdc->notified = event_new(base, kdc->notify, EV_READ | EV_PERSIST,
                              on_answer, kdc);
    kdc->timer = event_new(base, -1, EV_PERSIST, on_timer, kdc);
    if (kdc->notified == NULL || kdc->timer == NULL ||
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
