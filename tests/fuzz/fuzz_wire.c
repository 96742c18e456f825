/* tests/fuzz/fuzz_wire.c - messages: one encoding each, as the module says */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "fuzz.h"
#include "../unit/wire_reference.h"

/* What the first octet stands for: new types go to the end, so that corpora
 * keep their meaning. */
static const enum tr_wire_type types[] = {
    TR_WIRE_TRAILER, TR_WIRE_REPLY_TRAILER,
    TR_WIRE_ENVIRONMENT, TR_WIRE_ACCEPTANCE, TR_WIRE_ASSOCIATION, TR_WIRE_CALL,
    TR_WIRE_REPLY, TR_WIRE_EXPORTED_CONTEXT, TR_WIRE_EXPORTED_CREDENTIAL
};
#define NTYPES (sizeof(types) / sizeof(types[0]))

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    union {
        struct tr_environment environment;
        struct tr_association association;
        struct tr_call call;
        struct tr_reply reply;
        uint8_t octets[1024];
    } value;
    const struct tr_wire_layout *layout;
    enum tr_wire_type type;
    uint8_t *again;
    size_t again_length, i;

    if (length == 0 || octets[0] >= NTYPES)
        return 0;
    type = types[octets[0]];
    layout = tr_wire_layout(type);
    PROMISE(layout != NULL);
    octets++;
    length--;
    PROMISE(layout->size <= sizeof(value));
    if (tr_wire_decode(type, octets, length, &value) != 0) {
        for (i = 0; i < layout->size; i++)
            PROMISE(value.octets[i] == 0);
        return 0;
    }
    PROMISE(tr_wire_encode(type, &value, &again, &again_length) == 0);
    PROMISE(again_length == length && memcmp(again, octets, length) == 0);
    PROMISE(reference_accepts(layout, octets, length));
    free(again);
    tr_wire_free(type, &value);
    return 0;
}
