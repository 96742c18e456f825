/* tests/unit/test_config.c - trustrealm.conf: what it says, what is wrong */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config_text.h"
#include "trustrealm_err.h"

#define SYSTEM "[system]\nname = alpha.example.com\n"
#define LABELS "[labels]\nlevels = low mid high\ncategories = a b c\n"
#define SOUND SYSTEM LABELS

static struct tr_label
parse(const struct tr_config *config, const char *text)
{
    struct tr_label label;

    assert_int_equal(tr_label_parse(config->encoding, text, &label), 0);
    return label;
}

static void
assert_label(const struct tr_config *config, const struct tr_label *label,
             const char *text)
{
    struct tr_label expected = parse(config, text);

    assert_true(tr_label_equal(label, &expected));
}

static void
defaults_are_the_documented_ones(void **state)
{
    struct tr_config *config = load_good(SOUND);

    assert_string_equal(config->system, "alpha.example.com");
    assert_string_equal(config->principal, "trustrealm/alpha.example.com");
    assert_string_equal(config->bind, "gssapi");
    assert_string_equal(config->backend, "policy");
    assert_string_equal(config->format, "local");
    assert_string_equal(config->audit_level, "info");
    assert_int_equal(config->minimum_ssf, 128);
    assert_int_equal(config->heartbeat, 10);
    assert_int_equal(config->maximum_staleness, 3600);
    assert_int_equal(config->retry, 1);
    assert_int_equal(config->clock_skew, 300);
    assert_int_equal(config->nrules, 0);
    assert_int_equal(config->nattributes, 0);
    assert_false(config->allow_bypass);
    assert_false(config->allow_dry_run);
    assert_false(config->explicit_labels);
    assert_false(config->has_highest);
    assert_null(config->trust_realms);
    assert_null(config->bypass_to);
    /* Root alone accepts for services that are not named. */
    assert_int_equal(config->nservices, 1);
    assert_string_equal(config->services[0].service, "");
    assert_int_equal(config->services[0].naccept, 1);
    assert_int_equal(config->services[0].accept[0].first, 0);
    assert_int_equal(config->services[0].accept[0].last, 0);
    tr_config_free(config);
}

static void
every_key_is_read(void **state)
{
    struct tr_config *config = load_good(
        "[system]\nname = a.example\nprincipal = host/a.example@R\n"
        "keytab = FILE:/k\nstate-directory = /s\nsocket = /r/socket\n"
        "[table]\nsource = ldap://l.example\nbase = ou=t\nbind = simple\n"
        "bind-dn = cn=x\npassword-file = /p\nstarttls = yes\nca-file = /ca\n"
        "signers = /sig\n"
        "minimum-ssf = 256\nheartbeat = 5\nmaximum-staleness = 2d\n"
        "retry = 3s\n"
        "[labels]\nformat = mine\nlevels = low mid high\n"
        "categories = a b c\n"
        "[policy]\nbackend = policy\nrules = second first\n"
        "allow-bypass = true\nallow-dry-run = on\n"
        "trust-realms = one two\nlowest = mid\nhighest = high:a\n"
        "bypass-to = host/x host/y@R\naccept = 7 9-11\n"
        "message-label = explicit\nclock-skew = 2m\n"
        "[rules]\nfirst = {\nlowest = low\nhighest = high:a,b\n"
        "label = mid:a\nuid = root 1000-2000\ngid = 5\n}\n"
        "second = {\nlowest = mid\nhighest = mid\n}\n"
        "[services]\nhttp = {\naccept = 33\nbypass = m/*@R n@R\n}\n"
        "ftp = {\n}\n"
        "[attributes]\nzone = secure\n"
        "posture = {\ncommand = /bin/p -x\ninterval = 30s\ntimeout = 2s\n}\n"
        "[audit]\ntarget = file:/a\nlevel = debug\n");

    assert_string_equal(config->principal, "host/a.example@R");
    assert_string_equal(config->keytab, "FILE:/k");
    assert_string_equal(config->state_directory, "/s");
    assert_string_equal(config->socket, "/r/socket");
    assert_string_equal(config->source, "ldap://l.example");
    assert_string_equal(config->base, "ou=t");
    assert_string_equal(config->bind, "simple");
    assert_string_equal(config->bind_dn, "cn=x");
    assert_string_equal(config->password_file, "/p");
    assert_string_equal(config->ca_file, "/ca");
    assert_string_equal(config->signers, "/sig");
    assert_true(config->starttls);
    assert_int_equal(config->minimum_ssf, 256);
    assert_int_equal(config->heartbeat, 5);
    assert_int_equal(config->maximum_staleness, 2 * 86400);
    assert_int_equal(config->retry, 3);
    assert_string_equal(config->format, "mine");
    assert_true(config->allow_bypass && config->allow_dry_run);
    assert_true(config->explicit_labels);
    assert_string_equal(config->trust_realms[1], "two");
    assert_null(config->trust_realms[2]);
    assert_string_equal(config->bypass_to[0], "host/x");
    assert_null(config->bypass_to[2]);
    assert_true(config->has_highest);
    assert_label(config, &config->highest.low, "mid");
    assert_label(config, &config->highest.high, "high:a");
    assert_int_equal(config->clock_skew, 120);
    assert_string_equal(config->audit_target, "file:/a");
    assert_string_equal(config->audit_level, "debug");
    /* In the order of [policy], not of the file. */
    assert_int_equal(config->nrules, 2);
    assert_string_equal(config->rules[0].name, "second");
    assert_label(config, &config->rules[0].label, "mid");
    assert_string_equal(config->rules[1].name, "first");
    assert_label(config, &config->rules[1].label, "mid:a");
    assert_int_equal(config->rules[1].nuids, 2);
    assert_int_equal(config->rules[1].uids[0].first, 0);
    assert_int_equal(config->rules[1].uids[1].last, 2000);
    assert_int_equal(config->rules[1].ngids, 1);
    assert_int_equal(config->nservices, 3);
    assert_string_equal(config->services[1].service, "ftp");
    assert_int_equal(config->services[1].naccept, 2);
    assert_int_equal(config->services[1].accept[1].last, 11);
    assert_string_equal(config->services[2].service, "http");
    assert_int_equal(config->services[2].accept[0].first, 33);
    assert_string_equal(config->services[2].bypass[1], "n@R");
    assert_int_equal(config->nattributes, 2);
    assert_string_equal(config->attributes[0].value, "secure");
    assert_string_equal(config->attributes[1].command, "/bin/p -x");
    assert_int_equal(config->attributes[1].interval, 30);
    assert_int_equal(config->attributes[1].timeout, 2);
    tr_config_free(config);
}

