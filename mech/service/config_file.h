/* mech/service/config_file.h - trustrealm.conf as text, read key by key */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CONFIG_FILE_H
#define TR_CONFIG_FILE_H

/*
 * The syntax is libprofile's.  All keys are read at once; each getter marks
 * the key that it was asked for, so that what nobody asked for is an unknown
 * key.  Errors stick: after the first, getters do nothing and return false;
 * ask tr_conf_finish() once at the end.
 *
 * Keys are those of the section that was entered last.  A getter returns
 * whether the key is there and good; its output is untouched otherwise, so
 * that a default can be set before.
 */

#include <stdbool.h>
#include "service.h"

struct tr_conf;

krb5_error_code tr_conf_open(const char *path, struct tr_conf **conf_out,
                             char **why_out);
void tr_conf_free(struct tr_conf *conf);

/* The i-th subsection of section (libprofile's order), or NULL. */
const char *tr_conf_subsection(struct tr_conf *conf, const char *section,
                               size_t i);
/* The name of the i-th key of section that is not in a subsection. */
const char *tr_conf_key(struct tr_conf *conf, const char *section, size_t i);

/* sub: the name of a subsection ("name = { ... }") of section, or NULL.  Both
 * are borrowed until the next is entered. */
void tr_conf_enter(struct tr_conf *conf, const char *section, const char *sub);

/* Record an error: "FILE: [section] sub: key = value: ...".  A key of NULL
 * is for what was entered, as a whole. */
void tr_conf_complain(struct tr_conf *conf, const char *key,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tr_conf_no_memory(struct tr_conf *conf);
bool tr_conf_failed(const struct tr_conf *conf);

/* --- values (config_value.c, but for the first two) --------------------- */

/* The value, borrowed, or NULL. */
const char *tr_conf_get(struct tr_conf *conf, const char *key);
/* Strings are malloced; *out is freed when replaced. */
bool tr_conf_string(struct tr_conf *conf, const char *key, char **out);
bool tr_conf_path(struct tr_conf *conf, const char *key, char **out);
bool tr_conf_boolean(struct tr_conf *conf, const char *key, bool *out);
bool tr_conf_number(struct tr_conf *conf, const char *key, uint32_t low,
                    uint32_t high, uint32_t *out);
/* Seconds, from 1 to high: NUMBER with s (default), m, h or d. */
bool tr_conf_duration(struct tr_conf *conf, const char *key, uint32_t high,
                      uint32_t *out);
/* Index of the value in words (NULL-terminated). */
bool tr_conf_choice(struct tr_conf *conf, const char *key,
                    const char *const *words, size_t *out);
/* Words between blanks, NULL-terminated, malloced one by one. */
bool tr_conf_list(struct tr_conf *conf, const char *key, char ***out);

enum tr_id_kind { TR_ID_USER, TR_ID_GROUP };
/* Numbers, names and FIRST-LAST between blanks. */
bool tr_conf_ids(struct tr_conf *conf, const char *key, enum tr_id_kind kind,
                 struct tr_id_range **out, size_t *count_out);

/* --- the end ------------------------------------------------------------ */

/* 0, or TRR_CONFIG (ENOMEM) with the first complaint; a key that was never
 * asked for is one. */
krb5_error_code tr_conf_finish(struct tr_conf *conf, char **why_out);

/* --- what config.c leaves to config_table.c and config_policy.c --------- */

/* [table] */
krb5_error_code tr_config_read_table(struct tr_conf *conf,
                                     struct tr_config *config);

/* [policy] with [rules], and [services]; the labels have been read. */
krb5_error_code tr_config_read_policy(struct tr_conf *conf,
                                      struct tr_config *config);
krb5_error_code tr_config_read_services(struct tr_conf *conf,
                                        struct tr_config *config);
/* Room for one more element of size at the end of *array (a pointer to the
 * pointer), zeroed; NULL when out of memory. */
void *tr_config_grow(void *array, size_t *count, size_t size);

#endif
