/* tools/trustrealm/system_enroll.c - trustrealm system: entry and key */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kadmin.h"
#include "pending.h"
#include "text.h"

/* --- by a ticket --------------------------------------------------------- */

struct enrolment { struct tool_kadmin *kadmin; sigset_t held; char *keytab;
                   bool made; };

int
system_complete_owner(const struct noun_call *call, struct tool_work *work,
                      struct tool_entry *entry)
{
    char *me = NULL;
    int status;

    if (tool_entry_value(entry, "owner") != NULL ||
        call->options.ldif != NULL)
        return TOOL_DONE;
    status = tool_directory_whoami(work->directory, &me);
    if (status == TOOL_DONE && strncmp(me, "dn:", 3) == 0 && me[3] != '\0')
        tool_entry_add(entry, "owner", me + 3);
    free(me);
    return status;
}

/* The key is made first: an entry is something that others act on. */
static int
complete(const struct noun_call *call, struct tool_work *work,
         struct tool_entry *entry, void *arg)
{
    struct enrolment *enrolment = arg;
    const char *keytab = system_keytab(call, work->config);
    int status;

    if (keytab == NULL)
        return TOOL_USAGE;
    status = noun_system_complete(entry);
    if (status == TOOL_DONE)
        status = system_complete_owner(call, work, entry);
    if (status != TOOL_DONE || call->options.dry_run)
        return status;
    status = tool_kadmin_open(tool_entry_value(entry, "trPrincipal"),
                              call->admin_cache, &enrolment->kadmin);
    /* From here on all is done, or nothing. */
    if (status == TOOL_DONE) {
        tool_hold(&enrolment->held);
        status = tool_kadmin_create(enrolment->kadmin, keytab);
    }
    enrolment->made = status == TOOL_DONE;
    enrolment->keytab = tool_copy(keytab);
    return status;
}

static int
enroll_by_ticket(const struct noun_call *call)
{
    struct enrolment enrolment = { 0 };
    struct tool_work work = { 0 };
    int status;

    status = noun_add_entry(call, &work, complete, &enrolment);
    if (status != TOOL_DONE && enrolment.made &&
        tool_kadmin_delete(enrolment.kadmin, enrolment.keytab) != TOOL_DONE)
        tool_fail(TOOL_SYSTEM, "%s: the key could not be taken back; system "
                  "retire removes it", enrolment.keytab);
    if (enrolment.kadmin != NULL)
        tool_release(&enrolment.held, status);
    tool_kadmin_close(enrolment.kadmin);
    free(enrolment.keytab);
    tool_work_close(&work);
    return status;
}

/* --- the token ----------------------------------------------------------- */

/* Of a file, of stdin ("-"), or of who sits there, whom nobody watches. */
static int
read_line(const char *from, char *line, int size)
{
    char prompt[] = "Token";
    krb5_data reply = { .data = line, .length = (unsigned int)size - 1 };
    krb5_prompt ask = { prompt, 1, &reply };
    FILE *file = strcmp(from, "-") == 0 ? stdin : tr_text_open(from);
    krb5_context context = NULL;
    bool good;

    if (file == NULL)
        return tool_fail(TOOL_SYSTEM, "%s: %s", from, strerror(errno));
    if (isatty(fileno(file))) {
        good = krb5_init_context(&context) == 0 &&
            krb5_prompter_posix(context, NULL, NULL, NULL, 1, &ask) == 0;
        krb5_free_context(context);
    } else {
        (void)setvbuf(file, NULL, _IONBF, 0);
        good = fgets(line, size, file) != NULL;
    }
    if (file != stdin)
        (void)fclose(file);
    return good ? TOOL_DONE :
        tool_fail(TOOL_SYSTEM, "%s: there is no token in it", from);
}

