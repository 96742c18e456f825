/* tools/trustrealm/graph_data.c - systems, grouped by their trust realms */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include "grant.h"
#include "graph.h"

/* --- trees --------------------------------------------------------------- */

static int
compare_groups(const void *a, const void *b)
{
    const struct graph_group *x = a, *y = b;

    if (x->nrealms != y->nrealms)
        return x->nrealms < y->nrealms ? -1 : 1;
    return x->nrealms == 0 ? 0 :
        memcmp(x->realms, y->realms, x->nrealms * sizeof(*x->realms));
}

/* A range's text, and its place. */
struct numbered {
    char *text;
    size_t place;
};

static int
compare_ranges(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;

    return strcmp(x->text, y->text);
}

static void
keep(void *item)
{
}

/* The place of the range; text becomes the graph's. */
static size_t
number_range(struct graph *graph, char *text)
{
    struct numbered wanted = { text, graph->nranges }, *numbered;
    void *found = tfind(&wanted, &graph->by_range, compare_ranges);

    if (found != NULL) {
        free(text);
        return (*(struct numbered **)found)->place;
    }
    graph->ranges = tool_grow(graph->ranges, graph->nranges,
                              sizeof(*graph->ranges));
    numbered = tool_must(malloc(sizeof(*numbered)));
    *numbered = wanted;
    (void)tool_must(tsearch(numbered, &graph->by_range, compare_ranges));
    graph->ranges[graph->nranges++] = text;
    return wanted.place;
}

/* The group of those trust realms (n of them, copied). */
static struct graph_group *
find_group(struct graph *graph, const size_t *realms, size_t n)
{
    struct graph_group wanted = { .realms = (size_t *)realms, .nrealms = n };
    struct graph_group *group;
    void *found = tfind(&wanted, &graph->by_realms, compare_groups);
    size_t i;

    if (found != NULL)
        return *(struct graph_group **)found;
    group = tool_must(calloc(1, sizeof(*group)));
    group->realms = tool_must(calloc(n + 1, sizeof(*group->realms)));
    group->nrealms = n;
    for (i = 0; i < n; i++)
        group->realms[i] = realms[i];
    (void)tool_must(tsearch(group, &graph->by_realms, compare_groups));
    graph->groups = tool_grow(graph->groups, graph->ngroups,
                              sizeof(*graph->groups));
    graph->groups[graph->ngroups++] = group;
    return group;
}

/* --- gathering ----------------------------------------------------------- */

struct gathering {
    struct graph *graph;
    const struct tr_realm *only, *first;
};

/* The places, in order, of the trust realms that system is in now, and its
 * ranges; memberships are sorted by trust realm, as these are. */
static size_t
find_places(const struct gathering *gathering,
            const struct tr_system_record *system, size_t *places,
            size_t *ranges)
{
    const struct tr_realm *realm;
    const struct tr_grant *grant;
    char *low, *high;
    size_t i, n = 0;
    int64_t end;

    for (i = 0; i < system->nmemberships; i++) {
        grant = &system->memberships[i];
        end = tr_grant_end(grant);
        if ((end != 0 && end <= gathering->graph->table->now) ||
            tr_view_realm(gathering->graph->table->view, grant->realm,
                          &realm) != 0 ||
            !tool_grant_words(realm, grant, &low, &high))
            continue;
        places[n] = (size_t)(realm - gathering->first);
        ranges[n++] = number_range(gathering->graph,
                                   tool_format("%s %s", low, high));
        free(low);
        free(high);
    }
    return n;
}

static krb5_error_code
add_system(const struct tr_record *record, void *arg)
{
    const struct gathering *gathering = arg;
    const struct tr_system_record *system = &record->u.system;
    size_t places[TR_MAX_MEMBERSHIPS], ranges[TR_MAX_MEMBERSHIPS];
    size_t i, n = find_places(gathering, system, places, ranges);
    bool wanted = gathering->only == NULL;
    struct graph_system *added;
    struct graph_group *group;

    for (i = 0; i < n; i++)
        wanted = wanted || gathering->first + places[i] == gathering->only;
    if (!wanted)
        return 0;
    group = find_group(gathering->graph, places, n);
    group->systems = tool_grow(group->systems, group->nsystems,
                               sizeof(*group->systems));
    added = &group->systems[group->nsystems++];
    added->name = tool_copy(system->name);
    added->enabled = system->enabled;
    added->ranges = tool_must(calloc(n + 1, sizeof(*added->ranges)));
    for (i = 0; i < n; i++) {
        added->ranges[i] = ranges[i];
        gathering->graph->realms[places[i]].members += system->enabled;
        gathering->graph->realms[places[i]].shown = true;
    }
    gathering->graph->nsystems++;
    return 0;
}

