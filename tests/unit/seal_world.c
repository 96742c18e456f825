/* tests/unit/seal_world.c - two services in one process, and a real KDC */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <err.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "crypto.h"
#include "replay.h"
#include "seal_world.h"
#include "source.h"

krb5_context world_krb5;
struct world_system world_alpha, world_beta, world_gamma;

char *world_directory;
static char *kdc_program;
static pid_t kdc = -1;
static int port;
static const char *kdc_enctype;

static const char table[] =
    "dn: cn=engineering,dc=test\n"
    "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 1\n"
    "trPriority: 10\ntrPolicy: mls\n"
    "trLevel: 0 public\ntrLevel: 1 internal\ntrLevel: 2 secret\n"
    "trCategory: 0 hr\n\n"
    "dn: cn=alpha,dc=test\nobjectClass: trSystem\ncn: alpha.unit.test\n"
    "trPrincipal: trustrealm/alpha.unit.test@" WORLD_REALM "\n"
    "trMembership: engineering public secret:hr\n\n"
    "dn: cn=beta,dc=test\nobjectClass: trSystem\ncn: beta.unit.test\n"
    "trAlias: www.unit.test\n"
    "trPrincipal: trustrealm/beta.unit.test@" WORLD_REALM "\n"
    "trMembership: engineering public secret:hr\n\n"
    "dn: cn=gamma,dc=test\nobjectClass: trSystem\ncn: gamma.unit.test\n"
    "trPrincipal: trustrealm/gamma.unit.test@" WORLD_REALM "\n"
    "trMembership: engineering public secret:hr\n\n"
    "dn: cn=lost,dc=test\nobjectClass: trSystem\ncn: lost.unit.test\n"
    "trPrincipal: trustrealm/lost.unit.test@" WORLD_REALM "\n"
    "trMembership: engineering public secret:hr\n\n"
    "dn: cn=carol,dc=test\nobjectClass: trSubject\n"
    "trPrincipal: carol@" WORLD_REALM "\n"
    "trClearance: engineering public internal\n\n";

static const char configuration[] =
    "[system]\n name = %s.unit.test\n"
    " principal = trustrealm/%s.unit.test@" WORLD_REALM "\n"
    " keytab = FILE:%s/system.keytab\n state-directory = %s/state\n"
    " socket = %s/socket\n"
    "[table]\n source = ldif:%s/table.ldif\n"
    "[labels]\n levels = public internal secret\n categories = hr\n"
    "[rules]\n"
    " root = {\n uid = 0\n lowest = public\n highest = secret:hr\n"
    " label = public\n }\n"
    " user = {\n uid = 1000\n lowest = public\n highest = secret\n"
    " label = internal\n }\n"
    " low = {\n uid = 2000\n lowest = public\n highest = public\n"
    " label = public\n }\n"
    " high = {\n uid = 3000\n lowest = internal\n highest = secret\n"
    " label = internal\n }\n"
    "[services]\n http = {\n accept = 0 3000\n bypass = bob@*\n }\n"
    "[policy]\n rules = root user low high\n%s";

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static char *
text(const char *format, ...)
{
    va_list ap;
    char *out;

    va_start(ap, format);
    if (vasprintf(&out, format, ap) < 0)
        err(1, "vasprintf");
    va_end(ap);
    return out;
}

static void
run(const char *format, ...)
{
    va_list ap;
    char *command;

    va_start(ap, format);
    if (vasprintf(&command, format, ap) < 0)
        err(1, "vasprintf");
    va_end(ap);
    if (system(command) != 0)
        errx(1, "failed: %s", command);
    free(command);
}

static void
write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "we");

    if (file == NULL || fputs(content, file) < 0 || fclose(file) != 0)
        err(1, "%s", path);
}

void
world_check(krb5_error_code ret, const char *what)
{
    if (ret != 0)
        errx(1, "%s: %s", what, error_message(ret));
}

/* --- the KDC ------------------------------------------------------------- */

/* Where programs and modules are: in TR_SERVERS or on the system. */
static char *
find(const char *pattern)
{
    const char *roots[2] = { getenv("TR_SERVERS"), "" };
    char *path, *found = NULL;
    glob_t result;
    int i;

    for (i = 0; i < 2 && found == NULL; i++) {
        if (roots[i] == NULL)
            continue;
        path = text("%s%s", roots[i], pattern);
        if (glob(path, 0, NULL, &result) == 0) {
            found = strdup(result.gl_pathv[0]);
            globfree(&result);
        }
        free(path);
    }
    return found;
}

bool
world_possible(void)
{
    char *program = find("/usr/sbin/krb5kdc");
    bool possible = program != NULL;

    free(program);
    if (!possible && getenv("TR_REQUIRE") != NULL)
        errx(1, "krb5kdc is missing: set TR_SERVERS or install krb5-kdc");
    if (!possible)
        warnx("skipped: krb5kdc is missing");
    return possible;
}

/* A port that nobody else is given while this process lives: it stays bound,
 * and only servers that say SO_REUSEADDR, as the KDC does, can use it too. */
static int
free_port(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        err(1, "no free port");
    return ntohs(address.sin_port);
}

