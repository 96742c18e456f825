/* tools/gss-label/doctor_process.c - is a running program kept from it? */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A program may have started before the plugin was installed, have a Kerberos
 * of its own, or be shut in so that it finds neither plugin nor daemon.  What
 * /proc shows of it is enough to tell.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>
#include "doctor.h"

#define MAX_TEXT 256

static FILE *
open_of(pid_t pid, const char *name)
{
    char path[MAX_TEXT];

    (void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
    return fopen(path, "re");
}

/* Which libraries are in it? */
struct libraries {
    bool gssapi, plugin, deleted, own;
};

static bool
find_libraries(pid_t pid, struct libraries *found)
{
    FILE *maps = open_of(pid, "maps");
    char *line = NULL;
    size_t size = 0;

    if (maps == NULL)
        return false;
    while (getline(&line, &size, maps) > 0) {
        found->gssapi |= strstr(line, "/libgssapi_krb5.so") != NULL;
        found->own |= strstr(line, "/libjvm.so") != NULL ||
            strstr(line, "/libgssapi.so") != NULL;
        if (strstr(line, "/mech_trustrealm.so") != NULL) {
            found->plugin = true;
            found->deleted |= strstr(line, "(deleted)") != NULL;
        }
    }
    free(line);
    fclose(maps);
    return true;
}

static void
check_libraries(struct doctor *doctor, pid_t pid)
{
    struct libraries found = { .gssapi = false };

    if (!find_libraries(pid, &found))
        doctor_say(doctor, DOCTOR_NOTE, "program", "ask as root", "process "
                   "%ld cannot be looked into: %s", (long)pid,
                   strerror(errno));
    else if (found.deleted)
        doctor_say(doctor, DOCTOR_WRONG, "program", "restart it", "it runs "
                   "with a plugin that has been replaced since");
    else if (found.plugin)
        doctor_say(doctor, DOCTOR_GOOD, "program", NULL, "it has loaded the "
                   "plugin");
    else if (found.gssapi)
        doctor_say(doctor, DOCTOR_NOTE, "program", "restart it if it was "
                   "started before the plugin was installed", "it has "
                   "libgssapi, but not (yet) the plugin: that is loaded at "
                   "the first use of Kerberos");
    else if (found.own)
        doctor_say(doctor, DOCTOR_WRONG, "program", "have its peers "
                   "accept it by a by-pass, or do not use it", "it has a "
                   "Kerberos library of its own, without labels");
    else
        doctor_say(doctor, DOCTOR_NOTE, "program", NULL, "it has not loaded "
                   "libgssapi_krb5");
}

/* Does it see the same file there as we do? */
static void
check_file(struct doctor *doctor, pid_t pid, const char *path)
{
    struct stat ours, its;
    char *inside;

    if (path == NULL || *path != '/' || stat(path, &ours) != 0)
        return;
    if (asprintf(&inside, "/proc/%ld/root%s", (long)pid, path) < 0)
        return;
    if (stat(inside, &its) == 0) {
        if (its.st_dev != ours.st_dev || its.st_ino != ours.st_ino)
            doctor_say(doctor, DOCTOR_NOTE, "program", "if it is to be the "
                       "same, bind-mount it there (systemd: BindPaths=)",
                       "it sees another %s (in mounts of its own)", path);
    } else if (errno == ENOENT) {
        doctor_say(doctor, DOCTOR_WRONG, "program", "bind-mount it there "
                   "(systemd: BindPaths=)", "it does not see %s: it has "
                   "another root directory or mounts of its own", path);
    }
    free(inside);
}

/* The first line of a file of it, "" when there is none. */
static void
first_line(pid_t pid, const char *name, char *text, size_t size)
{
    FILE *file = open_of(pid, name);

    *text = '\0';
    if (file == NULL)
        return;
    if (fgets(text, (int)size, file) == NULL)
        *text = '\0';
    text[strcspn(text, "\n")] = '\0';
    fclose(file);
}

static void
check_confinement(struct doctor *doctor, pid_t pid)
{
    FILE *status = open_of(pid, "status");
    char text[MAX_TEXT], *line = NULL;
    size_t size = 0;
    int mode = 0;

    while (status != NULL && getline(&line, &size, status) > 0)
        (void)sscanf(line, "Seccomp: %d", &mode);
    free(line);
    if (status != NULL)
        fclose(status);
    if (mode != 0)
        doctor_say(doctor, DOCTOR_NOTE, "program", "allow it socket, connect, "
                   "sendmsg, recvmsg and mmap (systemd: AF_UNIX in "
                   "RestrictAddressFamilies=)", "a seccomp filter decides "
                   "whether it reaches trustrealmd");
    first_line(pid, "attr/current", text, sizeof(text));
    if (strstr(text, "(enforce)") != NULL)
        doctor_say(doctor, DOCTOR_NOTE, "program", "allow it the socket (rw) "
                   "and the plugin (mr)", "AppArmor confines it: %s", text);
}

/* Did it get more rights than who started it?  Then variables that say which
 * plugin and which daemon mean nothing to it. */
static bool
is_secure(pid_t pid)
{
    FILE *file = open_of(pid, "auxv");
    unsigned long entry[2];
    bool secure = false;

    while (file != NULL && fread(entry, sizeof(entry), 1, file) == 1)
        secure |= entry[0] == AT_SECURE && entry[1] != 0;
    if (file != NULL)
        fclose(file);
    return secure;
}

static void
check_environment(struct doctor *doctor, pid_t pid)
{
    const char *effect = is_secure(pid) ? ", and ignores it, having more "
        "rights than who started it" : "";
    FILE *file = open_of(pid, "environ");
    char *entry = NULL;
    size_t size = 0;

    while (file != NULL && getdelim(&entry, &size, '\0', file) > 0) {
        if (strncmp(entry, "GSS_MECH_CONFIG=", 16) == 0 ||
            strncmp(entry, "TRUSTREALM_SOCKET=", 18) == 0)
            doctor_say(doctor, DOCTOR_NOTE, "program", *effect != '\0' ? NULL :
                       "if it is to be labelled as others are, start it "
                       "without", "it was started with %s%s", entry, effect);
    }
    free(entry);
    if (file != NULL)
        fclose(file);
}

void
doctor_process(struct doctor *doctor, pid_t pid)
{
    char name[MAX_TEXT];

    first_line(pid, "comm", name, sizeof(name));
    if (*name == '\0') {
        doctor_say(doctor, DOCTOR_WRONG, "program", "ps -e tells its "
                   "number", "there is no process %ld", (long)pid);
        return;
    }
    doctor_say(doctor, DOCTOR_GOOD, "program", NULL, "%ld is %s", (long)pid,
               name);
    check_libraries(doctor, pid);
    check_file(doctor, pid, doctor->mech_config);
    check_file(doctor, pid, doctor->plugin);
    check_file(doctor, pid, doctor->socket);
    check_confinement(doctor, pid);
    check_environment(doctor, pid);
}
