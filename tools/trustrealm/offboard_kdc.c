/* tools/trustrealm/offboard_kdc.c - what the KDC still does for somebody */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <kdb.h>
#include <string.h>
#include <time.h>
#include "kadmin_session.h"
#include "offboard.h"
#include "pending.h"

/* One thing that is left, of a principal that was found: told, or ended. */
struct left {
    struct offboard *person;    /* NULL: end it */
    struct tool_kadmin *kadmin;
};

/* *there_out says whether found is to be freed. */
static int
get(struct tool_kadmin *kadmin, krb5_principal principal,
    kadm5_principal_ent_rec *found_out, bool *there_out)
{
    kadm5_ret_t ret;

    ret = kadm5_get_principal(kadmin->handle, principal, found_out,
                              KADM5_PRINCIPAL_NORMAL_MASK);
    *there_out = ret == 0;
    return ret == 0 || ret == KADM5_UNK_PRINC ? TOOL_DONE :
        tool_kadmin_answered(kadmin, ret, "asking the KDC about it");
}

static bool
has_ended(const kadm5_principal_ent_rec *found)
{
    int64_t end = (uint32_t)found->princ_expire_time;

    return (found->attributes & KRB5_KDB_DISALLOW_ALL_TIX) != 0 ||
        (end != 0 && end <= time(NULL));
}

/* --- log-ins ------------------------------------------------------------- */

/* NAME, and NAME/admin; NULL when the first is not so simple. */
static krb5_error_code
principal_of_his(struct tool_kadmin *kadmin, bool admin,
                 krb5_principal *principal_out)
{
    const krb5_principal_data *his = kadmin->principal;

    *principal_out = NULL;
    if (!admin)
        return krb5_copy_principal(kadmin->context, his, principal_out);
    if (his->length != 1)
        return 0;
    return krb5_build_principal_ext(
        kadmin->context, principal_out, his->realm.length, his->realm.data,
        his->data[0].length, his->data[0].data, sizeof("admin") - 1, "admin",
        0);
}

static int
find_log_in(const struct left *left, krb5_principal principal)
{
    kadm5_principal_ent_rec found = { 0 };
    kadm5_ret_t ret;
    bool there;
    char *name = NULL;
    int status;

    status = get(left->kadmin, principal, &found, &there);
    if (status != TOOL_DONE || !there)
        return status;
    if (has_ended(&found))
        goto cleanup;
    if (left->person == NULL) {
        found.attributes |= KRB5_KDB_DISALLOW_ALL_TIX;
        ret = kadm5_modify_principal(left->kadmin->handle, &found,
                                     KADM5_ATTRIBUTES);
        if (ret != 0)
            status = tool_kadmin_answered(left->kadmin, ret,
                                          "barring it from tickets");
    } else if (krb5_unparse_name(left->kadmin->context, principal, &name) ==
               0) {
        offboard_note(left->person, OFFBOARD_LEFT, NULL, name, "KDC: issues "
                      "him tickets");
    } else {
        status = TOOL_SYSTEM;
    }

cleanup:
    krb5_free_unparsed_name(left->kadmin->context, name);
    (void)kadm5_free_principal_ent(left->kadmin->handle, &found);
    return status;
}

/* --- invitations --------------------------------------------------------- */

/* As NAME or as NAME/admin: whoever may do either is the same person. */
static bool
made_by_him(const struct tool_kadmin *kadmin,
            const kadm5_principal_ent_rec *found)
{
    const krb5_principal_data *his = kadmin->principal, *by = found->mod_name;

    if (by == NULL || !krb5_realm_compare(kadmin->context, his, by))
        return false;
    return krb5_principal_compare(kadmin->context, his, by) ||
        (his->length == 1 && by->length == 2 &&
         by->data[0].length == his->data[0].length &&
         memcmp(by->data[0].data, his->data[0].data,
                his->data[0].length) == 0);
}

/* Of the system that is to be at dn, with that principal (or NULL). */
static int
find_invitation(const struct left *left, const char *dn, const char *name)
{
    krb5_context context = left->kadmin->context;
    krb5_principal system = NULL, invitation = NULL;
    kadm5_principal_ent_rec found = { 0 };
    kadm5_ret_t ret;
    bool there = false;
    int status = TOOL_DONE;

    if (name == NULL || krb5_parse_name(context, name, &system) != 0 ||
        tool_kadmin_invitation(context, system, &invitation) != 0)
        goto cleanup;
    status = get(left->kadmin, invitation, &found, &there);
    if (!there || has_ended(&found) || !made_by_him(left->kadmin, &found))
        goto cleanup;
    if (left->person == NULL) {
        ret = kadm5_delete_principal(left->kadmin->handle, invitation);
        if (ret != 0)
            status = tool_kadmin_answered(left->kadmin, ret, "withdrawing an "
                                          "invitation");
    } else {
        offboard_note(left->person, OFFBOARD_LEFT, NULL, dn, "KDC: "
                      "invitation, whose token makes a key of %s", name);
    }

cleanup:
    if (there)
        (void)kadm5_free_principal_ent(left->kadmin->handle, &found);
    krb5_free_principal(context, invitation);
    krb5_free_principal(context, system);
    return status;
}

/* Systems that are not there yet are proposed. */
static int
find_proposed(const struct left *left, const struct tool_entries *proposals)
{
    const struct tool_entry *one;
    size_t i;
    int status = TOOL_DONE;

    for (i = 0; i < proposals->n && status == TOOL_DONE; i++) {
        one = proposals->list[i];
        status = find_invitation(left, tool_entry_value(one, "trTarget"),
                                 tool_pending_principal(one));
    }
    return status;
}

/* --- all of it ----------------------------------------------------------- */

/* gone: proposals that were there before. */
static int
each(const struct left *left, const struct tool_work *work,
     const struct tool_entries *gone)
{
    struct tool_entries proposals = { 0 };
    const struct tool_entry *entry;
    krb5_principal principal;
    size_t i;
    int status = TOOL_DONE;

    for (i = 0; i < 2 && status == TOOL_DONE; i++) {
        if (principal_of_his(left->kadmin, i == 1, &principal) != 0)
            return TOOL_SYSTEM;
        if (principal != NULL)
            status = find_log_in(left, principal);
        krb5_free_principal(left->kadmin->context, principal);
    }
    for (i = 0; i < work->entries.n && status == TOOL_DONE; i++) {
        entry = work->entries.list[i];
        if (entry->type == TR_RECORD_SYSTEM)
            status = find_invitation(left, entry->dn,
                                     tool_entry_value(entry, "trPrincipal"));
    }
    if (status == TOOL_DONE)
        status = find_proposed(left, gone);
    if (status == TOOL_DONE)
        status = tool_pending_search(work->directory,
                                     "(objectClass=trPending)", &proposals);
    if (status == TOOL_DONE)
        status = find_proposed(left, &proposals);
    tool_entries_clear(&proposals);
    return status;
}

int
offboard_find_kdc(struct offboard *person, const struct tool_work *work,
                  struct tool_kadmin *kadmin)
{
    const struct left left = { person, kadmin };

    return each(&left, work, &person->proposals);
}

int
offboard_end_kdc(const struct offboard *person, const struct tool_work *work,
                 struct tool_kadmin *kadmin)
{
    const struct left left = { NULL, kadmin };

    return each(&left, work, &person->proposals);
}