static void
ldapi_needs_no_layer(void **state)
{
    struct tr_config *config = load_good(
        SOUND "[table]\nsource = ldapi://%2frun%2fldapi\nbase = ou=t\n");

    assert_string_equal(config->bind, "external");
    assert_int_equal(config->minimum_ssf, 0);
    tr_config_free(config);
}

/* What is wrong, and what the message must say after the file's name. */
static const struct { const char *text, *says; } wrong[] = {
    { SOUND "[sytem]\n", "[sytem]: unknown section" },
    { SOUND "[system]\nsocet = /x\n", "[system] socet = /x: unknown key" },
    { SOUND "[policy]\nx = {\ny = 1\n}\n", "[policy] x: unknown subsection" },
    { SOUND "[system]\nname = b.example\n",
      "[system] name = alpha.example.com: given twice" },
    { SYSTEM "[labels]\ncategories = a\n", "[labels] levels: missing" },
    { SYSTEM "[labels]\nlevels = low low\n",
      "[labels] levels = low low: low: not a name, given twice" },
    { SYSTEM "[labels]\nlevels = lo:w\n", "[labels] levels = lo:w: lo:w: " },
    { SYSTEM "[labels]\nlevels = low\ncategories = a,b\n",
      "[labels] categories = a,b: a,b: " },
    { SOUND "[system]\nsocket = run/socket\n",
      "[system] socket = run/socket: absolute path expected" },
    { SOUND "[system]\nsocket = /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
      "path is too long for a socket" },
    { "[system]\nname = a/b\n" LABELS, "[system] name = a/b: host name" },
    { SOUND "[system]\nkeytab = \"\"\n", "[system] keytab = : empty" },
    { SOUND "[table]\nsource = http://x\n",
      "[table] source = http://x: ldap://HOST, ldaps://HOST, "
      "ldapi://PATH (several of one kind), ldif:FILE or snapshot:FILE "
      "expected" },
    { SOUND "[table]\nsource = ldap://x ldaps://y\nbase = dc=x\n",
      "of one kind" },
    { SOUND "[table]\nsource = snapshot:/x\n",
      "[table] signers: missing; a snapshot requires it" },
    { SOUND "[table]\nsource = ldif:x\n",
      "[table] source = ldif:x: absolute path expected" },
    { SOUND "[table]\nsource = ldap://x\n", "[table] base: missing" },
    { SOUND "[table]\nsource = ldaps://x\nbase = o=x\nstarttls = true\n",
      "[table] starttls = true: only with a source ldap://HOST" },
    { SOUND "[table]\nsource = ldap://x\nbase = o=x\nbind = kerberos\n",
      "[table] bind = kerberos: gssapi, external, simple or none expected" },
    { SOUND "[table]\nsource = ldaps://x\nbase = o=x\nbind = simple\n",
      "[table] bind = simple: simple needs bind-dn and password-file" },
    { SOUND "[table]\nsource = ldap://x\nbase = o=x\nbind = simple\n"
      "bind-dn = cn=x\npassword-file = /p\n",
      "[table] bind = simple: simple needs ldaps://, ldapi:// or starttls" },
    { SOUND "[table]\nminimum-ssf = 1\n",
      "[table] minimum-ssf = 1: number from 56 to 1024 expected" },
    { SOUND "[table]\nminimum-ssf = 128x\n", "minimum-ssf = 128x: number" },
    { SOUND "[table]\nminimum-ssf = -1\n", "minimum-ssf = -1: number" },
    { SOUND "[table]\nminimum-ssf = 18446744073709551744\n",
      "minimum-ssf = 18446744073709551744: number" },
    { SOUND "[table]\nheartbeat = 0\n",
      "[table] heartbeat = 0: time from 1s to 3600s expected" },
    { SOUND "[table]\nheartbeat = 10 s\n", "heartbeat = 10 s: time" },
    { SOUND "[table]\nheartbeat = 5w\n", "heartbeat = 5w: time" },
    { SOUND "[table]\nmaximum-staleness = 4294967295d\n",
      "maximum-staleness = 4294967295d: time" },
    { SOUND "[policy]\nbackend = guess\n",
      "[policy] backend = guess: policy expected" },
    { SOUND "[policy]\nallow-bypass = perhaps\n",
      "[policy] allow-bypass = perhaps: true or false expected" },
    { SOUND "[policy]\nmessage-label = never\n",
      "message-label = never: on-change or explicit expected" },
    { SOUND "[policy]\nclock-skew = 301\n", "clock-skew = 301: time" },
    { SOUND "[policy]\naccept = nosuchuserhere\n",
      "[policy] accept = nosuchuserhere: nosuchuserhere: no such user" },
    { SOUND "[policy]\naccept = 5-3\n", "accept = 5-3: 5-3: no such user" },
    { SOUND "[policy]\naccept = 1-2-3\n", "accept = 1-2-3: 1-2-3: " },
    { SOUND "[policy]\naccept = 4294967295\n", "accept = 4294967295: " },
    { SOUND "[policy]\nhighest = top\n",
      "[policy] highest = top: level is not one of [labels]" },
    { SOUND "[policy]\nhighest = high:z\n", "category is not one" },
    { SOUND "[policy]\nhighest = :\n", "LEVEL[:CATEGORY,...] expected" },
    { SOUND "[policy]\nlowest = high\nhighest = low\n",
      "highest = low: highest does not dominate lowest" },
    { SOUND "[policy]\nrules = r\n",
      "[policy] rules = r: [rules] has no subsection r" },
    { SOUND "[rules]\nr = {\nlowest = low\nhighest = low\n}\n",
      "[rules] r: not listed in rules of [policy]" },
    { SOUND "[policy]\nrules = r r\n[rules]\nr = {\nlowest = low\n"
      "highest = low\n}\n", "rules = r r: r is named twice" },
    { SOUND "[policy]\nrules = r\n[rules]\nr = {\nhighest = low\n}\n",
      "[rules] r: lowest: missing" },
    { SOUND "[policy]\nrules = r\n[rules]\nr = {\nlowest = mid\n"
      "highest = low\n}\n", "highest = low: does not dominate lowest" },
    { SOUND "[policy]\nrules = r\n[rules]\nr = {\nlowest = low\n"
      "highest = mid\nlabel = high\n}\n",
      "[rules] r: label = high: not between lowest and highest" },
    { SOUND "[policy]\nrules = r\n[rules]\nr = {\nlowest = low\n"
      "highest = mid\ngid = nosuchgrouphere\n}\n",
      "[rules] r: gid = nosuchgrouphere: nosuchgrouphere: no such group" },
    { SOUND "[policy]\nrules = r\n[rules]\nr = {\nlowest = low\n"
      "highest = mid\nuids = 1\n}\n", "[rules] r: uids = 1: unknown key" },
    { SOUND "[policy]\nrules = r\n[rules]\nr = {\nlowest = low\nuid = 1\n"
      "highest = mid\nuid = 2\n}\n", "[rules] r: uid = 1: given twice" },
    { SOUND "[services]\nhttp = {\nbypass = monitor/*\n}\n",
      "[services] http: bypass = monitor/*: monitor/*: client pattern" },
    { SOUND "[services]\nHTTP = {\n}\nhttp = {\n}\n",
      "[services] http: given twice, as HTTP" },
    { SOUND "[services]\nhttp = 33\n", "[services] http = 33: unknown key" },
    { SOUND "[attributes]\nzone = a b\n",
      "[attributes] zone = a b: value without blanks expected" },
    { SOUND "[attributes]\nzone = {\ninterval = 1\n}\n",
      "[attributes] zone: command: missing" },
    { SOUND "[attributes]\nzone = {\ncommand = check\n}\n",
      "[attributes] zone: command = check: absolute path expected" },
    { SOUND "[attributes]\nzone = a\nzone = {\ncommand = /x\n}\n",
      "[attributes] zone = a: given twice" },
    { SOUND "[audit]\ntarget = printer\n",
      "[audit] target = printer: journal, syslog, stderr or file:PATH" },
    { SOUND "[audit]\nlevel = loud\n",
      "level = loud: error, warning, notice, info or debug expected" },
    { SOUND "[audit]\ntarget = { \nx = y\n", "[audit] target: unknown sub" },
    { "[system\n", ": line 1: Syntax error in profile section header" },
    { "[system]\n\nname = a\nnonsense\n[audit]\ntarget = b\nmore\n",
      ": line 4: Syntax error in profile relation" },
    { "[rules]\na = {\n}\n}\n", ": line 4: Extra closing brace" }
};

