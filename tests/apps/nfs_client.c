/* tests/apps/nfs_client.c - read and write files by NFS, in user space */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nfs_client sys|krb5|krb5i|krb5p HOST [PORT]
 *
 * An application of libtirpc's RPCSEC_GSS, for NFS version 4.0.  It connects
 * to HOST, or to PORT of this machine where a relay to HOST is, and says
 * "connected".  Then each line on its input, "get REMOTE LOCAL" or "put LOCAL
 * REMOTE", copies a file, and is answered by "done" or by the status that the
 * server gave instead.  REMOTE is a path below the server's root; LOCAL "-"
 * is the standard output.
 */

#include <err.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rpc/rpc.h>
#include <rpc/rpcsec_gss.h>
#include "nfs4.h"

#define NFS_PORT    "2049"
#define CHUNK       32768
#define BUFFER      (CHUNK + 4096)      /* a chunk and all that is around it */
#define MAX_DEPTH   8

/* One COMPOUND: the way to a file, and what to do there. */
struct request {
    nfs_argop4 ops[MAX_DEPTH + 2];
    COMPOUND4args args;
};

static CLIENT *
connect_to(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_family = AF_INET,
                              .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    struct sockaddr_in address;
    CLIENT *client;
    int fd = RPC_ANYSOCK, ret;

    ret = getaddrinfo(port == NULL ? host : "localhost",
                      port == NULL ? NFS_PORT : port, &hints, &found);
    if (ret != 0)
        errx(1, "%s: %s", host, gai_strerror(ret));
    memcpy(&address, found->ai_addr, sizeof(address));
    freeaddrinfo(found);
    client = clnttcp_create(&address, NFS4_PROGRAM, NFS_V4, &fd, BUFFER,
                            BUFFER);
    if (client == NULL)
        errx(1, "%s", clnt_spcreateerror(host));
    return client;
}

static AUTH *
authenticate(CLIENT *client, const char *flavour, const char *host)
{
    static const char *const flavours[] = { "krb5", "krb5i", "krb5p" };
    static const rpc_gss_service_t services[] = {
        rpcsec_gss_svc_none, rpcsec_gss_svc_integrity, rpcsec_gss_svc_privacy
    };
    static char mechanism[] = "kerberos_v5";
    char target[300];
    size_t i;

    if (strcmp(flavour, "sys") == 0)
        return authunix_create_default();
    snprintf(target, sizeof(target), "nfs@%s", host);
    for (i = 0; i < 3; i++) {
        if (strcmp(flavour, flavours[i]) == 0)
            return rpc_gss_seccreate(client, target, mechanism, services[i],
                                     NULL, NULL, NULL);
    }
    errx(2, "%s: no flavour", flavour);
}

/* The operation at the end of the way to path, which is cut to pieces. */
static nfs_argop4 *
way_to(char *path, struct request *request)
{
    nfs_argop4 *op = request->ops;
    char *name, *rest = path;

    memset(request, 0, sizeof(*request));
    op++->argop = OP_PUTROOTFH;
    while ((name = strsep(&rest, "/")) != NULL) {
        if (op == request->ops + MAX_DEPTH)
            errx(2, "path too deep");
        op->argop = OP_LOOKUP;
        op->nfs_argop4_u.objname.objname_val = name;
        op++->nfs_argop4_u.objname.objname_len = strlen(name);
    }
    request->args.argarray.argarray_val = request->ops;
    request->args.argarray.argarray_len = op - request->ops + 1;
    return op;
}

/*
 * The result of the last operation, or NULL when the server has a status to
 * show.  A call that RPC could not make ends the program: half of it may be
 * in the connection's buffer.
 */
static nfs_resop4 *
call(CLIENT *client, struct request *request, COMPOUND4res *result)
{
    struct timeval timeout = { 20, 0 };
    enum clnt_stat status;

    memset(result, 0, sizeof(*result));
    status = clnt_call(client, NFSPROC4_COMPOUND,
                       (xdrproc_t)xdr_COMPOUND4args, (caddr_t)&request->args,
                       (xdrproc_t)xdr_COMPOUND4res, (caddr_t)result, timeout);
    if (status != RPC_SUCCESS)
        errx(1, "%s", clnt_sperror(client, "refused"));
    if (result->status != NFS4_OK) {
        printf("status %d\n", (int)result->status);
        return NULL;
    }
    return &result->resarray.resarray_val[result->resarray.resarray_len - 1];
}

static bool_t
get(CLIENT *client, char *remote, int local)
{
    struct request request;
    COMPOUND4res result;
    nfs_argop4 *op = way_to(remote, &request);
    READ4args *args = &op->nfs_argop4_u.opread;
    nfs_resop4 *last;
    READ4resok *read;
    bool_t more;

    op->argop = OP_READ;
    args->count = CHUNK;
    do {
        last = call(client, &request, &result);
        more = FALSE;
        if (last != NULL) {
            read = &last->nfs_resop4_u.opread.READ4res_u.resok4;
            if (write(local, read->data.data_val, read->data.data_len) !=
                (ssize_t)read->data.data_len)
                err(1, "write");
            args->offset += read->data.data_len;
            more = !read->eof;
        }
        clnt_freeres(client, (xdrproc_t)xdr_COMPOUND4res, (caddr_t)&result);
    } while (more);
    return last != NULL;
}

static bool_t
put(CLIENT *client, int local, char *remote)
{
    static char octets[CHUNK];
    struct request request;
    COMPOUND4res result;
    nfs_argop4 *op = way_to(remote, &request);
    WRITE4args *args = &op->nfs_argop4_u.opwrite;
    nfs_resop4 *last;
    ssize_t length;

    op->argop = OP_WRITE;
    args->data.data_val = octets;
    while ((length = read(local, octets, CHUNK)) > 0) {
        args->data.data_len = length;
        last = call(client, &request, &result);
        if (last != NULL &&
            last->nfs_resop4_u.opwrite.WRITE4res_u.resok4.count != length)
            errx(1, "not written whole");
        clnt_freeres(client, (xdrproc_t)xdr_COMPOUND4res, (caddr_t)&result);
        if (last == NULL)
            return FALSE;
        args->offset += length;
    }
    return TRUE;
}

static bool_t
copy(CLIENT *client, char *line)
{
    const char *verb = strsep(&line, " ");
    char *from = strsep(&line, " "), *to = line;
    int fd, getting = strcmp(verb, "get") == 0;
    bool_t done;

    if (to == NULL)
        errx(2, "get REMOTE LOCAL, or put LOCAL REMOTE");
    if (getting && strcmp(to, "-") == 0)
        fd = dup(STDOUT_FILENO);
    else if (getting)
        fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    else
        fd = open(from, O_RDONLY);
    if (fd < 0)
        err(1, "%s", getting ? to : from);
    done = getting ? get(client, from, fd) : put(client, fd, to);
    close(fd);
    return done;
}

int
main(int argc, char **argv)
{
    CLIENT *client;
    char line[1000];
    int status = 0;

    if (argc < 3 || argc > 4)
        errx(2, "usage: nfs_client sys|krb5|krb5i|krb5p HOST [PORT]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    client = connect_to(argv[2], argv[3]);
    client->cl_auth = authenticate(client, argv[1], argv[2]);
    if (client->cl_auth == NULL)
        errx(1, "no security context");
    puts("connected");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (copy(client, line))
            puts("done");
        else
            status = 1;
    }
    auth_destroy(client->cl_auth);
    clnt_destroy(client);
    return status;
}
