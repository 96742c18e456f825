/* tools/gss-label/doctor_kerberos.c - names, tickets and keys */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "doctor.h"

#define MAX_TEXT 1024

/* By what name do others ask for services of this system? */
static void
check_name(struct doctor *doctor)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_CANONNAME }, *found = NULL;
    char host[NI_MAXHOST] = "";
    const char *canonical = host;

    (void)gethostname(host, sizeof(host) - 1);
    if (getaddrinfo(host, NULL, &hints, &found) == 0 &&
        found->ai_canonname != NULL)
        canonical = found->ai_canonname;
    if (found == NULL)
        doctor_say(doctor, DOCTOR_NOTE, "name", "enter it in DNS or "
                   "/etc/hosts, the full name first", "%s has no address",
                   host);
    else if (doctor->system != NULL &&
             strcasecmp(canonical, doctor->system) != 0 &&
             strcasecmp(host, doctor->system) != 0)
        doctor_say(doctor, DOCTOR_NOTE, "name", "where services are asked "
                   "for by another name, make it an alias (trAlias) of the "
                   "system's entry", "this host is %s, its system %s",
                   canonical, doctor->system);
    else
        doctor_say(doctor, DOCTOR_GOOD, "name", NULL, "%s", canonical);
    if (found != NULL)
        freeaddrinfo(found);
}

static void
say_status(struct doctor *doctor, enum doctor_verdict verdict,
           const char *check, const char *mend, OM_uint32 major,
           OM_uint32 minor)
{
    char text[MAX_TEXT];

    gl_status_text(text, sizeof(text), major, minor,
                   gl_mechanism_find("krb5")->oid);
    doctor_say(doctor, verdict, check, mend, "%s", text);
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
        say_status(doctor, DOCTOR_NOTE, "keytab", "if servers run as this "
                   "user, set KRB5_KTNAME or create it (ktadd in kadmin)",
                   major, minor);
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
        say_status(doctor, DOCTOR_NOTE, "ticket", "kinit", major, minor);
    else
        doctor_say(doctor, DOCTOR_GOOD, "ticket", NULL, "good for %lu s",
                   (unsigned long)left);
    return major == GSS_S_COMPLETE;
}

/* Say what Kerberos makes of the name. */
static void
show_principal(struct doctor *doctor, gss_name_t name)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    gss_name_t canonical = GSS_C_NO_NAME;
    OM_uint32 minor;

    if (gss_canonicalize_name(&minor, name, gl_mechanism_find("krb5")->oid,
                              &canonical) == GSS_S_COMPLETE &&
        gss_display_name(&minor, canonical, &text, NULL) == GSS_S_COMPLETE)
        doctor_say(doctor, DOCTOR_NOTE, "name", NULL, "the ticket will be "
                   "for %.*s; if that is the wrong host, see "
                   "dns_canonicalize_hostname and rdns in krb5.conf",
                   (int)text.length, (char *)text.value);
    (void)gss_release_buffer(&minor, &text);
    (void)gss_release_name(&minor, &canonical);
}

/* The first token says whether this system lets a message leave. */
static void
check_target(struct doctor *doctor, const char *service)
{
    gss_name_t name = GSS_C_NO_NAME;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, ignored;

    if (gl_import_name(&doctor->output, service, &name) != GL_DELIVERED) {
        doctor->wrong = true;
        return;
    }
    show_principal(doctor, name);
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, name,
                                 gl_mechanism_find("krb5")->oid,
                                 GSS_C_MUTUAL_FLAG, 0,
                                 GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                 &token, NULL, NULL);
    if (GSS_ERROR(major))
        say_status(doctor, DOCTOR_WRONG, "target", doctor->wrong ? "mend "
                   "what is WRONG above first" : "as an administrator: "
                   "trustrealm explain --from ... --to ... shows every step",
                   major, minor);
    else
        doctor_say(doctor, DOCTOR_GOOD, "target", NULL, "this system permits "
                   "it; the other end decides as well, and records that in "
                   "its own audit log");
    (void)gss_release_buffer(&ignored, &token);
    (void)gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
    (void)gss_release_name(&ignored, &name);
}

void
doctor_kerberos(struct doctor *doctor, const char *service)
{
    bool ticket;

    check_name(doctor);
    check_keys(doctor);
    ticket = check_ticket(doctor);
    if (service == NULL)
        return;
    if (ticket)
        check_target(doctor, service);
    else
        doctor_say(doctor, DOCTOR_WRONG, "target", "kinit", "without a "
                   "ticket nothing can be sent to %s", service);
}
