/* tools/trustrealm/directory_ldap.c - a directory in an LDAP server */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "directory_ldap.h"
#include "record_class.h"
#include "source_answer.h"
#include "source_connect.h"

#define PAGE 1000
#define CSN "entryCSN"

int
tool_ldap_failed(const struct tool_ldap *ldap, int code, const char *what)
{
    char *text = tr_answer_error(ldap->ld, code, what);

    tool_fail(TOOL_SYSTEM, "%s: %s", ldap->uri,
              text != NULL ? text : what);
    free(text);
    return TOOL_SYSTEM;
}

/* --- the connection ------------------------------------------------------ */

static void
close_ldap(void *arg)
{
    struct tool_ldap *ldap = arg;
    sigset_t held;

    tool_hold_pipe(&held);
    if (ldap->ld != NULL)
        (void)ldap_unbind_ext(ldap->ld, NULL, NULL);
    tool_release_pipe(&held);
    free(ldap);
}

static int
look_at_controls(struct tool_ldap *ldap)
{
    char *attributes[] = { (char *)"supportedControl", NULL };
    LDAPMessage *answer = NULL;
    struct berval **values = NULL;
    size_t i;
    int code;

    code = ldap_search_ext_s(ldap->ld, "", LDAP_SCOPE_BASE,
                             "(objectClass=*)", attributes, 0, NULL, NULL,
                             &ldap->timeout, 1, &answer);
    if (code == LDAP_SUCCESS)
        values = ldap_get_values_len(ldap->ld, answer, attributes[0]);
    for (i = 0; values != NULL && values[i] != NULL; i++) {
        if (strcmp(values[i]->bv_val, LDAP_CONTROL_ASSERT) == 0)
            ldap->assertions = true;
    }
    ldap_value_free_len(values);
    ldap_msgfree(answer);
    return code == LDAP_SUCCESS ? TOOL_DONE :
        tool_ldap_failed(ldap, code, "root DSE");
}

int
tool_ldap_open(const struct tr_ldap_options *options, void **state_out)
{
    struct tool_ldap *ldap;
    krb5_error_code ret;
    char *why = NULL;
    int status;

    ret = tr_connect_check(options, &why);
    if (ret) {
        tool_fail(TOOL_USAGE, "%s: %s", options->uri,
                  why != NULL ? why : error_message(ret));
        free(why);
        return TOOL_USAGE;
    }
    /* The administration of labels is not itself labelled. */
    if (setenv("GSS_MECH_CONFIG", "/dev/null", 1) != 0)
        return tool_fail(TOOL_SYSTEM, "the environment cannot be changed");
    ldap = tool_must(calloc(1, sizeof(*ldap)));
    ldap->options = options;
    ldap->base = options->base;
    ldap->uri = options->uri;
    ldap->timeout.tv_sec = options->timeout_s;
    ret = tr_connect(options, &ldap->turn, &ldap->ld, &why);
    if (ret) {
        status = tool_fail(TOOL_SYSTEM, "%s: %s", options->uri,
                           why != NULL ? why : error_message(ret));
        ldap->ld = NULL;
    } else {
        status = look_at_controls(ldap);
    }
    free(why);
    if (status == TOOL_DONE)
        *state_out = ldap;
    else
        close_ldap(ldap);
    return status;
}

bool
tool_ldap_again(struct tool_ldap *ldap)
{
    LDAP *ld = NULL;
    char *why = NULL;

    if (!ldap->lost)
        ldap->lost = tr_connect(ldap->options, &ldap->turn, &ld, &why) != 0;
    free(why);
    if (ldap->lost)
        return false;
    (void)ldap_unbind_ext(ldap->ld, NULL, NULL);
    ldap->ld = ld;
    return true;
}

/* --- reading ------------------------------------------------------------- */

static int
take_entry(const struct tool_ldap *ldap, LDAPMessage *raw,
           struct tool_entry **entry_out)
{
    struct tool_entry *entry;
    char *dn = ldap_get_dn(ldap->ld, raw), *name;
    BerElement *position = NULL;
    struct berval **values;
    size_t i;

