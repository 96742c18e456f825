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
#include "noun.h"
#include "text.h"

/* --- invite -------------------------------------------------------------- */

#define DAY (24 * 60 * 60)

struct invitation {
    struct tool_kadmin *kadmin;
    int64_t until;              /* s since 1970 */
    int file;                   /* of --token-file, or -1 */
    bool made;
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

/* The entry, or a new one. */
static int
find_or_make(const struct noun_call *call, struct tool_work *work,
             const struct tool_entry **entry_out)
{
    struct tool_entry *entry = NULL;
    int status;

    *entry_out = tool_entries_find(&work->entries, TR_RECORD_SYSTEM,
                                   call->name);
    if (*entry_out != NULL && (call->ngiven > 0 || call->parent != NULL))
        return tool_usage(call->command, "there is a system %s; \"system "
                          "set\" changes it", call->name);
    if (*entry_out != NULL)
        return tool_entry_value(*entry_out, "trPrincipal") != NULL ?
            TOOL_DONE : tool_fail(TOOL_NO, "system %s has no principal",
                                  call->name);
    status = noun_make(call, work, &entry);
    if (status == TOOL_DONE)
        status = noun_system_complete(entry);
    if (status == TOOL_DONE)
        status = system_complete_owner(call, work, entry);
    *entry_out = entry;
    return status;
}

/* To the file, or to what is printed when all is done. */
static int
hand_over(const struct noun_call *call, const struct invitation *invitation,
          const char *token, struct tool_work *work)
{
    char until[TOOL_TIME_LENGTH];
    char line[TOOL_TOKEN_SIZE + 1];
    int length;
    bool good;

    tool_format_time(invitation->until, until);
    work->made = json_pack("{s:o, s:s}", "system", tool_json_text(call->name),
                           "until", until);
    if (call->token_file == NULL) {
        json_object_set_new(work->made, "token", json_string(token));
        return TOOL_DONE;
    }
    length = snprintf(line, sizeof(line), "%s\n", token);
    good = write(invitation->file, line, (size_t)length) == length &&
        fsync(invitation->file) == 0;
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

    if (call->token_file != NULL) {
        invitation->file = open(call->token_file, O_WRONLY | O_CREAT |
                                O_EXCL | O_CLOEXEC, 0600);
        if (invitation->file < 0)
            return tool_fail(TOOL_SYSTEM, "%s: %s", call->token_file,
                             strerror(errno));
    }
    status = tool_kadmin_open(principal, call->admin_cache,
                              &invitation->kadmin);
    if (status == TOOL_DONE)
        status = tool_kadmin_invite(invitation->kadmin, invitation->until,
                                    call->force, token);
    invitation->made = status == TOOL_DONE;
    if (status == TOOL_DONE)
        status = hand_over(call, invitation, token, work);
    explicit_bzero(token, sizeof(token));
    return status;
}

/* The invitation is made before the entry, as nobody has its token yet. */
static int
invite_system(const struct noun_call *call, struct tool_work *work,
              struct invitation *invitation)
{
    const struct tool_entry *entry;
    int status;

    status = take_validity(call, &invitation->until);
    if (status == TOOL_DONE)
        status = tool_work_open(&call->options, work);
    if (status == TOOL_DONE)
        status = find_or_make(call, work, &entry);
    if (status == TOOL_DONE && !call->options.dry_run)
        status = make_invitation(call, work,
                                 tool_entry_value(entry, "trPrincipal"),
                                 invitation);
    if (status == TOOL_DONE)
        status = tool_work_finish(&call->options, work);
    if (status != TOOL_DONE && invitation->made)
        (void)tool_kadmin_withdraw(invitation->kadmin);
    if (status != TOOL_DONE && invitation->file >= 0)
        (void)unlink(call->token_file);
    return status;
}

static int
invite(int argc, char **argv)
{
    struct noun_call call;
    struct tool_work work = { 0 };
    struct invitation invitation = { .file = -1 };
    int status;

    noun_parse(&noun_system, "system invite", "Make a token with which a "
               "system can create its key, once; add the system if it\nis not "
               "in the table, as a member of no trust realm.  An earlier "
               "token becomes\ninvalid and, with --force, so does a key that "
               "the system has.", NOUN_FIELDS |
               NOUN_PARENT | NOUN_ADMIN | NOUN_INVITE | NOUN_FORCE, argc,
               argv, &call, &status);
    if (status < 0) {
        status = invite_system(&call, &work, &invitation);
        if (status == TOOL_DONE && work.made != NULL &&
            !call.options.json && tool_for_people())
            tool_line("next, on that system: trustrealm system enroll %s "
                      "--token-file %s", call.name,
                      call.token_file != NULL ? "FILE" : "-");
    }
    if (invitation.file >= 0)
        (void)close(invitation.file);
    tool_kadmin_close(invitation.kadmin);
    tool_work_close(&work);
    noun_call_free(&call);
    return status;
}

const struct tool_command tool_system_invite = {
    "system invite", "make a token for a new system to enroll by", invite
};

/* --- enroll by it -------------------------------------------------------- */

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

/* That of the option, or the usual one; malloced, NULL after a complaint. */
static char *
principal_of(const struct noun_call *call)
{
    const char *principal = NULL;
    size_t i;

    for (i = 0; i < call->ngiven; i++) {
        if (strcmp(call->given[i].field->option, "principal") != 0)
            break;
        principal = call->given[i].value;
    }
    if (i < call->ngiven || call->parent != NULL ||
        call->admin_cache != NULL || call->options.dry_run) {
        tool_usage(call->command, "--token-file goes with --keytab and "
                   "--principal only: the system is in the table");
        return NULL;
    }
    if (!tr_text_is_name(call->name)) {
        tool_usage(call->command, "'%s' is not a system's name", call->name);
        return NULL;
    }
    return principal != NULL ? tool_copy(principal) :
        noun_system_principal(call->name);
}

int
system_enroll_by_token(const struct noun_call *call)
{
    struct tr_config *config = NULL;
    const char *keytab = NULL;
    char *principal = principal_of(call), token[TOOL_TOKEN_SIZE];
    int status = principal != NULL ? TOOL_DONE : TOOL_USAGE;

    /* The configuration of a new system may still have to be written. */
    if (status == TOOL_DONE && call->keytab == NULL &&
        tool_has_config(&call->options))
        status = tool_load_config(&call->options, &config);
    if (status == TOOL_DONE) {
        keytab = call->keytab == NULL && config == NULL ? TR_DEFAULT_KEYTAB :
            system_keytab(call, config);
        status = keytab != NULL ? TOOL_DONE : TOOL_USAGE;
    }
    if (status == TOOL_DONE)
        status = read_token(call, token);
    if (status == TOOL_DONE)
        status = tool_kadmin_redeem(principal, token, keytab);
    explicit_bzero(token, sizeof(token));
    if (status == TOOL_DONE)
        status = system_tell_key(call, principal, keytab, "systemd-tmpfiles "
                                 "--create gives the keytab to trustrealmd; "
                                 "an owner of a trust realm makes the system "
                                 "a member");
    free(principal);
    tr_config_free(config);
    return status;
}
