/* tools/trustrealm/order.c - names of several orders, joined by label maps */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "order.h"
#include "trustrealm.h"

#define NONE SIZE_MAX
#define MAX_TRIES 64            /* at a shorter counter-example */

struct node {
    size_t space, number;
    const char *name;
    size_t edges;               /* first of a list, or NONE */
};

struct edge {
    size_t to, next;
    bool above;                 /* else the same */
    const void *why;
};

struct space {
    const char *label;
    bool ordered;
    size_t highest;             /* node, or NONE */
};

struct order {
    struct space *spaces;
    struct node **nodes;
    struct edge *edges;
    size_t nspaces, nnodes, nedges;
    void *tree;                 /* of nodes, by space and name */
};

/* --- building ------------------------------------------------------------ */

struct order *
order_create(void)
{
    return tool_must(calloc(1, sizeof(struct order)));
}

static void
keep(void *node)
{
}

void
order_free(struct order *order)
{
    size_t i;

    if (order == NULL)
        return;
    tdestroy(order->tree, keep);
    for (i = 0; i < order->nnodes; i++)
        free(order->nodes[i]);
    free(order->spaces);
    free(order->nodes);
    free(order->edges);
    free(order);
}

size_t
order_add_space(struct order *order, const char *label, bool ordered)
{
    order->spaces = tool_grow(order->spaces, order->nspaces,
                              sizeof(*order->spaces));
    order->spaces[order->nspaces] = (struct space){ label, ordered, NONE };
    return order->nspaces++;
}

static int
compare_nodes(const void *a, const void *b)
{
    const struct node *x = a, *y = b;

    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    return strcasecmp(x->name, y->name);
}

static void
add_edge(struct order *order, size_t from, size_t to, bool above,
         const void *why)
{
    order->edges = tool_grow(order->edges, order->nedges,
                             sizeof(*order->edges));
    order->edges[order->nedges] = (struct edge){
        to, order->nodes[from]->edges, above, why
    };
    order->nodes[from]->edges = order->nedges++;
}

bool
order_find(const struct order *order, size_t space, const char *name,
           size_t *node_out)
{
    struct node wanted = { .space = space, .name = name };
    void *found = tfind(&wanted, &order->tree, compare_nodes);

    if (found == NULL)
        return false;
    *node_out = (*(struct node **)found)->number;
    return true;
}

size_t
order_add_name(struct order *order, size_t space, const char *name)
{
    size_t *highest = &order->spaces[space].highest, below = *highest, found;
    struct node *node;

    if (order_find(order, space, name, &found))
        return found;
    order->nodes = tool_grow(order->nodes, order->nnodes,
                             sizeof(*order->nodes));
    node = tool_must(malloc(sizeof(*node)));
    *node = (struct node){ space, order->nnodes, name, NONE };
    (void)tool_must(tsearch(node, &order->tree, compare_nodes));
    order->nodes[order->nnodes++] = node;
    *highest = node->number;
    if (order->spaces[space].ordered && below != NONE)
        add_edge(order, below, node->number, true, NULL);
    return node->number;
}

void
order_add_same(struct order *order, size_t a, size_t b, const void *why)
{
    add_edge(order, a, b, false, why);
    add_edge(order, b, a, false, why);
}

/* --- components ---------------------------------------------------------- */

/* Tarjan's algorithm; the stack of calls is kept in arrays. */
struct search {
    const struct order *order;
    size_t *component;          /* of each node, NONE until known */
    size_t *index, *low;        /* index: NONE until visited */
    size_t *next;               /* edge to look at */
    size_t *path, npath;        /* nodes being visited */
    size_t *stack, nstack;      /* nodes without a component */
    size_t visited;
};

static void
enter(struct search *search, size_t node)
{
    search->index[node] = search->low[node] = search->visited++;
    search->next[node] = search->order->nodes[node]->edges;
    search->path[search->npath++] = node;
    search->stack[search->nstack++] = node;
}

/* All edges of the node on top of the path have been followed. */
static void
leave(struct search *search)
{
    size_t node = search->path[--search->npath], parent, member;

    if (search->npath > 0) {
        parent = search->path[search->npath - 1];
        if (search->low[node] < search->low[parent])
            search->low[parent] = search->low[node];
    }
    if (search->low[node] != search->index[node])
        return;
    do {
        member = search->stack[--search->nstack];
        search->component[member] = node;
    } while (member != node);
}

static void
visit(struct search *search, size_t start)
{
    const struct edge *edge;
    size_t node;

    enter(search, start);
    while (search->npath > 0) {
        node = search->path[search->npath - 1];
        if (search->next[node] == NONE) {
            leave(search);
            continue;
        }
        edge = &search->order->edges[search->next[node]];
        search->next[node] = edge->next;
        if (search->index[edge->to] == NONE)
            enter(search, edge->to);
        else if (search->component[edge->to] == NONE &&
                 search->index[edge->to] < search->low[node])
            search->low[node] = search->index[edge->to];
    }
}

/* --- counter-examples ---------------------------------------------------- */

/* A shortest way between two nodes. */
struct way {
    size_t *via;                /* edge that led to each node */
    size_t *from;               /* node that it led from */
    size_t *queue;
    size_t high, low, steps;    /* steps 0: there is none */
};

/* Does node, reached from high, contradict it? */
static bool
contradicts(const struct order *order, size_t high, size_t node)
{
    size_t space = order->nodes[high]->space;

    return node != high && order->nodes[node]->space == space &&
        (!order->spaces[space].ordered || node < high);
}

