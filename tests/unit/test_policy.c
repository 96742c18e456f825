/* tests/unit/test_policy.c - which labels a process has, by its uid and gid */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config_text.h"
#include "trustrealm_err.h"

#define HEAD \
    "[system]\nname = alpha.example.com\n" \
    "[labels]\nlevels = low mid high\ncategories = a b\n"

static const char rules[] = HEAD
    "[policy]\nrules = narrow users ops\n"
    "[rules]\n"
    "users = {\nuid = 1000-1999 3000\nlowest = low\nhighest = high\n}\n"
    "narrow = {\nuid = 1500\nlowest = mid:a\nhighest = mid:a,b\n"
    "label = mid:a,b\n}\n"
    "ops = {\nuid = 2000-2999\ngid = 50 60-61\nlowest = low\n"
    "highest = mid\n}\n";

struct policy {
    struct tr_config *config;
    struct tr_tcb *tcb;
};

static struct policy
open_policy(const char *text)
{
    struct policy policy = { load_good(text), NULL };

    assert_int_equal(tr_tcb_create(policy.config, &policy.tcb), 0);
    return policy;
}

static void
close_policy(struct policy *policy)
{
    tr_tcb_free(policy->tcb);
    tr_config_free(policy->config);
}

/* Rule for a process of these ids, or NULL. */
static const char *
rule_for(const struct policy *policy, uid_t uid, gid_t gid, gid_t other)
{
    gid_t groups[2] = { 7, other };
    struct tr_caller caller = {
        .uid = uid, .gid = gid, .groups = groups, .ngroups = 2
    };
    struct tr_process process = { .rule = "untouched" };
    krb5_error_code ret = tr_tcb_process(policy->tcb, &caller, &process);

    if (ret == 0)
        return process.rule;
    assert_int_equal(ret, TRR_NO_LABEL);
    assert_string_equal(process.rule, "untouched");
    return NULL;
}

static void
the_first_match_wins(void **state)
{
    struct policy policy = open_policy(rules);

    assert_string_equal(rule_for(&policy, 1499, 1, 2), "users");
    assert_string_equal(rule_for(&policy, 1500, 1, 2), "narrow");
    assert_string_equal(rule_for(&policy, 1501, 1, 2), "users");
    close_policy(&policy);
}

static void
ends_of_a_range_belong_to_it(void **state)
{
    struct policy policy = open_policy(rules);

    assert_null(rule_for(&policy, 999, 1, 2));
    assert_string_equal(rule_for(&policy, 1000, 1, 2), "users");
    assert_string_equal(rule_for(&policy, 1999, 1, 2), "users");
    assert_string_equal(rule_for(&policy, 3000, 1, 2), "users");
    assert_null(rule_for(&policy, 3001, 1, 2));
    close_policy(&policy);
}

static void
who_matches_none_gets_nothing(void **state)
{
    struct policy policy = open_policy(rules), empty = open_policy(HEAD);

    assert_null(rule_for(&policy, 0, 0, 0));
    assert_null(rule_for(&policy, (uid_t)-1, 1, 2));
    assert_null(rule_for(&empty, 0, 0, 0));
    close_policy(&policy);
    close_policy(&empty);
}

static void
uid_and_gid_must_both_match(void **state)
{
    struct policy policy = open_policy(rules);

    assert_null(rule_for(&policy, 2000, 1, 2));
    assert_string_equal(rule_for(&policy, 2000, 50, 2), "ops");
    assert_null(rule_for(&policy, 4000, 50, 2));
    close_policy(&policy);
}

static void
a_supplementary_group_matches_too(void **state)
{
    struct policy policy = open_policy(rules);

    assert_string_equal(rule_for(&policy, 2000, 1, 61), "ops");
    assert_null(rule_for(&policy, 2000, 1, 62));
    close_policy(&policy);
}

static void
a_key_that_is_missing_matches_all(void **state)
{
    struct policy policy = open_policy(
        HEAD "[policy]\nrules = group rest\n"
        "[rules]\ngroup = {\ngid = 50\nlowest = mid\nhighest = mid\n}\n"
        "rest = {\nlowest = low\nhighest = low\n}\n");

    assert_string_equal(rule_for(&policy, 0, 50, 2), "group");
    assert_string_equal(rule_for(&policy, 4000, 50, 2), "group");
    assert_string_equal(rule_for(&policy, 4000, 1, 2), "rest");
    close_policy(&policy);
}

static void
range_and_label_are_the_rules(void **state)
{
    struct policy policy = open_policy(rules);
    struct tr_caller caller = { .uid = 1500 };
    struct tr_process process;
    struct tr_range range;

    assert_int_equal(tr_tcb_process(policy.tcb, &caller, &process), 0);
    assert_int_equal(tr_range_parse(policy.config->encoding, "mid:a",
                                    "mid:a,b", &range), 0);
    assert_true(tr_label_equal(&process.range.low, &range.low));
    assert_true(tr_label_equal(&process.range.high, &range.high));
    assert_true(tr_label_equal(&process.label, &range.high));
    close_policy(&policy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_match_wins),
        cmocka_unit_test(ends_of_a_range_belong_to_it),
        cmocka_unit_test(who_matches_none_gets_nothing),
        cmocka_unit_test(uid_and_gid_must_both_match),
        cmocka_unit_test(a_supplementary_group_matches_too),
        cmocka_unit_test(a_key_that_is_missing_matches_all),
        cmocka_unit_test(range_and_label_are_the_rules)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
