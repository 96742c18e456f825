/* tools/trustrealm/directory_ldap_apply.c - change entries in a server */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Values are never replaced as a whole: a modification names what is to go
 * and what is to come, so that one which was planned on something that is no
 * longer so fails.  Where the server has the assertion control (RFC 4528) an
 * operation is tied to the entryCSN that was read, and no other change to
 * the entry goes unnoticed either.  Elsewhere (389 Directory Server) the entry
 * is read once more, which leaves a moment for others.
 *
 * Where it takes two people to remove a value of a limit, one narrows it by
 * adding another.  A server does not say what it would permit: what it refuses
 * is tried again without removing what has no effect any more.
 *
 * All that may be needed to take back what was done is there before the first
 * operation is sent.  What was done, though no answer came, is found out on
 * another connection.
 */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "directory_ldap.h"
#include "record_class.h"

struct step {
    const struct tool_change *change;
    const char *dn;
    LDAPMod **forward;          /* NULL: delete the entry */
    LDAPMod **back;             /* likewise */
    struct tool_entry *kept;    /* tool_limit_keep() */
    LDAPMod **kept_forward, **kept_back;
};

static int
is_gone(const char *dn)
{
    return tool_fail(TOOL_NO, "%s: is gone: somebody else has removed it "
                     "meanwhile", dn);
}

/* --- modifications ------------------------------------------------------- */

struct mods {
    LDAPMod **list;             /* ldap_mods_free() */
    size_t n;
    int added, removed;         /* operations; -1: not wanted */
};

static void
add_value(struct mods *mods, int operation, const char *attribute,
          const char *value, size_t length)
{
    LDAPMod *mod = mods->n == 0 ? NULL : mods->list[mods->n - 1];
    struct berval plain = { length, (char *)value }, *copy;

    /* Values of one attribute that go the same way come together. */
    if (mod == NULL || mod->mod_op != (operation | LDAP_MOD_BVALUES) ||
        strcmp(mod->mod_type, attribute) != 0) {
        mod = tool_must(ber_memcalloc(1, sizeof(*mod)));
        mod->mod_op = operation | LDAP_MOD_BVALUES;
        mod->mod_type = tool_must(ber_strdup(attribute));
        mods->list = tool_must(ber_memrealloc(
            mods->list, (mods->n + 2) * sizeof(*mods->list)));
        mods->list[mods->n++] = mod;
        mods->list[mods->n] = NULL;
    }
    copy = tool_must(ber_bvdup(&plain));
    if (ber_bvecadd(&mod->mod_bvalues, copy) < 0)
        (void)tool_must(NULL);
}

static void
add_change(bool added, const char *attribute, const char *value, void *arg)
{
    struct mods *mods = arg;
    int operation = added ? mods->added : mods->removed;

    if (operation >= 0)
        add_value(mods, operation, attribute, value, strlen(value));
}

