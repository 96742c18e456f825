/* tools/gss-label/doctor_kerberos.c - this host's name, keys and ticket */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "doctor.h"

#define FULL_NAME "put the full name first in /etc/hosts, or in DNS: " \
    "hostname -f has to show it"

static bool
is_ours(const struct doctor *doctor, const char *host)
{
    const char *name;
    json_t *value;
    size_t i;

    json_array_foreach(doctor->names, i, value) {
        name = json_string_value(value);
        if (name != NULL && strcasecmp(name, host) == 0)
            return true;
    }
    return false;
}

bool
doctor_is_short(const char *name, const char *full)
{
    size_t length = strlen(name);

    return strchr(name, '.') == NULL &&
        strncasecmp(name, full, length) == 0 && full[length] == '.';
}

/* Is this system in the table, by the name that others ask for? */
static void
judge_name(struct doctor *doctor, const char *canonical)
{
    if (doctor->names == NULL)
        doctor_say(doctor, DOCTOR_NOTE, "name",
                   strchr(canonical, '.') == NULL ? FULL_NAME : NULL,
                   "this host is %s; there is no table to look for it",
                   canonical);
    else if (json_array_size(doctor->names) == 0)
        doctor_say(doctor, DOCTOR_WRONG, "name", "correct name in "
                   "trustrealm.conf, or have it added (trustrealm system "
                   "add)", "this system, %s, is not in the table: everything "
                   "is refused", doctor->system);
    else if (is_ours(doctor, canonical))
        doctor_say(doctor, DOCTOR_GOOD, "name", NULL, "%s, as in the table",
                   canonical);
    else if (doctor_is_short(canonical, doctor->system))
        doctor_say(doctor, DOCTOR_NOTE, "name", FULL_NAME,
                   "this host is %s, and system %s in the table", canonical,
                   doctor->system);
    else
        doctor_say(doctor, DOCTOR_NOTE, "name", "where others ask for its "
                   "services by that name, have it made an alias: trustrealm "
                   "system set SYSTEM --alias HOST", "this host is %s, which "
                   "is no name of system %s in the table", canonical,
                   doctor->system);
}

/* By what name do others ask for services of this system? */
static void
check_name(struct doctor *doctor)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_CANONNAME }, *found = NULL;
    char host[NI_MAXHOST] = "";

    (void)gethostname(host, sizeof(host) - 1);
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        doctor_say(doctor, DOCTOR_NOTE, "name", "enter it in DNS or "
                   "/etc/hosts, the full name first", "%s has no address",
                   host);
    judge_name(doctor, found != NULL && found->ai_canonname != NULL ?
               found->ai_canonname : host);
    if (found != NULL)
        freeaddrinfo(found);
}

static void
note_status(struct doctor *doctor, const char *check, const char *mend,
            OM_uint32 major, OM_uint32 minor)
{
    char text[DOCTOR_TEXT];

    gl_status_text(text, sizeof(text), major, minor,
                   gl_mechanism_find("krb5")->oid);
    doctor_say(doctor, DOCTOR_NOTE, check, mend, "%s", text);
}

/* Keys to accept with: only servers have them. */
static void
check_keys(struct doctor *doctor)
{
    gss_OID_set_desc set = { 1, gl_mechanism_find("krb5")->oid };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 major, minor, ignored;

    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                             GSS_C_ACCEPT, &cred, NULL, NULL);
    (void)gss_release_cred(&ignored, &cred);
    if (major == GSS_S_COMPLETE)
        doctor_say(doctor, DOCTOR_GOOD, "keytab", NULL, "this user has keys "
                   "to accept with");
    else
        note_status(doctor, "keytab", "if servers run as this user, set "
                    "KRB5_KTNAME or create it (ktadd in kadmin)", major,
                    minor);
}

static bool
check_ticket(struct doctor *doctor)
{
    gss_OID_set_desc set = { 1, gl_mechanism_find("krb5")->oid };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 major, minor, ignored, left = 0;

    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &set, GSS_C_INITIATE,
                             &cred, NULL, NULL);
    /* A credential without a name looks for its ticket when asked. */
    if (major == GSS_S_COMPLETE)
        major = gss_inquire_cred(&minor, cred, NULL, &left, NULL, NULL);
    (void)gss_release_cred(&ignored, &cred);
    if (major == GSS_S_CREDENTIALS_EXPIRED)
        doctor_say(doctor, DOCTOR_NOTE, "ticket", "kinit", "it has expired");
    else if (major != GSS_S_COMPLETE)
        note_status(doctor, "ticket", "kinit", major, minor);
    else
        doctor_say(doctor, DOCTOR_GOOD, "ticket", NULL, "good for %lu s",
                   (unsigned long)left);
    return major == GSS_S_COMPLETE;
}

bool
doctor_kerberos(struct doctor *doctor)
{
    check_name(doctor);
    check_keys(doctor);
    return check_ticket(doctor);
}
