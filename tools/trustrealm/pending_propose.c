/* tools/trustrealm/pending_propose.c - propose what was to be changed */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/random.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "diff.h"
#include "pending.h"
#include "record_class.h"
#include "text.h"

/* LIMITING: to remove any but 0, and to add more than holds without it. */
enum { ADDING = 1, REMOVING = 2, LIMITING = 4 };

/* As in access-two.conf, of the words that a value ends with or of all. */
static const struct guarded {
    struct noun_field field;
    int takes_two;
    const char *words;
} guarded[] = {
    { { "membership", "trMembership", NOUN_KEYED, NULL, NULL }, ADDING,
      NULL },
    { { "clearance", "trClearance", NOUN_KEYED, NULL, NULL }, ADDING, NULL },
    { { "restriction", "trRestriction", NOUN_WORDS, NULL, NULL }, REMOVING,
      NULL },
    { { "principal", "trPrincipal", NOUN_EXACT, NULL, NULL }, ADDING, NULL },
    { { "alias", "trAlias", NOUN_WORDS, NULL, NULL }, ADDING, NULL },
    { { "enabled", "trEnabled", NOUN_TRUTH, NULL, NULL }, REMOVING, "FALSE" },
    { { "level", "trLevelMap", NOUN_KEYED, NULL, NULL }, ADDING, NULL },
    { { "category", "trCategoryMap", NOUN_KEYED, NULL, NULL }, ADDING, NULL },
    { { "level", "trLevel", NOUN_NAMED, NULL, NULL }, ADDING, NULL },
    { { "category", "trCategory", NOUN_NAMED, NULL, NULL }, ADDING, NULL },
    { { "doi", "trDOI", NOUN_NUMBER, NULL, NULL }, ADDING, NULL },
    { { "priority", "trPriority", NOUN_NUMBER, NULL, NULL },
      ADDING | REMOVING, NULL },
    { { "policy", "trPolicy", NOUN_TEXT, NULL, NULL }, ADDING | REMOVING,
      NULL },
    { { "mode", "trMode", NOUN_TEXT, NULL, NULL }, ADDING, "dry-run" },
    { { "required-attribute", "trRequiredAttribute", NOUN_PAIR, NULL, NULL },
      REMOVING, NULL },
    { { "protection", "trProtection", NOUN_TEXT, NULL, NULL }, REMOVING,
      "confidentiality" },
    { { "confidential-from", "trConfidentialFrom", NOUN_TEXT, NULL, NULL },
      LIMITING, NULL },
    { { "carrier", "trCarrier", NOUN_KEYED, NULL, NULL }, ADDING, "own" },
    { { "carrier", "trCarrier", NOUN_KEYED, NULL, NULL }, REMOVING,
      "mic auth-only" },
    { { "delegation", "trDelegation", NOUN_WORDS, NULL, NULL }, ADDING,
      NULL },
    { { "idle-timeout", "trIdleTimeout", NOUN_NUMBER, NULL, NULL }, LIMITING,
      NULL },
    { { "lifetime", "trLifetime", NOUN_NUMBER, NULL, NULL }, LIMITING, NULL },
    { { "maximum-staleness", "trMaximumStaleness", NOUN_NUMBER, NULL, NULL },
      LIMITING, NULL },
    { { "kernel-export", "trKernelExport", NOUN_TRUTH, NULL, NULL }, ADDING,
      "TRUE" },
    { { "kernel-lifetime", "trKernelLifetime", NOUN_NUMBER, NULL, NULL },
      LIMITING, NULL },
};

static const struct guarded *
find_guarded(const char *attribute, size_t length,
             const struct guarded *after)
{
    const struct guarded *end = guarded +
        sizeof(guarded) / sizeof(guarded[0]);
    const struct guarded *at = after == NULL ? guarded : after + 1;

    for (; at < end; at++) {
        if (strlen(at->field.attribute) == length &&
            strncasecmp(at->field.attribute, attribute, length) == 0)
            return at;
    }
    return NULL;
}

const struct noun_field *
tool_pending_field(const char *attribute, size_t length)
{
    const struct guarded *found = find_guarded(attribute, length, NULL);

    return found == NULL ? NULL : &found->field;
}

