/* mech/service/check.c - would this configuration work? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto.h"
#include "daemon.h"
#include "follow.h"
#include "source.h"
#include "trustrealm_err.h"

struct check {
    const struct tr_config *config;
    int faults;
};

static void
fault(struct check *check, const char *what, const char *value,
      const char *why)
{
    fprintf(stderr, "%s: %s = %s: %s\n", check->config->path, what, value,
            why);
    check->faults++;
}

/* The same of a key in a subsection. */
static void
fault_in(struct check *check, const char *section, const char *sub,
         const char *key, const char *value, const char *why)
{
    char *what;

    if (asprintf(&what, "[%s] %s: %s", section, sub, key) < 0)
        what = NULL;
    fault(check, what != NULL ? what : section, value, why);
    free(what);
}

/* The file that value names (after a prefix), or, for one that will be made,
 * its directory. */
static void
check_access(struct check *check, const char *what, const char *value,
             bool parent, int mode)
{
    const char *path = strchr(value, '/');
    char *copy = strdup(path != NULL ? path : value);

    if (copy == NULL)
        fault(check, what, value, strerror(ENOMEM));
    else if (access(parent ? dirname(copy) : copy, mode) != 0)
        fault(check, what, value, strerror(errno));
    free(copy);
}

/* A key of the system principal, of a type that is used. */
static void
check_keytab(struct check *check)
{
    const struct tr_config *config = check->config;
    krb5_context context = NULL;
    krb5_principal self = NULL;
    krb5_keytab keytab = NULL;
    krb5_keytab_entry entry;
    krb5_kt_cursor cursor;
    const char *message;
    krb5_error_code ret;
    bool found = false;

    ret = tr_context_create(&context);
    if (ret) {
        fault(check, "krb5.conf", "", error_message(ret));
        return;
    }
    ret = krb5_parse_name(context, config->principal, &self);
    if (ret == 0)
        ret = krb5_kt_resolve(context, config->keytab, &keytab);
    if (ret == 0)
        ret = krb5_kt_start_seq_get(context, keytab, &cursor);
    if (ret == 0) {
        while (krb5_kt_next_entry(context, keytab, &entry, &cursor) == 0) {
            found = found || (krb5_principal_compare(context, self,
                                                     entry.principal) &&
                              tr_checksum_type(entry.key.enctype) != 0);
            krb5_free_keytab_entry_contents(context, &entry);
        }
        krb5_kt_end_seq_get(context, keytab, &cursor);
    }
    if (ret) {
        message = krb5_get_error_message(context, ret);
        fault(check, "[system] keytab", config->keytab, message);
        krb5_free_error_message(context, message);
    } else if (!found) {
        fault(check, "[system] principal", config->principal,
              "the keytab has no AES key for it");
    }
    if (keytab != NULL)
        krb5_kt_close(context, keytab);
    krb5_free_principal(context, self);
    krb5_free_context(context);
}

/* systemd makes the usual directory when it starts the service, and removes it
 * when that stops. */
static void
check_socket(struct check *check)
{
    const char *path = check->config->socket;
    char *copy = strdup(path);

    if (copy == NULL || strcmp(path, TR_SOCKET_PATH) != 0 ||
        access(dirname(copy), F_OK) == 0 || errno != ENOENT)
        check_access(check, "[system] socket", path, true, W_OK | X_OK);
    free(copy);
}

static void
check_state(struct check *check)
{
    const char *path = check->config->state_directory;
    const char *what = "[system] state-directory";
    struct stat st;

    if (stat(path, &st) != 0 && errno == ENOENT)
        check_access(check, what, path, true, W_OK | X_OK);
    else if (access(path, R_OK | W_OK | X_OK) != 0)
        fault(check, what, path, strerror(errno));
    else if (tr_state_fault(&st) != NULL)
        fault(check, what, path, tr_state_fault(&st));
}

static void
check_commands(struct check *check)
{
    const struct tr_attribute_source *source;
    char *program;
    size_t i;

    for (i = 0; i < check->config->nattributes; i++) {
        source = &check->config->attributes[i];
        if (source->command == NULL)
            continue;
        program = strndup(source->command, strcspn(source->command, " \t"));
        if (program == NULL || access(program, X_OK) != 0)
            fault_in(check, "attributes", source->name, "command",
                     source->command, strerror(errno));
        free(program);
    }
}

/* By-passes that have no effect, since allow-bypass is false. */
static void
check_bypass(struct check *check)
{
    const struct tr_config *config = check->config;
    const struct tr_service_rule *rule;
    size_t i;

    if (config->allow_bypass)
        return;
    if (config->bypass_to != NULL)
        fault(check, "[policy] bypass-to", config->bypass_to[0],
              "without allow-bypass nothing is by-passed");
    for (i = 0; i < config->nservices; i++) {
        rule = &config->services[i];
        if (rule->bypass != NULL && rule->bypass[0] != NULL)
            fault_in(check, "services", rule->service, "bypass",
                     rule->bypass[0],
                     "without allow-bypass nothing is by-passed");
    }
}

