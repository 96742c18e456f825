/* tools/trustrealm/graph_dot.c - the picture for Graphviz */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Names of trust realms, systems and levels have no octet that means anything
 * to Graphviz within quotes (tr_text_is_name()), and labels only ':' and ','
 * besides.
 */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "graph.h"

/* With more groups than people can follow lines from, only trust realms are
 * drawn, and how many systems they have in common. */
#define MAX_GROUPS 40
#define FEW_GROUPS 12           /* then they have more to say: */
#define MAX_NAMES 8             /* of systems, in one group; else */
#define MAX_NAMES_OF_MANY 3
#define MAX_LINES 3             /* to others, of each trust realm alone */

/* Fill and line: pairs that can be told apart, also by the colour-blind. */
static const char *const colours[][2] = {
    { "#cfe3f5", "#1f5f99" }, { "#fde3c2", "#c06a00" },
    { "#d3ecd3", "#2c7a2c" }, { "#f5d3d3", "#b03a3a" },
    { "#e3d8ef", "#6a4a9c" }, { "#f3ebc4", "#8a7a10" },
    { "#d0ebee", "#12808c" }, { "#ead9cd", "#7a5236" }
};
#define NCOLOURS (sizeof(colours) / sizeof(colours[0]))

static const char *
plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void
write_realm(const struct graph_realm *realm, size_t number, double width,
            FILE *out)
{
    const struct tr_realm_record *record = realm->realm->record;

    fprintf(out, "  r%zu [label=\"%s\\npriority %ld, DOI %lu\\n", number,
            record->name, (long)record->priority, (unsigned long)record->doi);
    if (record->nlevels > 1)
        fprintf(out, "%s to %s\\n", record->levels[0].name,
                record->levels[record->nlevels - 1].name);
    fprintf(out, "%s%zu system%s\", fillcolor=\"%s\"",
            record->mode == TR_MODE_DRY_RUN ? "dry run\\n" : "",
            realm->members, plural(realm->members),
            colours[number % NCOLOURS][0]);
    if (width > 0)
        fprintf(out, ", width=%.2f", width);
    fprintf(out, ", style=\"filled,rounded%s\"];\n",
            record->mode == TR_MODE_DRY_RUN ? ",dashed" : "");
}

/* --- groups -------------------------------------------------------------- */

/* The range that all of the group have in its i-th trust realm, or NULL. */
static const char *
common_range(const struct graph *graph, const struct graph_group *group,
             size_t i)
{
    size_t j;

    for (j = 1; j < group->nsystems; j++) {
        if (group->systems[j].ranges[i] != group->systems[0].ranges[i])
            return NULL;
    }
    return graph->ranges[group->systems[0].ranges[i]];
}

static void
write_ranges(const struct graph *graph, const struct graph_group *group,
             FILE *out)
{
    const char *range;
    size_t i, length;

    for (i = 0; i < group->nrealms; i++) {
        range = common_range(graph, group, i);
        length = range == NULL ? 0 : strcspn(range, " ");
        fprintf(out, "%s%s: ", i == 0 ? "|" : "",
                graph->realms[group->realms[i]].realm->record->name);
        if (range == NULL)
            fputs("several ranges\\l", out);
        else
            fprintf(out, "%.*s to %s\\l", (int)length, range,
                    range + length + 1);
    }
}

/* A record: how many, names, and their ranges. */
static void
write_group(const struct graph *graph, size_t number, FILE *out)
{
    const struct graph_group *group = graph->groups[number];
    bool few = graph->ngroups <= FEW_GROUPS;
    size_t i, most = few ? MAX_NAMES : MAX_NAMES_OF_MANY;
    size_t shown = group->nsystems <= most + 1 ? group->nsystems : most;

    fprintf(out, "  g%zu [shape=record, label=\"%zu system%s%s|", number,
            group->nsystems, plural(group->nsystems),
            group->nrealms == 0 ? " in no trust realm" : "");
    for (i = 0; i < shown; i++)
        fprintf(out, "%s%s\\l", group->systems[i].name,
                group->systems[i].enabled ? "" : " (disabled)");
    if (shown < group->nsystems)
        fprintf(out, "and %zu more\\l", group->nsystems - shown);
    if (few)
        write_ranges(graph, group, out);
    fprintf(out, "\"%s];\n", group->nrealms == 0 ? ", style=dashed" : "");
}