/* Is the last word of value one of words? */
static bool
ends_with(const char *value, const char *words)
{
    const char *blank = strrchr(value, ' ');
    const char *last = blank == NULL ? value : blank + 1;
    size_t length, last_length = strlen(last);

    for (; *words != '\0'; words += length + strspn(words + length, " ")) {
        length = strcspn(words, " ");
        if (length == last_length && strncasecmp(words, last, length) == 0)
            return true;
    }
    return false;
}

/* Is it more than holds where there is none?  Seconds, 0 for no limit; a level
 * never is. */
static bool
exceeds_usual(const char *attribute, const char *value)
{
    const char *usual = diff_usual(attribute);
    int64_t seconds = 0, most = 0;

    if (usual == NULL)
        return false;
    (void)tr_text_number(value, 0, INT64_MAX, &seconds);
    (void)tr_text_number(usual, 0, INT64_MAX, &most);
    return most != 0 && (seconds == 0 || seconds > most);
}

static bool
takes_two(const struct guarded *one, bool added, const char *value)
{
    if (one->takes_two == LIMITING)
        return added ? exceeds_usual(one->field.attribute, value) :
            one->field.kind != NOUN_NUMBER || strcmp(value, "0") != 0;
    return (one->takes_two & (added ? ADDING : REMOVING)) != 0 &&
        (one->words == NULL || ends_with(value, one->words));
}

bool
tool_pending_needed(bool added, const char *attribute, const char *value)
{
    const struct guarded *one = NULL;
    size_t length = strlen(attribute);

    while ((one = find_guarded(attribute, length, one)) != NULL) {
        if (takes_two(one, added, value))
            return true;
    }
    return false;
}

struct proposing {
    const struct tool_change *change;
    struct tool_entry *at_once;     /* what its entry shall be before that */
    struct tool_entries made;
    struct tool_directory *directory;
    struct tool_entries mine;       /* proposals that wait already */
    const char *base;           /* of proposals */
    int status;
};

/* --- proposals ----------------------------------------------------------- */

/* The value that entry has, and other has not, in the place of value; or
 * NULL. */
static const char *
stands_for(const struct tool_entry *entry, const struct tool_entry *other,
           const struct noun_field *field, const char *value)
{
    char *const *values;
    size_t i, n;

    values = tool_entry_values(entry, field->attribute, &n);
    for (i = 0; i < n; i++) {
        if (!tool_entry_has(other, field->attribute, values[i]) &&
            (field->kind < NOUN_WORDS ||
             noun_identifies(field->kind, values[i], value)))
            return values[i];
    }
    return NULL;
}

static int
needs_nobody(const char *attribute, const char *value)
{
    return tool_fail(TOOL_USAGE, "%s %s: that needs nobody else; do it by "
                     "itself", attribute, value);
}

/* Is it proposed, or (false) does it happen when something else is approved?
 * TOOL_USAGE says that it needs nobody else. */
static int
is_proposed(const struct proposing *proposing, const struct noun_field *field,
            bool added, const char *value, bool *proposed_out)
{
    const struct tool_change *change = proposing->change;
    const char *attribute = field->attribute, *usual, *other;

    *proposed_out = tool_pending_needed(added, attribute, value);
    if (*proposed_out)
        return TOOL_DONE;
    other = added ?
        stands_for(change->before, change->after, field, value) :
        stands_for(change->after, change->before, field, value);
    if (other == NULL || !tool_pending_needed(!added, attribute, other))
        return needs_nobody(attribute, value);
    /* What gives way goes, and what a value is without being there comes, when
     * the other is approved. */
    usual = diff_usual(attribute);
    *proposed_out = added && (usual == NULL || strcasecmp(usual, value) != 0);
    return TOOL_DONE;
}

/* A wider value of a limit has no effect until what is proposed to go has gone.
 * It is added first: whoever approves that can leave nothing wider. */