/* Look from high, breadth first, among the n members of its component.  Where
 * nothing is known of an order, only being the same says something. */
static void
look(const struct search *search, const size_t *members, size_t n,
     size_t high, struct way *way)
{
    const struct order *order = search->order;
    bool ordered = order->spaces[order->nodes[high]->space].ordered;
    size_t head = 0, tail = 0, node, i, steps;
    const struct edge *edge;

    way->steps = 0;
    for (i = 0; i < n; i++)
        way->from[members[i]] = NONE;
    way->from[high] = high;
    way->queue[tail++] = high;
    while (head < tail) {
        node = way->queue[head++];
        if (contradicts(order, high, node)) {
            for (i = node, steps = 0; i != high; i = way->from[i])
                steps++;
            way->high = high;
            way->low = node;
            way->steps = steps;
            return;
        }
        for (i = order->nodes[node]->edges; i != NONE; i = edge->next) {
            edge = &order->edges[i];
            if (search->component[edge->to] != search->component[high] ||
                way->from[edge->to] != NONE || (edge->above && !ordered))
                continue;
            way->from[edge->to] = node;
            way->via[edge->to] = i;
            way->queue[tail++] = edge->to;
        }
    }
}

/* Write the way from its high end; *why_out is that of its first pair. */
static char *
describe(const struct order *order, struct way *way, const void **why_out)
{
    const struct node *node;
    size_t i, at, length;
    char *text = NULL;
    FILE *out = tool_must(open_memstream(&text, &length));
    bool above;

    *why_out = NULL;
    /* Turn it round: the queue is not needed any more. */
    for (i = way->steps, at = way->low; i > 0; at = way->from[at])
        way->queue[--i] = at;
    node = order->nodes[way->high];
    fprintf(out, "%s of %s", node->name, order->spaces[node->space].label);
    for (i = 0; i < way->steps; i++) {
        above = order->edges[way->via[way->queue[i]]].above;
        /* From one level to a higher one at once. */
        if (above && i + 1 < way->steps &&
            order->edges[way->via[way->queue[i + 1]]].above)
            continue;
        node = order->nodes[way->queue[i]];
        fprintf(out, " %s %s of %s", above ? "<" : "=", node->name,
                order->spaces[node->space].label);
        if (!above && *why_out == NULL)
            *why_out = order->edges[way->via[way->queue[i]]].why;
    }
    if (fclose(out) != 0)
        (void)tool_must(NULL);
    return text;
}

struct judge {
    void (*found)(const struct order_contradiction *what, void *arg);
    void *arg;
};

/* Report the shortest way among the members of one component. */
static void
judge_component(const struct search *search, const size_t *members, size_t n,
                struct way *way, const struct judge *judge)
{
    const struct order *order = search->order;
    struct order_contradiction what;
    size_t i, best = NONE, steps = 0;
    char *text;

    for (i = 0; i < n && i < MAX_TRIES; i++) {
        look(search, members, n, members[i], way);
        if (way->steps > 0 && (best == NONE || way->steps < steps)) {
            best = members[i];
            steps = way->steps;
        }
    }
    if (best == NONE)
        return;
    look(search, members, n, best, way);
    text = describe(order, way, &what.why);
    what.way = text;
    what.high = order->nodes[way->high]->name;
    what.low = order->nodes[way->low]->name;
    what.ordered =
        order->spaces[order->nodes[way->high]->space].ordered;
    judge->found(&what, judge->arg);
    free(text);
}

/* By component, then by space, the highest first. */
static int
compare_members(const void *a, const void *b, void *arg)
{
    const struct search *search = arg;
    struct node *const *nodes = search->order->nodes;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    if (search->component[x] != search->component[y])
        return search->component[x] < search->component[y] ? -1 : 1;
    if (nodes[x]->space != nodes[y]->space)
        return nodes[x]->space < nodes[y]->space ? -1 : 1;
    return x < y ? 1 : -1;
}

static void
judge_components(struct search *search, size_t *members, struct way *way,
                 const struct judge *judge)
{
    struct node *const *nodes = search->order->nodes;
    size_t i, start, count = search->order->nnodes;
    bool twice = false;

    for (i = 0; i < count; i++)
        members[i] = i;
    qsort_r(members, count, sizeof(*members), compare_members, search);
    for (start = 0, i = 1; i <= count; i++) {
        if (i < count && search->component[members[i]] ==
            search->component[members[start]]) {
            twice = twice || nodes[members[i]]->space ==
                nodes[members[i - 1]]->space;
            continue;
        }
        if (twice)
            judge_component(search, members + start, i - start, way, judge);
        start = i;
        twice = false;
    }
}

void
order_judge(const struct order *order,
            void (*found)(const struct order_contradiction *what, void *arg),
            void *arg)
{
    const struct judge judge = { found, arg };
    size_t i, n = order->nnodes;
    size_t *numbers = tool_must(calloc(10 * n + 1, sizeof(*numbers)));
    struct search search = { .order = order };
    struct way way = { 0 };

    search.component = numbers;
    search.index = numbers + n;
    search.low = numbers + 2 * n;
    search.next = numbers + 3 * n;
    search.path = numbers + 4 * n;
    search.stack = numbers + 5 * n;
    way.via = numbers + 6 * n;
    way.from = numbers + 7 * n;
    way.queue = numbers + 8 * n;
    for (i = 0; i < n; i++)
        search.component[i] = search.index[i] = NONE;
    for (i = 0; i < n; i++) {
        if (search.index[i] == NONE)
            visit(&search, i);
    }
    judge_components(&search, numbers + 9 * n, &way, &judge);
    free(numbers);
}
