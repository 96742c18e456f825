/* tests/glue/processes.c - contexts among threads and processes */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "glue.h"

#define NTHREADS 8
#define ROUNDS 5

/* --- tokens over a socket pair ------------------------------------------- */

static void
put(int fd, const gss_buffer_desc *token)
{
    expect(send(fd, token->value, token->length, 0) ==
           (ssize_t)token->length);
}

static gss_buffer_desc
get(int fd)
{
    gss_buffer_desc token = { 0, malloc(100000) };
    ssize_t n = recv(fd, token.value, 100000, 0);

    if (n <= 0)
        fail("the other process has gone");
    token.length = (size_t)n;
    return token;
}

static void
release(gss_buffer_desc *token)
{
    free(token->value);
}

/* --- fork ---------------------------------------------------------------- */

static void
in_child(void (*run)(struct pair *p, int fd), struct pair *p, int fd)
{
    pid_t pid = fork();

    expect(pid >= 0);
    if (pid == 0) {
        run(p, fd);
        _exit(0);
    }
}

static void
wait_for_child(void)
{
    int status;

    expect(wait(&status) > 0 && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0);
}

static void
send_labelled(struct pair *p, int fd)
{
    gss_buffer_desc message = octets(77), token;

    be_initiator();
    must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token));
    put(fd, &token);
    choose_label(p->initiator, HIGHER_HERE);
    must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token));
    put(fd, &token);
}

static void
fork_between_init_and_wrap(void)
{
    gss_buffer_desc message = octets(77), token, out;
    struct pair p;
    int fds[2], changed;

    expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
    establish(&p, NULL);
    in_child(send_labelled, &p, fds[1]);
    be_acceptor();
    for (changed = 0; changed < 2; changed++) {
        token = get(fds[0]);
        must(gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
        expect(same(&message, &out));
        expect_label(p.acceptor, changed);
    }
    wait_for_child();
}

/* --- between the two calls of an initiator ------------------------------- */

#define LAST_DESCRIPTOR 63

/* Both ends up to the acceptor's reply. */
static gss_buffer_desc
begin(struct pair *p)
{
    static const struct wishes none;
    gss_buffer_desc here = initiate(p, &none), there;

    be_acceptor();
    must(gss_accept_sec_context(&minor, &p->acceptor, NULL, &here, NULL, NULL,
                                NULL, &there, NULL, NULL, NULL));
    return there;
}

static void
finish(struct pair *p, gss_buffer_desc *reply)
{
    gss_buffer_desc message = octets(33), token, out;

    be_initiator();
    must(gss_init_sec_context(&minor, NULL, &p->initiator,
                              service_name("sample"), krb5_mech(), 0, 0, NULL,
                              reply, NULL, &out, NULL, NULL));
    expect(out.length == 0);
    must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token));
}

static void
fork_between_the_calls(void)
{
    gss_buffer_desc reply;
    struct pair p;
    pid_t pid;

    reply = begin(&p);
    pid = fork();
    expect(pid >= 0);
    finish(&p, &reply);
    if (pid == 0)
        _exit(0);
    wait_for_child();
}

/* Put one end of a socket pair in the place of every descriptor that there
 * may be, as a program may that does not know of ours; returns the other. */
static int
take_descriptors(void)
{
    int fds[2], fd;

    expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
    expect(dup2(fds[1], LAST_DESCRIPTOR + 1) == LAST_DESCRIPTOR + 1);
    for (fd = STDERR_FILENO + 1; fd <= LAST_DESCRIPTOR; fd++) {
        if (fd != fds[0])
            expect(dup2(fds[0], fd) == fd);
    }
    return LAST_DESCRIPTOR + 1;
}

