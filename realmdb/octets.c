/* realmdb/octets.c - read and build binary data, checked once at the end */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "octets.h"
#include "trustrealm_err.h"

void
tr_reader_init(struct tr_reader *reader, const void *octets, size_t length)
{
    reader->next = octets;
    reader->left = length;
    reader->error = 0;
}

void
tr_reader_fail(struct tr_reader *reader, krb5_error_code code)
{
    if (reader->error == 0)
        reader->error = code;
}

const uint8_t *
tr_read_octets(struct tr_reader *reader, size_t length)
{
    const uint8_t *octets = reader->next;

    if (reader->error == 0 && reader->left < length)
        reader->error = TRR_TRUNCATED;
    if (reader->error != 0)
        return NULL;
    reader->next += length;
    reader->left -= length;
    return octets;
}

static uint64_t
read_number(struct tr_reader *reader, size_t width)
{
    const uint8_t *octets = tr_read_octets(reader, width);
    uint64_t number = 0;

    if (octets == NULL)
        return 0;
    while (width-- > 0)
        number = number << 8 | *octets++;
    return number;
}

uint8_t
tr_read_8(struct tr_reader *reader)
{
    return (uint8_t)read_number(reader, 1);
}

uint32_t
tr_read_32(struct tr_reader *reader)
{
    return (uint32_t)read_number(reader, 4);
}

uint64_t
tr_read_64(struct tr_reader *reader)
{
    return read_number(reader, 8);
}

krb5_error_code
tr_reader_end(const struct tr_reader *reader)
{
    if (reader->error != 0)
        return reader->error;
    return reader->left > 0 ? TRR_TRAILING : 0;
}

void
tr_builder_init(struct tr_builder *builder, size_t maximum)
{
    memset(builder, 0, sizeof(*builder));
    builder->maximum = maximum;
}

/* Where length more octets go; NULL on error. */
static uint8_t *
make_room(struct tr_builder *builder, size_t length)
{
    size_t room = builder->room;
    uint8_t *octets;

    if (builder->error == 0 && length > builder->maximum - builder->length)
        builder->error = TRR_TOO_LONG;
    if (builder->error != 0)
        return NULL;
    if (length > room - builder->length) {
        room = builder->length + length;
        room += room / 2 + 64;
        octets = realloc(builder->octets, room);
        if (octets == NULL) {
            builder->error = ENOMEM;
            return NULL;
        }
        builder->octets = octets;
        builder->room = room;
    }
    octets = builder->octets + builder->length;
    builder->length += length;
    return octets;
}

void
tr_add_octets(struct tr_builder *builder, const void *octets, size_t length)
{
    uint8_t *to;

    if (length == 0)
        return;
    to = make_room(builder, length);
    if (to != NULL)
        memcpy(to, octets, length);
}

static void
add_number(struct tr_builder *builder, uint64_t number, size_t width)
{
    uint8_t *to = make_room(builder, width);

    if (to == NULL)
        return;
    while (width-- > 0) {
        to[width] = (uint8_t)number;
        number >>= 8;
    }
}

void
tr_add_8(struct tr_builder *builder, uint8_t number)
{
    add_number(builder, number, 1);
}

void
tr_add_32(struct tr_builder *builder, uint32_t number)
{
    add_number(builder, number, 4);
}

void
tr_add_64(struct tr_builder *builder, uint64_t number)
{
    add_number(builder, number, 8);
}

krb5_error_code
tr_builder_take(struct tr_builder *builder, uint8_t **octets_out,
                size_t *length_out)
{
    krb5_error_code ret = builder->error;

    if (ret == 0 && builder->octets == NULL) {
        builder->octets = malloc(1);
        if (builder->octets == NULL)
            ret = ENOMEM;
    }
    if (ret == 0) {
        *octets_out = builder->octets;
        *length_out = builder->length;
        builder->octets = NULL;
    }
    tr_builder_free(builder);
    return ret;
}

void
tr_builder_free(struct tr_builder *builder)
{
    free(builder->octets);
    tr_builder_init(builder, builder->maximum);
}
