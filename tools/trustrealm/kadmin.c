/* tools/trustrealm/kadmin.c - keys of systems, at the KDC */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <kdb.h>
#include <stdlib.h>
#include <time.h>
#include "kadmin_session.h"

/* Tickets may be valid a little longer, by other clocks. */
#define SKEW 300

static kadm5_ret_t
look(struct tool_kadmin *kadmin, krb5_kvno *kvno_out, int64_t *life_out)
{
    kadm5_principal_ent_rec found = { 0 };
    kadm5_ret_t ret;

    ret = kadm5_get_principal(kadmin->handle, kadmin->principal, &found,
                              KADM5_PRINCIPAL_NORMAL_MASK);
    if (ret != 0)
        return ret;
    *kvno_out = found.kvno;
    *life_out = found.max_life;
    (void)kadm5_free_principal_ent(kadmin->handle, &found);
    return 0;
}

int
tool_kadmin_exists(struct tool_kadmin *kadmin, bool *exists_out)
{
    krb5_kvno kvno;
    int64_t life;
    kadm5_ret_t ret = look(kadmin, &kvno, &life);

    *exists_out = ret == 0;
    return ret == 0 || ret == KADM5_UNK_PRINC ? TOOL_DONE :
        tool_kadmin_answered(kadmin, ret, "asking the KDC about it");
}

/* A new random key beside the old ones; TOOL_DONE, or what has been said. */
static int
new_key(struct tool_kadmin *kadmin, struct tool_keytab_key *key_out)
{
    kadm5_ret_t ret;
    int64_t life;

    *key_out = (struct tool_keytab_key){ 0 };
    ret = kadm5_randkey_principal_3(kadmin->handle, kadmin->principal, true,
                                    0, NULL, &key_out->keys, &key_out->n);
    if (ret != 0)
        return tool_kadmin_answered(kadmin, ret, "a new key");
    ret = look(kadmin, &key_out->kvno, &life);
    return ret == 0 ? TOOL_DONE :
        tool_kadmin_answered(kadmin, ret, "asking the KDC about it");
}

/* A new key, in the keytab as well. */
static int
add_key(struct tool_kadmin *kadmin, const char *keytab)
{
    struct tool_keytab_key key = { 0 };
    krb5_error_code code;
    int status;

    status = new_key(kadmin, &key);
    if (status == TOOL_DONE) {
        code = tool_keytab_add(kadmin->context, keytab, kadmin->principal,
                               &key);
        if (code)
            status = tool_kadmin_failed(kadmin, code, "the new key", keytab);
    }
    tool_keytab_free_key(kadmin->context, &key);
    return status;
}

int
tool_kadmin_rotate(struct tool_kadmin *kadmin, const char *keytab)
{
    krb5_error_code code;
    kadm5_ret_t ret;
    krb5_kvno kvno;
    int64_t life;
    int status;

    code = tool_keytab_check(kadmin->context, keytab);
    if (code)
        return tool_kadmin_failed(kadmin, code, "the new key", keytab);
    /* Who may not ask for the new key's number could not store that key. */
    ret = look(kadmin, &kvno, &life);
    if (ret != 0)
        return tool_kadmin_answered(kadmin, ret, "asking the KDC about it");
    status = add_key(kadmin, keytab);
    return status != TOOL_SYSTEM ? status :
        tool_fail(TOOL_SYSTEM, "%s may have a key now that %s lacks: run the "
                  "same command again", kadmin->name, keytab);
}

kadm5_ret_t
tool_kadmin_make(struct tool_kadmin *kadmin, const char *password)
{
    kadm5_principal_ent_rec made = { 0 };

    made.principal = kadmin->principal;
    /* Tickets for systems need no authorization data.  Whoever asks for one of
     * a service that requires preauthentication must have used it himself. */
    made.attributes = KRB5_KDB_NO_AUTH_DATA_REQUIRED |
        KRB5_KDB_REQUIRES_PRE_AUTH;
    return kadm5_create_principal(kadmin->handle, &made, KADM5_PRINCIPAL |
                                  KADM5_ATTRIBUTES, (char *)password);
}

static int
not_taken_back(const struct tool_kadmin *kadmin)
{
    return tool_fail(TOOL_SYSTEM, "%s may have been made, with a key that "
                     "nobody has; if it is new, system retire removes it",
                     kadmin->name);
}

int
tool_kadmin_create(struct tool_kadmin *kadmin, const char *keytab)
{
    krb5_error_code code;
    kadm5_ret_t ret;
    int status;

    code = tool_keytab_check(kadmin->context, keytab);
    if (code)
        return tool_kadmin_failed(kadmin, code, "its key", keytab);
    ret = tool_kadmin_make(kadmin, NULL);
    if (ret != 0) {
        status = tool_kadmin_answered(kadmin, ret, "creating it");
        if (ret == KADM5_DUP)
            (void)tool_fail(status, "if an enrolment of it broke off, system "
                            "retire removes what that left");
        /* Not to be removed: it may be an older one, of somebody's. */
        return status == TOOL_NO ? status : not_taken_back(kadmin);
    }
    status = add_key(kadmin, keytab);
    if (status != TOOL_DONE && tool_kadmin_delete(kadmin, keytab) != TOOL_DONE)
        (void)not_taken_back(kadmin);
    return status;
}

int
tool_kadmin_finish(struct tool_kadmin *kadmin, const char *keytab, bool force)
{
    krb5_error_code code;
    kadm5_ret_t ret;
    krb5_kvno kvno;
    int64_t life, since, end;
    char until[TOOL_TIME_LENGTH];

    ret = look(kadmin, &kvno, &life);
    if (ret != 0)
        return tool_kadmin_answered(kadmin, ret, "asking the KDC about it");
    code = tool_keytab_time(kadmin->context, keytab, kadmin->principal, kvno,
                            &since);
    if (code)
        return tool_kadmin_failed(kadmin, code, "its newest key", keytab);
    /* Then tickets live as long as its Kerberos realm lets them. */
    if (life == 0 && !force)
        return tool_fail(TOOL_NO, "%s has no maximum life of tickets: it is "
                         "not known how long those for the old keys may be "
                         "in use; --force removes these at once",
                         kadmin->name);
    end = since + life + SKEW;
    tool_format_time(end, until);
    if (end > time(NULL) && !force)
        return tool_fail(TOOL_NO, "%s: tickets for the old keys may be in "
                         "use until %s; --force removes these at once",
                         kadmin->name, until);
    ret = kadm5_purgekeys(kadmin->handle, kadmin->principal, -1);
    if (ret != 0)
        return tool_kadmin_answered(kadmin, ret, "old keys");
    code = tool_keytab_remove(kadmin->context, keytab, kadmin->principal,
                              kvno);
    return code == 0 ? TOOL_DONE :
        tool_kadmin_failed(kadmin, code, "old keys", keytab);
}

int
tool_kadmin_delete(struct tool_kadmin *kadmin, const char *keytab)
{
    krb5_error_code code;
    kadm5_ret_t ret;

    ret = kadm5_delete_principal(kadmin->handle, kadmin->principal);
    if (ret != 0 && ret != KADM5_UNK_PRINC)
        return tool_kadmin_answered(kadmin, ret, "removing it");
    code = keytab == NULL ? 0 :
        tool_keytab_remove(kadmin->context, keytab, kadmin->principal, 0);
    if (code != 0 && code != ENOENT)
        return tool_kadmin_failed(kadmin, code, "its keys", keytab);
    return ret == 0 ? TOOL_DONE : TOOL_NO;
}
