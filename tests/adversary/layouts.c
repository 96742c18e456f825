/* tests/adversary/layouts.c - message buffers laid out at random */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: layouts SEED ROUNDS
 *
 * Plays both ends (tests/glue/glue.h).  Each round lays out the buffers of a
 * message in some order, missing, twice, too short or to be allocated, and
 * has them wrapped or signed under the established label or another.  The
 * calls may refuse whatever they like; but when both ends take it, the data
 * are those sent, under the label chosen.
 */

#include "config.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "glue.h"

#define MOST_BUFFERS 8
#define ROOM 16384

static uint64_t state;

/* splitmix64: the same rounds for the same seed. */
static unsigned int
below(unsigned int limit)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (unsigned int)((z ^ z >> 31) % limit);
}

static const OM_uint32 types[] = {
    GSS_IOV_BUFFER_TYPE_DATA, GSS_IOV_BUFFER_TYPE_DATA,
    GSS_IOV_BUFFER_TYPE_DATA, GSS_IOV_BUFFER_TYPE_SIGN_ONLY,
    GSS_IOV_BUFFER_TYPE_HEADER, GSS_IOV_BUFFER_TYPE_TRAILER,
    GSS_IOV_BUFFER_TYPE_PADDING, GSS_IOV_BUFFER_TYPE_MIC_TOKEN,
    GSS_IOV_BUFFER_TYPE_EMPTY
};
#define NTYPES (sizeof(types) / sizeof(types[0]))

static bool
is_data(const gss_iov_buffer_desc *buffer)
{
    return GSS_IOV_BUFFER_TYPE(buffer->type) == GSS_IOV_BUFFER_TYPE_DATA ||
        GSS_IOV_BUFFER_TYPE(buffer->type) == GSS_IOV_BUFFER_TYPE_SIGN_ONLY;
}

static void
fill(gss_iov_buffer_desc *buffer, OM_uint32 type, size_t length)
{
    gss_buffer_desc room = octets(length);

    buffer->type = type;
    if (!is_data(buffer) && type != GSS_IOV_BUFFER_TYPE_EMPTY &&
        below(3) > 0) {
        buffer->type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
        free(room.value);
        room.value = NULL;
        room.length = 0;
    }
    buffer->buffer = room;
}

/* Mostly in the usual order, so that some get through. */
static int
lay_out(gss_iov_buffer_desc *iov, bool mic)
{
    int i, n = 0, data = 1 + (int)below(3);
    bool usual = below(3) > 0;

    memset(iov, 0, MOST_BUFFERS * sizeof(*iov));
    if (usual && !mic)
        fill(&iov[n++], GSS_IOV_BUFFER_TYPE_HEADER, 16 + below(64));
    for (i = 0; i < data; i++)
        fill(&iov[n++], types[below(4)], below(3) * below(200));
    if (usual && mic) {
        fill(&iov[n++], GSS_IOV_BUFFER_TYPE_MIC_TOKEN, below(600));
    } else if (usual) {
        fill(&iov[n++], GSS_IOV_BUFFER_TYPE_PADDING, below(16));
        fill(&iov[n++], GSS_IOV_BUFFER_TYPE_TRAILER, below(600));
    }
    while (n < MOST_BUFFERS && below(usual ? 8 : 2) == 0)
        fill(&iov[n++], types[below(NTYPES)], below(100));
    return n;
}

static size_t
gather(const gss_iov_buffer_desc *iov, int n, uint8_t *out)
{
    size_t length = 0;
    int i;

    for (i = 0; i < n; i++) {
        if (!is_data(&iov[i]) || iov[i].buffer.length == 0)
            continue;
        memcpy(out + length, iov[i].buffer.value, iov[i].buffer.length);
        length += iov[i].buffer.length;
    }
    return length;
}

static void
let_go(gss_iov_buffer_desc *iov, int n)
{
    OM_uint32 ignored;
    int i;

    for (i = 0; i < n; i++) {
        if ((iov[i].type & (GSS_IOV_BUFFER_FLAG_ALLOCATE |
                            GSS_IOV_BUFFER_FLAG_ALLOCATED)) == 0)
            free(iov[i].buffer.value);
    }
    (void)gss_release_iov_buffer(&ignored, iov, n);
}

/* Whether both ends took it. */
static bool
try_message(struct pair *p, bool changed)
{
    static uint8_t sent[ROOM], received[ROOM];
    gss_iov_buffer_desc iov[MOST_BUFFERS], lengths[MOST_BUFFERS];
    bool mic = below(3) == 0, taken = false;
    int n = lay_out(iov, mic), conf = (int)below(2);
    size_t length = gather(iov, n, sent);
    OM_uint32 major;

    be_initiator();
    memcpy(lengths, iov, sizeof(lengths));
    major = mic ? gss_get_mic_iov_length(&minor, p->initiator, 0, lengths, n) :
        gss_wrap_iov_length(&minor, p->initiator, conf, 0, NULL, lengths, n);
    (void)major;
    major = mic ? gss_get_mic_iov(&minor, p->initiator, 0, iov, n) :
        gss_wrap_iov(&minor, p->initiator, conf, 0, NULL, iov, n);
    if (!GSS_ERROR(major)) {
        be_acceptor();
        major = mic ? gss_verify_mic_iov(&minor, p->acceptor, NULL, iov, n) :
            gss_unwrap_iov(&minor, p->acceptor, NULL, NULL, iov, n);
        taken = !GSS_ERROR(major);
    }
    if (taken) {
        expect(gather(iov, n, received) == length);
        expect(memcmp(sent, received, length) == 0);
        expect_label(p->acceptor, changed);
    }
    let_go(iov, n);
    return taken;
}

int
main(int argc, char **argv)
{
    struct wishes wishes = { .flags = GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG };
    struct pair p;
    long i, rounds, taken = 0;
    bool changed;

    if (argc != 3)
        errx(2, "usage: layouts SEED ROUNDS");
    state = (uint64_t)strtoull(argv[1], NULL, 10);
    rounds = strtol(argv[2], NULL, 10);
    establish(&p, &wishes);
    for (i = 0; i < rounds; i++) {
        changed = below(2) == 1;
        be_initiator();
        choose_label(p.initiator, changed ? HIGHER_HERE : NULL);
        taken += try_message(&p, changed);
    }
    end(&p);
    printf("%ld of %ld taken\n", taken, rounds);
    return taken > rounds / 10 ? 0 : 1;
}