static bool
answers(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons(port)
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return ok;
}

void
world_start_kdc(void)
{
    char *log = text("%s/krb5kdc.out", world_directory);
    int i;

    kdc = fork();
    if (kdc < 0)
        err(1, "fork");
    if (kdc == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (freopen(log, "we", stdout) == NULL || dup2(1, 2) < 0)
            _exit(1);
        execl("/bin/sh", "sh", "-c", kdc_program, (char *)NULL);
        _exit(1);
    }
    free(log);
    for (i = 0; i < 6000 && !answers(); i++)
        usleep(10000);
    if (i == 6000)
        errx(1, "the KDC does not start, see %s", world_directory);
}

void
world_stop_kdc(void)
{
    kill(kdc, SIGKILL);
    waitpid(kdc, NULL, 0);
    kdc = -1;
}

void
world_freeze_kdc(bool frozen)
{
    kill(kdc, frozen ? SIGSTOP : SIGCONT);
}

static void
configure_kdc(const char *modules)
{
    char *path, *content;

    port = free_port();
    path = text("%s/krb5.conf", world_directory);
    content = text(
        "[libdefaults]\n default_realm = " WORLD_REALM "\n"
        " dns_lookup_kdc = false\n dns_lookup_realm = false\n"
        " dns_canonicalize_hostname = false\n rdns = false\n"
        " udp_preference_limit = 1\n permitted_enctypes = %s\n"
        "[realms]\n " WORLD_REALM " = {\n  kdc = 127.0.0.1:%d\n }\n",
        kdc_enctype, port);
    write_file(path, content);
    setenv("KRB5_CONFIG", path, 1);
    free(path);
    free(content);
    path = text("%s/kdc.conf", world_directory);
    content = text(
        "[kdcdefaults]\n kdc_listen = \"\"\n"
        " kdc_tcp_listen = 127.0.0.1:%d\n"
        "[realms]\n " WORLD_REALM " = {\n  database_name = %s/principal\n"
        "  key_stash_file = %s/stash\n  acl_file = %s/acl\n"
        "  supported_enctypes = %s:normal\n }\n"
        "[dbmodules]\n db_module_dir = %s\n"
        "[logging]\n kdc = FILE:%s/kdc.log\n default = FILE:%s/kdc.log\n",
        port, world_directory, world_directory, world_directory,
        kdc_enctype, modules, world_directory, world_directory);
    write_file(path, content);
    setenv("KRB5_KDC_PROFILE", path, 1);
    free(path);
    free(content);
}

static void
make_principals(const char *libraries, const char *kdb5_util,
                const char *kadmin)
{
    static const char *const systems[] = { "alpha", "beta", "gamma" };
    char *commands = text("%s/commands", world_directory), *content, *more;
    size_t i;

    content = strdup("");
    for (i = 0; i < 3; i++) {
        more = text("%saddprinc -randkey trustrealm/%s.unit.test\n"
                    "ktadd -norandkey -k %s/%s.keytab "
                    "trustrealm/%s.unit.test\n", content, systems[i],
                    world_directory, systems[i], systems[i]);
        free(content);
        content = more;
    }
    more = text("%s"
        "addprinc -randkey host/beta.unit.test\n"
        "addprinc -randkey HTTP/www.unit.test\n"
        "addprinc -randkey host/gamma.unit.test\n"
        "addprinc -randkey ldap/alpha.unit.test\n"
        "addprinc -randkey alice\naddprinc -randkey bob\n"
        "addprinc -randkey carol\n"
        "ktadd -norandkey -k %s/all.keytab host/beta.unit.test "
        "HTTP/www.unit.test host/gamma.unit.test alice bob carol\n", content,
        world_directory);
    free(content);
    write_file(commands, more);
    free(more);
    run("LD_LIBRARY_PATH='%s' %s -r " WORLD_REALM " -P master create -s "
        ">%s/kdb.out 2>&1", libraries, kdb5_util, world_directory);
    run("LD_LIBRARY_PATH='%s' %s -r " WORLD_REALM " <%s >%s/kadmin.out 2>&1",
        libraries, kadmin, commands, world_directory);
    free(commands);
}

/* --- a system ------------------------------------------------------------ */

/* The table without the entries of these names. */
static char *
without(const char *names)
{
    char *copy = strdup(table), *rest, *list, *name, *dn, *at, *end;

    rest = list = strdup(names != NULL ? names : "");
    if (copy == NULL || list == NULL)
        err(1, "strdup");
    while ((name = strsep(&rest, " ")) != NULL && *name != '\0') {
        dn = text("dn: cn=%s,", name);
        at = strstr(copy, dn);
        free(dn);
        if (at == NULL)
            errx(1, "no %s in the table", name);
        end = strstr(at, "\n\n") + 2;
        memmove(at, end, strlen(end) + 1);
    }
    free(list);
    return copy;
}