static int
read_token(const struct noun_call *call, char token_out[TOOL_TOKEN_SIZE])
{
    char line[128];
    int status;

    status = read_line(call->token_file, line, sizeof(line));
    if (status == TOOL_DONE && !tool_token_read(line, token_out))
        status = tool_usage(call->command, "--token-file %s: this is no "
                            "token: seven groups of four letters and digits "
                            "expected", call->token_file);
    explicit_bzero(line, sizeof(line));
    return status;
}

/* --- by a token: the entry ----------------------------------------------- */

/* One that is there has to be that of the key to come. */
static int
check_entry(const struct tool_redeem *redeem, const struct tool_entry *entry)
{
    const char *its = tool_entry_value(entry, "trPrincipal");

    return tool_redeem_check(redeem, entry->dn, its != NULL ? its : "none");
}

/* It may have been somebody else who added the entry: then they stay. */
static void
remove_proposals(struct tool_directory *directory,
                 struct tool_entries *proposals)
{
    struct tool_work work = { .directory = directory };
    size_t i;

    for (i = 0; i < proposals->n; i++)
        tool_pending_gone(&work, proposals->list[i]);
    (void)tool_directory_apply(directory, work.changes, work.nchanges);
    tool_work_forget(&work);
}

/* As it was proposed. */
static int
add_entry(const struct noun_call *call, const struct tool_redeem *redeem,
          struct tool_directory *directory)
{
    struct tool_entries proposals = { 0 };
    struct tool_entry *entry = NULL;
    struct tool_change change = { NULL, NULL };
    int status;

    status = tool_pending_about(directory, call->name, &proposals);
    if (status == TOOL_DONE)
        status = tool_pending_invited(directory, call->name, &proposals,
                                      &entry);
    if (status == TOOL_DONE && entry == NULL)
        status = tool_fail(TOOL_NO, "%s is not in the table, and no "
                           "invitation to add it can be read there; an "
                           "administrator has to add it (system add), and "
                           "where that cannot be seen either, --added says "
                           "so; %s", call->name, tool_redeem_token(redeem));
    if (status == TOOL_DONE)
        status = check_entry(redeem, entry);
    if (status == TOOL_DONE) {
        change.after = entry;
        status = tool_directory_apply(directory, &change, 1);
        if (status != TOOL_DONE)
            tool_fail(status, "%s %s added; an administrator may add it "
                      "(system add); %s", call->name, status == TOOL_NO ?
                      "was not" : "may not have been", status == TOOL_NO ?
                      tool_redeem_token(redeem) : tool_redeem_again(redeem));
    }
    if (status == TOOL_DONE)
        remove_proposals(directory, &proposals);
    tool_entry_free(entry);
    tool_entries_clear(&proposals);
    return status;
}

/* Find the entry, or add it.  As who has the token. */
static int
ensure_entry(const struct noun_call *call, const struct tr_config *config,
             const struct tool_redeem *redeem, const char **found_out)
{
    struct tool_options options = call->options;
    struct tool_directory *directory = NULL;
    struct tool_entry *entry = NULL;
    int status;

    if (options.bind == NULL)
        options.bind = "gssapi";
    status = tool_directory_open(&options, config, true, &directory);
    if (status == TOOL_DONE) {
        status = tool_directory_find(directory, TR_RECORD_SYSTEM, call->name,
                                     &entry);
        *found_out = status == TOOL_DONE ? "there already" : "added";
    }
    if (directory == NULL || (status != TOOL_DONE && status != TOOL_NO))
        tool_fail(status, "nothing was changed, %s; where tokens cannot log "
                  "in, an administrator adds the system (system add), and "
                  "--added says so", tool_redeem_again(redeem));
    else
        status = status == TOOL_DONE ? check_entry(redeem, entry) :
            add_entry(call, redeem, directory);
    tool_entry_free(entry);
    tool_directory_close(directory);
    return status;
}

/* --- by a token ---------------------------------------------------------- */

