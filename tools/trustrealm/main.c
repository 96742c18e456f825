/* tools/trustrealm/main.c - trustrealm, the administration tool */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm.h"
#include "trustrealm_err.h"

/* Verbs of one noun stand together. */
static const struct tool_command *const commands[] = {
    &tool_explain,
    &tool_reach,
    &tool_who,
    &tool_import,
    &tool_export,
    &tool_status,
    &tool_metrics,
    &tool_watch,
    &tool_check,
    &tool_diff,
    &tool_graph,
    &tool_cache,
    &tool_offboard,
    &tool_schema,
    &tool_realm_add,
    &tool_realm_set,
    &tool_realm_show,
    &tool_realm_list,
    &tool_realm_remove,
    &tool_system_add,
    &tool_system_set,
    &tool_system_show,
    &tool_system_list,
    &tool_system_join,
    &tool_system_leave,
    &tool_system_restrict,
    &tool_system_unrestrict,
    &tool_system_disable,
    &tool_system_enable,
    &tool_system_remove,
    &tool_system_invite,
    &tool_system_enroll,
    &tool_system_rotate,
    &tool_system_retire,
    &tool_clearance_set,
    &tool_clearance_limit,
    &tool_clearance_show,
    &tool_clearance_list,
    &tool_clearance_restrict,
    &tool_clearance_unrestrict,
    &tool_clearance_remove,
    &tool_map_add,
    &tool_map_set,
    &tool_map_show,
    &tool_map_list,
    &tool_map_remove,
    &tool_map_check,
    &tool_pending_list,
    &tool_pending_show,
    &tool_pending_approve,
    &tool_pending_reject,
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

/* The length of a command's noun; 0 when it has none. */
static size_t
noun_length(const struct tool_command *command)
{
    const char *blank = strchr(command->name, ' ');

    return blank == NULL ? 0 : (size_t)(blank - command->name);
}

static bool
is_noun(const struct tool_command *command, const char *noun)
{
    size_t length = noun_length(command);

    return length > 0 && strlen(noun) == length &&
        strncmp(command->name, noun, length) == 0;
}

static void
usage(FILE *stream)
{
    size_t i, length, width = 0;

    for (i = 0; i < NCOMMANDS; i++) {
        if (strlen(commands[i]->name) > width)
            width = strlen(commands[i]->name);
    }
    fprintf(stream, "usage: trustrealm [NOUN] VERB [NAME] [OPTION...]\n"
            "       trustrealm [NOUN] VERB --help\n\ncommands:\n");
    for (i = 0; i < NCOMMANDS; i++) {
        length = noun_length(commands[i]);
        if (i > 0 && (length != noun_length(commands[i - 1]) ||
                      strncmp(commands[i]->name, commands[i - 1]->name,
                              length) != 0))
            fputc('\n', stream);
        fprintf(stream, "  %-*s  %s\n", (int)width, commands[i]->name,
                commands[i]->summary);
    }
    fprintf(stream, "\nexit status: 0 done or allowed, 1 refused, not found "
            "or findings,\n             2 usage, 3 system error\n");
}

/* The verbs of a noun; false when there is none of that name. */
static bool
noun_usage(FILE *stream, const char *noun)
{
    bool found = false;
    size_t i;

    for (i = 0; i < NCOMMANDS; i++) {
        if (!is_noun(commands[i], noun))
            continue;
        if (!found)
            fprintf(stream, "usage: trustrealm %s VERB [NAME] [OPTION...]\n"
                    "       trustrealm %s VERB --help\n\nverbs:\n", noun,
                    noun);
        found = true;
        fprintf(stream, "  %-12s %s\n",
                commands[i]->name + noun_length(commands[i]) + 1,
                commands[i]->summary);
    }
    return found;
}

static bool
is_any_noun(const char *word)
{
    size_t i;

    for (i = 0; i < NCOMMANDS; i++) {
        if (is_noun(commands[i], word))
            return true;
    }
    return false;
}

/* What is said of a verb of noun, or of a noun or a verb that needs none, for
 * a word that is none; malloced. */
static char *
like(const char *noun, const char *word)
{
    struct tool_suggestion suggestion = { .asked = word };
    size_t i, length;
    char *name;

    for (i = 0; i < NCOMMANDS; i++) {
        length = noun_length(commands[i]);
        if (noun != NULL && is_noun(commands[i], noun)) {
            tool_suggest(&suggestion, commands[i]->name + length + 1);
        } else if (noun == NULL) {
            name = length == 0 ? tool_copy(commands[i]->name) :
                tool_format("%.*s", (int)length, commands[i]->name);
            tool_suggest(&suggestion, name);
            free(name);
        }
    }
    return tool_suggest_text(&suggestion);
}

/* What stdout did not take is not done. */
static int
finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return tool_fail(TOOL_SYSTEM, "stdout: %s", strerror(errno));
    return status;
}

static int
run(const struct tool_command *command, int argc, char **argv)
{
    char *name;
    int status;

    /* getopt_long() complains by argv[0], tool_parse() by the other. */
    name = tool_format("trustrealm %s", command->name);
    argv[0] = program_invocation_name = name;
    status = command->run(argc, argv);
    free(name);
    return finish(status);
}

static bool
asks_for_help(const char *word)
{
    return word != NULL && (strcmp(word, "--help") == 0 ||
                            strcmp(word, "-h") == 0);
}

/* How many words of argv name command: 0 when they name another. */
static int
words_naming(const struct tool_command *command, char **argv)
{
    size_t length = noun_length(command);

    if (length == 0)
        return strcmp(argv[0], command->name) == 0 ? 1 : 0;
    return is_noun(command, argv[0]) && argv[1] != NULL &&
        strcmp(argv[1], command->name + length + 1) == 0 ? 2 : 0;
}

int
main(int argc, char **argv)
{
    char *text;
    size_t i;
    int words;

    initialize_trr_error_table();
    if (argc < 2) {
        usage(stderr);
        return TOOL_USAGE;
    }
    if (asks_for_help(argv[1])) {
        usage(stdout);
        return finish(TOOL_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("trustrealm %s\n", PACKAGE_VERSION);
        return finish(TOOL_DONE);
    }
    for (i = 0; i < NCOMMANDS; i++) {
        words = words_naming(commands[i], argv + 1);
        if (words > 0)
            return run(commands[i], argc - words, argv + words);
    }
    if (asks_for_help(argv[2]) && noun_usage(stdout, argv[1]))
        return finish(TOOL_DONE);
    if (is_any_noun(argv[1])) {
        text = argv[2] == NULL ? tool_copy("") : like(argv[1], argv[2]);
        if (*text == '\0')
            (void)noun_usage(stderr, argv[1]);
        if (argv[2] == NULL)
            tool_fail(TOOL_USAGE, "%s: a verb is missing", argv[1]);
        else
            tool_fail(TOOL_USAGE, "%s: unknown verb '%s'%s", argv[1], argv[2],
                      text);
        free(text);
        return TOOL_USAGE;
    }
    text = like(NULL, argv[1]);
    tool_fail(TOOL_USAGE, "unknown command '%s'%s", argv[1],
              *text != '\0' ? text : "; try --help");
    free(text);
    return TOOL_USAGE;
}
