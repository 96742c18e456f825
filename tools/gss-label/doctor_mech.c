/* tools/gss-label/doctor_mech.c - is Kerberos interposed, and if not, why? */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * libgssapi says nothing when it cannot load a mechanism.  So its own files
 * are read here, and what they name is loaded once more, to hear why not.
 */

#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "doctor.h"
#include "gssapi_trustrealm.h"

#define MECH_FILE "/etc/gss/mech"
#define MECH_FOLDER "/etc/gss/mech.d"
#define PLUGIN_NAME "mech_trustrealm.so"

/* What the files say. */
struct lines {
    bool interposer, own;       /* of ours */
    char *other;                /* library of another interposer */
};

static void
take_line(struct doctor *doctor, struct lines *lines, const char *line)
{
    char *name = NULL, *oid = NULL, *path = NULL, *rest = NULL;
    bool interposer;
    int n;

    n = sscanf(line, "%ms %ms %ms %m[^\n]", &name, &oid, &path, &rest);
    if (n >= 3 && *name != '#') {
        interposer = rest != NULL && strstr(rest, "<interposer>") != NULL;
        if (strstr(path, PLUGIN_NAME) != NULL) {
            if (strcmp(oid, GSS_TRUSTREALM_INTERPOSER_TEXT) == 0)
                lines->interposer |= interposer;
            if (strcmp(oid, GSS_TRUSTREALM_MECHANISM_TEXT) == 0)
                lines->own = true;
            free(doctor->plugin);
            doctor->plugin = path;
            path = NULL;
        } else if (interposer && lines->other == NULL) {
            lines->other = path;
            path = NULL;
        }
    }
    free(name);
    free(oid);
    free(path);
    free(rest);
}

static void
read_file(struct doctor *doctor, struct lines *lines, const char *path)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file;

    file = fopen(path, "re");
    if (file == NULL) {
        if (errno != ENOENT)
            doctor_say(doctor, DOCTOR_WRONG, "mech.d", "make it readable for "
                       "everybody (chmod a+r)", "%s: %s", path,
                       strerror(errno));
        return;
    }
    while (getline(&line, &size, file) > 0)
        take_line(doctor, lines, line);
    free(line);
    fclose(file);
}

/* As libgssapi finds them. */
static void
read_files(struct doctor *doctor, struct lines *lines)
{
    const char *path = secure_getenv("GSS_MECH_CONFIG");
    glob_t found;
    size_t i;

    doctor->mech_config = path != NULL ? path : MECH_FOLDER;
    if (path != NULL) {
        doctor_say(doctor, DOCTOR_NOTE, "mech.d", NULL, "GSS_MECH_CONFIG "
                   "names %s: other programs read " MECH_FOLDER, path);
        read_file(doctor, lines, path);
        return;
    }
    read_file(doctor, lines, MECH_FILE);
    if (glob(MECH_FOLDER "/*.conf", 0, NULL, &found) != 0)
        return;
    for (i = 0; i < found.gl_pathc; i++)
        read_file(doctor, lines, found.gl_pathv[i]);
    globfree(&found);
}

/* Who can change what runs in every program? */
static void
check_owner(struct doctor *doctor)
{
    struct stat st;

    if (stat(doctor->plugin, &st) != 0)
        return;
    if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        doctor_say(doctor, DOCTOR_WRONG, "plugin", "give it to root, mode "
                   "0644", "%s can be changed by others than root",
                   doctor->plugin);
}

static bool
check_plugin(struct doctor *doctor)
{
    void *handle;

    handle = dlopen(doctor->plugin, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        doctor_say(doctor, DOCTOR_WRONG, "plugin", "install trustrealm "
                   "again, or correct the path", "it cannot be loaded: %s",
                   dlerror());
        return false;
    }
    (void)dlclose(handle);
    check_owner(doctor);
    return true;
}

/* An interposed mechanism goes by both OIDs, one after the other. */
static bool
is_interposed(void)
{
    gss_OID_desc interposer = GSS_TRUSTREALM_INTERPOSER;
    const gss_OID_desc *krb5 = gl_mechanism_find("krb5")->oid;
    char octets[64];
    gss_OID_desc special = { interposer.length + krb5->length, octets };
    gss_OID_set names = GSS_C_NO_OID_SET;
    OM_uint32 major, minor;

    if (special.length > sizeof(octets))
        return false;
    memcpy(octets, interposer.elements, interposer.length);
    memcpy(octets + interposer.length, krb5->elements, krb5->length);
    major = gss_inquire_names_for_mech(&minor, &special, &names);
    (void)gss_release_oid_set(&minor, &names);
    return major == GSS_S_COMPLETE;
}

static bool
has_own_oid(void)
{
    gss_OID_set mechanisms = GSS_C_NO_OID_SET;
    OM_uint32 minor;
    int present = 0;

    if (gss_indicate_mechs(&minor, &mechanisms) == GSS_S_COMPLETE)
        (void)gss_test_oid_set_member(
            &minor, gl_mechanism_find("trustrealm")->oid, mechanisms,
            &present);
    (void)gss_release_oid_set(&minor, &mechanisms);
    return present != 0;
}

void
doctor_mech(struct doctor *doctor)
{
    struct lines lines = { .other = NULL };
    bool interposed = is_interposed();
    bool told = secure_getenv("GSS_MECH_CONFIG") != NULL;

    doctor->interposed = interposed;
    read_files(doctor, &lines);
    if (doctor->plugin == NULL)
        doctor_say(doctor, DOCTOR_WRONG, "mech.d", told ?
                   "unset GSS_MECH_CONFIG" : "put the file "
                   "trustrealm.conf that comes with trustrealm into "
                   MECH_FOLDER, "no line of %s names " PLUGIN_NAME
                   ": programs here speak plain Kerberos",
                   doctor->mech_config);
    else if (!check_plugin(doctor))
        ;
    else if (interposed)
        doctor_say(doctor, DOCTOR_GOOD, "plugin", NULL,
                   "%s is in front of Kerberos", doctor->plugin);
    else if (!lines.interposer)
        doctor_say(doctor, DOCTOR_WRONG, "mech.d", "add the line that ends "
                   "with <interposer>", "%s is not named as interposer "
                   GSS_TRUSTREALM_INTERPOSER_TEXT, doctor->plugin);
    else if (lines.other != NULL)
        doctor_say(doctor, DOCTOR_WRONG, "plugin", "remove its line", "%s is "
                   "in front of Kerberos instead: only one can be",
                   lines.other);
    else
        doctor_say(doctor, DOCTOR_WRONG, "plugin", "see the files of mech.d",
                   "%s is not in front of Kerberos", doctor->plugin);
    if (interposed && !has_own_oid())
        doctor_say(doctor, DOCTOR_NOTE, "mech.d", lines.own ? NULL :
                   "add the line without <interposer>", "the mechanism "
                   GSS_TRUSTREALM_MECHANISM_TEXT " cannot be named");
    free(lines.other);
}
