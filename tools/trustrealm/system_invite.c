/* tools/trustrealm/system_invite.c - trustrealm system: a one-time token */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "kadmin.h"
#include "pending.h"
#include "text.h"

#define DAY (24 * 60 * 60)

struct invitation {
    struct tool_kadmin *kadmin;
    sigset_t held;              /* when there is kadmin */
    int64_t until;              /* s since 1970 */
    int file;                   /* of --token-file, or -1 */
    bool made;
    bool proposes;              /* the entry, for the token to add */
    struct tool_entries proposals;      /* of an earlier one */
    struct tool_entry *proposed;        /* the entry by them, or NULL */
};

static int
take_validity(const struct noun_call *call, int64_t *until_out)
{
    krb5_deltat valid = DAY;

    if (call->valid != NULL &&
        (krb5_string_to_deltat((char *)call->valid, &valid) != 0 ||
         valid < 60 || valid > 30 * DAY))
        return tool_usage(call->command, "--valid \"%s\": 1m to 30d expected",
                          call->valid);
    *until_out = time(NULL) + valid;
    return TOOL_DONE;
}

/* --- the entry ----------------------------------------------------------- */

/* One that is there stays as it is. */
static int
take_entry(const struct noun_call *call, const struct tool_entry *entry)
{
    if (call->ngiven > 0 || call->parent != NULL || call->add)
        return tool_usage(call->command, "there is a system %s; \"system "
                          "set\" changes it", call->name);
    return tool_entry_value(entry, "trPrincipal") != NULL ? TOOL_DONE :
        tool_fail(TOOL_NO, "system %s has no principal", call->name);
}

static int
add_entry(const struct noun_call *call, struct tool_work *work,
          struct tool_entry **entry_out)
{
    int status;

    status = noun_make(call, work, entry_out);
    if (status == TOOL_DONE)
        status = noun_system_complete(*entry_out);
    return status == TOOL_DONE ?
        system_complete_owner(call, work, *entry_out) : status;
}

/* The directory knows who has the token by the system's name. */
static int
check_principal(const struct noun_call *call, const struct tool_entry *entry)
{
    const char *principal = tool_entry_value(entry, "trPrincipal");
    char *start = tool_format(TOOL_SYSTEM_SERVICE "/%s@", call->name);
    bool good;

    tr_text_lower(start);
    good = strncmp(principal, start, strlen(start)) == 0;
    free(start);
    return good ? TOOL_DONE :
        tool_usage(call->command, "by its token the system %s adds itself as "
                   TOOL_SYSTEM_SERVICE "/%s, in small letters, and not as "
                   "%s; --add adds it now", call->name, call->name,
                   principal);
}

/* For the token to add: what is proposed takes the place of what was. */
static int
propose_entry(const struct noun_call *call, struct tool_work *work,
              struct invitation *invitation, struct tool_entry **entry_out)
{
    char *place = tool_pending_systems(work->directory);
    struct noun_call placed = *call;
    size_t i;
    int status;

    for (i = 0; i < invitation->proposals.n; i++)
        tool_pending_gone(work, invitation->proposals.list[i]);
    placed.parent = place;
    status = noun_make(&placed, work, entry_out);
    if (status == TOOL_DONE)
        status = noun_system_complete(*entry_out);
    if (status == TOOL_DONE)
        status = check_principal(call, *entry_out);
    free(place);
    return status;
}

/* For the token to add, too: as it was proposed before, if it was. */
static int
find_proposed(const struct noun_call *call, struct tool_work *work,
              struct invitation *invitation, struct tool_entry **entry_out)
{
    int status;

    if (noun_given(call, "owner") != NULL || call->parent != NULL)
        return tool_usage(call->command, "--owner and --parent go with "
                          "--add: an entry that the token adds is yours, and "
                          "where systems are");
    invitation->proposes = true;
    status = tool_pending_about(work->directory, call->name,
                                &invitation->proposals);
    /* Options say what is meant, whatever was proposed before. */
    if (status == TOOL_DONE && call->ngiven == 0)
        status = tool_pending_invited(work->directory, call->name,
                                      &invitation->proposals,
                                      &invitation->proposed);
    if (status != TOOL_DONE)
        return status;
    if (invitation->proposed == NULL)
        return propose_entry(call, work, invitation, entry_out);
    /* Another administrator may have proposed it. */
    *entry_out = invitation->proposed;
    return check_principal(call, *entry_out);
}

/* The entry, or a new one, or one that is proposed. */
static int
find_or_make(const struct noun_call *call, struct tool_work *work,
             struct invitation *invitation, struct tool_entry **entry_out)
{
    *entry_out = tool_entries_find(&work->entries, TR_RECORD_SYSTEM,
                                   call->name);
    if (*entry_out != NULL)
        return take_entry(call, *entry_out);
    if (tool_directory_limit(work->directory) == NULL || call->add)
        return add_entry(call, work, entry_out);
    return find_proposed(call, work, invitation, entry_out);
}

/* --- the token ----------------------------------------------------------- */

