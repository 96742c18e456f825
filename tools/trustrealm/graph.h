/* tools/trustrealm/graph.h - systems and trust realms as a picture */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef GRAPH_H
#define GRAPH_H

/*
 * A line from each system to each of its trust realms is a picture up to a
 * dozen systems.  But most systems are in the same trust realms as others:
 * so they are put together in groups, one for each set of trust realms, and
 * the picture is of groups.
 */

#include <stdio.h>
#include "trustrealm.h"

struct graph_realm {
    const struct tr_realm *realm;
    size_t members;             /* enabled systems */
    bool shown;                 /* is of those that were asked for */
};

struct graph_system {
    char *name;
    bool enabled;
    size_t *ranges;             /* in graph.ranges, by trust realm of the
                                   group */
};

struct graph_group {
    size_t *realms, nrealms;    /* ascending; none: in no trust realm */
    struct graph_system *systems;
    size_t nsystems;
};

struct graph {
    const struct tool_table *table;
    struct graph_realm *realms; /* by name */
    size_t nrealms;
    struct graph_group **groups;        /* the largest first */
    size_t ngroups, nsystems;
    char **ranges;              /* "LOW HIGH", each once */
    size_t nranges;
    void *by_realms, *by_range; /* trees */
};

/* Of the whole table, or, when only is not NULL, of that trust realm's
 * members. */
int graph_create(const struct tool_table *table, const struct tr_realm *only,
                 struct graph **graph_out);
void graph_free(struct graph *graph);

/* For Graphviz. */
void graph_write_dot(const struct graph *graph, FILE *out);
/* For programs, and for the page. */
json_t *graph_json(const struct graph *graph);

#endif
