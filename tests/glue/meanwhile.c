/* tests/glue/meanwhile.c - the policy changes while a message is made */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *     meanwhile CALL   wrap, get_mic, unwrap or verify_mic on a context that
 *                      began without confidentiality
 *
 * When the plugin calls Kerberos for it, says so on standard output and goes
 * on after a line on standard input.  By then every message has to be
 * confidential: this one does not pass any more.
 */

#define _GNU_SOURCE
#include "config.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include "glue.h"
#include "instead.h"

/* The next call that the plugin passes on is the one. */
static bool waiting;

static void
let_the_policy_change(const void *caller)
{
    char line[8];

    if (!waiting || !is_of_plugin(caller))
        return;
    waiting = false;
    expect(puts("now") >= 0 && fflush(stdout) == 0);
    expect(fgets(line, sizeof(line), stdin) != NULL);
}

/* --- calls of the plugin, instead of libgssapi's ------------------------- */

#pragma GCC visibility push(default)

OM_uint32
gss_wrap(OM_uint32 *minor_status, gss_ctx_id_t context, int conf_req,
         gss_qop_t qop, gss_buffer_t message, int *conf, gss_buffer_t token)
{
    let_the_policy_change(__builtin_return_address(0));
    return REAL(gss_wrap)(minor_status, context, conf_req, qop, message, conf,
                          token);
}

OM_uint32
gss_unwrap(OM_uint32 *minor_status, gss_ctx_id_t context, gss_buffer_t token,
           gss_buffer_t message, int *conf, gss_qop_t *qop)
{
    let_the_policy_change(__builtin_return_address(0));
    return REAL(gss_unwrap)(minor_status, context, token, message, conf, qop);
}

OM_uint32
gss_get_mic(OM_uint32 *minor_status, gss_ctx_id_t context, gss_qop_t qop,
            gss_buffer_t message, gss_buffer_t token)
{
    let_the_policy_change(__builtin_return_address(0));
    return REAL(gss_get_mic)(minor_status, context, qop, message, token);
}

OM_uint32
gss_verify_mic(OM_uint32 *minor_status, gss_ctx_id_t context,
               gss_buffer_t message, gss_buffer_t token, gss_qop_t *qop)
{
    let_the_policy_change(__builtin_return_address(0));
    return REAL(gss_verify_mic)(minor_status, context, message, token, qop);
}
#pragma GCC visibility pop

int
main(int argc, char **argv)
{
    gss_buffer_desc message = octets(20), wrapped, mic, out;
    const char *call = argc > 1 ? argv[1] : "";
    struct wishes wishes = { .flags = GSS_C_CONF_FLAG };
    OM_uint32 major = GSS_S_COMPLETE;
    struct pair p;

    establish(&p, &wishes);
    be_initiator();
    must(gss_wrap(&minor, p.initiator, 0, 0, &message, NULL, &wrapped));
    must(gss_get_mic(&minor, p.initiator, 0, &message, &mic));
    waiting = true;
    if (strcmp(call, "wrap") == 0)
        major = gss_wrap(&minor, p.initiator, 0, 0, &message, NULL, &out);
    else if (strcmp(call, "get_mic") == 0)
        major = gss_get_mic(&minor, p.initiator, 0, &message, &out);
    be_acceptor();
    if (strcmp(call, "unwrap") == 0)
        major = gss_unwrap(&minor, p.acceptor, &wrapped, &out, NULL, NULL);
    else if (strcmp(call, "verify_mic") == 0)
        major = gss_verify_mic(&minor, p.acceptor, &message, &mic, NULL);
    expect(!waiting);
    must_fail(GSS_S_UNAUTHORIZED, major);
    expect(strstr(status_text(minor), "requires confidentiality") != NULL);
    return 0;
}
