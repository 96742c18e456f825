/* mech/service/ticket_files.c - tickets for other programs, in files */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/queue.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include "login.h"
#include "ticket_files.h"

#define RETRY_S         5       /* doubled up to ... */
#define MAX_RETRY_S     60

struct kept {
    TAILQ_ENTRY(kept) link;
    struct tr_ticket_files *files;
    char *principal, *path, *new_path;
    krb5_creds *creds;                  /* in the file, or NULL */
    struct event *timer;
    long retry;
    char *why;                          /* it failed, as was said; or NULL */
};

struct tr_ticket_files {
    krb5_context context;
    struct event_base *base;
    struct tr_audit *audit;
    struct tr_kdc *kdc;
    TAILQ_HEAD(, kept) list;
};

static void
kept_free(struct kept *kept)
{
    TAILQ_REMOVE(&kept->files->list, kept, link);
    if (kept->timer != NULL)
        event_free(kept->timer);
    krb5_free_creds(kept->files->context, kept->creds);
    free(kept->principal);
    free(kept->path);
    free(kept->new_path);
    free(kept->why);
    free(kept);
}

/* --- what the KDC says --------------------------------------------------- */

/* All tickets that belong into this one's file. */
static krb5_error_code
write_file(struct kept *kept)
{
    krb5_context context = kept->files->context;
    struct kept *other;
    krb5_ccache ccache = NULL;
    krb5_error_code ret;

    ret = krb5_cc_resolve(context, kept->new_path, &ccache);
    if (ret == 0)
        ret = krb5_cc_initialize(context, ccache, kept->creds->client);
    TAILQ_FOREACH(other, &kept->files->list, link) {
        if (ret == 0 && other->creds != NULL &&
            strcmp(other->path, kept->path) == 0)
            ret = krb5_cc_store_cred(context, ccache, other->creds);
    }
    if (ccache != NULL)
        krb5_cc_close(context, ccache);
    /* new_path starts with "FILE:" */
    if (ret == 0 && rename(kept->new_path + 5, kept->path) != 0)
        ret = errno;
    return ret;
}

/* Say it once. */
static void
note_why(struct kept *kept, const char *why)
{
    char *text;

    if (asprintf(&text, "no ticket for %s: %s", kept->principal, why) < 0)
        return;
    if (kept->why == NULL)
        tr_log(kept->files->audit, LOG_WARNING, "%s", text);
    free(kept->why);
    kept->why = text;
}

static void
done(struct kept *kept, krb5_error_code code, const char *why,
     krb5_creds *creds)
{
    krb5_context context = kept->files->context;
    struct timeval next = { 0, 0 };

    if (code == 0) {
        krb5_free_creds(context, kept->creds);
        kept->creds = NULL;
        code = krb5_copy_creds(context, creds, &kept->creds);
        if (code == 0)
            code = write_file(kept);
        why = code ? error_message(code) : NULL;
    }
    if (code == 0) {
        kept->retry = 0;
        free(kept->why);
        kept->why = NULL;
        next.tv_sec = tr_ticket_renewal(creds) - time(NULL);
        if (next.tv_sec < 1)
            next.tv_sec = 1;
    } else {
        note_why(kept, why != NULL ? why : error_message(code));
        kept->retry = kept->retry == 0 ? RETRY_S : kept->retry * 2;
        if (kept->retry > MAX_RETRY_S)
            kept->retry = MAX_RETRY_S;
        next.tv_sec = kept->retry;
    }
    event_add(kept->timer, &next);
}

void
tr_ticket_files_done(struct tr_ticket_files *files, const char *server,
                     krb5_error_code code, const char *why, krb5_creds *creds)
{
    struct kept *kept;

    TAILQ_FOREACH(kept, &files->list, link) {
        if (strcmp(kept->principal, server) == 0)
            done(kept, code, why, creds);
    }
}

const char *
tr_ticket_files_error(const struct tr_ticket_files *files)
{
    const struct kept *kept;

    TAILQ_FOREACH(kept, &files->list, link) {
        if (kept->why != NULL)
            return kept->why;
    }
    return NULL;
}

/* --- what is kept -------------------------------------------------------- */

/* If too much is asked already, later. */
static void
ask(struct kept *kept)
{
    krb5_error_code ret;

    ret = tr_kdc_ask(kept->files->kdc, kept->principal);
    if (ret)
        done(kept, ret, NULL, NULL);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    ask(arg);
}

static bool
is_wanted(const char *principal, char *const *principals)
{
    for (; *principals != NULL; principals++) {
        if (strcmp(*principals, principal) == 0)
            return true;
    }
    return false;
}

static bool
is_kept(const struct tr_ticket_files *files, const char *principal,
        const char *path)
{
    const struct kept *kept;

    TAILQ_FOREACH(kept, &files->list, link) {
        if (strcmp(kept->path, path) == 0 &&
            strcmp(kept->principal, principal) == 0)
            return true;
    }
    return false;
}

static krb5_error_code
add(struct tr_ticket_files *files, const char *principal, const char *path)
{
    struct kept *kept;

    kept = calloc(1, sizeof(*kept));
    if (kept == NULL)
        return ENOMEM;
    kept->files = files;
    TAILQ_INSERT_TAIL(&files->list, kept, link);
    kept->principal = strdup(principal);
    kept->path = strdup(path);
    kept->timer = event_new(files->base, -1, 0, on_timer, kept);
    if (kept->principal == NULL || kept->path == NULL || kept->timer == NULL)
        goto cleanup;
    if (asprintf(&kept->new_path, "FILE:%s.new", path) < 0) {
        kept->new_path = NULL;
        goto cleanup;
    }
    ask(kept);
    return 0;

cleanup:
    kept_free(kept);
    return ENOMEM;
}

krb5_error_code
tr_ticket_files_set(struct tr_ticket_files *files, char *const *principals,
                    const char *path)
{
    struct kept *kept, *next;
    krb5_error_code ret = 0;

    for (kept = TAILQ_FIRST(&files->list); kept != NULL; kept = next) {
        next = TAILQ_NEXT(kept, link);
        if (strcmp(kept->path, path) == 0 &&
            !is_wanted(kept->principal, principals))
            kept_free(kept);
    }
    for (; *principals != NULL && ret == 0; principals++) {
        if (!is_kept(files, *principals, path))
            ret = add(files, *principals, path);
    }
    return ret;
}

krb5_error_code
tr_ticket_files_create(krb5_context context, struct event_base *base,
                       struct tr_audit *audit,
                       struct tr_ticket_files **files_out)
{
    struct tr_ticket_files *files = calloc(1, sizeof(*files));

    if (files == NULL)
        return ENOMEM;
    files->context = context;
    files->base = base;
    files->audit = audit;
    TAILQ_INIT(&files->list);
    *files_out = files;
    return 0;
}

void
tr_ticket_files_set_kdc(struct tr_ticket_files *files, struct tr_kdc *kdc)
{
    files->kdc = kdc;
}

void
tr_ticket_files_free(struct tr_ticket_files *files)
{
    struct kept *kept;

    if (files == NULL)
        return;
    while ((kept = TAILQ_FIRST(&files->list)) != NULL)
        kept_free(kept);
    free(files);
}