/* To the file, or to what is printed when all is done. */
static int
hand_over(const struct noun_call *call, const struct invitation *invitation,
          const char *token, struct tool_work *work)
{
    char until[TOOL_TIME_LENGTH];
    char line[TOOL_TOKEN_SIZE + 1];
    ssize_t length, done, n;
    bool good;

    tool_format_time(invitation->until, until);
    work->made = json_pack("{s:o, s:s}", "system", tool_json_text(call->name),
                           "until", until);
    if (call->token_file == NULL) {
        json_object_set_new(work->made, "token", json_string(token));
        return TOOL_DONE;
    }
    length = snprintf(line, sizeof(line), "%s\n", token);
    for (n = 1, done = 0; n > 0 && done < length; done += n)
        n = write(invitation->file, line + done, (size_t)(length - done));
    good = n > 0 && fsync(invitation->file) == 0;
    explicit_bzero(line, sizeof(line));
    if (!good)
        return tool_fail(TOOL_SYSTEM, "%s: %s", call->token_file,
                         strerror(errno));
    json_object_set_new(work->made, "token-file",
                        tool_json_text(call->token_file));
    return TOOL_DONE;
}

static int
make_invitation(const struct noun_call *call, struct tool_work *work,
                const char *principal, struct invitation *invitation)
{
    char token[TOOL_TOKEN_SIZE];
    int status;

    status = tool_kadmin_open(principal, call->admin_cache,
                              &invitation->kadmin);
    if (status != TOOL_DONE)
        return status;
    tool_hold(&invitation->held);
    if (call->token_file != NULL) {
        invitation->file = open(call->token_file, O_WRONLY | O_CREAT |
                                O_EXCL | O_CLOEXEC, 0600);
        if (invitation->file < 0)
            status = tool_fail(TOOL_SYSTEM, "%s: %s", call->token_file,
                               strerror(errno));
    }
    if (status == TOOL_DONE)
        status = tool_kadmin_invite(invitation->kadmin, invitation->until,
                                    call->force, token);
    invitation->made = status == TOOL_DONE;
    if (status == TOOL_DONE)
        status = hand_over(call, invitation, token, work);
    explicit_bzero(token, sizeof(token));
    return status;
}

/* The invitation is made before what is written, as nobody has its token
 * yet. */
static int
invite_system(const struct noun_call *call, struct tool_work *work,
              struct invitation *invitation)
{
    struct tool_options options = call->options;
    struct tool_entry *entry = NULL;
    bool invited;
    int status;

    status = take_validity(call, &invitation->until);
    if (status == TOOL_DONE)
        status = tool_work_open(&call->options, work);
    if (status == TOOL_DONE)
        status = find_or_make(call, work, invitation, &entry);
    if (status == TOOL_DONE && !call->options.dry_run)
        status = make_invitation(call, work,
                                 tool_entry_value(entry, "trPrincipal"),
                                 invitation);
    options.propose = invitation->proposes;
    if (status == TOOL_DONE)
        status = tool_work_finish(&options, work);
    if (status != TOOL_DONE && invitation->made &&
        tool_kadmin_withdraw(invitation->kadmin, &invited) == TOOL_DONE)
        tool_fail(status, "the invitation was withdrawn; no earlier token is "
                  "valid any more%s", call->force ? ", and no key" : "");
    if (status != TOOL_DONE && invitation->file >= 0)
        (void)unlink(call->token_file);
    if (invitation->kadmin != NULL)
        tool_release(&invitation->held, status);
    return status;
}

/* One word for a shell; malloced. */
static char *
quote(const char *text)
{
    char *quoted = tool_must(malloc(4 * strlen(text) + 3)), *end = quoted;

    *end++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            end = stpcpy(end, "'\\'");
        *end++ = *text;
    }
    (void)stpcpy(end, "'");
    return quoted;
}

/* What is typed there. */
static void
tell_next(const struct noun_call *call, const struct tool_work *work,
          bool proposed)
{
    const char *uri = tool_directory_name(work->directory);
    const char *limit = tool_directory_limit(work->directory);
    char *base = quote(limit != NULL ? limit : "");
    char *where = !proposed ? tool_copy(" --added") :
        strncmp(uri, "ldapi:", 6) == 0 ? tool_copy("") :
        tool_format(" --uri %s --base %s", uri, base);

    tool_line("next, on that system: trustrealm system enroll %s%s "
              "--token-file %s", call->name, where,
              call->token_file != NULL ? "FILE" : "-");
    free(where);
    free(base);
}

static int
invite(int argc, char **argv)
{
    struct noun_call call;
    struct tool_work work = { 0 };
    struct invitation invitation = { .file = -1 };
    int status;

    noun_parse(&noun_system, "system invite", "Make a token with which a "
               "system can create its key, once, and add itself as a\nmember "
               "of no trust realm if it is not in the table.  An earlier "
               "token becomes\ninvalid and, with --force, so does a key that "
               "the system has.", NOUN_FIELDS |
               NOUN_PARENT | NOUN_ADMIN | NOUN_INVITE | NOUN_FORCE, argc,
               argv, &call, &status);
    if (status < 0) {
        status = invite_system(&call, &work, &invitation);
        if (status == TOOL_DONE && work.made != NULL &&
            !call.options.json && tool_for_people())
            tell_next(&call, &work, invitation.proposes);
    }
    if (invitation.file >= 0)
        (void)close(invitation.file);
    tool_kadmin_close(invitation.kadmin);
    tool_work_close(&work);
    tool_entries_clear(&invitation.proposals);
    tool_entry_free(invitation.proposed);
    noun_call_free(&call);
    return status;
}

const struct tool_command tool_system_invite = {
    "system invite", "make a token for a new system to enroll by", invite
};