    if (dn == NULL)
        return tool_ldap_failed(ldap, LDAP_DECODING_ERROR, "search");
    entry = tool_entry_create(dn);
    ldap_memfree(dn);
    for (name = ldap_first_attribute(ldap->ld, raw, &position); name != NULL;
         name = ldap_next_attribute(ldap->ld, raw, position)) {
        values = ldap_get_values_len(ldap->ld, raw, name);
        for (i = 0; values != NULL && values[i] != NULL; i++) {
            if (strcasecmp(name, CSN) != 0)
                tool_entry_add_octets(entry, name, values[i]->bv_val,
                                      values[i]->bv_len);
            else if (entry->csn == NULL)
                entry->csn = tool_copy(values[i]->bv_val);
        }
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ber_free(position, 0);
    tool_entry_identify(entry);
    *entry_out = entry;
    return TOOL_DONE;
}

/* A server says the same of what is not there and of what one may not see. */
static int
lacks_base(const struct tool_ldap *ldap, const char *base)
{
    char *name = NULL;

    if (tool_ldap_whoami(ldap, &name) == LDAP_SUCCESS)
        tool_fail(TOOL_SYSTEM, "%s: there is no entry %s that %s may see",
                  ldap->uri, base, *name != '\0' ? name : "anybody");
    else
        (void)tool_ldap_failed(ldap, LDAP_NO_SUCH_OBJECT, base);
    free(name);
    return TOOL_SYSTEM;
}

/* One page of the answer; cookie is where the next one begins. */
static int
take_page(const struct tool_ldap *ldap, const char *base, const char *filter,
          const char **attributes, struct berval *cookie,
          struct tool_entries *entries_out)
{
    LDAPControl *page = NULL, *controls[2] = { NULL, NULL }, *found;
    LDAPControl **returned = NULL;
    LDAPMessage *answer = NULL, *raw;
    struct tool_entry *entry;
    int code, status = TOOL_DONE;

    code = ldap_create_page_control(ldap->ld, PAGE, cookie, 0, &page);
    controls[0] = page;
    if (code == LDAP_SUCCESS)
        code = ldap_search_ext_s(ldap->ld, base, LDAP_SCOPE_SUBTREE,
                                 filter, (char **)attributes, 0, controls,
                                 NULL, NULL, LDAP_NO_LIMIT, &answer);
    ber_memfree(cookie->bv_val);
    memset(cookie, 0, sizeof(*cookie));
    if (code == LDAP_SUCCESS)
        code = ldap_parse_result(ldap->ld, answer, NULL, NULL, NULL, NULL,
                                 &returned, 0);
    if (code == LDAP_NO_SUCH_OBJECT)
        status = lacks_base(ldap, base);
    else if (code != LDAP_SUCCESS)
        status = tool_ldap_failed(ldap, code, base);
    for (raw = ldap_first_entry(ldap->ld, answer);
         raw != NULL && status == TOOL_DONE;
         raw = ldap_next_entry(ldap->ld, raw)) {
        status = take_entry(ldap, raw, &entry);
        if (status == TOOL_DONE)
            tool_entries_add(entries_out, entry);
    }
    found = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, returned, NULL);
    if (found != NULL && status == TOOL_DONE &&
        (found->ldctl_value.bv_val == NULL ||
         ldap_parse_pageresponse_control(ldap->ld, found, NULL, cookie) !=
         LDAP_SUCCESS))
        status = tool_ldap_failed(ldap, LDAP_DECODING_ERROR, "search");
    ldap_controls_free(returned);
    ldap_control_free(page);
    ldap_msgfree(answer);
    return status;
}

static int
search_ldap(void *arg, const char *base, const char *filter,
            const char **attributes, struct tool_entries *entries_out)
{
    struct berval cookie = { 0, NULL };
    sigset_t held;
    int status;

    tool_hold_pipe(&held);
    do {
        status = take_page(arg, base, filter, attributes, &cookie,
                           entries_out);
    } while (status == TOOL_DONE && cookie.bv_len > 0);
    tool_release_pipe(&held);
    ber_memfree(cookie.bv_val);
    return status;
}

int
tool_ldap_whoami(const struct tool_ldap *ldap, char **name_out)
{
    struct berval *name = NULL;
    sigset_t held;
    int code;

    tool_hold_pipe(&held);
    code = ldap_whoami_s(ldap->ld, &name, NULL, NULL);
    tool_release_pipe(&held);
    if (code != LDAP_SUCCESS)
        return code;
    /* 389-ds has a blank after "dn:". */
    if (name != NULL && name->bv_len > 4 &&
        memcmp(name->bv_val, "dn: ", 4) == 0)
        *name_out = tool_format("dn:%.*s", (int)name->bv_len - 4,
                                name->bv_val + 4);
    else
        *name_out = name == NULL ? tool_copy("") :
            tool_format("%.*s", (int)name->bv_len, name->bv_val);
    ber_bvfree(name);
    return LDAP_SUCCESS;
}

static int
whoami_ldap(void *arg, char **name_out)
{
    const struct tool_ldap *ldap = arg;
    int code = tool_ldap_whoami(ldap, name_out);

    return code == LDAP_SUCCESS ? TOOL_DONE :
        tool_ldap_failed(ldap, code, "who am I");
}