static int
add_at_once(struct proposing *proposing, const char *attribute,
            const char *value)
{
    const char *usual = diff_usual(attribute);

    tool_entry_add(proposing->at_once, attribute, value);
    if (!tool_limit_is_idle(proposing->at_once, attribute, value))
        return needs_nobody(attribute, value);
    if (usual != NULL && strcmp(usual, value) == 0)
        tool_entry_remove(proposing->at_once, attribute, value);
    return TOOL_DONE;
}

/* REALM.NUMBER or, of a system, SYSTEM:NUMBER: by that it is known whose it
 * is to approve. */
static char *
make_name(const struct tool_entry *target, const char *attribute,
          const char *value)
{
    static const char *const grants[] = { "trMembership", "trClearance",
                                          "trRestriction" };
    const char *whose = target->type == TR_RECORD_MAP ?
        tool_entry_value(target, "trRealmName") : target->name;
    char mark = target->type == TR_RECORD_SYSTEM ? ':' : '.';
    unsigned int number;
    char *name;
    size_t i;

    for (i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
        if (strcasecmp(attribute, grants[i]) == 0) {
            whose = value;
            mark = '.';
        }
    }
    if (whose == NULL || getrandom(&number, sizeof(number), 0) !=
        sizeof(number))
        return NULL;
    name = tool_format("%.*s%c%08x", (int)strcspn(whose, " "), whose, mark,
                       number);
    tr_text_lower(name);
    return name;
}

/* Other servers may have room for it. */
static void
warn_of_length(const struct proposing *proposing,
               const struct tool_entry *target, const char *attribute,
               const char *value)
{
    char *why = tool_pending_too_long(
        tool_directory_base(proposing->directory), target, attribute, value);

    if (why != NULL)
        tool_fail(TOOL_DONE, "warning: where two people have to agree, %s",
                  why);
    free(why);
}

/* Those that an earlier try made, which broke off. */
static int
find_mine(struct proposing *proposing)
{
    struct tool_entries all = { 0 };
    char *me = NULL;
    size_t i;
    int status;

    status = tool_directory_whoami(proposing->directory, &me);
    if (status == TOOL_DONE)
        status = tool_pending_search(proposing->directory,
                                     "(objectClass=trPending)", &all);
    for (i = 0; i < all.n; i++) {
        if (strncmp(me, "dn:", 3) == 0 &&
            tool_entry_has_dn(all.list[i], "creatorsName", me + 3))
            tool_entries_add(&proposing->mine, all.list[i]);
        else
            tool_entry_free(all.list[i]);
    }
    all.n = 0;
    tool_entries_clear(&all);
    free(me);
    return status;
}

static bool
waits(const struct proposing *proposing, const char *target, const char *text)
{
    size_t i;

    for (i = 0; i < proposing->mine.n; i++) {
        if (tool_entry_has_dn(proposing->mine.list[i], "trTarget", target) &&
            tool_entry_has(proposing->mine.list[i], "trChange", text))
            return true;
    }
    return false;
}

static void
add_proposal(struct proposing *proposing, const char *name,
             const char *target, const char *text)
{
    char *dn = tool_dn_below(proposing->base, "cn", name);
    struct tool_entry *entry = tool_entry_create(dn);

    tool_entry_add(entry, "objectClass", "trPending");
    tool_entry_add(entry, "cn", name);
    tool_entry_add(entry, "trTarget", target);
    tool_entry_add(entry, "trChange", text);
    tool_entries_add(&proposing->made, entry);
    free(dn);
}

static int
make_proposal(struct proposing *proposing, bool added, const char *attribute,
              const char *value)
{
    const struct tool_entry *target = proposing->change->before != NULL ?
        proposing->change->before : proposing->change->after;
    char *name = make_name(target, attribute, value), *text;

    if (name == NULL)
        return tool_fail(TOOL_SYSTEM, "no name for a proposal");
    warn_of_length(proposing, target, attribute, value);
    text = tool_format("%s%s %s", added ? "" : "-", attribute, value);
    if (!waits(proposing, target->dn, text))
        add_proposal(proposing, name, target->dn, text);
    free(text);
    free(name);
    return TOOL_DONE;
}

