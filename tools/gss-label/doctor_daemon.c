/* tools/gss-label/doctor_daemon.c - does trustrealmd answer, and with what? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "doctor.h"
#include "wire.h"

extern char **environ;

static const char *
how_to_reach(int code)
{
    switch (code) {
    case ENOENT:
    case ECONNREFUSED:
        return "start it: systemctl enable --now trustrealmd; if it ends "
            "again, this says why: runuser -u " TR_DAEMON_USER
            " -- trustrealmd -t";
    case EACCES:
        return "systemctl restart trustrealmd makes the socket and its "
            "directory anew, open to everybody; those above have to be "
            "accessible (chmod a+x)";
    case EAGAIN:
        return "it is overloaded or stopped: see its log";
    case ENAMETOOLONG:
        return "correct " TR_SOCKET_ENV;
    default:
        return "let what confines this program leave it sockets (systemd: "
            "AF_UNIX in RestrictAddressFamilies=, @network-io in "
            "SystemCallFilter=)";
    }
}

/* The plugin takes the answers of root and of the daemon's user only. */
static void
check_owner(struct doctor *doctor, int fd)
{
    struct passwd *user = getpwnam(TR_DAEMON_USER);
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
        peer.uid == 0 || (user != NULL && peer.uid == user->pw_uid))
        return;
    if (secure_getenv(TR_SOCKET_ENV) != NULL && peer.uid == geteuid())
        doctor_say(doctor, DOCTOR_NOTE, "daemon", NULL, "it runs as you: "
                   "programs of other users do not trust it");
    else
        doctor_say(doctor, DOCTOR_WRONG, "daemon", "run it as " TR_DAEMON_USER,
                   "the socket belongs to uid %lu: programs do not trust it",
                   (unsigned long)peer.uid);
}

