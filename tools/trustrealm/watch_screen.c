/* tools/trustrealm/watch_screen.c - decisions on a terminal */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Redrawn as a whole, a few times a second, with the sequences that every
 * terminal of the last decades knows.
 */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "watch.h"

#define OTHER_SCREEN "\033[?1049h\033[?25l"
#define FIRST_SCREEN "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"
#define REST_OF_LINE "\033[K"
#define REST_OF_SCREEN "\033[J"

#define MAX_EVENTS 200

struct watch_screen {
    char *events[MAX_EVENTS];
    size_t n;                   /* ever added */
    int rows, columns, row;
    json_t *before;             /* counts when the watch began */
};

struct watch_screen *
watch_screen_open(void)
{
    struct watch_screen *screen = tool_must(calloc(1, sizeof(*screen)));

    fputs(OTHER_SCREEN, stdout);
    return screen;
}

void
watch_screen_close(struct watch_screen *screen)
{
    size_t i;

    if (screen == NULL)
        return;
    fputs(FIRST_SCREEN, stdout);
    fflush(stdout);
    for (i = 0; i < MAX_EVENTS; i++)
        free(screen->events[i]);
    json_decref(screen->before);
    free(screen);
}

void
watch_screen_add(struct watch_screen *screen, char *text)
{
    char **place = &screen->events[screen->n++ % MAX_EVENTS];

    free(*place);
    *place = tool_printable(text);
}

/* --- drawing ------------------------------------------------------------- */

/* One row, cut at the edge; nothing when all are used. */
static void
print_row(struct watch_screen *screen, bool bold, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
print_row(struct watch_screen *screen, bool bold, const char *format, ...)
{
    va_list args;
    char *text;

    if (screen->row >= screen->rows)
        return;
    va_start(args, format);
    text = tool_vformat(format, args);
    va_end(args);
    printf("%s%s%.*s%s%s", screen->row++ > 0 ? "\r\n" : "",
           bold ? BOLD : "", screen->columns, tool_printable(text),
           bold ? PLAIN : "", REST_OF_LINE);
    free(text);
}

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "-";
}

static long long
number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void
draw_table(struct watch_screen *screen, const json_t *table)
{
    print_row(screen, false, "table of %s: generation %lld, %lld s old%s, %s",
              text_of(table, "source"), number_of(table, "generation"),
              number_of(table, "age"),
              json_is_true(json_object_get(table, "stale")) ?
              ", TOO OLD" : "", text_of(table, "state"));
    print_row(screen, false, "%lld trust realms, %lld systems, %lld "
              "clearances, %lld label maps", number_of(table, "realms"),
              number_of(table, "systems"), number_of(table, "clearances"),
              number_of(table, "maps"));
}

/* Counts of each event, ever and since the watch began. */
static void
draw_decisions(struct watch_screen *screen, json_t *decisions)
{
    const json_t *before;
    const char *event;
    json_t *counts;

    if (decisions == NULL) {
        print_row(screen, false, "decisions are told to root and "
                  "trustrealmd's own user");
        return;
    }
    if (screen->before == NULL)
        screen->before = json_deep_copy(decisions);
    print_row(screen, true, "%-10s %12s %12s %12s %12s", "EVENT", "ALLOWED",
              "REFUSED", "+ALLOWED", "+REFUSED");
    json_object_foreach(decisions, event, counts) {
        before = json_object_get(screen->before, event);
        print_row(screen, false, "%-10s %12lld %12lld %12lld %12lld", event,
                  number_of(counts, "allow"), number_of(counts, "deny"),
                  number_of(counts, "allow") - number_of(before, "allow"),
                  number_of(counts, "deny") - number_of(before, "deny"));
    }
}

static void
draw_events(struct watch_screen *screen)
{
    size_t room = (size_t)(screen->rows - screen->row), kept = screen->n;
    size_t i;

    if (kept > MAX_EVENTS)
        kept = MAX_EVENTS;
    if (kept < room)
        room = kept;
    for (i = screen->n - room; i < screen->n; i++)
        print_row(screen, false, "%s", screen->events[i % MAX_EVENTS]);
}

void
watch_screen_draw(struct watch_screen *screen, const json_t *state,
                  const char *why)
{
    struct winsize size = { .ws_row = 24, .ws_col = 80 };

    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    screen->rows = size.ws_row > 0 ? size.ws_row : 24;
    screen->columns = size.ws_col > 0 ? size.ws_col : 80;
    screen->row = 0;
    fputs(HOME, stdout);
    if (state == NULL) {
        print_row(screen, true, "%s", why);
    } else {
        print_row(screen, true, "%s: trustrealmd %s, up %lld s, epoch %lld",
                  text_of(state, "system"), text_of(state, "version"),
                  (long long)time(NULL) - number_of(state, "started"),
                  number_of(state, "epoch"));
        draw_table(screen, json_object_get(state, "table"));
        print_row(screen, false, "%s", "");
        draw_decisions(screen, json_object_get(state, "decisions"));
    }
    print_row(screen, false, "%s", "");
    draw_events(screen);
    fputs(REST_OF_SCREEN, stdout);
    fflush(stdout);
}
