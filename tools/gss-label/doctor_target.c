/* tools/gss-label/doctor_target.c - would a message leave, and for whom? */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A service is asked for by a name that Kerberos makes of the one given: with
 * DNS, if krb5.conf lets it.  The table has to have what comes out.
 */

#include "config.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "decide.h"
#include "doctor.h"
#include "trustrealm_err.h"

struct target {
    const char *service;        /* as it was given */
    char *principal;            /* what Kerberos makes of it, ... */
    char *host;                 /* ... and the host in that, or NULL */
};

static void
clear(struct target *target)
{
    free(target->principal);
    free(target->host);
}

struct attempt {
    bool refused;
    OM_uint32 code;             /* minor status */
    char why[DOCTOR_TEXT];
};

/* The first token says whether this system lets a message leave. */
static void
try_name(gss_name_t name, struct attempt *attempt)
{
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    gss_OID mechanism = gl_mechanism_find("krb5")->oid;
    OM_uint32 major, minor;

    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, name,
                                 mechanism, GSS_C_MUTUAL_FLAG, 0,
                                 GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                 &token, NULL, NULL);
    attempt->refused = GSS_ERROR(major);
    attempt->code = minor;
    attempt->why[0] = '\0';
    if (attempt->refused)
        gl_status_text(attempt->why, sizeof(attempt->why), major, minor,
                       mechanism);
    (void)gss_release_buffer(&minor, &token);
    (void)gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
}

/* Was it refused because the table has no such host?  The code says that the
 * systems share no trust realm, the text why. */
static bool
is_unknown(const char *host, const struct attempt *attempt)
{
    char *wanted;
    bool unknown;

    if (!attempt->refused || attempt->code != (OM_uint32)TRR_NO_COMMON ||
        host == NULL || asprintf(&wanted, "%s" TR_NOT_IN_TABLE, host) < 0)
        return false;
    unknown = strncasecmp(attempt->why, wanted, strlen(wanted)) == 0;
    free(wanted);
    return unknown;
}

/* Was it refused by a step that comes after those for which the table has to
 * know both systems? */
static bool
is_known(const struct attempt *attempt)
{
    static const OM_uint32 codes[] = {
        TRR_LABEL_UNMAPPED, TRR_SENDER_RANGE, TRR_RECEIVER_RANGE,
        TRR_CLEARANCE, TRR_PROCESS_RANGE, TRR_ATTRIBUTE, TRR_PROTECTION
    };
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (attempt->refused && attempt->code == codes[i])
            return true;
    }
    return false;
}

static void
find_principal(struct target *target, gss_name_t name)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    gss_name_t canonical = GSS_C_NO_NAME;
    OM_uint32 minor;
    const char *host;
    size_t length;

    if (gss_canonicalize_name(&minor, name, gl_mechanism_find("krb5")->oid,
                              &canonical) == GSS_S_COMPLETE &&
        gss_display_name(&minor, canonical, &text, NULL) == GSS_S_COMPLETE)
        target->principal = strndup(text.value, text.length);
    length = target->principal != NULL ? strlen(target->principal) : 0;
    /* The realm is left to the KDC. */
    if (length > 0 && target->principal[length - 1] == '@')
        target->principal[length - 1] = '\0';
    (void)gss_release_buffer(&minor, &text);
    (void)gss_release_name(&minor, &canonical);
    host = target->principal != NULL ? strchr(target->principal, '/') : NULL;
    if (host != NULL)
        target->host = strndup(host + 1, strcspn(host + 1, "@/"));
}

/* What the name that was given, which Kerberos replaced, has before the other
 * one; NULL when that is nothing, or is not certain. */
static const char *
judge_given(const struct doctor *doctor, const struct target *target)
{
    const char *given = strchr(target->service, '@'), *said = NULL;
    gss_name_t name = GSS_C_NO_NAME;
    struct attempt attempt;
    OM_uint32 minor;
    char *principal;

    if (given == NULL || strcasecmp(given + 1, target->host) == 0 ||
        asprintf(&principal, "%.*s/%s", (int)(given - target->service),
                 target->service, given + 1) < 0)
        return NULL;
    if (gl_import_name(&doctor->output, principal, &name) == GL_DELIVERED) {
        try_name(name, &attempt);
        if (!attempt.refused)
            said = "this system permits only the latter";
        else if (is_known(&attempt))
            said = "the table knows only the latter";
    }
    (void)gss_release_name(&minor, &name);
    free(principal);
    return said;
}

/* What in krb5.conf has the name replaced: the address that belongs to it, or
 * the name that belongs to that. */
static const char *
who_replaces(const char *host)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_CANONNAME }, *found = NULL;
    bool same;

    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return "dns_canonicalize_hostname";
    same = found->ai_canonname != NULL &&
        strcasecmp(found->ai_canonname, host) == 0;
    freeaddrinfo(found);
    return same ? "rdns" : "dns_canonicalize_hostname";
}

/* How to have Kerberos ask for given itself; malloced, or NULL. */
static char *
keep_name(const char *given, const char *host)
{
    char *text;

    if (asprintf(&text, "%s%s = false in [libdefaults] of krb5.conf",
                 doctor_is_short(host, given) ? "put the full name first in "
                 "/etc/hosts, or in DNS; or " : "", who_replaces(given)) < 0)
        return NULL;
    return text;
}