static void
propose(bool added, const char *attribute, const char *value, void *arg)
{
    struct proposing *proposing = arg;
    const struct noun_field *field = tool_pending_field(attribute,
                                                        strlen(attribute));
    bool proposed = false;
    int status;

    if (field == NULL)
        status = tool_fail(TOOL_USAGE, "%s cannot be proposed: it needs "
                           "nobody else", attribute);
    else if (added && tr_class_is_limit(attribute) &&
             !tool_pending_needed(added, attribute, value))
        status = add_at_once(proposing, attribute, value);
    else
        status = is_proposed(proposing, field, added, value, &proposed);
    if (status == TOOL_DONE && proposed)
        status = make_proposal(proposing, added, field->attribute, value);
    if (proposing->status == TOOL_DONE)
        proposing->status = status;
}

/* Of a new system: class and name follow from the target, and its owner is who
 * proposes it. */
static void
propose_new(bool added, const char *attribute, const char *value, void *arg)
{
    struct proposing *proposing = arg;

    if (proposing->status == TOOL_DONE &&
        (strcasecmp(attribute, "trPrincipal") == 0 ||
         strcasecmp(attribute, "trAlias") == 0))
        proposing->status = make_proposal(proposing, added, attribute, value);
}

static bool
removes_proposal(const struct tool_change *change)
{
    return change->after == NULL &&
        tool_entry_has(change->before, "objectClass", "trPending");
}

/* Of one entry; *at_once_out is what is not proposed of it but made. */
static void
propose_change(struct proposing *proposing, const struct tool_change *change,
               struct tool_change *at_once_out)
{
    proposing->change = change;
    if (removes_proposal(change)) {
        *at_once_out = *change;
    } else if (change->before == NULL &&
               change->after->type == TR_RECORD_SYSTEM) {
        /* In the place of what was proposed of it. */
        tool_entries_clear(&proposing->mine);
        tool_change_each(change, propose_new, proposing);
    } else if (change->before == NULL || change->after == NULL) {
        proposing->status = tool_fail(
            TOOL_USAGE, "%s: only values of an entry that is there can be "
            "proposed (of a user: after \"clearance limit\")",
            change->before != NULL ? change->before->dn : change->after->dn);
    } else {
        at_once_out->before = change->before;
        at_once_out->after = tool_entry_copy(change->before);
        proposing->at_once = at_once_out->after;
        tool_change_each(change, propose, proposing);
    }
}

/* In the place of what was noted.  What is added at once comes last: it may
 * not be taken back. */
static void
note_proposals(struct tool_work *work, struct tool_entries *made,
               struct tool_change *at_once, size_t n)
{
    size_t i;

    tool_work_forget(work);
    for (i = 0; i < n; i++) {
        if (at_once[i].before != NULL && at_once[i].after == NULL)
            tool_work_delete(work, at_once[i].before);
    }
    for (i = 0; i < made->n; i++)
        tool_work_replace(work, NULL, made->list[i]);
    made->n = 0;
    for (i = 0; i < n; i++) {
        if (at_once[i].after == NULL || !tool_change_differs(&at_once[i]))
            continue;
        tool_work_replace(work, at_once[i].before, at_once[i].after);
        at_once[i].after = NULL;
    }
}

int
tool_pending_propose(struct tool_work *work)
{
    const char *base = tool_directory_base(work->directory);
    struct proposing proposing = { .directory = work->directory,
                                   .status = TOOL_DONE };
    size_t i, n = work->nchanges;
    struct tool_change *at_once;
    char *place;

    proposing.status = tool_directory_served(work->directory);
    if (proposing.status != TOOL_DONE)
        return proposing.status;
    at_once = tool_must(calloc(n + 1, sizeof(*at_once)));
    place = tool_dn_below(base, "ou", "pending");
    proposing.base = place;
    proposing.status = find_mine(&proposing);
    for (i = 0; i < n && proposing.status == TOOL_DONE; i++)
        propose_change(&proposing, &work->changes[i], &at_once[i]);
    if (proposing.status == TOOL_DONE)
        note_proposals(work, &proposing.made, at_once, n);
    for (i = 0; i < n; i++)
        tool_entry_free(at_once[i].after);
    tool_entries_clear(&proposing.made);
    tool_entries_clear(&proposing.mine);
    free(at_once);
    free(place);
    return proposing.status;
}
