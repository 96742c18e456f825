/* tests/unit/seal_context.h - the one context that a test is about */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef SEAL_CONTEXT_H
#define SEAL_CONTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "seal_world.h"

#define HOST "host/beta.unit.test"

static struct world_context context;    /* forgotten after each test */

static inline int
clean(void **state)
{
    world_forget(&context);
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

/* An AP-REQ of alice for HOST, sealed by alpha. */
static inline void
sealed(void)
{
    world_forget(&context);
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
}

/* By root on beta. */
static inline krb5_error_code
accept_here(void)
{
    return world_accept(&world_beta, WORLD_ROOT, &context);
}

#endif
