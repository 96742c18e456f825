/* tests/unit/decide_cases.h - questions, and what must come of them */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEST_DECIDE_CASES_H
#define TR_TEST_DECIDE_CASES_H

#include "decide_world.h"

struct test_case {
    const char *name;
    struct tr_question question;
    enum tr_step step;          /* NONE: allowed */
    krb5_error_code code;
    /* looked at unless NULL */
    const char *realm, *label, *low, *high;
    const char *local_label, *local_low, *local_high;
    const char *text;           /* is_said() */
};

#define ALLOWED TR_STEP_NONE, 0

struct dry_run {
    struct test_case test;
    enum tr_step softened;      /* NONE: nothing is */
};

extern const struct test_case sending_cases[], receiving_cases[];
extern const size_t nsending_cases, nreceiving_cases;
extern const struct dry_run dry_runs[];
extern const size_t ndry_runs;

#endif
