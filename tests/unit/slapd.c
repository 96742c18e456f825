/* tests/unit/slapd.c - a real directory server, of a test's own */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "slapd.h"

#define PATIENCE_MS 20000

/* --- programs ------------------------------------------------------------ */

static const char *
servers(void)
{
    const char *root = getenv("TR_SERVERS");

    return root == NULL ? "" : root;
}

/* root/rest for TR_SERVERS, or for the system, or NULL. */
static char *
find(const char *rest)
{
    const char *const roots[] = { servers(), "" };
    char *path;

    for (size_t i = 0; i < 2; i++) {
        assert_true(asprintf(&path, "%s%s", roots[i], rest) > 0);
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

bool
slapd_is_there(void)
{
    char *path = find("/usr/sbin/slapd");

    if (path == NULL)
        print_message("slapd is missing: install it, or set TR_SERVERS to "
                      "where tools/quickstart unpacked it\n");
    free(path);
    return path != NULL;
}

/* In a child: find the libraries that were unpacked beside slapd. */
static void
set_library_path(void)
{
    char pattern[4096];
    glob_t found;

    if (*servers() == '\0')
        return;
    (void)snprintf(pattern, sizeof(pattern), "%s/usr/lib/*-linux-gnu*",
                   servers());
    if (glob(pattern, 0, NULL, &found) == 0)
        (void)setenv("LD_LIBRARY_PATH", found.gl_pathv[0], 1);
}

static pid_t
start_program(const char *const *argv, const char *input, const char *output)
{
    int fds[2], fd;
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(fds[0], 0);
        fd = open(output, O_CREAT | O_WRONLY | O_APPEND, 0600);
        if (fd >= 0) {
            (void)dup2(fd, 1);
            (void)dup2(fd, 2);
        }
        set_library_path();
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    (void)close(fds[0]);
    if (input != NULL)
        assert_int_equal(write(fds[1], input, strlen(input)), strlen(input));
    (void)close(fds[1]);
    return pid;
}

void
run_program(const char *const *argv, const char *input)
{
    int status;
    pid_t pid = start_program(argv, input, "/dev/null");

    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: status %d", argv[0], status);
}

/* --- the server ---------------------------------------------------------- */

/* As in seal_world.c, for slapd that may restart. */
static int
free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
                                sizeof(on)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length),
                     0);
    return ntohs(address.sin_port);
}

