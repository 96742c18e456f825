/* tests/unit/wire_reference.c - the module coded by libtasn1's own trees */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <libtasn1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wire_reference.h"

extern const asn1_static_node trustrealm_asn1[];

#define MAX_PATH 128

static void
must(int result, const char *what)
{
    if (result != ASN1_SUCCESS) {
        fprintf(stderr, "%s: %s\n", what, asn1_strerror(result));
        abort();
    }
}

/* A value of the type, without content; the caller deletes it. */
static asn1_node
create(const struct tr_wire_layout *layout)
{
    static asn1_node module;
    char name[MAX_PATH];
    asn1_node node = NULL;

    if (module == NULL)
        must(asn1_array2tree(trustrealm_asn1, &module, NULL), "module");
    snprintf(name, sizeof(name), "TRUSTREALM.%s", layout->field.name);
    must(asn1_create_element(module, name, &node), name);
    return node;
}

/* The module's name of a member: "u.seal.ap_req" is "ap-req". */
static void
asn1_name(const char *member, char *out)
{
    const char *dot = strrchr(member, '.');
    char *p;

    snprintf(out, MAX_PATH, "%s", dot == NULL ? member : dot + 1);
    for (p = out; *p != '\0'; p++)
        *p = *p == '_' ? '-' : *p;
}

static void
write_number(asn1_node node, const char *path, int64_t number)
{
    uint8_t octets[8];
    int i;

    for (i = 0; i < 8; i++)
        octets[i] = (uint64_t)number >> (56 - 8 * i);
    must(asn1_write_value(node, path, octets, 8), path);
}

/* libtasn1 takes a length of 0 for "use strlen()". */
static void
write_octets(asn1_node node, const char *path, const void *octets, size_t n)
{
    must(asn1_write_value(node, path, n == 0 ? "" : octets, n), path);
}

static void write_fields(asn1_node node, const char *path,
                         const struct tr_wire_field *fields,
                         const void *base);

static void
write_value(asn1_node node, const char *path,
            const struct tr_wire_field *field, const void *base)
{
    const void *member = (const uint8_t *)base + field->offset;
    const struct tr_bytes *bytes = member;
    const struct tr_strings *texts = member;
    char name[MAX_PATH];
    const char *text;
    size_t i;

    switch (field->kind) {
    case TR_WIRE_INTEGER:
        write_number(node, path, *(const int64_t *)member);
        break;
    case TR_WIRE_BOOLEAN:
        text = *(const bool *)member ? "TRUE" : "FALSE";
        must(asn1_write_value(node, path, text, 1), path);
        break;
    case TR_WIRE_OCTETS:
        write_octets(node, path, bytes->data, bytes->length);
        break;
    case TR_WIRE_TEXT:
        text = *(char *const *)member;
        write_octets(node, path, text, text == NULL ? 0 : strlen(text));
        break;
    case TR_WIRE_TEXTS:
        for (i = 0; i < texts->count; i++) {
            must(asn1_write_value(node, path, "NEW", 1), path);
            snprintf(name, sizeof(name), "%s.?LAST", path);
            write_octets(node, name, texts->items[i],
                         strlen(texts->items[i]));
        }
        break;
    case TR_WIRE_NULL:
        break;
    case TR_WIRE_SEQUENCE:
        write_fields(node, path, field->fields, base);
        break;
    case TR_WIRE_CHOICE:
        field = &field->fields[*(const unsigned int *)member];
        asn1_name(field->name, name);
        must(asn1_write_value(node, path, name, 1), name);
        write_value(node, name, field, base);
        break;
    }
}

static void
write_fields(asn1_node node, const char *path,
             const struct tr_wire_field *fields, const void *base)
{
    char name[MAX_PATH], field_path[2 * MAX_PATH];

    for (; fields->name != NULL; fields++) {
        asn1_name(fields->name, name);
        snprintf(field_path, sizeof(field_path), "%s%s%s", path,
                 *path == '\0' ? "" : ".", name);
        write_value(node, field_path, fields, base);
    }
}

void
reference_encode(const struct tr_wire_layout *layout, const void *value,
                 uint8_t **out, size_t *length_out)
{
    asn1_node node = create(layout);
    int length = 0;

    write_value(node, "", &layout->field, value);
    if (asn1_der_coding(node, "", NULL, &length, NULL) != ASN1_MEM_ERROR)
        abort();
    *out = malloc(length);
    if (*out == NULL)
        abort();
    must(asn1_der_coding(node, "", *out, &length, NULL), "encode");
    *length_out = length;
    asn1_delete_structure(&node);
}

bool
reference_accepts(const struct tr_wire_layout *layout, const uint8_t *octets,
                  size_t length)
{
    asn1_node node = create(layout);
    int n = length, result;

    result = asn1_der_decoding2(&node, octets, &n,
                                ASN1_DECODE_FLAG_STRICT_DER, NULL);
    asn1_delete_structure(&node);
    return result == ASN1_SUCCESS && (size_t)n == length;
}
