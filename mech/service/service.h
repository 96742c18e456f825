/* mech/service/service.h - the trusted service: its parts and its requests */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SERVICE_H
#define TR_SERVICE_H

/*
 * trustrealmd is one process with one event loop (libevent) that owns the
 * system's key and answers calls, plus a child that keeps the table as its
 * source has it and owns no key.  Requests hold no state between calls: what
 * must be kept travels as an association record, encrypted under a key of
 * this daemon, in the plugin's hands.  So a restarted daemon goes on where
 * the old one stopped.
 *
 * A request is answered exactly once, at once or (when the KDC is asked)
 * later, by tr_request_reply() or tr_request_refuse().
 */

#include <sys/types.h>
#include <stdbool.h>
#include <krb5/krb5.h>
#include <event2/event.h>
#include "decide.h"
#include "wire.h"

/* --- who calls, by the kernel's word ----------------------------------- */

struct tr_caller {
    uid_t uid;
    gid_t gid;
    pid_t pid;                  /* for the audit record, never looked up */
    gid_t *groups;              /* SO_PEERGROUPS */
    size_t ngroups;
};

/* --- configuration (config.c): trustrealm.conf(5) ----------------------- */

struct tr_id_range { uint32_t first, last; };
/* Is id in one of the ranges?  (config_value.c) */
bool tr_ids_have(const struct tr_id_range *ranges, size_t count, uint32_t id);
struct tr_rule {                /* of [rules], in the order of [policy] */
    char *name;
    struct tr_id_range *uids; size_t nuids;     /* 0 = any */
    struct tr_id_range *gids; size_t ngids;
    struct tr_range range;                      /* local encoding */
    struct tr_label label;
};
struct tr_service_rule {        /* of [services] */
    char *service;              /* "" = the default of [policy] accept */
    struct tr_id_range *accept; size_t naccept;
    char **bypass;              /* client principal patterns, NULL-terminated,
                                   fnmatch(3) with FNM_NOESCAPE */
};
struct tr_attribute_source {
    char *name;
    char *value;                /* fixed, or NULL: */
    char *command;              /* its first output line is the value */
    uint32_t interval, timeout; /* s */
};
#define TR_DEFAULT_KEYTAB "FILE:" TR_SYSCONFDIR "/trustrealm/keytab"

struct tr_config {
    char *path;
    char *system, *principal, *keytab, *state_directory, *socket;
    char *source;               /* of the table, as written */
    char *base, *bind, *bind_dn, *password_file, *ca_file, *signers;
    bool starttls;
    uint32_t minimum_ssf, heartbeat, maximum_staleness, retry;
    char *format;
    struct tr_encoding *encoding;
    char *backend;
    struct tr_rule *rules; size_t nrules;
    struct tr_service_rule *services; size_t nservices;
    bool allow_bypass, allow_dry_run, explicit_labels;
    char **bypass_to;           /* target patterns, NULL-terminated */
    char **trust_realms;        /* NULL-terminated, or NULL = any */
    bool has_highest;
    struct tr_range highest;    /* [lowest, highest] of [policy] */
    uint32_t clock_skew;
    struct tr_attribute_source *attributes; size_t nattributes;
    char *audit_target, *audit_level;
};
/* system is the name where the file has none: the one before a reload, so that
 * DNS need not be asked, or NULL, the host's.  On error *why_out (free() it)
 * names file, section, key and value. */
krb5_error_code tr_config_load(const char *path, const char *system,
                               struct tr_config **config_out, char **why_out);
/* The same for who works on the table alone: where a configuration has nothing
 * but [system], [table] and [audit], encoding is NULL. */
krb5_error_code tr_config_load_table(const char *path,
                                     struct tr_config **config_out,
                                     char **why_out);
void tr_config_free(struct tr_config *config);
/* Call each for every rule for groups by which their members get less than
 * without them: a process can give up groups.  (config_policy.c) */
void tr_config_each_loophole(const struct tr_config *config,
                             void (*each)(const char *rule, const char *why,
                                          void *arg), void *arg);
void tr_strings_free(char **strings);       /* NULL-terminated */
/* Where the table is kept; malloced, NULL without memory. */
char *tr_table_path(const struct tr_config *config);
/* Path of the file that the table comes from, or NULL. */
const char *tr_config_file(const struct tr_config *config);
/* Is that file a signed snapshot? */
bool tr_config_signed(const struct tr_config *config);

/* --- TCB [160]: what kernel and policy say of a process (tcb.c) ---------- */

struct tr_tcb;                  /* back ends: "policy" (policy.c) */
struct tr_process {
    struct tr_range range;      /* local encoding */
    struct tr_label label;      /* what it sends unless it asks otherwise */
    const char *rule;           /* that matched, for the audit record */
};
krb5_error_code tr_tcb_create(const struct tr_config *config,
                              struct tr_tcb **tcb_out);
void tr_tcb_free(struct tr_tcb *tcb);
/* TRR_NO_LABEL when the policy gives this process nothing. */
krb5_error_code tr_tcb_process(const struct tr_tcb *tcb,
                               const struct tr_caller *caller,
                               struct tr_process *out);

/* --- audit (audit.c): one JSON object for every allow and deny ----------- */

struct tr_audit_record {
    const char *event;          /* "prepare", "seal", "accept", ... */
    bool allowed;
    bool dry_run, bypass;
    enum tr_step step;
    krb5_error_code code;
    const char *text;           /* reason with values, of a refusal or of what
                                   a dry run let by; else NULL */
    const char *sender, *receiver;      /* systems, as the table has them */
    const char *sender_principal;       /* as Kerberos authenticated it */
    const char *user, *service, *target;
    const char *realm, *label, *local_label;    /* label: trust realm's */
    int64_t table_age;          /* s; -1 = not known */
    uint64_t generation;
    const char *correlation;
    const struct tr_caller *caller;
};
struct tr_audit;
krb5_error_code tr_audit_open(const struct tr_config *config,
                              struct tr_audit **audit_out);