static void
write_groups(const struct graph *graph, FILE *out)
{
    const struct graph_group *group;
    size_t i, j;

    fputs("  rankdir=LR; ranksep=2; nodesep=0.2;\n  { rank=min;", out);
    for (i = 0; i < graph->nrealms; i++) {
        if (graph->realms[i].shown)
            fprintf(out, " r%zu;", i);
    }
    fputs(" }\n  { rank=max;", out);
    for (i = 0; i < graph->ngroups; i++)
        fprintf(out, " g%zu;", i);
    fputs(" }\n", out);
    for (i = 0; i < graph->ngroups; i++) {
        group = graph->groups[i];
        write_group(graph, i, out);
        for (j = 0; j < group->nrealms; j++)
            fprintf(out, "  r%zu -- g%zu [color=\"%s\"];\n",
                    group->realms[j], i,
                    colours[group->realms[j] % NCOLOURS][1]);
    }
}

/* --- trust realms alone -------------------------------------------------- */

/* Trust realms with systems in common. */
struct line {
    size_t a, b, systems;
};

static int
compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    if (x->systems != y->systems)
        return x->systems > y->systems ? -1 : 1;
    return x->a != y->a ? (x->a > y->a) - (x->a < y->a) :
        (x->b > y->b) - (x->b < y->b);
}

/* A line for each two trust realms that have systems in common, in *out,
 * with the most first. */
static size_t
find_lines(const struct graph *graph, struct line **out)
{
    size_t n = graph->nrealms, i, j, k, found = 0;
    size_t *common = tool_must(calloc(n * n + 1, sizeof(*common)));
    const struct graph_group *group;
    struct line *lines;

    for (i = 0; i < graph->ngroups; i++) {
        group = graph->groups[i];
        for (j = 0; j < group->nrealms; j++) {
            for (k = 0; k < j; k++)
                common[group->realms[k] * n + group->realms[j]] +=
                    group->nsystems;
        }
    }
    for (i = 0; i < n * n; i++)
        found += common[i] > 0;
    lines = tool_must(calloc(found + 1, sizeof(*lines)));
    for (i = found = 0; i < n * n; i++) {
        if (common[i] > 0)
            lines[found++] = (struct line){ i / n, i % n, common[i] };
    }
    free(common);
    qsort(lines, found, sizeof(*lines), compare_lines);
    *out = lines;
    return found;
}

static void
write_overlaps(const struct graph *graph, FILE *out)
{
    size_t *drawn = tool_must(calloc(graph->nrealms + 1, sizeof(*drawn)));
    struct line *lines;
    size_t i, n = find_lines(graph, &lines), left_out = 0;

    fputs("  layout=sfdp; overlap=prism; splines=true; K=0.8;\n", out);
    for (i = 0; i < n; i++) {
        /* Those that are the most of what either end shares. */
        if (drawn[lines[i].a] >= MAX_LINES &&
            drawn[lines[i].b] >= MAX_LINES) {
            left_out++;
            continue;
        }
        drawn[lines[i].a]++;
        drawn[lines[i].b]++;
        fprintf(out, "  r%zu -- r%zu [label=\"%zu\", penwidth=%.1f, "
                "color=\"#a9b6c3\"];\n", lines[i].a, lines[i].b,
                lines[i].systems,
                1 + 4.0 * (double)lines[i].systems /
                (double)lines[0].systems);
    }
    fputs("  label=\"lines: systems in both trust realms", out);
    if (left_out > 0)
        fprintf(out, "; %zu thinner ones are not drawn", left_out);
    fputs("\";\n", out);
    free(lines);
    free(drawn);
}

void
graph_write_dot(const struct graph *graph, FILE *out)
{
    bool groups = graph->ngroups <= MAX_GROUPS;
    size_t i, most = 1;

    for (i = 0; i < graph->nrealms; i++) {
        if (graph->realms[i].members > most)
            most = graph->realms[i].members;
    }
    fputs("graph trustrealm {\n"
          "  fontname=\"Helvetica\"; labelloc=b; fontsize=11;\n"
          "  node [fontname=\"Helvetica\", fontsize=11, shape=box, "
          "color=\"#556677\"];\n"
          "  edge [fontname=\"Helvetica\", fontsize=9, "
          "fontcolor=\"#556677\"];\n", out);
    for (i = 0; i < graph->nrealms; i++) {
        if (graph->realms[i].shown)
            write_realm(&graph->realms[i], i, groups ? 0 : 1 + 2.0 *
                        (double)graph->realms[i].members / (double)most,
                        out);
    }
    if (groups)
        write_groups(graph, out);
    else
        write_overlaps(graph, out);
    fputs("}\n", out);
}