/* Nothing was written to it, nothing closed. */
static void
expect_untouched(int other)
{
    char octet;
    int fd;

    expect(recv(other, &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
    for (fd = STDERR_FILENO + 1; fd <= LAST_DESCRIPTOR; fd++)
        expect(fcntl(fd, F_GETFD) >= 0);
}

static void
descriptors_taken_between_the_calls(void)
{
    gss_buffer_desc reply;
    struct pair p, q;
    int other;

    reply = begin(&p);
    (void)begin(&q);
    other = take_descriptors();
    finish(&p, &reply);
    expect_untouched(other);
    end(&q);
    expect_untouched(other);
}

/* --- threads ------------------------------------------------------------- */

struct thread {
    pthread_t id;
    int fd;
    gss_cred_id_t cred;         /* shared by all */
    bool initiator;
};

static void
initiate_and_talk(struct thread *t)
{
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out, message = octets(300);
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t target = service_name("sample");
    OM_uint32 major, ignored;
    int i;

    do {
        major = gss_init_sec_context(&minor, t->cred, &context, target,
                                     krb5_mech(), 0, 0, NULL, &in, NULL, &out,
                                     NULL, NULL);
        must(major);
        if (out.length > 0) {
            put(t->fd, &out);
            in = get(t->fd);
        }
        (void)gss_release_buffer(&ignored, &out);
    } while (major == GSS_S_CONTINUE_NEEDED);
    for (i = 0; i < 50; i++) {
        choose_label(context, i & 1 ? HIGHER_HERE : NULL);
        must(gss_wrap(&minor, context, 1, 0, &message, NULL, &out));
        put(t->fd, &out);
        (void)gss_release_buffer(&ignored, &out);
        in = get(t->fd);
        must(gss_unwrap(&minor, context, &in, &out, NULL, NULL));
        expect(same(&message, &out));
        (void)gss_release_buffer(&ignored, &out);
        release(&in);
    }
    must(gss_delete_sec_context(&minor, &context, NULL));
    free(message.value);
}

static void
accept_and_answer(struct thread *t)
{
    gss_buffer_desc in = get(t->fd), out;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    OM_uint32 ignored;
    int i;

    must(gss_accept_sec_context(&minor, &context, t->cred, &in, NULL, NULL,
                                NULL, &out, NULL, NULL, NULL));
    put(t->fd, &out);
    for (i = 0; i < 50; i++) {
        in = get(t->fd);
        must(gss_unwrap(&minor, context, &in, &out, NULL, NULL));
        expect_label(context, i & 1);
        release(&in);
        must(gss_wrap(&minor, context, 1, 0, &out, NULL, &in));
        put(t->fd, &in);
        (void)gss_release_buffer(&ignored, &out);
        (void)gss_release_buffer(&ignored, &in);
    }
    must(gss_delete_sec_context(&minor, &context, NULL));
}

static void *
run_thread(void *arg)
{
    struct thread *t = arg;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        if (t->initiator)
            initiate_and_talk(t);
        else
            accept_and_answer(t);
    }
    return NULL;
}

/* Whatever there was at a time. */
static void
expect_few_connections(const char *socket)
{
    int fd, n = 0;

    for (fd = connection_after(-1, socket); fd >= 0;
         fd = connection_after(fd, socket))
        n++;
    expect(n > 0 && n <= TR_MAX_IDLE_CONNECTIONS);
}

static void
run_threads(int fds[NTHREADS][2], bool initiator)
{
    struct thread threads[NTHREADS];
    gss_OID_set_desc set = { 1, krb5_mech() };
    gss_cred_id_t cred;
    int i;

    if (initiator)
        be_initiator();
    else
        be_acceptor();
    must(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &set,
                          initiator ? GSS_C_INITIATE : GSS_C_ACCEPT, &cred,
                          NULL, NULL));
    for (i = 0; i < NTHREADS; i++) {
        threads[i].fd = fds[i][initiator];
        threads[i].cred = cred;
        threads[i].initiator = initiator;
        expect(pthread_create(&threads[i].id, NULL, run_thread,
                              &threads[i]) == 0);
        close(fds[i][!initiator]);
    }
    for (i = 0; i < NTHREADS; i++)
        expect(pthread_join(threads[i].id, NULL) == 0);
    expect_few_connections(getenv(initiator ? "INITIATOR_SOCKET" :
                                  "ACCEPTOR_SOCKET"));
}

static void
eight_threads(void)
{
    int fds[NTHREADS][2], i;
    pid_t pid;

    for (i = 0; i < NTHREADS; i++)
        expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds[i]) == 0);
    pid = fork();
    expect(pid >= 0);
    if (pid == 0) {
        run_threads(fds, false);
        exit(0);
    }
    run_threads(fds, true);
    wait_for_child();
}

/* Kerberos wants one thread at a time on a context, whichever it is. */
struct shared {
    gss_ctx_id_t context;
    pthread_mutex_t turn;
};

static void *
keep_wrapping(void *arg)
{
    struct shared *s = arg;
    gss_buffer_desc message = octets(64), token;
    OM_uint32 ignored;
    int i;

    for (i = 0; i < 500; i++) {
        (void)pthread_mutex_lock(&s->turn);
        if (i % 50 == 0)
            choose_label(s->context, i % 100 ? HIGHER_HERE : NULL);
        must(gss_wrap(&minor, s->context, 0, 0, &message, NULL, &token));
        (void)pthread_mutex_unlock(&s->turn);
        (void)gss_release_buffer(&ignored, &token);
    }
    return NULL;
}