void
world_load(struct world_system *system, const char *left_out,
           const char *added)
{
    char *path = text("%s/table.ldif", system->directory);
    char *rest = without(left_out), *content = text("%s%s", rest, added);
    char *why = NULL;
    char *lmdb = text("%s/table", system->directory);
    struct tr_table *writer = NULL;

    write_file(path, content);
    world_check(tr_table_open(lmdb, TR_TABLE_WRITE, 1 << 24, &writer, &why),
                lmdb);
    if (tr_source_load_ldif(writer, path, &why) != 0)
        errx(1, "%s", why);
    tr_table_close(writer);
    tr_shared_page_bump(system->service.page);
    free(path);
    free(rest);
    free(content);
    free(lmdb);
}

static void
stop_service(struct world_system *system)
{
    struct tr_service *service = &system->service;

    if (service->config == NULL)
        return;
    tr_keys_free(service->keys);
    tr_replay_close(service->replay);
    free(service->spare);
    tr_table_close(service->table);
    tr_tcb_free(service->tcb);
    tr_shared_page_free(service->page);
    event_base_free(service->base);
    tr_config_free(service->config);
    memset(service, 0, sizeof(*service));
}

static void
start_service(struct world_system *system)
{
    struct tr_service *service = &system->service;
    char *path, *why = NULL;

    path = text("%s/trustrealm.conf", system->directory);
    if (tr_config_load(path, NULL, &service->config, &why) != 0)
        errx(1, "%s", why);
    free(path);
    service->base = event_base_new();
    world_check(tr_tcb_create(service->config, &service->tcb), "tcb");
    world_check(tr_shared_page_create(&service->page), "page");
    tr_shared_page_renew(service->page);
    world_load(system, NULL, "");
    path = text("%s/table", system->directory);
    world_check(tr_table_open(path, TR_TABLE_READ, 0, &service->table, &why),
                path);
    free(path);
    world_check(tr_keys_create(service->config, service->base,
                               (struct tr_audit *)system, &service->keys),
                "keys");
    path = text("%s/state/replay", system->directory);
    world_check(tr_replay_open(path, 0, time(NULL), &service->replay), path);
    free(path);
    service->audit = (struct tr_audit *)system;
}

static void
configure(struct world_system *system, const char *name, const char *extra)
{
    const char *d = system->directory;
    char *path = text("%s/trustrealm.conf", d);
    char *content = text(configuration, name, name, d, d, d, d, extra);

    write_file(path, content);
    free(path);
    free(content);
}

void
world_restart(struct world_system *system, const char *extra)
{
    const char *name = strrchr(system->directory, '/') + 1;

    stop_service(system);
    if (extra != NULL)
        configure(system, name, extra);
    start_service(system);
}

static void
make_system(struct world_system *system, const char *name)
{
    system->directory = text("%s/%s", world_directory, name);
    run("mkdir -p -m 700 %s/state && cp %s/%s.keytab %s/system.keytab",
        system->directory, world_directory, name, system->directory);
    configure(system, name, "");
    start_service(system);
}

static bool
start(const char *enctype)
{
    char *modules = find("/usr/lib/*/krb5/plugins/kdb");
    char *libraries = find("/usr/lib/*-linux-gnu");
    char *kdb5_util = find("/usr/sbin/kdb5_util");
    char *kadmin = find("/usr/sbin/kadmin.local");
    char *krb5kdc = find("/usr/sbin/krb5kdc");
    bool found = modules != NULL && libraries != NULL && kdb5_util != NULL &&
        kadmin != NULL && krb5kdc != NULL;
    const char *tmp = getenv("TMPDIR");

    if (found) {
        kdc_enctype = enctype;
        world_directory = text("%s/trustrealm-seal-XXXXXX",
                               tmp != NULL ? tmp : "/tmp");
        if (mkdtemp(world_directory) == NULL)
            err(1, "%s", world_directory);
        configure_kdc(modules);
        make_principals(libraries, kdb5_util, kadmin);
        kdc_program = text("LD_LIBRARY_PATH='%s' exec %s -n", libraries,
                           krb5kdc);
        world_start_kdc();
        world_check(krb5_init_context(&world_krb5), "krb5");
        make_system(&world_alpha, "alpha");
        make_system(&world_beta, "beta");
        make_system(&world_gamma, "gamma");
    }
    free(modules);
    free(libraries);
    free(kdb5_util);
    free(kadmin);
    free(krb5kdc);
    return found;
}

int
world_set_up(void **state)
{
    return !start("aes256-cts-hmac-sha1-96");
}

int
world_set_up_sha2(void **state)
{
    return !start("aes128-cts-hmac-sha256-128");
}

static void
end_system(struct world_system *system)
{
    stop_service(system);
    tr_wire_free(TR_WIRE_REPLY, &system->reply);
    free(system->directory);
    memset(system, 0, sizeof(*system));
}

int
world_tear_down(void **state)
{
    if (world_directory == NULL)
        return 0;
    end_system(&world_alpha);
    end_system(&world_beta);
    end_system(&world_gamma);
    krb5_free_context(world_krb5);
    if (kdc > 0)
        world_stop_kdc();
    if (getenv("TR_KEEP") == NULL)
        run("rm -rf %s", world_directory);
    free(world_directory);
    free(kdc_program);
    world_directory = kdc_program = NULL;
    return 0;
}

