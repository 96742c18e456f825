/* tools/gss-label/doctor.h - what is wrong on this machine */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef DOCTOR_H
#define DOCTOR_H

#include <sys/types.h>
#include "gss-label.h"

#define DOCTOR_TEXT 1024        /* of GSS-API */

enum doctor_verdict { DOCTOR_GOOD, DOCTOR_NOTE, DOCTOR_WRONG };

struct doctor {
    struct gl_output output;
    bool wrong;                 /* anything so far */
    const char *mech_config;    /* file or folder that names the plugin */
    char *plugin;               /* its path, if one was found */
    bool interposed;            /* it is what programs use */
    const char *socket;         /* of trustrealmd */
    bool no_kdc;                /* none answers */
    char *system;               /* this system's name, if it answered, ... */
    json_t *names;              /* ... and all it has in the table, or NULL */
};

/*
 * Say what was found in check; mend, in the imperative, is how to put it
 * right, or NULL.
 */
void doctor_say(struct doctor *doctor, enum doctor_verdict verdict,
                const char *check, const char *mend, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The name of a host that has none of its domain, where full should be. */
bool doctor_is_short(const char *name, const char *full);

/* doctor_mech.c: is Kerberos interposed, and if not, why? */
void doctor_mech(struct doctor *doctor);
/* doctor_daemon.c: does trustrealmd answer, and with what table? */
void doctor_daemon(struct doctor *doctor);
/* doctor_clock.c: is the clock right? */
void doctor_clock(struct doctor *doctor);
/* doctor_kerberos.c: this host's name, keys and ticket.  Returns whether there
 * is a ticket. */
bool doctor_kerberos(struct doctor *doctor);
/* doctor_target.c: would a message to service leave, and for which host? */
void doctor_target(struct doctor *doctor, const char *service, bool ticket);
/* doctor_process.c: is a running program kept from it? */
void doctor_process(struct doctor *doctor, pid_t pid);

#endif
