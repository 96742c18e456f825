/* tools/trustrealm/ldif_text.c - the text of an LDIF file, to be edited */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A file that people keep has comments, an order and entries that are not
 * ours.  So it is not written anew: only the lines of values that go are
 * taken out, and those of values that come are put in.  libldap reads and
 * writes the lines.
 */

#include "config.h"
#include <stdio.h>
#include <ldap.h>
#include <ldif.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "ldif_text.h"
#include "octets.h"
#include "text.h"

#define MAX_FILE ((size_t)1 << 31)

/* --- taking apart -------------------------------------------------------- */

unsigned long
ldif_text_line(const struct ldif_text *ldif, size_t offset)
{
    unsigned long line = 1;
    size_t i;

    for (i = 0; i < offset; i++)
        line += ldif->text[i] == '\n';
    return line;
}

/* Say what is wrong at an offset of the file. */
static int
wrong(const struct ldif_text *ldif, size_t offset, const char *what)
{
    return tool_fail(TOOL_SYSTEM, "%s:%lu: %s", ldif->path,
                     ldif_text_line(ldif, offset), what);
}

/* Take one logical line: [start, end) of the file, changed and ended by NUL
 * in line. */
static int
take_line(const struct ldif_text *ldif, struct ldif_block *block, char *line,
          size_t start, size_t end)
{
    const char *colon = strchr(line, ':');
    struct berval type, value;
    struct ldif_line *taken;
    int owned = 0, status = TOOL_DONE;

    if (colon != NULL && colon[1] == '<')
        return wrong(ldif, start, "values by URL are not read");
    if (ldif_parse_line2(line, &type, &value, &owned) != 0)
        return wrong(ldif, start, "not a line of LDIF");
    if (block->nlines == 0 && strcasecmp(type.bv_val, "version") == 0)
        goto cleanup;
    if ((strcasecmp(type.bv_val, "dn") == 0) != (block->nlines == 0))
        status = wrong(ldif, start, block->nlines == 0 ?
                       "an entry starts with its DN" :
                       "a second DN: no blank line before it?");
    else if (strcasecmp(type.bv_val, "changetype") == 0 ||
             strcasecmp(type.bv_val, "control") == 0)
        status = wrong(ldif, start, "entries expected, not changes");
    if (status != TOOL_DONE)
        goto cleanup;
    block->lines = tool_grow(block->lines, block->nlines,
                             sizeof(*block->lines));
    taken = &block->lines[block->nlines++];
    taken->start = start;
    taken->end = end;
    taken->type = tool_copy(type.bv_val);
    taken->value = tool_must(strndup(value.bv_val, value.bv_len));
    if (block->nlines == 1)
        block->entry = tool_entry_create(taken->value);
    else
        tool_entry_add_octets(block->entry, taken->type, value.bv_val,
                              value.bv_len);

cleanup:
    if (owned)
        ber_memfree(value.bv_val);
    return status;
}

/* Take the lines of a block. */
static int
take_block(const struct ldif_text *ldif, struct ldif_block *block)
{
    char *copy, *next, *line;
    size_t end;
    int status = TOOL_DONE;

    copy = tool_must(strndup(ldif->text + block->start,
                             block->end - block->start));
    next = copy;
    while (status == TOOL_DONE && (line = ldif_getline(&next)) != NULL) {
        /* What follows the last line of the file is nothing. */
        end = next != NULL ? (size_t)(next - copy) :
            block->end - block->start;
        if (*line == '#' || *line == '\0' || *line == '\r')
            continue;
        status = take_line(ldif, block, line,
                           block->start + (size_t)(line - copy),
                           block->start + end);
    }
    free(copy);
    if (block->entry != NULL)
        tool_entry_identify(block->entry);
    return status;
}

static void
clear_block(struct ldif_block *block)
{
    size_t i;

    for (i = 0; i < block->nlines; i++) {
        free(block->lines[i].type);
        free(block->lines[i].value);
    }
    free(block->lines);
    tool_entry_free(block->entry);
}

static bool
is_blank(const char *line)
{
    return *line == '\n' || (*line == '\r' && line[1] == '\n');
}

/* Where the line after the one at offset begins. */
static size_t
next_line(const struct ldif_text *ldif, size_t offset)
{
    const char *end = memchr(ldif->text + offset, '\n',
                             ldif->length - offset);

    return end == NULL ? ldif->length : (size_t)(end - ldif->text) + 1;
}