/* That of the option, or the usual one; malloced, NULL after a complaint. */
static char *
principal_of(const struct noun_call *call)
{
    const char *principal = noun_given(call, "principal");

    if (call->ngiven > (principal != NULL) || call->parent != NULL ||
        call->admin_cache != NULL || call->options.dry_run) {
        tool_usage(call->command, "--token-file goes with --keytab, "
                   "--principal and --added only: what the entry has was "
                   "said to \"system invite\"");
        return NULL;
    }
    if (!tr_text_is_name(call->name)) {
        tool_usage(call->command, "'%s' is not a system's name", call->name);
        return NULL;
    }
    return principal != NULL ? tool_copy(principal) :
        noun_system_principal(call->name);
}

/* Is the table in a server?  A file is for who keeps it to add systems to. */
static bool
has_server(const struct noun_call *call, const struct tr_config *config)
{
    return !call->added && call->options.ldif == NULL &&
        (call->options.uri != NULL ||
         strncmp(config->source, "ldap", 4) == 0);
}

static int
redeem(const struct noun_call *call, const struct tr_config *config,
       const char *principal, const char *keytab, const char **entry_out)
{
    struct tool_redeem *redeem = NULL;
    char token[TOOL_TOKEN_SIZE];
    bool used = false;
    int status;

    *entry_out = "not looked at";
    status = read_token(call, token);
    if (status == TOOL_DONE)
        status = tool_redeem_begin(principal, token, keytab, &redeem,
                                   &used);
    explicit_bzero(token, sizeof(token));
    if (status == TOOL_DONE && !used && has_server(call, config))
        status = ensure_entry(call, config, redeem, entry_out);
    if (status == TOOL_DONE)
        status = tool_redeem_finish(redeem);
    tool_redeem_end(redeem);
    return status;
}

static int
enroll_by_token(const struct noun_call *call)
{
    struct tr_config *config = NULL;
    const char *keytab = NULL, *entry;
    char *principal = principal_of(call);
    int status = principal != NULL ? TOOL_DONE : TOOL_USAGE;

    /* The configuration of a new system may still have to be written: then
     * options say where the table is. */
    if (status == TOOL_DONE && (!call->added ||
                                tool_has_config(&call->options)))
        status = tool_load_config(&call->options, &config);
    if (status != TOOL_DONE && status != TOOL_USAGE && !call->added)
        tool_fail(status, "the entry cannot be looked for; if an "
                  "administrator has added it, say --added");
    if (status == TOOL_DONE) {
        keytab = call->keytab == NULL && config == NULL ? TR_DEFAULT_KEYTAB :
            system_keytab(call, config);
        status = keytab != NULL ? TOOL_DONE : TOOL_USAGE;
    }
    if (status == TOOL_DONE)
        status = redeem(call, config, principal, keytab, &entry);
    if (status == TOOL_DONE)
        status = system_tell_key(call, principal, keytab, entry,
                                 "systemd-tmpfiles --create gives the keytab "
                                 "to trustrealmd; an owner of a trust realm "
                                 "makes the system a member");
    free(principal);
    tr_config_free(config);
    return status;
}

/* --- the command --------------------------------------------------------- */

static int
enroll(int argc, char **argv)
{
    struct noun_call call;
    int status;

    noun_parse(&noun_system, "system enroll", "On a new system: create its "
               "key, put that into its keytab, and add the system\nto the "
               "table, as a member of no trust realm, unless it is there.  "
               "By an\nadministrator's ticket, all or nothing; or by a token "
               "of \"system invite\".",
               NOUN_FIELDS | NOUN_PARENT | NOUN_KEYTAB | NOUN_ADMIN |
               NOUN_TOKEN, argc, argv, &call, &status);
    if (status < 0 && call.added && call.token_file == NULL)
        status = tool_usage(call.command, "--added goes with --token-file");
    if (status < 0)
        status = call.token_file != NULL ? enroll_by_token(&call) :
            enroll_by_ticket(&call);
    noun_call_free(&call);
    return status;
}

const struct tool_command tool_system_enroll = {
    "system enroll", "make a new system's key and entry", enroll
};
