/* tools/trustrealm/order.h - names of several orders, joined by label maps */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef ORDER_H
#define ORDER_H

/*
 * Levels (or categories) of trust realms and of local formats are names in
 * spaces of their own.  A label map says of two names that they are one
 * level; a trust realm says which of its levels lies above which.  All that
 * together makes sense only when no two names of one space come out as one,
 * or as each above the other: then a label that travels, through as many maps
 * as you like, comes back as what it was.
 *
 * That is so just when no strongly connected component of the graph (a level
 * and its counterpart lead to each other, a level to the next one above) has
 * two names of one space.  Of such a component the shortest way from one name
 * to the other is the counter-example.
 */

#include <stdbool.h>
#include <stddef.h>

struct order;

struct order *order_create(void);
void order_free(struct order *order);

/* A space, called label (borrowed).  ordered: its nodes are added from the
 * lowest to the highest. */
size_t order_add_space(struct order *order, const char *label, bool ordered);
/* The node of name (borrowed), added when it is not there. */
size_t order_add_name(struct order *order, size_t space, const char *name);
/* The node of name when it is there. */
bool order_find(const struct order *order, size_t space, const char *name,
                size_t *node_out);
/* The nodes are one; why is told with the counter-example. */
void order_add_same(struct order *order, size_t a, size_t b,
                    const void *why);

/*
 * A way of steps "=" (the same) and "<" (below) from high to low, two names
 * of one space; why is that of its first pair.  ordered: in their space low
 * lies below high.
 */
struct order_contradiction {
    const char *way, *low, *high;
    bool ordered;
    const void *why;
};

/* Call found for each component that has one. */
void order_judge(const struct order *order,
                 void (*found)(const struct order_contradiction *what,
                               void *arg), void *arg);

#endif
