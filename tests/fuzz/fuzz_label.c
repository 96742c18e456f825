/* tests/fuzz/fuzz_label.c - label text, and the laws of the lattice */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "fuzz.h"
#include "label.h"

static struct tr_encoding *local, *realm;
static struct tr_map *map;

static struct tr_encoding *
make_encoding(const char *const *levels, size_t nlevels,
              const char *const *categories, size_t ncategories)
{
    struct tr_encoding *enc;
    size_t i;

    PROMISE(tr_encoding_create(&enc) == 0);
    for (i = 0; i < nlevels; i++)
        PROMISE(tr_encoding_add_level(enc, 10 * i, levels[i]) == 0);
    for (i = 0; i < ncategories; i++)
        PROMISE(tr_encoding_add_category(enc, 500 * i, categories[i]) == 0);
    PROMISE(tr_encoding_finish(enc) == 0);
    return enc;
}

static void
make_formats(void)
{
    static const char *const levels[] = { "a", "b", "c", "d" };
    static const char *const categories[] = { "x", "y", "z" };
    static const char *const realm_levels[] = { "A1", "C1", "D1" };
    static const char *const realm_categories[] = { "Z1", "X1", "W1" };

    local = make_encoding(levels, 4, categories, 3);
    realm = make_encoding(realm_levels, 3, realm_categories, 3);
    PROMISE(tr_map_create(local, realm, &map) == 0);
    PROMISE(tr_map_add_level(map, "a", "A1") == 0);
    PROMISE(tr_map_add_level(map, "c", "C1") == 0);
    PROMISE(tr_map_add_level(map, "d", "D1") == 0);
    PROMISE(tr_map_add_category(map, "x", "X1") == 0);
    PROMISE(tr_map_add_category(map, "z", "Z1") == 0);
}

/* What was parsed has a canonical text that means the same. */
static void
check_text(const struct tr_label *label)
{
    char text[TR_MAX_LABEL_TEXT + 1], again[TR_MAX_LABEL_TEXT + 1];
    struct tr_label back;

    PROMISE(tr_label_format(local, label, text, sizeof(text)) == 0);
    PROMISE(tr_label_parse(local, text, &back) == 0);
    PROMISE(tr_label_equal(label, &back));
    PROMISE(tr_label_format(local, &back, again, sizeof(again)) == 0);
    PROMISE(strcmp(text, again) == 0);
}

static void
check_lattice(const struct tr_label *a, const struct tr_label *b)
{
    struct tr_label lub, glb;
    struct tr_range range;

    tr_label_lub(a, b, &lub);
    tr_label_glb(a, b, &glb);
    PROMISE(tr_label_dominates(a, a));
    PROMISE(tr_label_dominates(&lub, a) && tr_label_dominates(&lub, b));
    PROMISE(tr_label_dominates(a, &glb) && tr_label_dominates(b, &glb));
    PROMISE(tr_label_dominates(a, b) == tr_label_equal(&lub, a));
    PROMISE(tr_label_dominates(a, b) == tr_label_equal(&glb, b));
    PROMISE((tr_label_dominates(a, b) && tr_label_dominates(b, a)) ==
            tr_label_equal(a, b));
    range.low = glb;
    range.high = lub;
    PROMISE(tr_range_contains(&range, a) && tr_range_contains(&range, b));
}

/* There and back is the same label; order is kept. */
static void
check_map(const struct tr_label *a, const struct tr_label *b)
{
    struct tr_label ra, rb, back;
    struct tr_range range, mapped;

    if (tr_map_to_realm(map, a, &ra) != 0)
        return;
    PROMISE(tr_map_to_local(map, &ra, &back) == 0);
    PROMISE(tr_label_equal(a, &back));
    if (tr_map_to_realm(map, b, &rb) == 0)
        PROMISE(tr_label_dominates(a, b) == tr_label_dominates(&ra, &rb));
    range.low = *b;
    range.high = *a;
    if (tr_label_dominates(a, b) &&
        tr_map_range_to_realm(map, &range, &mapped) == 0)
        PROMISE(tr_range_contains(&mapped, &ra));
}

/* Two texts, parted by the first newline. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    struct tr_label a, b;
    struct tr_range range;
    char *text, *second;

    if (map == NULL)
        make_formats();
    text = strndup((const char *)octets, length);
    PROMISE(text != NULL);
    second = strchr(text, '\n');
    if (second != NULL)
        *second++ = '\0';
    if (tr_label_parse(local, text, &a) == 0) {
        check_text(&a);
        if (second != NULL && tr_label_parse(local, second, &b) == 0) {
            check_lattice(&a, &b);
            check_map(&a, &b);
            PROMISE((tr_range_parse(local, second, text, &range) == 0) ==
                    tr_label_dominates(&a, &b));
        }
    }
    free(text);
    return 0;
}