void tr_audit_close(struct tr_audit *audit);
/* Never blocks for long; limited per peer, with a count of what was left out.
 * False when it cannot be written: what it allows must then be refused. */
bool tr_audit_write(struct tr_audit *audit,
                    const struct tr_audit_record *record);
/* Ordinary operation: started, reloaded, LDAP lost ... (syslog priority). */
void tr_log(struct tr_audit *audit, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- the shared page (page.c) -------------------------------------------- */

struct tr_shared_page;
/* A new instance, and an epoch that no earlier page is likely to have shown.
 * The lease has ended: call tr_shared_page_renew(). */
krb5_error_code tr_shared_page_create(struct tr_shared_page **page_out);
void tr_shared_page_free(struct tr_shared_page *page);     /* lease ends */
int tr_shared_page_fd(const struct tr_shared_page *page);  /* borrowed */
const uint8_t *tr_shared_page_instance(const struct tr_shared_page *page);
uint64_t tr_shared_page_epoch(const struct tr_shared_page *page);
/* As long as page exists, the only file in directory, which is made if need
 * be, has the epoch for its name. */
krb5_error_code tr_shared_page_show(struct tr_shared_page *page,
                                    const char *directory);
void tr_shared_page_bump(struct tr_shared_page *page);     /* epoch + 1 */
/* The lease ends TR_LEASE_MS from now.  An epoch that could not be shown is
 * tried again; returns why it still cannot be, or 0. */
krb5_error_code tr_shared_page_renew(struct tr_shared_page *page);

/* --- keys and tickets (keys.c, kdc.c) ------------------------------------ */

/*
 * The system's key (keytab, copied to memory and reread on reload), its
 * tickets, and the key that association records are encrypted under.
 */
struct tr_keys;
krb5_error_code tr_keys_create(const struct tr_config *config,
                               struct event_base *base, struct tr_audit *audit,
                               struct tr_keys **keys_out);
void tr_keys_free(struct tr_keys *keys);
/*
 * Ticket for the principal of another system, which uid wants.  done is called
 * once: before this returns if it is in the cache, else from the event loop
 * when a worker has asked the KDC (bounded pool, bounded queue, half of it for
 * a user, negative cache of a few seconds: TRR_NO_KDC).  creds belongs to keys
 * and is good during the call.
 */
typedef void tr_ticket_done(krb5_error_code code, const char *why,
                            krb5_creds *creds, void *arg);
void tr_keys_ticket(struct tr_keys *keys, const char *principal, uid_t uid,
                    tr_ticket_done *done, void *arg);
/* Read the keytab anew, after a reload; on error the old keys stay. */
krb5_error_code tr_keys_reload(struct tr_keys *keys);
/*
 * Keep a ticket cache file that holds nothing but a ticket for each of the
 * directory's services (no TGT; the list ends with NULL), for the child that
 * follows LDAP.  Returns at once; the file appears (mode 0600, replaced as a
 * whole) when the KDC has answered for one of them, is tried again when it
 * does not, and is refreshed in time.  Another list for the same file takes
 * the place of the first.
 */
krb5_error_code tr_keys_export_tickets(struct tr_keys *keys,
                                       const char *const *service_principals,
                                       const char *ccache_path);
/* "no ticket for PRINCIPAL: why" for one of them, or NULL. */
const char *tr_keys_export_error(const struct tr_keys *keys);
/* Authenticated time seen so far (KDC), seconds since 1970; 0 = none. */
int64_t tr_keys_clock_floor(const struct tr_keys *keys);

/* --- the service --------------------------------------------------------- */

struct tr_replay;               /* replay.h */
struct tr_job;                  /* job.h */
struct tr_daemon;               /* daemon.h */

struct tr_service {
    struct tr_config *config;
    struct event_base *base;
    struct tr_table *table;             /* to read; NULL: none (yet) */
    struct tr_tcb *tcb;
    struct tr_keys *keys;
    struct tr_replay *replay;           /* association ids seen (replay.c) */
    struct tr_audit *audit;
    struct tr_shared_page *page;
    char **attributes;                  /* "name=value" that hold now */
    char *canonical_principal;          /* of this system, with its realm */
    struct tr_job *spare;               /* for the next call (job.c); free() */
    uint64_t calls;                     /* since the start */
    struct tr_daemon *daemon;           /* that all of this belongs to */
};

struct tr_request {
    struct tr_service *service;
    struct tr_caller caller;
    struct tr_call call;
    void *connection;                   /* server.c's own */
};

/*
 * Server.c reads a Call, makes a request and calls the handler of its type.
 * The handler answers and must not touch the request afterwards.  reply is
 * borrowed; with_page sends the page's descriptor along.
 */
void tr_request_reply(struct tr_request *request, const struct tr_reply *reply,
                      bool with_page);
/* Refuse: writes record (allowed is set to false) to the audit log and
 * answers with code, text for this end and correlation. */
void tr_request_refuse(struct tr_request *request,
                       struct tr_audit_record *record);

void tr_handle_prepare(struct tr_request *request);    /* initiate.c */
void tr_handle_seal(struct tr_request *request);
void tr_handle_accepted(struct tr_request *request);
void tr_handle_accept(struct tr_request *request);     /* accept.c */
void tr_handle_judge(struct tr_request *request);      /* judge.c */
void tr_handle_issue(struct tr_request *request);      /* message.c */
void tr_handle_check(struct tr_request *request);
void tr_handle_status(struct tr_request *request);     /* status.c */

#endif