/* What makes the entry again as it is, what we do not know included. */
static int
copy_entry(struct tool_ldap *ldap, const char *dn,
           LDAPMod ***mods_out)
{
    struct mods mods = { 0 };
    LDAPMessage *answer = NULL, *raw;
    BerElement *position = NULL;
    struct berval **values;
    char *name;
    size_t i;
    int status;

    status = tool_ldap_get(ldap, dn, &answer);
    if (status == TOOL_NO)
        return is_gone(dn);
    if (status != TOOL_DONE)
        return status;
    raw = ldap_first_entry(ldap->ld, answer);
    for (name = ldap_first_attribute(ldap->ld, raw, &position); name != NULL;
         name = ldap_next_attribute(ldap->ld, raw, position)) {
        values = ldap_get_values_len(ldap->ld, raw, name);
        for (i = 0; values != NULL && values[i] != NULL &&
                 strcmp(name, "entryCSN") != 0; i++)
            add_value(&mods, LDAP_MOD_ADD, name, values[i]->bv_val,
                      values[i]->bv_len);
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ber_free(position, 0);
    ldap_msgfree(answer);
    *mods_out = mods.list;
    return TOOL_DONE;
}

/* What makes change and, of an entry that was there, takes it back. */
static void
plan(const struct tool_change *change, LDAPMod ***forward_out,
     LDAPMod ***back_out)
{
    struct mods forward = { NULL, 0, LDAP_MOD_ADD, LDAP_MOD_DELETE };
    struct mods back = { NULL, 0, LDAP_MOD_DELETE, LDAP_MOD_ADD };

    tool_change_each(change, add_change, &forward);
    if (change->before != NULL)
        tool_change_each(change, add_change, &back);
    *forward_out = forward.list;
    *back_out = back.list;
}

static int
prepare(struct tool_ldap *ldap, const struct tool_change *change,
        struct step *step)
{
    struct tool_change keeping = { change->before, NULL };

    step->change = change;
    step->dn = change->before != NULL ? change->before->dn :
        change->after->dn;
    if (change->after == NULL)
        return copy_entry(ldap, step->dn, &step->back);
    plan(change, &step->forward, &step->back);
    if (change->before == NULL)
        return TOOL_DONE;
    step->kept = keeping.after = tool_limit_keep(change);
    if (step->kept != NULL)
        plan(&keeping, &step->kept_forward, &step->kept_back);
    return TOOL_DONE;
}

static void
swap(LDAPMod ***a, LDAPMod ***b)
{
    LDAPMod **held = *a;

    *a = *b;
    *b = held;
}

/* Make that the step which keeps what has no effect. */
static void
keep(struct step *step)
{
    struct tool_entry held = *step->kept;

    *step->kept = *step->change->after;
    *step->change->after = held;
    swap(&step->forward, &step->kept_forward);
    swap(&step->back, &step->kept_back);
}

static void
tell_kept(bool added, const char *attribute, const char *value, void *arg)
{
    const struct step *step = arg;

    if (added)
        (void)tool_fail(TOOL_NO, "%s: %s %s stays, without effect: to remove "
                        "it takes two people", step->dn, attribute, value);
}

/* --- operations ---------------------------------------------------------- */

/* Only on an entry that still has this entryCSN (NULL: any). */
static int
operate(const struct tool_ldap *ldap, const char *dn, LDAPMod **mods,
        bool is_new, const char *csn)
{
    LDAPControl *assertion = NULL, *controls[2] = { NULL, NULL };
    char *filter;
    int code;

    if (csn != NULL && ldap->assertions) {
        filter = tool_ldap_equal("entryCSN", csn, strlen(csn));
        code = ldap_create_assertion_control(ldap->ld, filter, 1, &assertion);
        free(filter);
        if (code != LDAP_SUCCESS)
            return code;
        controls[0] = assertion;
    }
    if (mods == NULL)
        code = ldap_delete_ext_s(ldap->ld, dn, controls, NULL);
    else if (is_new)
        code = ldap_add_ext_s(ldap->ld, dn, mods, controls, NULL);
    else
        code = ldap_modify_ext_s(ldap->ld, dn, mods, controls, NULL);
    ldap_control_free(assertion);
    return code;
}

static int
lacks_parent(const char *dn)
{
    char *parent = tool_dn_parent(dn);

    tool_fail(TOOL_SYSTEM, "%s: there is no entry %s to add it below", dn,
              parent != NULL ? parent : "");
    free(parent);
    return TOOL_SYSTEM;
}

/* Say why an operation failed. */
static int
explain(const struct tool_ldap *ldap, int code, const struct step *step)
{
    const char *dn = step->dn;

    if (LDAP_API_ERROR(code))
        return tool_fail(TOOL_SYSTEM, "%s: %s: whether it was changed is not "
                         "known; look again", dn, ldap_err2string(code));
    switch (code) {
    case LDAP_ASSERTION_FAILED:
    case LDAP_NO_SUCH_ATTRIBUTE:
    case LDAP_TYPE_OR_VALUE_EXISTS:
    case LDAP_ALREADY_EXISTS:
        return tool_fail(TOOL_NO, "%s: somebody else has changed it "
                         "meanwhile (%s); look again", dn,
                         ldap_err2string(code));
    case LDAP_INSUFFICIENT_ACCESS:
        (void)tool_ldap_failed(ldap, code, dn);
        tool_ldap_tell_roles(ldap, step->change);
        return TOOL_NO;
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_OBJECT_CLASS_VIOLATION:
    case LDAP_INVALID_SYNTAX:
    case LDAP_UNWILLING_TO_PERFORM:
        (void)tool_ldap_failed(ldap, code, dn);
        return TOOL_NO;
    case LDAP_NO_SUCH_OBJECT:
        return step->change->before != NULL ? is_gone(dn) : lacks_parent(dn);
    case LDAP_REFERRAL:
        return tool_fail(TOOL_SYSTEM, "%s: only a copy of the directory; "
                         "write to the server that it is from", ldap->uri);
    default:
        return tool_ldap_failed(ldap, code, dn);
    }
}

struct differences { size_t n; bool only_ours; };

/* A server may have put in superior classes. */
static void
count_change(bool added, const char *attribute, const char *value, void *arg)
{
    struct differences *differences = arg;

    if (strcasecmp(attribute, "objectClass") != 0 &&
        (!differences->only_ours || tr_class_attribute(attribute) != NULL))
        differences->n++;
}

/* Is the entry what we know it as?  TOOL_NO: it is gone.  found_out is what
 * it is. */
static int
look_again(struct tool_ldap *ldap, const struct tool_entry *known,
           bool only_ours, struct tool_entry **found_out, bool *same_out)
{
    struct differences differences = { 0, only_ours };
    struct tool_change since = { known, NULL };
    int status;

    *same_out = false;
    status = tool_ldap_look(ldap, known->dn, found_out);
    if (status != TOOL_DONE)
        return status;
    since.after = *found_out;
    tool_change_each(&since, count_change, &differences);
    *same_out = differences.n == 0;
    return TOOL_DONE;
}

struct effect { const struct tool_entry *found; bool back, lacks; };

static void
note_effect(bool added, const char *attribute, const char *value, void *arg)
{
    struct effect *effect = arg;

    if (tool_entry_has(effect->found, attribute, value) !=
        (added != effect->back))
        effect->lacks = true;
}

/* Is the entry what step, or what takes it back, makes of it? */
static bool
is_done(struct tool_ldap *ldap, const struct step *step, bool back)
{
    struct effect effect = { .back = back };
    struct tool_entry *found = NULL;
    bool goes = (back ? step->change->before : step->change->after) == NULL;
    int status;

    status = tool_ldap_look(ldap, step->dn, &found);
    effect.found = found;
    if (status == TOOL_DONE)
        tool_change_each(step->change, note_effect, &effect);
    tool_entry_free(found);
    return goes ? status == TOOL_NO : status == TOOL_DONE && !effect.lacks;
}

/* Make step, or take it back, also when the connection breaks once: it has
 * been done, too, where no answer came and it is not to be done again. */
static int
operate_again(struct tool_ldap *ldap, const struct step *step, bool back,
              const char *csn)
{
    LDAPMod **mods = back ? step->back : step->forward;
    bool is_new = back ? step->forward == NULL : step->change->before == NULL;
    int code;

    code = operate(ldap, step->dn, mods, is_new, csn);
    if (code != LDAP_SERVER_DOWN || !tool_ldap_again(ldap))
        return code;
    code = operate(ldap, step->dn, mods, is_new, csn);
    return code != LDAP_SUCCESS && is_done(ldap, step, back) ? LDAP_SUCCESS :
        code;
}

static int
make(struct tool_ldap *ldap, struct step *step)
{
    const struct tool_entry *before = step->change->before;
    const struct tool_change kept = { step->kept, step->change->after };
    struct tool_entry *found = NULL;
    bool same = true;
    int code, status = TOOL_DONE;

    if (before != NULL && !ldap->assertions)
        status = look_again(ldap, before, true, &found, &same);
    tool_entry_free(found);
    if (status == TOOL_SYSTEM)
        return status;
    if (status == TOOL_NO)
        code = LDAP_NO_SUCH_OBJECT;
    else if (!same)
        code = LDAP_ASSERTION_FAILED;
    else
        code = operate_again(ldap, step, false,
                             before == NULL ? NULL : before->csn);
    if (code == LDAP_INSUFFICIENT_ACCESS && step->kept != NULL) {
        keep(step);
        code = operate_again(ldap, step, false, before->csn);
        if (code == LDAP_SUCCESS)
            tool_change_each(&kept, tell_kept, step);
    }
    return code == LDAP_SUCCESS ? TOOL_DONE : explain(ldap, code, step);
}

/* Remove an entry that we added, unless it is another one by now. */
static int
remove_added(struct tool_ldap *ldap, const struct step *step)
{
    struct tool_entry *found = NULL;
    int code = LDAP_ASSERTION_FAILED;
    bool same;

    if (ldap->lost)
        return LDAP_SERVER_DOWN;
    (void)look_again(ldap, step->change->after, false, &found, &same);
    if (same)
        code = operate_again(ldap, step, true, found->csn);
    tool_entry_free(found);
    return code;
}

/* Whose a proposal is says who made its entry: put back, it would be ours, and
 * its proposer could approve it. */
static bool
stays_away(const struct step *step)
{
    return step->change->after == NULL &&
        tool_entry_has(step->change->before, "objectClass", "trPending");
}

static void
take_back(struct tool_ldap *ldap, const struct step *step)
{
    int code;

    if (stays_away(step)) {
        (void)tool_fail(TOOL_NO, "%s: stays removed: it has to be proposed "
                        "again", step->dn);
        return;
    }
    if (step->back == NULL)
        code = remove_added(ldap, step);
    else
        code = operate_again(ldap, step, true, NULL);
    if (code == LDAP_SUCCESS)
        tool_fail(TOOL_NO, "%s: taken back", step->dn);
    else
        tool_fail(TOOL_SYSTEM, "%s: was changed and could not be taken back: "
                  "%s", step->dn, ldap_err2string(code));
}

int
tool_ldap_apply(void *arg, const struct tool_change *changes, size_t n)
{
    struct tool_ldap *ldap = arg;
    struct step *steps = tool_must(calloc(n + 1, sizeof(*steps)));
    int status = TOOL_DONE;
    size_t i, done;

    for (i = 0; i < n && status == TOOL_DONE; i++)
        status = prepare(ldap, &changes[i], &steps[i]);
    for (done = 0; done < n && status == TOOL_DONE; done++) {
        status = make(ldap, &steps[done]);
        if (status != TOOL_DONE)
            break;
    }
    if (status != TOOL_DONE) {
        while (done-- > 0)
            take_back(ldap, &steps[done]);
    }
    for (i = 0; i < n; i++) {
        ldap_mods_free(steps[i].forward, 1);
        ldap_mods_free(steps[i].back, 1);
        ldap_mods_free(steps[i].kept_forward, 1);
        ldap_mods_free(steps[i].kept_back, 1);
        tool_entry_free(steps[i].kept);
    }
    free(steps);
    return status;
}