/* Entries of ours: all, or those that filter finds. */
static int
search(void *arg, const char *filter, struct tool_entries *entries_out)
{
    static const char *const also[] = { CSN, "owner", NULL };
    const size_t nalso = sizeof(also) / sizeof(also[0]);
    const struct tool_ldap *ldap = arg;
    const char **attributes = NULL;
    char *all = NULL;
    size_t n;
    int status;

    if (tr_class_search(&all, &attributes) != 0)
        (void)tool_must(NULL);
    for (n = 0; attributes[n] != NULL; n++)
        ;
    attributes = tool_must(reallocarray(attributes, n + nalso,
                                        sizeof(*attributes)));
    memcpy(attributes + n, also, sizeof(also));
    status = search_ldap(arg, ldap->base, filter != NULL ? filter : all,
                         attributes, entries_out);
    free(attributes);
    free(all);
    return status;
}

static int
read_ldap(void *arg, struct tool_entries *entries_out)
{
    return search(arg, NULL, entries_out);
}

char *
tool_ldap_equal(const char *attribute, const char *value, size_t length)
{
    struct berval plain = { length, (char *)value }, escaped = { 0, NULL };
    char *filter;

    if (ldap_bv2escaped_filter_value(&plain, &escaped) != 0)
        (void)tool_must(NULL);
    filter = tool_format("(%s=%.*s)", attribute, (int)escaped.bv_len,
                         escaped.bv_val);
    if (escaped.bv_val != plain.bv_val)
        ber_memfree(escaped.bv_val);
    return filter;
}

static char *
make_filter(enum tr_record_type type, const char *name)
{
    static const struct { const char *class, *attribute; } kinds[] = {
        [TR_RECORD_REALM] = { "trTrustRealm", "cn" },
        [TR_RECORD_SYSTEM] = { "trSystem", "cn" },
        [TR_RECORD_CLEARANCE] = { "trSubject", "trPrincipal" },
        [TR_RECORD_MAP] = { "trLabelMap", "trRealmName" },
    };
    size_t length = strlen(name);
    char *first, *second = NULL, *filter;

    if (type == TR_RECORD_MAP && strchr(name, '/') != NULL) {
        length = strcspn(name, "/");
        second = tool_ldap_equal("trFormat", name + length + 1,
                                 strlen(name + length + 1));
    }
    first = tool_ldap_equal(kinds[type].attribute, name, length);
    filter = tool_format("(&(objectClass=%s)%s%s)", kinds[type].class, first,
                         second != NULL ? second : "");
    free(first);
    free(second);
    return filter;
}

static int
find_ldap(void *arg, enum tr_record_type type, const char *name,
          struct tool_entry **entry_out)
{
    struct tool_entries entries = { 0 };
    char *filter = make_filter(type, name);
    int status;

    status = search(arg, filter, &entries);
    if (status == TOOL_DONE && entries.n == 0)
        status = TOOL_NO;
    if (status == TOOL_DONE && entries.n > 1)
        status = tool_fail(TOOL_SYSTEM, "%s is the name of %s and of %s",
                           name, entries.list[0]->dn, entries.list[1]->dn);
    if (status == TOOL_DONE) {
        *entry_out = entries.list[0];
        entries.n = 0;
    }
    tool_entries_clear(&entries);
    free(filter);
    return status;
}

static int
search_one(const struct tool_ldap *ldap, const char *dn,
           LDAPMessage **answer_out)
{
    char *attributes[] = { (char *)LDAP_ALL_USER_ATTRIBUTES, (char *)CSN,
                           NULL };

    return ldap_search_ext_s(ldap->ld, dn, LDAP_SCOPE_BASE,
                             "(objectClass=*)", attributes, 0, NULL, NULL,
                             NULL, 1, answer_out);
}

int
tool_ldap_get(struct tool_ldap *ldap, const char *dn,
              LDAPMessage **answer_out)
{
    LDAPMessage *answer = NULL;
    sigset_t held;
    int code;

    tool_hold_pipe(&held);
    code = search_one(ldap, dn, &answer);
    if (code == LDAP_SERVER_DOWN && tool_ldap_again(ldap))
        code = search_one(ldap, dn, &answer);
    tool_release_pipe(&held);
    if (code == LDAP_NO_SUCH_OBJECT ||
        (code == LDAP_SUCCESS &&
         ldap_first_entry(ldap->ld, answer) == NULL)) {
        ldap_msgfree(answer);
        return TOOL_NO;
    }
    if (code != LDAP_SUCCESS) {
        ldap_msgfree(answer);
        return tool_ldap_failed(ldap, code, dn);
    }
    *answer_out = answer;
    return TOOL_DONE;
}

int
tool_ldap_look(void *arg, const char *dn, struct tool_entry **entry_out)
{
    struct tool_ldap *ldap = arg;
    LDAPMessage *answer = NULL;
    int status;

    status = tool_ldap_get(ldap, dn, &answer);
    if (status == TOOL_DONE)
        status = take_entry(ldap, ldap_first_entry(ldap->ld, answer),
                            entry_out);
    ldap_msgfree(answer);
    return status;
}

const struct tool_backend tool_backend_ldap = {
    read_ldap, find_ldap, tool_ldap_look, tool_ldap_apply, close_ldap,
    search_ldap, whoami_ldap
};