/* Of use where users have no namespaces of their own: told, but no fault. */
static void
tell_loophole(const char *rule, const char *why, void *arg)
{
    const struct check *check = arg;

    fprintf(stderr, "%s: warning: [policy] rules = %s: %s\n",
            check->config->path, rule, why);
}

/* Names that the table does not know are most likely misspelt. */
static void
check_names(struct check *check, struct tr_table *table)
{
    char **name = check->config->trust_realms;
    const struct tr_realm *realm;
    struct tr_view *view;
    krb5_error_code ret;

    ret = tr_view_open(table, &view);
    if (ret) {
        fault(check, "[table] source", check->config->source,
              tr_table_message(table));
        return;
    }
    for (; name != NULL && *name != NULL; name++) {
        if (tr_view_realm(view, *name, &realm) == TRR_NOT_FOUND)
            fault(check, "[policy] trust-realms", *name,
                  "no such trust realm in the table");
    }
    tr_view_close(view);
}

/* The file as it is now, in a table of its own. */
static void
check_ldif(struct check *check, const char *path)
{
    const char *folder = secure_getenv("TMPDIR");
    struct tr_table *table = NULL;
    char *directory, *why = NULL;
    krb5_error_code ret;

    if (asprintf(&directory, "%s/trustrealmd.XXXXXX",
                 folder != NULL ? folder : "/tmp") < 0) {
        fault(check, "[table] source", path, strerror(ENOMEM));
        return;
    }
    if (mkdtemp(directory) == NULL) {
        fault(check, "temporary directory", directory, strerror(errno));
        free(directory);
        return;
    }
    ret = tr_table_open(directory, TR_TABLE_WRITE, 0, &table, &why);
    if (ret == 0)
        ret = tr_source_load_ldif(table, path, &why);
    if (ret)
        fault(check, "[table] source", check->config->source,
              why != NULL ? why : error_message(ret));
    else
        check_names(check, table);
    tr_table_close(table);
    tr_table_remove(directory);
    free(directory);
    free(why);
}

/* The table as it is kept, if there is one yet. */
static void
check_kept(struct check *check)
{
    struct tr_table *table = NULL;
    char *path = tr_table_path(check->config), *why = NULL;
    krb5_error_code ret;

    if (path != NULL && access(path, F_OK) == 0) {
        ret = tr_table_open(path, TR_TABLE_READ, 0, &table, &why);
        /* One of another format is made anew at the start. */
        if (ret != 0 && ret != TRR_VERSION)
            fault(check, "[table] source", check->config->source,
                  why != NULL ? why : "its table cannot be opened");
        else if (ret == 0)
            check_names(check, table);
    }
    tr_table_close(table);
    free(path);
    free(why);
}

static void
check_table(struct check *check)
{
    const char *path = tr_config_file(check->config);

    if (path == NULL || tr_config_signed(check->config))
        check_kept(check);
    else if (access(path, R_OK) == 0)
        check_ldif(check, path);
}

int
tr_check_config(const char *config_path)
{
    struct check check = { NULL, 0 };
    struct tr_config *config = NULL;
    struct tr_tcb *tcb = NULL;
    krb5_error_code ret;
    char *why = NULL;

    initialize_trr_error_table();
    ret = tr_config_load(config_path, NULL, &config, &why);
    if (ret) {
        fprintf(stderr, "%s\n", why != NULL ? why : error_message(ret));
        free(why);
        return 1;
    }
    check.config = config;
    check_keytab(&check);
    check_state(&check);
    check_socket(&check);
    if (tr_config_file(config) != NULL)
        check_access(&check, "[table] source", config->source, false, R_OK);
    if (config->signers != NULL)
        check_access(&check, "[table] signers", config->signers, false, R_OK);
    if (config->password_file != NULL)
        check_access(&check, "[table] password-file", config->password_file,
                     false, R_OK);
    if (config->ca_file != NULL)
        check_access(&check, "[table] ca-file", config->ca_file, false, R_OK);
    if (strncmp(config->audit_target, "file:", 5) == 0)
        check_access(&check, "[audit] target", config->audit_target, true,
                     W_OK | X_OK);
    check_commands(&check);
    check_bypass(&check);
    tr_config_each_loophole(config, tell_loophole, &check);
    check_table(&check);
    ret = tr_tcb_create(config, &tcb);
    if (ret)
        fault(&check, "[policy] backend", config->backend,
              error_message(ret));
    tr_tcb_free(tcb);
    tr_config_free(config);
    return check.faults;
}
