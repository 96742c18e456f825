/* tests/fuzz/fuzz_record.c - records as the table keeps them */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "fuzz.h"
#include "record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    struct tr_record *record = NULL;
    struct tr_entry *entry = NULL;
    uint8_t *again;
    size_t again_length;

    if (tr_record_decode(octets, length, &record) != 0) {
        PROMISE(record == NULL);
        return 0;
    }
    /* One form for each record: what was read is what would be written. */
    PROMISE(tr_record_encode(record, &again, &again_length) == 0);
    PROMISE(again_length == length && memcmp(again, octets, length) == 0);
    free(again);
    (void)tr_record_to_entry(record, &entry);
    tr_entry_free(entry);
    tr_record_free(record);
    return 0;
}