static int
compare_systems(const void *a, const void *b)
{
    const struct graph_system *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* The largest first; those in no trust realm last. */
static int
compare_sizes(const void *a, const void *b)
{
    const struct graph_group *x = *(struct graph_group *const *)a;
    const struct graph_group *y = *(struct graph_group *const *)b;

    if ((x->nrealms == 0) != (y->nrealms == 0))
        return x->nrealms == 0 ? 1 : -1;
    if (x->nsystems != y->nsystems)
        return x->nsystems > y->nsystems ? -1 : 1;
    return compare_groups(x, y);
}

int
graph_create(const struct tool_table *table, const struct tr_realm *only,
             struct graph **graph_out)
{
    struct graph *graph = tool_must(calloc(1, sizeof(*graph)));
    struct gathering gathering = { graph, only,
                                   tr_view_realm_at(table->view, 0) };
    krb5_error_code ret;
    size_t i;

    graph->table = table;
    graph->nrealms = tr_view_realms(table->view);
    graph->realms = tool_must(calloc(graph->nrealms + 1,
                                     sizeof(*graph->realms)));
    for (i = 0; i < graph->nrealms; i++) {
        graph->realms[i].realm = tr_view_realm_at(table->view, i);
        graph->realms[i].shown = only == NULL ||
            graph->realms[i].realm == only;
    }
    ret = tr_view_each(table->view, TR_RECORD_SYSTEM, add_system, &gathering);
    for (i = 0; i < graph->ngroups; i++)
        qsort(graph->groups[i]->systems, graph->groups[i]->nsystems,
              sizeof(*graph->groups[i]->systems), compare_systems);
    if (graph->ngroups > 0)
        qsort(graph->groups, graph->ngroups, sizeof(*graph->groups),
              compare_sizes);
    *graph_out = graph;
    return ret ? tool_table_failed(table, ret) : TOOL_DONE;
}

void
graph_free(struct graph *graph)
{
    struct graph_group *group;
    size_t i, j;

    if (graph == NULL)
        return;
    tdestroy(graph->by_realms, keep);
    tdestroy(graph->by_range, free);
    for (i = 0; i < graph->ngroups; i++) {
        group = graph->groups[i];
        for (j = 0; j < group->nsystems; j++) {
            free(group->systems[j].name);
            free(group->systems[j].ranges);
        }
        free(group->systems);
        free(group->realms);
        free(group);
    }
    for (i = 0; i < graph->nranges; i++)
        free(graph->ranges[i]);
    free(graph->ranges);
    free(graph->groups);
    free(graph->realms);
    free(graph);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *
realm_json(const struct graph_realm *realm)
{
    const struct tr_realm_record *record = realm->realm->record;
    json_t *levels = json_array();
    size_t i;

    for (i = 0; i < record->nlevels; i++)
        json_array_append_new(levels, tool_json_text(record->levels[i].name));
    return json_pack("{s:o, s:I, s:I, s:b, s:b, s:b, s:o, s:I}",
                     "name", tool_json_text(record->name),
                     "doi", (json_int_t)record->doi,
                     "priority", (json_int_t)record->priority,
                     "dry_run", record->mode == TR_MODE_DRY_RUN,
                     "usable", realm->realm->error == 0,
                     "shown", realm->shown,
                     "levels", levels,
                     "members", (json_int_t)realm->members);
}

static json_t *
numbers_json(const size_t *numbers, size_t n)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < n; i++)
        json_array_append_new(array, json_integer((json_int_t)numbers[i]));
    return array;
}

static json_t *
group_json(const struct graph_group *group)
{
    json_t *systems = json_array();
    size_t i;

    for (i = 0; i < group->nsystems; i++)
        json_array_append_new(systems, json_pack(
            "{s:o, s:b, s:o}", "name", tool_json_text(group->systems[i].name),
            "enabled", group->systems[i].enabled, "ranges",
            numbers_json(group->systems[i].ranges, group->nrealms)));
    return json_pack("{s:o, s:o}", "realms",
                     numbers_json(group->realms, group->nrealms),
                     "systems", systems);
}

json_t *
graph_json(const struct graph *graph)
{
    json_t *realms = json_array(), *groups = json_array();
    json_t *ranges = json_array();
    size_t i;

    for (i = 0; i < graph->nrealms; i++)
        json_array_append_new(realms, realm_json(&graph->realms[i]));
    for (i = 0; i < graph->nranges; i++)
        json_array_append_new(ranges, tool_json_text(graph->ranges[i]));
    for (i = 0; i < graph->ngroups; i++)
        json_array_append_new(groups, group_json(graph->groups[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:I}", "realms", realms,
                     "ranges", ranges, "groups", groups,
                     "table", tool_table_json(graph->table),
                     "time", (json_int_t)graph->table->now);
}
