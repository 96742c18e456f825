/* tools/gss-label/gss-label.h - the parts of gss-label */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef GSS_LABEL_H
#define GSS_LABEL_H

/*
 * gss-label is an ordinary GSS-API program: it reaches the mechanism only
 * through libgssapi and works, saying "plain", where trustrealm is not
 * installed.
 *
 * Functions that can fail return an exit status: GL_DELIVERED (0), or another
 * after the reason has been reported.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <getopt.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <jansson.h>

enum gl_status {
    GL_DELIVERED = 0,
    GL_REFUSED = 1,             /* by either end, or by Kerberos */
    GL_USAGE = 2,
    GL_SYSTEM = 3               /* network, time, memory, files */
};

/* --- mechanisms and names (mechanism.c) ---------------------------------- */

struct gl_mechanism {
    const char *name;
    gss_OID oid;
    bool prefer_own;            /* SPNEGO: own OID first, then krb5 */
};

/* NULL when there is none of that name. */
const struct gl_mechanism *gl_mechanism_find(const char *name);
/* "krb5", "trustrealm", "spnego" or the OID in dots; static or in buf. */
const char *gl_mechanism_text(gss_OID oid, char *buf, size_t size);

/* --- protections of a message (protection.c) ----------------------------- */

/*
 * One way to protect a message.  protect makes the payload that travels,
 * unprotect takes it apart and verifies it; both return a major status.  What
 * they put out is released with gss_release_buffer().
 */
struct gl_protection {
    const char *name;
    uint8_t number;             /* on the wire: frame type */
    bool confidential;
    OM_uint32 (*protect)(OM_uint32 *minor, gss_ctx_id_t context, bool conf,
                         gss_buffer_t message, gss_buffer_t payload_out);
    OM_uint32 (*unprotect)(OM_uint32 *minor, gss_ctx_id_t context,
                           gss_buffer_t payload, gss_buffer_t message_out,
                           bool *conf_out);
};

/*
 * Is a message not to be taken, by the major status of unprotect?  One that
 * comes after a gap is: the messages before it were refused, or lost.
 */
bool gl_refused(OM_uint32 major);

const struct gl_protection *gl_protection_find(const char *name);
const struct gl_protection *gl_protection_by_number(uint8_t number);

/* --- frames over TCP (frame.c) ------------------------------------------- */

#define GL_MAX_FRAME (1024 * 1024)      /* octets of a payload */

/* Frame types; those from 2 to 63 are the numbers of struct gl_protection. */
enum {
    GL_FRAME_CONTEXT = 1,
    GL_FRAME_REPLY = 64,                /* added to a message's number */
    GL_FRAME_REFUSED = 255              /* no payload: the peer won't say */
};

enum gl_io { GL_IO_OK, GL_IO_CLOSED, GL_IO_FAILED };

/* Let frames leave at once: the peer waits for each. */
void gl_frame_prepare(int fd);
/* Send one frame within timeout_ms; errno says what failed. */
enum gl_io gl_frame_send(int fd, int timeout_ms, uint8_t type,
                         const gss_buffer_desc *payload);
/* CLOSED: the peer closed between frames.  Release the payload with
 * gss_release_buffer(). */
enum gl_io gl_frame_receive(int fd, int timeout_ms, uint8_t *type_out,
                            gss_buffer_t payload_out);

/* --- what is printed (report.c) ------------------------------------------ */

struct gl_output {
    FILE *stream;
    bool json;
};

/* Print text that must not drive the terminal. */
void gl_print_text(FILE *stream, const char *text);
/* What the minor status says, or the major where it says nothing. */
void gl_status_text(char *buf, size_t size, OM_uint32 major, OM_uint32 minor,
                    gss_OID mech);
/* Print event (whose reference is taken) as a line of JSON, with the time
 * added, or for people. */
void gl_report(const struct gl_output *output, json_t *event);
/* A GSS-API failure in call; major and minor become text for mechanism (NULL:
 * krb5).  Returns GL_REFUSED. */
enum gl_status gl_report_gss(const struct gl_output *output, const char *call,
                             OM_uint32 major, OM_uint32 minor,
                             const struct gl_mechanism *mechanism);
/* Any other failure; number is an errno, or 0. */
void gl_report_error(const struct gl_output *output, const char *what,
                     int number);
/* One of this address; host NULL: any. */
void gl_report_address(const struct gl_output *output, const char *call,
                       const char *host, const char *port, const char *why);

/* --- security contexts (context.c) --------------------------------------- */

/* Import SERVICE@HOST, or a principal when there is a '/' in it. */
enum gl_status gl_import_name(const struct gl_output *output,
                              const char *text, gss_name_t *name_out);
/*
 * Credentials for usage: of name (NO_NAME = default) for mechanism (NULL =
 * any), with a label of its own (NULL = the process's).
 */
enum gl_status gl_acquire(const struct gl_output *output, gss_name_t name,
                          const struct gl_mechanism *mechanism,
                          gss_cred_usage_t usage, const char *label,
                          gss_cred_id_t *cred_out);
/* To accept for service (NULL = any); NO_CREDENTIAL where mechanism is NULL
 * too. */
enum gl_status gl_acquire_acceptor(const struct gl_output *output,
                                   const char *service,
                                   const struct gl_mechanism *mechanism,
                                   gss_cred_id_t *cred_out);
/* Print the "context" event: everything known about context.  delegated is
 * the credential that arrived, or NO_CREDENTIAL. */
void gl_report_context(const struct gl_output *output, gss_ctx_id_t context,
                       gss_cred_id_t delegated);
/* Add label and label_local of the message delivered last to event. */
void gl_add_message_label(json_t *event, gss_ctx_id_t context);
/* Add length and, where it is short and UTF-8, the text itself. */
void gl_add_message(json_t *event, gss_buffer_t message);

/* --- the server's side of a connection (connection.c) -------------------- */

struct gl_acceptor {
    struct gl_output output;
    const struct gl_mechanism *mechanism;       /* NULL: any */
    gss_cred_id_t cred;
    int timeout_ms;                             /* for each frame */
};

/* Accept a context on fd, take and answer messages until the peer closes;
 * closes fd. */
enum gl_status gl_serve(const struct gl_acceptor *acceptor, int fd);

/* --- options (options.c) ------------------------------------------------- */

struct gl_command {
    const char *name;
    const char *usage;                  /* text of --help */
    const char *letters;                /* as for getopt_long() */
    const struct option *options;
    /* Take an option; false when its argument is unusable. */
    bool (*take)(void *self, int c, const char *arg);
};

/* Take the options, to optind; -1 to go on, or the exit status. */
int gl_take_options(const struct gl_command *command, void *self, int argc,
                    char **argv);
/* What is on the command line does not fit: point to --help. */
int gl_usage(const struct gl_command *command, const char *why);

/* Whole decimal numbers and seconds with a fraction; false when text is
 * anything else or out of bounds. */
bool gl_parse_number(const char *text, unsigned long min, unsigned long max,
                     unsigned long *out);
bool gl_parse_seconds(const char *text, int *ms_out);
/* Is it a number or the name of a TCP port? */
bool gl_is_port(const char *text);
/* Append to a list of borrowed strings. */
struct gl_list { const char **items; size_t count; };
bool gl_list_add(struct gl_list *list, const char *item);

/* --- subcommands --------------------------------------------------------- */

int gl_client(int argc, char **argv);
int gl_server(int argc, char **argv);
int gl_token(int argc, char **argv);
int gl_doctor(int argc, char **argv);

#endif
