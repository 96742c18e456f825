/* tests/adversary/famine.c - an application that runs out of memory */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: famine PHASE one|all FIRST
 *
 * Plays both ends of a context, as the probe of tests/glue does, again and
 * again: the nth time the nth allocation of PHASE fails (one), or it and all
 * that follow (all), for n = FIRST, FIRST + 1 ... until PHASE is over before
 * n.  Whatever the calls answer, nothing may pass that is not what it should
 * be: no first token without trailer, no context without its label, no message
 * under another label than its own.  Each n has a process of its own.
 * It may die where Kerberos' libraries do not look at what malloc() answers
 * (1.20 has such places), but not in the mechanism.
 */

#include "config.h"
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "glue.h"
#include "token.h"

#define MOST 20000              /* allocations of a phase */
#define FED 3                   /* exit status: it did not get so far */

/* --- memory -------------------------------------------------------------- */

#define SEEN_BY_ALL __attribute__((visibility("default")))

/* Of glibc, behind the functions that take their place here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static long allocations, hungry_at;
static bool hungry_on, counting;

static bool
starve(void)
{
    if (!counting)
        return false;
    allocations++;
    if (allocations != hungry_at && !(hungry_on && allocations > hungry_at))
        return false;
    errno = ENOMEM;
    return true;
}

SEEN_BY_ALL void *
malloc(size_t size)
{
    return starve() ? NULL : __libc_malloc(size);
}

SEEN_BY_ALL void *
calloc(size_t count, size_t size)
{
    return starve() ? NULL : __libc_calloc(count, size);
}

SEEN_BY_ALL void *
realloc(void *old, size_t size)
{
    return starve() ? NULL : __libc_realloc(old, size);
}

/* --- what may not be ----------------------------------------------------- */

static gss_name_t target;

static void
check_first_token(const gss_buffer_desc *octets_out)
{
    struct tr_token token;

    if (octets_out->length == 0)
        return;
    expect(tr_token_parse(octets_out->value, octets_out->length, &token) == 0);
    expect(token.kind != TR_TOKEN_AP_REQ || token.trailer != NULL);
}

static void
check_context(gss_ctx_id_t context)
{
    char *label = inquire(context, 3, 0), *realm = inquire(context, 2, 0);

    expect(strcmp(label, ESTABLISHED) == 0);
    expect(strcmp(realm, "engineering") == 0);
    free(label);
    free(realm);
}

/* Wrap, with the label chosen before, and unwrap. */
static void
pass_message(struct pair *p, bool starving, bool changed)
{
    gss_buffer_desc message = { 6, "honest" }, token, out;
    OM_uint32 major, ignored;

    be_initiator();
    counting = starving;
    major = gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token);
    counting = false;
    if (GSS_ERROR(major))
        return;
    be_acceptor();
    counting = starving;
    major = gss_unwrap(&minor, p->acceptor, &token, &out, NULL, NULL);
    counting = false;
    (void)gss_release_buffer(&ignored, &token);
    if (GSS_ERROR(major))
        return;
    expect(same(&message, &out));
    expect_label(p->acceptor, changed);
    (void)gss_release_buffer(&ignored, &out);
}

static void
pass_mic(struct pair *p, bool changed)
{
    gss_buffer_desc message = { 6, "honest" }, token;
    OM_uint32 major, ignored;

    be_initiator();
    counting = true;
    major = gss_get_mic(&minor, p->initiator, 0, &message, &token);
    counting = false;
    if (GSS_ERROR(major))
        return;
    be_acceptor();
    counting = true;
    major = gss_verify_mic(&minor, p->acceptor, &message, &token, NULL);
    counting = false;
    (void)gss_release_buffer(&ignored, &token);
    if (!GSS_ERROR(major))
        expect_label(p->acceptor, changed);
}

/* --- phases -------------------------------------------------------------- */

static void
initiating(void)
{
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER, reply = GSS_C_EMPTY_BUFFER;
    gss_buffer_desc message = { 4, "none" }, none;
    struct pair p;
    OM_uint32 major, ignored;

    memset(&p, 0, sizeof(p));
    be_initiator();
    counting = true;
    major = gss_init_sec_context(&minor, NULL, &p.initiator, target,
                                 krb5_mech(), 0, 0, NULL, NULL, NULL, &token,
                                 NULL, NULL);
    counting = false;
    check_first_token(&token);
    expect(GSS_ERROR(major) || major == GSS_S_CONTINUE_NEEDED);
    if (GSS_ERROR(major))
        return;
    be_acceptor();
    must(gss_accept_sec_context(&minor, &p.acceptor, NULL, &token, NULL, NULL,
                                NULL, &reply, NULL, NULL, NULL));
    (void)gss_release_buffer(&ignored, &token);
    be_initiator();
    counting = true;
    major = gss_init_sec_context(&minor, NULL, &p.initiator, target,
                                 krb5_mech(), 0, 0, NULL, &reply, NULL, &token,
                                 NULL, NULL);
    counting = false;
    if (GSS_ERROR(major)) {
        expect(p.initiator == NULL ||
               GSS_ERROR(gss_wrap(&minor, p.initiator, 1, 0, &message, NULL,
                                  &none)));
        return;
    }
    check_context(p.initiator);
    pass_message(&p, false, false);
}