static void
threads_take_turns_on_a_context(void)
{
    pthread_t threads[4];
    struct shared s;
    struct pair p;
    int i;

    establish(&p, NULL);
    be_initiator();
    s.context = p.initiator;
    expect(pthread_mutex_init(&s.turn, NULL) == 0);
    for (i = 0; i < 4; i++)
        expect(pthread_create(&threads[i], NULL, keep_wrapping, &s) == 0);
    for (i = 0; i < 4; i++)
        expect(pthread_join(threads[i], NULL) == 0);
}

/* --- memory -------------------------------------------------------------- */

static void
talk_a_little(struct pair *p)
{
    gss_buffer_desc message = { 12, "what is said" }, token, out;
    gss_iov_buffer_desc iov[4] = {
        { GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_DATA, GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER }
    };
    char data[] = "in buffers";
    OM_uint32 ignored;
    int i;

    for (i = 0; i < 2; i++) {
        be_initiator();
        choose_label(p->initiator, i ? HIGHER_HERE : NULL);
        must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token));
        be_acceptor();
        must(gss_unwrap(&minor, p->acceptor, &token, &out, NULL, NULL));
        (void)gss_release_buffer(&ignored, &out);
        ((uint8_t *)token.value)[token.length - 1] ^= 1;
        expect(GSS_ERROR(gss_unwrap(&minor, p->acceptor, &token, &out, NULL,
                                    NULL)));
        (void)gss_release_buffer(&ignored, &token);
        be_initiator();
        must(gss_get_mic(&minor, p->initiator, 0, &message, &token));
        be_acceptor();
        must(gss_verify_mic(&minor, p->acceptor, &message, &token, NULL));
        (void)gss_release_buffer(&ignored, &token);
        iov[1].buffer.value = data;
        iov[1].buffer.length = sizeof(data);
        be_initiator();
        must(gss_wrap_iov(&minor, p->initiator, 1, 0, NULL, iov, 4));
        be_acceptor();
        must(gss_unwrap_iov(&minor, p->acceptor, NULL, NULL, iov, 4));
        (void)gss_release_iov_buffer(&ignored, iov, 4);
        iov[0].type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
        iov[2].type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
        iov[3].type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
    }
}

static void
hand_on(struct pair *p)
{
    gss_buffer_desc token;
    OM_uint32 ignored;

    be_acceptor();
    must(gss_export_sec_context(&minor, &p->acceptor, &token));
    must(gss_import_sec_context(&minor, &token, &p->acceptor));
    (void)gss_release_buffer(&ignored, &token);
}

static void
be_refused(void)
{
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc here, there;
    struct wishes none = { 0 };
    OM_uint32 ignored;
    struct pair p;

    here = initiate(&p, &none);
    ((uint8_t *)here.value)[here.length - 1] ^= 1;
    be_acceptor();
    must_fail(GSS_S_UNAUTHORIZED,
              gss_accept_sec_context(&minor, &context, NULL, &here, NULL,
                                     NULL, NULL, &there, NULL, NULL, NULL));
    (void)gss_release_buffer(&ignored, &here);
    (void)gss_release_buffer(&ignored, &there);
    end(&p);
}

/* Runs without the allocator's caches, which count as allocated. */
static void
nothing_is_leaked(void)
{
    struct mallinfo2 before = { 0 }, after;
    struct pair p;
    int i;

    for (i = 0; i < 60; i++) {
        if (i == 20)
            before = mallinfo2();
        establish(&p, NULL);
        talk_a_little(&p);
        hand_on(&p);
        end(&p);
        be_refused();
    }
    after = mallinfo2();
    if (after.uordblks > before.uordblks + 40 * 16)
        fail("%zu octets more after 40 contexts",
             after.uordblks - before.uordblks);
}

const struct probe_case process_cases[] = {
    { "fork_between_init_and_wrap", fork_between_init_and_wrap },
    { "fork_between_the_calls", fork_between_the_calls },
    { "descriptors_taken_between_the_calls",
      descriptors_taken_between_the_calls },
    { "eight_threads", eight_threads },
    { "threads_take_turns_on_a_context", threads_take_turns_on_a_context },
    { "nothing_is_leaked", nothing_is_leaked },
    { NULL, NULL }
};
