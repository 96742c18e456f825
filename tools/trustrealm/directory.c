/* tools/trustrealm/directory.c - LDAP or an LDIF file */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "directory_backend.h"

#define TIMEOUT_S 30
#define MINIMUM_SSF 128

struct tool_directory {
    const struct tool_backend *backend;
    void *state;
    struct tr_ldap_options ldap;
    char *name;
    char *base;
};

static bool
starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* How trustrealmd binds is its own affair: a person has a ticket, or is known
 * to the local socket. */
static int
open_ldap(const struct tool_options *options, const struct tr_config *config,
          const char *uri, struct tool_directory *directory)
{
    struct tr_ldap_options *ldap = &directory->ldap;
    bool local = starts_with(uri, "ldapi:");

    ldap->uri = uri;
    ldap->base = options->base != NULL ? options->base :
        config != NULL ? config->base : NULL;
    if (ldap->base == NULL)
        return tool_fail(TOOL_USAGE, "%s: --base is missing", uri);
    ldap->bind = options->bind != NULL ? options->bind :
        local ? "external" : "gssapi";
    ldap->ca_file = options->ca_file != NULL ? options->ca_file :
        config != NULL ? config->ca_file : NULL;
    ldap->starttls = options->starttls ||
        (options->uri == NULL && config != NULL && config->starttls);
    ldap->minimum_ssf = local ? 0 : config != NULL ?
        (int)config->minimum_ssf : MINIMUM_SSF;
    ldap->heartbeat_s = ldap->timeout_s = TIMEOUT_S;
    directory->backend = &tool_backend_ldap;
    return tool_ldap_open(ldap, &directory->state);
}

const char *
tool_directory_file(const struct tool_options *options,
                    const struct tr_config *config)
{
    static const char scheme[] = "ldif:";

    if (options->ldif == NULL && options->uri == NULL && config != NULL &&
        starts_with(config->source, scheme))
        return config->source + strlen(scheme);
    return options->ldif;
}

static int
open_source(const struct tool_options *options,
            const struct tr_config *config, bool to_write,
            struct tool_directory *directory)
{
    const char *source = tool_directory_file(options, config);

    if (options->base != NULL || config != NULL) {
        directory->base = tool_copy(options->base != NULL ? options->base :
                                    config->base);
    }
    if (source != NULL) {
        directory->name = tool_copy(source);
        directory->backend = &tool_backend_ldif;
        return tool_ldif_open(directory->name, to_write, &directory->state);
    }
    source = options->uri != NULL ? options->uri : config->source;
    if (starts_with(source, "snapshot:"))
        return tool_fail(TOOL_USAGE, "%s: a snapshot is for systems alone; "
                         "--uri or --ldif names what it was made of", source);
    directory->name = tool_copy(source);
    return open_ldap(options, config, directory->name, directory);
}

int
tool_directory_open(const struct tool_options *options,
                    const struct tr_config *config, bool to_write,
                    struct tool_directory **directory_out)
{
    struct tool_directory *directory;
    int status;

    *directory_out = NULL;
    if (options->ldif != NULL && options->uri != NULL)
        return tool_fail(TOOL_USAGE, "either --ldif or --uri");
    directory = tool_must(calloc(1, sizeof(*directory)));
    status = open_source(options, config, to_write, directory);
    if (status == TOOL_DONE)
        *directory_out = directory;
    else
        tool_directory_close(directory);
    return status;
}

int
tool_directory_begin(const struct tool_options *options,
                     struct tr_config **config_out,
                     struct tool_directory **directory_out)
{
    int status = tool_load_config(options, config_out);

    if (status == TOOL_DONE)
        status = tool_directory_open(options, *config_out, false,
                                     directory_out);
    if (status == TOOL_DONE)
        tool_note("asked %s, now", (*directory_out)->name);
    return status;
}

void
tool_directory_close(struct tool_directory *directory)
{
    if (directory == NULL)
        return;
    if (directory->state != NULL)
        directory->backend->close(directory->state);
    free(directory->name);
    free(directory->base);
    free(directory);
}

const char *
tool_directory_name(const struct tool_directory *directory)
{
    return directory->name;
}

const char *
tool_directory_base(const struct tool_directory *directory)
{
    return directory->base;
}

const char *
tool_directory_limit(const struct tool_directory *directory)
{
    return directory->ldap.base;
}

int
tool_directory_read(struct tool_directory *directory,
                    struct tool_entries *entries_out)
{
    int status;

    memset(entries_out, 0, sizeof(*entries_out));
    status = directory->backend->read(directory->state, entries_out);
    if (status != TOOL_DONE)
        tool_entries_clear(entries_out);
    tool_entries_sort(entries_out);
    return status;
}

int
tool_directory_find(struct tool_directory *directory,
                    enum tr_record_type type, const char *name,
                    struct tool_entry **entry_out)
{
    *entry_out = NULL;
    return directory->backend->find(directory->state, type, name, entry_out);
}

int
tool_directory_look(struct tool_directory *directory, const char *dn,
                    struct tool_entry **entry_out)
{
    *entry_out = NULL;
    return directory->backend->look(directory->state, dn, entry_out);
}

int
tool_directory_served(const struct tool_directory *directory)
{
    return directory->backend->search != NULL ? TOOL_DONE :
        tool_fail(TOOL_USAGE, "%s is a file, and only an LDAP server can do "
                  "this (--uri, --base)", directory->name);
}

int
tool_directory_search(struct tool_directory *directory, const char *base,
                      const char *filter, const char **attributes,
                      struct tool_entries *entries_out)
{
    int status = tool_directory_served(directory);

    memset(entries_out, 0, sizeof(*entries_out));
    return status != TOOL_DONE ? status :
        directory->backend->search(directory->state, base, filter, attributes,
                                   entries_out);
}

int
tool_directory_whoami(struct tool_directory *directory, char **name_out)
{
    int status = tool_directory_served(directory);

    *name_out = NULL;
    return status != TOOL_DONE ? status :
        directory->backend->whoami(directory->state, name_out);
}

int
tool_directory_apply(struct tool_directory *directory,
                     const struct tool_change *changes, size_t n)
{
    sigset_t held;
    int status;

    tool_hold(&held);
    status = directory->backend->apply(directory->state, changes, n);
    tool_release(&held, status);
    return status;
}