static void
accepting(void)
{
    gss_buffer_desc token, reply = GSS_C_EMPTY_BUFFER;
    gss_buffer_desc message = { 4, "none" }, none;
    struct wishes wishes = { 0 };
    struct pair p;
    gss_name_t client = GSS_C_NO_NAME;
    gss_cred_id_t delegated = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;

    token = initiate(&p, &wishes);
    be_acceptor();
    counting = true;
    major = gss_accept_sec_context(&minor, &p.acceptor, NULL, &token, NULL,
                                   &client, NULL, &reply, NULL, NULL,
                                   &delegated);
    counting = false;
    if (GSS_ERROR(major)) {
        expect(client == GSS_C_NO_NAME && delegated == GSS_C_NO_CREDENTIAL);
        expect(p.acceptor == GSS_C_NO_CONTEXT ||
               GSS_ERROR(gss_wrap(&minor, p.acceptor, 1, 0, &message, NULL,
                                  &none)));
        return;
    }
    check_context(p.acceptor);
    be_initiator();
    must(gss_init_sec_context(&minor, NULL, &p.initiator, target, krb5_mech(),
                              0, 0, NULL, &reply, NULL, &token, NULL, NULL));
    pass_message(&p, false, false);
}

static void
sending(void)
{
    gss_OID_desc option = object(9);
    gss_buffer_desc value = { strlen(HIGHER_HERE), HIGHER_HERE };
    struct pair p;
    OM_uint32 major;

    establish(&p, NULL);
    pass_message(&p, true, false);
    pass_mic(&p, false);
    be_initiator();
    counting = true;
    major = gss_set_sec_context_option(&minor, &p.initiator, &option, &value);
    counting = false;
    pass_message(&p, true, !GSS_ERROR(major));
    pass_mic(&p, !GSS_ERROR(major));
    pass_message(&p, false, !GSS_ERROR(major));
}

static void
handing_over(void)
{
    gss_buffer_desc token;
    struct pair p;
    OM_uint32 major;

    establish(&p, NULL);
    be_initiator();
    choose_label(p.initiator, HIGHER_HERE);
    counting = true;
    major = gss_export_sec_context(&minor, &p.initiator, &token);
    if (!GSS_ERROR(major))
        major = gss_import_sec_context(&minor, &token, &p.initiator);
    counting = false;
    if (GSS_ERROR(major))
        return;
    check_context(p.initiator);
    pass_message(&p, false, true);
}

static const struct { const char *name; void (*run)(void); } phases[] = {
    { "initiating", initiating }, { "accepting", accepting },
    { "sending", sending }, { "handing-over", handing_over }
};

/* --- whose fault --------------------------------------------------------- */

/* The innermost function that is not the C library's decides. */
static void
on_fault(int number)
{
    void *frames[32];
    Dl_info info;
    int i, n = backtrace(frames, 32);

    counting = false;
    for (i = 1; i < n; i++) {
        if (dladdr(frames[i], &info) == 0 || info.dli_fname == NULL ||
            strstr(info.dli_fname, "/libc.") != NULL)
            continue;
        if (strstr(info.dli_fname, "/libgssapi_krb5.") != NULL ||
            strstr(info.dli_fname, "/libkrb5") != NULL ||
            strstr(info.dli_fname, "/libk5crypto.") != NULL)
            _exit(0);
        fprintf(stderr, "died in %s\n", info.dli_fname);
        break;
    }
    signal(number, SIG_DFL);
    raise(number);
}

/* backtrace() allocates when it is used first. */
static void
expect_faults(void)
{
    void *frame;

    (void)backtrace(&frame, 1);
    signal(SIGSEGV, on_fault);
    signal(SIGABRT, on_fault);
}

/* --- one process for each allocation that fails -------------------------- */

static int
run_at(void (*run)(void), long at)
{
    int status;
    pid_t pid = fork();

    if (pid < 0)
        err(1, "fork");
    if (pid == 0) {
        expect_faults();
        alarm(20);
        hungry_at = at;
        run();
        _exit(allocations < at ? FED : 0);
    }
    if (waitpid(pid, &status, 0) != pid)
        err(1, "waitpid");
    if (WIFSIGNALED(status)) {
        printf("allocation %ld: signal %d\n", at, WTERMSIG(status));
        fflush(stdout);
        return 1;
    }
    if (WEXITSTATUS(status) == 1) {
        printf("allocation %ld: see above\n", at);
        fflush(stdout);
    }
    return WEXITSTATUS(status);
}

int
main(int argc, char **argv)
{
    long at;
    int status = 0, faults = 0;
    struct pair pair;
    size_t i;

    if (argc != 4)
        errx(2, "usage: famine PHASE one|all FIRST");
    hungry_on = strcmp(argv[2], "all") == 0;
    target = service_name("sample");
    /* Or the mechglue could not load the mechanism: as if it were absent. */
    establish(&pair, NULL);
    end(&pair);
    for (i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
        if (strcmp(argv[1], phases[i].name) != 0)
            continue;
        for (at = strtol(argv[3], NULL, 10); at < MOST && status != FED;
             at++) {
            status = run_at(phases[i].run, at);
            if (status != 0 && status != FED)
                faults++;
        }
        printf("%s: %ld allocations, %d faults\n", argv[1], at, faults);
        return faults == 0 && status == FED && at > 2 ? 0 : 1;
    }
    errx(2, "%s: no such phase", argv[1]);
}