static FILE *
create(const char *directory, const char *name)
{
    char path[4096];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

/* The schema, with the OIDs for documentation. */
static void
write_schema(const char *directory)
{
    const char *srcdir = getenv("TR_SRCDIR");
    char path[4096], *line = NULL, *at;
    FILE *from, *to = create(directory, "trustrealm.schema");
    size_t room = 0;

    (void)snprintf(path, sizeof(path), "%s/doc/schema/trustrealm.schema.in",
                   srcdir == NULL ? "." : srcdir);
    from = fopen(path, "r");
    if (from == NULL)
        fail_msg("%s: %s (is TR_SRCDIR set?)", path, strerror(errno));
    while (getline(&line, &room, from) >= 0) {
        at = strstr(line, "@OID_ARC@");
        if (at == NULL)
            fputs(line, to);
        else
            fprintf(to, "%.*s1.3.6.1.4.1.32473.1%s", (int)(at - line), line,
                    at + strlen("@OID_ARC@"));
    }
    free(line);
    fclose(from);
    assert_int_equal(fclose(to), 0);
}

static void
write_configuration(const char *directory, bool tls)
{
    FILE *file = create(directory, "slapd.conf");
    char *schema = find("/etc/ldap/schema/core.schema");
    char *modules = find("/usr/lib/ldap");

    assert_non_null(schema);
    assert_non_null(modules);
    fprintf(file, "include %s\ninclude %s/trustrealm.schema\n"
            "modulepath %s\nmoduleload back_mdb\nmoduleload syncprov\n",
            schema, directory, modules);
    if (tls)
        fprintf(file, "TLSCACertificateFile %s/ca.pem\n"
                "TLSCertificateFile %s/server.pem\n"
                "TLSCertificateKeyFile %s/server.key\n", directory, directory,
                directory);
    fprintf(file, "authz-regexp gidNumber=.*\\\\+uidNumber=%u,cn=peercred,"
            "cn=external,cn=auth cn=admin," SLAPD_SUFFIX "\n",
            (unsigned)geteuid());
    fprintf(file, "database mdb\nsuffix " SLAPD_SUFFIX "\ndirectory %s/db\n"
            "maxsize 67108864\ndbnosync\nrootdn cn=admin," SLAPD_SUFFIX "\n"
            "rootpw secret\nindex objectClass,entryCSN,entryUUID eq\n"
            "access to * by * read\noverlay syncprov\n", directory);
    assert_int_equal(fclose(file), 0);
    free(schema);
    free(modules);
}

static void
make_keys(const char *directory)
{
    /* Two authorities, and a key that the first one signed. */
    static const char script[] =
        "set -e; cd \"$1\"; for n in ca other; do openssl req -x509 "
        "-newkey rsa:2048 -nodes -keyout $n.key -out $n.pem -days 2 -subj "
        "/CN=$n; done; openssl req -newkey rsa:2048 -nodes -keyout "
        "server.key -out server.csr -subj /CN=localhost -addext "
        "subjectAltName=IP:127.0.0.1; openssl x509 -req -in server.csr -CA "
        "ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -out "
        "server.pem -days 2";
    const char *argv[] = { "/bin/sh", "-c", script, "sh", directory, NULL };

    run_program(argv, NULL);
}

/* Load text, the sample too if wanted, into the database. */
static void
load(const char *directory, bool sample)
{
    const char *srcdir = getenv("TR_SRCDIR");
    char *slapd = find("/usr/sbin/slapd"), *text = NULL, path[4096];
    char conf[4096];
    const char *argv[] = {
        slapd, "-T", "add", "-q", "-f", conf, "-b", SLAPD_SUFFIX, NULL
    };
    FILE *out, *in;
    size_t length;
    int c;

    (void)snprintf(conf, sizeof(conf), "%s/slapd.conf", directory);
    (void)snprintf(path, sizeof(path), "%s/db", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    out = open_memstream(&text, &length);
    fputs("dn: " SLAPD_SUFFIX "\nobjectClass: dcObject\n"
          "objectClass: organization\ndc: example\no: example\n\n", out);
    (void)snprintf(path, sizeof(path), "%s/doc/schema/sample.ldif",
                   srcdir == NULL ? "." : srcdir);
    in = fopen(path, "r");
    assert_non_null(in);
    while (sample && (c = fgetc(in)) != EOF)
        fputc(c, out);
    fclose(in);
    fclose(out);
    run_program(argv, text);
    free(text);
    free(slapd);
}

void
slapd_create(struct slapd *slapd, const char *directory, bool tls)
{
    memset(slapd, 0, sizeof(*slapd));
    slapd->directory = directory;
    if (tls)
        make_keys(directory);
    write_schema(directory);
    write_configuration(directory, tls);
    load(directory, true);
    slapd->port = free_port();
    slapd->tls_port = tls ? free_port() : 0;
}

void
slapd_try_ldif_schema(const struct slapd *slapd)
{
    static const char script[] =
        "set -e; cd \"$1\"; mkdir conf confdb; awk -f "
        "\"$4/doc/schema/config.awk\" trustrealm.schema > trustrealm.ldif; "
        "printf '%s\\n' 'dn: cn=config' 'objectClass: olcGlobal' "
        "'cn: config' '' 'dn: cn=module,cn=config' "
        "'objectClass: olcModuleList' 'cn: module' \"olcModulePath: $3\" "
        "'olcModuleLoad: back_mdb' '' 'dn: cn=schema,cn=config' "
        "'objectClass: olcSchemaConfig' 'cn: schema' '' "
        "\"include: file://$5/core.ldif\" '' "
        "\"include: file://$1/trustrealm.ldif\" '' "
        "'dn: olcDatabase=mdb,cn=config' 'objectClass: olcDatabaseConfig' "
        "'objectClass: olcMdbConfig' 'olcDatabase: mdb' "
        "'olcSuffix: " SLAPD_SUFFIX "' \"olcDbDirectory: $1/confdb\" "
        "> conf.ldif; \"$2\" -T add -n0 -F conf -l conf.ldif; "
        "{ printf '%s\\n' 'dn: " SLAPD_SUFFIX "' 'objectClass: dcObject' "
        "'objectClass: organization' 'dc: example' 'o: x' ''; "
        "cat \"$4/doc/schema/sample.ldif\"; } | \"$2\" -T add -F conf -b "
        SLAPD_SUFFIX;
    const char *srcdir = getenv("TR_SRCDIR");
    char *program = find("/usr/sbin/slapd"), *modules = find("/usr/lib/ldap");
    char *schemas = find("/etc/ldap/schema");
    const char *argv[] = {
        "/bin/sh", "-c", script, "sh", slapd->directory, program, modules,
        srcdir == NULL ? "." : srcdir, schemas, NULL
    };

    run_program(argv, NULL);
    free(program);
    free(modules);
    free(schemas);
}

/* directory/name as the host part of ldapi: '/' is not allowed there. */
static void
make_ldapi(struct slapd *slapd)
{
    char *to = stpcpy(slapd->ldapi, "ldapi://");
    const char *from;
    char path[200];

    (void)snprintf(path, sizeof(path), "%s/ldapi", slapd->directory);
    for (from = path; *from != '\0'; from++) {
        if (*from == '/')
            to = stpcpy(to, "%2F");
        else
            *to++ = *from;
    }
    *to = '\0';
}

static bool
bind_admin(struct slapd *slapd)
{
    struct berval none = { 0, (char *)"" };
    int version = LDAP_VERSION3;
    struct timeval timeout = { PATIENCE_MS / 1000, 0 };

    assert_int_equal(ldap_initialize(&slapd->admin, slapd->ldapi), 0);
    (void)ldap_set_option(slapd->admin, LDAP_OPT_PROTOCOL_VERSION, &version);
    (void)ldap_set_option(slapd->admin, LDAP_OPT_TIMEOUT, &timeout);
    if (ldap_sasl_bind_s(slapd->admin, NULL, "EXTERNAL", &none, NULL, NULL,
                         NULL) == LDAP_SUCCESS)
        return true;
    (void)ldap_unbind_ext_s(slapd->admin, NULL, NULL);
    slapd->admin = NULL;
    return false;
}

void
slapd_start(struct slapd *slapd)
{
    char *program = find("/usr/sbin/slapd"), urls[500], conf[4096];
    char output[4096];
    const char *argv[] = {
        program, "-d", "stats", "-f", conf, "-h", urls, NULL
    };
    const struct timespec moment = { 0, 10 * 1000 * 1000 };

    make_ldapi(slapd);
    (void)snprintf(conf, sizeof(conf), "%s/slapd.conf", slapd->directory);
    (void)snprintf(output, sizeof(output), "%s/slapd.log", slapd->directory);
    (void)snprintf(urls, sizeof(urls), "%s ldap://127.0.0.1:%d%s%.0d",
                   slapd->ldapi, slapd->port, slapd->tls_port == 0 ? "" :
                   " ldaps://127.0.0.1:", slapd->tls_port);
    slapd->pid = start_program(argv, NULL, output);
    for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
        if (bind_admin(slapd)) {
            free(program);
            return;
        }
        if (waitpid(slapd->pid, NULL, WNOHANG) == slapd->pid) {
            slapd->pid = 0;
            fail_msg("slapd ended: see %s", output);
        }
        (void)nanosleep(&moment, NULL);
    }
    fail_msg("slapd does not answer: see %s", output);
}

void
slapd_stop(struct slapd *slapd)
{
    if (slapd->admin != NULL)
        (void)ldap_unbind_ext_s(slapd->admin, NULL, NULL);
    slapd->admin = NULL;
    if (slapd->pid > 0) {
        (void)kill(slapd->pid, SIGTERM);
        (void)kill(slapd->pid, SIGCONT);
        (void)waitpid(slapd->pid, NULL, 0);
    }
    slapd->pid = 0;
}

static void
copy_database(const struct slapd *slapd, const char *from, const char *to)
{
    static const char script[] = "set -e; cd \"$1\"; rm -rf \"$3\"; "
        "cp -a \"$2\" \"$3\"";
    const char *argv[] = {
        "/bin/sh", "-c", script, "sh", slapd->directory, from, to, NULL
    };

    assert_int_equal(slapd->pid, 0);
    run_program(argv, NULL);
}

void
slapd_keep(const struct slapd *slapd, const char *name)
{
    copy_database(slapd, "db", name);
}

void
slapd_restore(const struct slapd *slapd, const char *name)
{
    copy_database(slapd, name, "db");
}

void
slapd_empty(const struct slapd *slapd)
{
    const char *argv[] = {
        "/bin/sh", "-c", "rm -rf \"$1/db\"", "sh", slapd->directory, NULL
    };

    assert_int_equal(slapd->pid, 0);
    run_program(argv, NULL);
    load(slapd->directory, false);
}

/* --- changes ------------------------------------------------------------- */

static void
must(int code, const char *what, const char *dn)
{
    if (code != LDAP_SUCCESS)
        fail_msg("%s %s: %s", what, dn, ldap_err2string(code));
}

void
slapd_add(struct slapd *slapd, const char *dn, const char *lines)
{
    char *copy = strdup(lines), *rest = copy, *line, *value;
    char *values[20][2];
    LDAPMod mods[20], *list[21] = { NULL };
    size_t n = 0;

    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0')
            continue;
        value = strstr(line, ": ");
        assert_non_null(value);
        assert_true(n < 20);
        *value = '\0';
        values[n][0] = value + 2;
        values[n][1] = NULL;
        mods[n] = (LDAPMod){ .mod_op = LDAP_MOD_ADD, .mod_type = line };
        mods[n].mod_values = values[n];
        list[n] = &mods[n];
        list[++n] = NULL;
    }
    must(ldap_add_ext_s(slapd->admin, dn, list, NULL, NULL), "add", dn);
    free(copy);
}

void
slapd_delete(struct slapd *slapd, const char *dn)
{
    must(ldap_delete_ext_s(slapd->admin, dn, NULL, NULL), "delete", dn);
}

void
slapd_rename(struct slapd *slapd, const char *dn, const char *rdn)
{
    must(ldap_rename_s(slapd->admin, dn, rdn, NULL, 1, NULL, NULL), "rename",
         dn);
}

void
slapd_replace(struct slapd *slapd, const char *dn, const char *attribute,
              const char *value)
{
    char *values[] = { (char *)value, NULL };
    LDAPMod mod = {
        .mod_op = LDAP_MOD_REPLACE, .mod_type = (char *)attribute
    };
    LDAPMod *list[] = { &mod, NULL };

    mod.mod_values = values;
    must(ldap_modify_ext_s(slapd->admin, dn, list, NULL, NULL), "modify", dn);
}