static void
every_error_names_its_place(void **state)
{
    struct tr_config *config;
    krb5_error_code ret;
    size_t i;
    char *why;

    for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        ret = load_text(wrong[i].text, &config, &why);
        if (ret != TRR_CONFIG || config != NULL || why == NULL ||
            strncmp(why, "/tmp/trustrealm-test.", 21) != 0 ||
            strstr(why, wrong[i].says) == NULL)
            fail_msg("expected \"%s\", got %d \"%s\"", wrong[i].says,
                     (int)ret, why != NULL ? why : "");
        free(why);
    }
}

static void
a_missing_file_is_named(void **state)
{
    struct tr_config *config;
    char *why;

    assert_int_equal(tr_config_load("/nonexistent/a:b", NULL, &config, &why),
                     TRR_CONFIG);
    assert_string_equal(why, "/nonexistent/a:b: No such file or directory");
    free(why);
}

static void
a_file_that_all_may_write_is_refused(void **state)
{
    char *path = write_text(SOUND), *why;
    struct tr_config *config;

    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(tr_config_load(path, NULL, &config, &why), TRR_CONFIG);
    assert_non_null(strstr(why, "writable by everybody"));
    unlink(path);
    free(path);
    free(why);
}

/* An administrator's machine is no system. */
static void
the_table_alone_is_enough_for_tools(void **state)
{
    static const char table[] =
        "[table]\nsource = ldap://x\nbase = dc=x\n";
    char *paths[] = {
        write_text(table),
        write_text("[table]\nsource = ldap://x\nbase = dc=x\n"
                   "[policy]\nallow-dry-run = true\n")
    }, *why = NULL;
    struct tr_config *config;

    if (tr_config_load_table(paths[0], &config, &why) != 0)
        fail_msg("%s", why);
    assert_null(config->encoding);
    assert_string_equal(config->base, "dc=x");
    tr_config_free(config);
    assert_int_equal(tr_config_load(paths[0], NULL, &config, &why),
                     TRR_CONFIG);
    assert_non_null(strstr(why, "[labels] levels: missing"));
    free(why);
    /* What is meant for a system is one's. */
    assert_int_equal(tr_config_load_table(paths[1], &config, &why),
                     TRR_CONFIG);
    assert_non_null(strstr(why, "[labels] levels: missing"));
    free(why);
    for (size_t i = 0; i < 2; i++) {
        unlink(paths[i]);
        free(paths[i]);
    }
}

static void
includes_are_followed(void **state)
{
    char *labels = write_text(LABELS), text[256];
    struct tr_config *config;

    snprintf(text, sizeof(text), "include %s\n" SYSTEM, labels);
    config = load_good(text);
    assert_int_equal(tr_encoding_levels(config->encoding), 3);
    tr_config_free(config);
    unlink(labels);
    free(labels);
}

static void
the_sample_can_be_used(void **state)
{
    const char *build = getenv("TR_BUILDDIR");
    struct tr_config *config;
    char path[4096], *why;

    if (build == NULL)
        skip();
    snprintf(path, sizeof(path), "%s/tools/trustrealm.conf", build);
    if (tr_config_load(path, NULL, &config, &why) != 0)
        fail_msg("%s", why);
    assert_int_equal(config->nrules, 1);
    tr_config_free(config);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(ldapi_needs_no_layer),
        cmocka_unit_test(every_error_names_its_place),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_file_that_all_may_write_is_refused),
        cmocka_unit_test(the_table_alone_is_enough_for_tools),
        cmocka_unit_test(includes_are_followed),
        cmocka_unit_test(the_sample_can_be_used)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