static void
say_replaced(struct doctor *doctor, const struct target *target,
             const char *given, const char *said)
{
    char *keep = keep_name(given, target->host), *mend = NULL;

    if (keep != NULL && !doctor_is_short(target->host, given) &&
        asprintf(&mend, "%s; or have the other name made an alias (trustrealm "
                 "system set %s --alias %s) and create %s", keep, given,
                 target->host, target->principal) < 0)
        mend = NULL;
    doctor_say(doctor, DOCTOR_WRONG, "name", mend != NULL ? mend : keep,
               "Kerberos makes %s of %s, and %s", target->host, given, said);
    free(mend);
    free(keep);
}

static void
say_unknown(struct doctor *doctor, const struct target *target)
{
    const char *given = strchr(target->service, '@');
    const char *said = judge_given(doctor, target);
    char *mend = NULL;

    if (said != NULL) {
        say_replaced(doctor, target, given + 1, said);
    } else {
        if (asprintf(&mend, "ask for a name that the table has, or have this "
                     "one made an alias: trustrealm system set SYSTEM "
                     "--alias %s", target->host) < 0)
            mend = NULL;
        doctor_say(doctor, DOCTOR_WRONG, "name", mend, "the ticket would be "
                   "for %s, and %s" TR_NOT_IN_TABLE, target->principal,
                   target->host);
    }
    free(mend);
}

/* The name of the ticket, which the table may have. */
static void
say_name(struct doctor *doctor, const struct target *target, bool refused)
{
    const char *given = strchr(target->service, '@');
    char *keep = NULL;

    if (refused && given != NULL && target->host != NULL &&
        strcasecmp(given + 1, target->host) != 0)
        keep = keep_name(given + 1, target->host);
    if (keep != NULL)
        doctor_say(doctor, DOCTOR_NOTE, "name", keep, "the ticket would be "
                   "for %s: Kerberos makes that of %s", target->principal,
                   given + 1);
    else
        doctor_say(doctor, refused ? DOCTOR_NOTE : DOCTOR_GOOD, "name", NULL,
                   "the ticket %s for %s", refused ? "would be" : "is",
                   target->principal);
    free(keep);
}

/* Who can let it pass, and where. */
static const char *
advice(const struct doctor *doctor, OM_uint32 code)
{
    static const struct { OM_uint32 code; const char *mend; } mends[] = {
        { TRR_NO_LABEL, "give this user a rule, in [rules] of "
          "trustrealm.conf" },
        { TRR_PROCESS_RANGE, "widen this user's rule, in [rules] of "
          "trustrealm.conf" },
        { TRR_NO_COMMON, "an owner of a trust realm makes both members: "
          "trustrealm system join" },
        { TRR_SENDER_RANGE, "an owner of the trust realm widens what this "
          "system may send: trustrealm system join" },
        { TRR_RECEIVER_RANGE, "an owner of the trust realm widens what the "
          "other system may have: trustrealm system join" },
        { TRR_CLEARANCE, "an owner of the trust realm clears the user for it: "
          "trustrealm clearance set" }
    };
    size_t i;

    if (code - (OM_uint32)ERROR_TABLE_BASE_trr >= 256)
        return doctor->no_kdc ?
            "Kerberos says so: see [realms] in krb5.conf, the network and the "
            "KDC" :
            "Kerberos says so: see that there is a ticket, that the name is "
            "right, and that the KDC has it (addprinc in kadmin)";
    for (i = 0; i < sizeof(mends) / sizeof(*mends); i++) {
        if (mends[i].code == code)
            return mends[i].mend;
    }
    return "an administrator can see why";
}

static void
say_refused(struct doctor *doctor, const struct target *target,
            const struct attempt *attempt)
{
    const char *what = advice(doctor, attempt->code);
    char *mend = NULL;

    if (doctor->wrong)
        what = "mend what is WRONG above first";
    else if (attempt->code - (OM_uint32)ERROR_TABLE_BASE_trr < 256 &&
             doctor->system != NULL && target->host != NULL &&
             asprintf(&mend, "%s; each step: trustrealm explain --from %s "
                      "--to %s", what, doctor->system, target->host) < 0)
        mend = NULL;
    doctor_say(doctor, DOCTOR_WRONG, "target", mend != NULL ? mend : what,
               "%s", attempt->why);
    free(mend);
}

static void
judge(struct doctor *doctor, const struct target *target,
      const struct attempt *attempt)
{
    if (is_unknown(target->host, attempt))
        say_unknown(doctor, target);
    else if (target->principal != NULL)
        say_name(doctor, target, attempt->refused);
    if (attempt->refused)
        say_refused(doctor, target, attempt);
    else if (!doctor->interposed)
        doctor_say(doctor, DOCTOR_WRONG, "target", "mend what is WRONG above "
                   "first", "it would leave as plain Kerberos, without a "
                   "label");
    else
        doctor_say(doctor, DOCTOR_GOOD, "target", NULL, "this system permits "
                   "it; the other end decides as well, and records that in "
                   "its own audit log");
}

void
doctor_target(struct doctor *doctor, const char *service, bool ticket)
{
    struct target target = { .service = service };
    gss_name_t name = GSS_C_NO_NAME;
    struct attempt attempt;
    OM_uint32 minor;

    if (!ticket) {
        doctor_say(doctor, DOCTOR_WRONG, "target", "kinit", "without a "
                   "ticket nothing can be sent to %s", service);
    } else if (gl_import_name(&doctor->output, service, &name) !=
               GL_DELIVERED) {
        doctor->wrong = true;
    } else {
        find_principal(&target, name);
        try_name(name, &attempt);
        judge(doctor, &target, &attempt);
    }
    (void)gss_release_name(&minor, &name);
    clear(&target);
}