int
ldif_text_parse(struct ldif_text *ldif)
{
    struct ldif_block *block;
    size_t at = 0;
    int status = TOOL_DONE;

    if (memchr(ldif->text, '\0', ldif->length) != NULL)
        return tool_fail(TOOL_SYSTEM, "%s: not text", ldif->path);
    while (at < ldif->length && status == TOOL_DONE) {
        if (is_blank(ldif->text + at)) {
            at = next_line(ldif, at);
            continue;
        }
        ldif->blocks = tool_grow(ldif->blocks, ldif->nblocks,
                                 sizeof(*ldif->blocks));
        block = &ldif->blocks[ldif->nblocks++];
        memset(block, 0, sizeof(*block));
        block->start = at;
        while (at < ldif->length && !is_blank(ldif->text + at))
            at = next_line(ldif, at);
        block->end = at;
        status = take_block(ldif, block);
        if (status != TOOL_DONE && ldif->keep_going) {
            clear_block(block);
            ldif->nblocks--;
            ldif->nbad++;
            status = TOOL_DONE;
        }
    }
    return status;
}

void
ldif_text_clear(struct ldif_text *ldif)
{
    size_t i;

    for (i = 0; i < ldif->nblocks; i++)
        clear_block(&ldif->blocks[i]);
    free(ldif->blocks);
    ldif->blocks = NULL;
    ldif->nblocks = 0;
}

/* --- changing ------------------------------------------------------------ */

/* What happens to a block: lines that go, text that comes after others. */
struct edit {
    const struct ldif_text *ldif;
    const struct ldif_block *block;
    bool *gone;                 /* by line */
    struct tr_builder *after;   /* by line */
    bool deleted;
};

/* Lines end as the file's first one does. */
static void
end_line(const struct ldif_text *ldif, struct tr_builder *out)
{
    const char *first = memchr(ldif->text, '\n', ldif->length);

    if (first != NULL && first > ldif->text && first[-1] == '\r')
        tr_add_8(out, '\r');
    tr_add_8(out, '\n');
}

static void
add_line(const struct ldif_text *ldif, struct tr_builder *out,
         const char *type, const char *value)
{
    char *text, *line, *end;

    text = tool_must(ldif_put(LDIF_PUT_VALUE, type, value,
                              (ber_len_t)strlen(value)));
    for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        tr_add_octets(out, line, (size_t)(end - line));
        end_line(ldif, out);
    }
    ber_memfree(text);
}

/* Make one change of a value in the entry. */
static void
edit_value(bool added, const char *attribute, const char *value, void *arg)
{
    struct edit *edit = arg;
    const struct ldif_line *lines = edit->block->lines;
    size_t i, place = edit->block->nlines - 1;

    for (i = 1; i < edit->block->nlines; i++) {
        if (tr_text_compare(lines[i].type, attribute) != 0)
            continue;
        place = i;
        if (!added && !edit->gone[i] && strcmp(lines[i].value, value) == 0) {
            edit->gone[i] = true;
            return;
        }
    }
    if (added)
        add_line(edit->ldif, &edit->after[place], attribute, value);
}

static void
write_block(const struct ldif_text *ldif, struct edit *edit,
            struct tr_builder *out)
{
    const struct ldif_block *block = edit->block;
    const struct ldif_line *line;
    size_t i, at = block->start;

    for (i = 0; i < block->nlines; i++) {
        line = &block->lines[i];
        /* Comments before it, then the line itself. */
        tr_add_octets(out, ldif->text + at, line->start - at);
        if (!edit->gone[i])
            tr_add_octets(out, ldif->text + line->start,
                          line->end - line->start);
        at = line->end;
        if (edit->after[i].length == 0)
            continue;
        if (ldif->text[at - 1] != '\n')
            end_line(ldif, out);
        tr_add_octets(out, edit->after[i].octets, edit->after[i].length);
    }
    tr_add_octets(out, ldif->text + at, block->end - at);
}

static struct edit *
make_edit(const struct ldif_text *ldif, const struct ldif_block *block)
{
    struct edit *edit = tool_must(calloc(1, sizeof(*edit)));
    size_t i;

    edit->ldif = ldif;
    edit->block = block;
    edit->gone = tool_must(calloc(block->nlines, sizeof(*edit->gone)));
    edit->after = tool_must(calloc(block->nlines, sizeof(*edit->after)));
    for (i = 0; i < block->nlines; i++)
        tr_builder_init(&edit->after[i], MAX_FILE);
    return edit;
}

static void
free_edit(struct edit *edit)
{
    size_t i;

    if (edit == NULL)
        return;
    for (i = 0; i < edit->block->nlines; i++)
        tr_builder_free(&edit->after[i]);
    free(edit->after);
    free(edit->gone);
    free(edit);
}

/* Blocks by the DN of their entries, of several the first. */
struct place { char *dn; size_t block; };

static int
compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return strcmp(x->dn, y->dn);
}

static struct place *
make_place(const char *dn, size_t block)
{
    struct place *place = tool_must(calloc(1, sizeof(*place)));

    place->dn = tool_dn_canonical(dn);
    if (place->dn == NULL)
        place->dn = tool_copy(dn);
    place->block = block;
    return place;
}