/* errno, or 0 */
static int
try_socket(struct doctor *doctor)
{
    static const struct timeval limit = { TR_CALL_TIMEOUT_MS / 1000, 0 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd, code = 0;

    if (strlen(doctor->socket) >= sizeof(address.sun_path))
        return ENAMETOOLONG;
    memcpy(address.sun_path, doctor->socket, strlen(doctor->socket));
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        code = errno;
    else
        check_owner(doctor, fd);
    (void)close(fd);
    return code;
}

/* What "trustrealm status" prints; NULL when it could not be run. */
static json_t *
read_status(const char *socket)
{
    char *argv[] = { "trustrealm", "status", "--json", "--socket",
                     (char *)socket, NULL };
    posix_spawn_file_actions_t actions;
    json_t *state = NULL;
    FILE *stream;
    int ends[2];
    pid_t pid;

    if (pipe(ends) != 0)
        return NULL;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    stream = fdopen(ends[0], "r");
    if (pid > 0 && stream != NULL)
        state = json_loadf(stream, JSON_REJECT_DUPLICATES, NULL);
    if (stream != NULL)
        fclose(stream);
    else
        (void)close(ends[0]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    return state;
}

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static json_int_t
number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void
check_table(struct doctor *doctor, const json_t *table)
{
    const char *source = text_of(table, "source");
    const char *state = text_of(table, "state");
    bool confirmed = strcmp(state, "up to date") == 0;
    bool starting = strcmp(state, "starting") == 0;

    if (*text_of(table, "error") != '\0')
        doctor_say(doctor, DOCTOR_WRONG, "table", "trustrealmd -t and its "
                   "log say more", "%s", text_of(table, "error"));
    else if (!json_is_integer(json_object_get(table, "age")))
        doctor_say(doctor, DOCTOR_WRONG, "table", "mend the source, "
                   "or the way to it; the log of trustrealmd may say more",
                   "its source, %s, has never answered: %s", source, state);
    else if (json_is_true(json_object_get(table, "stale")))
        doctor_say(doctor, DOCTOR_WRONG, "table", "bring the source back; "
                   "nothing else is needed", "it is %lld s old, too old to "
                   "decide by; %s: %s", (long long)number_of(table, "age"),
                   source, state);
    else if (number_of(table, "stale_realms") > 0)
        doctor_say(doctor, DOCTOR_WRONG, "table", "bring the source back; "
                   "nothing else is needed", "it is %lld s old, too old for "
                   "%lld trust realms; %s: %s",
                   (long long)number_of(table, "age"),
                   (long long)number_of(table, "stale_realms"), source,
                   state);
    else if (number_of(table, "realms") == 0 ||
             number_of(table, "systems") == 0)
        doctor_say(doctor, DOCTOR_WRONG, "table", "check the search base, "
                   "and that this system may read what is below it", "there "
                   "is no trust realm or no system in %s", source);
    else
        doctor_say(doctor, confirmed ? DOCTOR_GOOD : DOCTOR_NOTE, "table",
                   confirmed ? NULL : starting ? "ask again in a moment" :
                   "mend what it says, of the source or the way to it; the "
                   "last table is used until maximum-staleness",
                   "%lld trust realms, %lld systems, %lld s old; %s: %s",
                   (long long)number_of(table, "realms"),
                   (long long)number_of(table, "systems"),
                   (long long)number_of(table, "age"), source, state);
    if (number_of(table, "unusable_realms") > 0)
        doctor_say(doctor, DOCTOR_WRONG, "table", "trustrealm check names "
                   "them", "%lld trust realms are contradictory, nothing is "
                   "sent in them",
                   (long long)number_of(table, "unusable_realms"));
    if (number_of(table, "disputed_names") > 0)
        doctor_say(doctor, DOCTOR_WRONG, "table", "trustrealm check names "
                   "them", "%lld names are claimed by several entries, none "
                   "of which is used",
                   (long long)number_of(table, "disputed_names"));
}

/* What a trustrealmd of another version may leave out. */
static void
say_missing(struct doctor *doctor, const char *check)
{
    doctor_say(doctor, DOCTOR_NOTE, check, "systemctl restart trustrealmd, "
               "which may be older than this program", "trustrealmd says "
               "nothing of it");
}

/* It is the daemon that knows what time it has been. */
static void
check_clock(struct doctor *doctor, const json_t *clock)
{
    if (!json_is_integer(json_object_get(clock, "behind")))
        say_missing(doctor, "clock");
    else if (number_of(clock, "behind") != 0)
        doctor_say(doctor, DOCTOR_WRONG, "clock", "set it right (timedatectl "
                   "set-ntp true); if it is right, a KDC's was ahead: see "
                   "FILES in trustrealmd(8)", "it is %lld s %s, and "
                   "everything is refused",
                   (long long)number_of(clock, "behind"),
                   text_of(clock, "state"));
}

/* The system's own key, which only the daemon can try. */
static void
check_login(struct doctor *doctor, const json_t *login)
{
    static const struct { const char *cause, *mend; } mends[] = {
        { "key", "give it a new one: trustrealm system rotate or, in kadmin, "
          "ktadd -k with the keytab that trustrealm.conf names; then "
          "systemctl reload trustrealmd; others that have tickets for the "
          "old one follow in a quarter of an hour, or after a restart" },
        { "principal", "create or unlock the principal: trustrealm system "
          "enroll, or addprinc or modprinc in kadmin" },
        { "clock", "set the clock right (timedatectl set-ntp true), here or "
          "at the KDC" }
    };
    const char *mend = "see [realms] in krb5.conf, the network and the KDC";
    const char *cause = text_of(login, "cause");
    size_t i;

    if (!json_is_boolean(json_object_get(login, "failed"))) {
        say_missing(doctor, "login");
        return;
    }
    if (json_is_false(json_object_get(login, "failed"))) {
        if (number_of(login, "end") == 0)
            doctor_say(doctor, DOCTOR_NOTE, "login", "ask again in a moment",
                       "the KDC has not answered yet");
        else
            doctor_say(doctor, DOCTOR_GOOD, "login", NULL, "the KDC takes the "
                       "key of this system");
        return;
    }
    for (i = 0; i < sizeof(mends) / sizeof(*mends); i++) {
        if (strcmp(mends[i].cause, cause) == 0)
            mend = mends[i].mend;
    }
    doctor_say(doctor, DOCTOR_WRONG, "login", mend, strcmp(cause, "key") == 0 ?
               "the key of this system no longer fits: the KDC says: %s" :
               "trustrealmd cannot log in at the KDC: %s",
               text_of(login, "error"));
}

/* Of this system, if the table has it: doctor_kerberos.c says if not. */
static void
check_membership(struct doctor *doctor, const json_t *state)
{
    const json_t *count = json_object_get(state, "memberships");

    if (json_is_false(json_object_get(state, "enabled")))
        doctor_say(doctor, DOCTOR_WRONG, "member", "its administrator may: "
                   "trustrealm system enable", "%s is disabled in the table: "
                   "everything is refused", doctor->system);
    else if (json_is_integer(count) && json_integer_value(count) == 0)
        doctor_say(doctor, DOCTOR_WRONG, "member", "an owner of a trust realm "
                   "makes it a member: trustrealm system join", "%s is in no "
                   "trust realm: everything is refused", doctor->system);
}

void
doctor_daemon(struct doctor *doctor)
{
    json_t *state;
    int code;

    doctor->socket = secure_getenv(TR_SOCKET_ENV);
    if (doctor->socket == NULL || *doctor->socket == '\0')
        doctor->socket = TR_SOCKET_PATH;
    code = try_socket(doctor);
    if (code != 0) {
        doctor_say(doctor, DOCTOR_WRONG, "daemon", how_to_reach(code),
                   "trustrealmd does not answer at %s: %s", doctor->socket,
                   strerror(code));
        return;
    }
    state = read_status(doctor->socket);
    if (!json_is_object(state)) {
        doctor_say(doctor, DOCTOR_NOTE, "daemon", "ask it by hand: "
                   "trustrealm status", "its state could not be asked for");
    } else {
        doctor->system = strdup(text_of(state, "system"));
        doctor->names = json_incref(json_object_get(state, "names"));
        doctor_say(doctor, DOCTOR_GOOD, "daemon", NULL, "trustrealmd answers "
                   "as %s", text_of(state, "principal"));
        check_clock(doctor, json_object_get(state, "clock"));
        check_login(doctor, json_object_get(state, "login"));
        check_table(doctor, json_object_get(state, "table"));
        check_membership(doctor, state);
    }
    json_decref(state);
}