static void
free_place(void *arg)
{
    struct place *place = arg;

    free(place->dn);
    free(place);
}

static void *
index_blocks(const struct ldif_text *ldif)
{
    struct place *place, **found;
    void *tree = NULL;
    size_t i;

    for (i = 0; i < ldif->nblocks; i++) {
        if (ldif->blocks[i].entry == NULL)
            continue;
        place = make_place(ldif->blocks[i].entry->dn, i);
        found = tool_must(tsearch(place, &tree, compare_places));
        if (*found != place)
            free_place(place);
    }
    return tree;
}

/* The place of the block with that DN, or nblocks. */
static size_t
find_block(const struct ldif_text *ldif, void *const *tree, const char *dn)
{
    struct place *wanted = make_place(dn, ldif->nblocks);
    struct place *const *found = tfind(wanted, tree, compare_places);
    size_t block = found != NULL ? (*found)->block : ldif->nblocks;

    free_place(wanted);
    return block;
}

/* A file's text, and what is added to its end. */
struct addition {
    const struct ldif_text *ldif;
    struct tr_builder text;
};

static void
add_value(bool added, const char *attribute, const char *value, void *arg)
{
    struct addition *addition = arg;

    add_line(addition->ldif, &addition->text, attribute, value);
}

static void
add_entry(struct addition *addition, const struct tool_change *change)
{
    end_line(addition->ldif, &addition->text);
    add_line(addition->ldif, &addition->text, "dn", change->after->dn);
    tool_change_each(change, add_value, addition);
}

void
ldif_text_entry(struct tr_builder *out, const struct tool_entry *entry)
{
    static char empty[] = "";
    static const struct ldif_text none = { .text = empty };
    const struct tool_change change = {
        .before = NULL, .after = (struct tool_entry *)entry
    };
    struct addition addition = { .ldif = &none, .text = *out };

    add_entry(&addition, &change);
    *out = addition.text;
}

/* Note what a change does: to edits, by block, or to the addition. */
static int
plan_change(const struct ldif_text *ldif, void *const *tree,
            const struct tool_change *change, struct edit **edits,
            struct addition *addition)
{
    const char *dn = change->before != NULL ? change->before->dn :
        change->after->dn;
    size_t place = find_block(ldif, tree, dn);
    bool there = place < ldif->nblocks;

    if (there != (change->before != NULL))
        return tool_fail(TOOL_NO, "%s: %s: is %s", ldif->path, dn,
                         there ? "there already" : "gone");
    if (change->before == NULL) {
        add_entry(addition, change);
        return TOOL_DONE;
    }
    edits[place] = make_edit(ldif, &ldif->blocks[place]);
    edits[place]->deleted = change->after == NULL;
    tool_change_each(change, edit_value, edits[place]);
    return TOOL_DONE;
}

int
ldif_text_change(const struct ldif_text *ldif,
                 const struct tool_change *changes, size_t n,
                 char **text_out, size_t *length_out)
{
    struct edit **edits = tool_must(calloc(ldif->nblocks + 1,
                                           sizeof(*edits)));
    struct addition addition = { .ldif = ldif };
    struct tr_builder out;
    void *tree = index_blocks(ldif);
    size_t i, at = 0;
    uint8_t *octets;
    int status = TOOL_DONE;

    tr_builder_init(&addition.text, MAX_FILE);
    tr_builder_init(&out, MAX_FILE);
    for (i = 0; i < n && status == TOOL_DONE; i++)
        status = plan_change(ldif, &tree, &changes[i], edits, &addition);
    for (i = 0; i < ldif->nblocks && status == TOOL_DONE; i++) {
        if (edits[i] == NULL)
            continue;
        tr_add_octets(&out, ldif->text + at, ldif->blocks[i].start - at);
        at = ldif->blocks[i].end;
        if (!edits[i]->deleted)
            write_block(ldif, edits[i], &out);
        else if (at < ldif->length)
            at = next_line(ldif, at);
    }
    tr_add_octets(&out, ldif->text + at, ldif->length - at);
    if (addition.text.length > 0 && out.length > 0 &&
        out.octets[out.length - 1] != '\n')
        end_line(ldif, &out);
    tr_add_octets(&out, addition.text.octets, addition.text.length);
    if (status == TOOL_DONE &&
        tr_builder_take(&out, &octets, length_out) == 0)
        *text_out = (char *)octets;
    else if (status == TOOL_DONE)
        status = tool_fail(TOOL_SYSTEM, "%s: too large", ldif->path);
    for (i = 0; i < ldif->nblocks; i++)
        free_edit(edits[i]);
    free(edits);
    tdestroy(tree, free_place);
    tr_builder_free(&addition.text);
    tr_builder_free(&out);
    return status;
}
