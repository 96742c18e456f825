/* tests/unit/decide_world.h - a table, systems and questions for tests */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEST_DECIDE_WORLD_H
#define TR_TEST_DECIDE_WORLD_H

/*
 * SENDING() and RECEIVING() are questions that are allowed; a test names what
 * it asks differently: SENDING(.label = "secret").
 */

#include "decide.h"
#include "decide_table.h"

#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define FRESH 2000000000        /* 2033-05-18T03:33:20Z */
#define NOW (FRESH + 100)
#define SYSTEM(name) \
    "objectClass trSystem\ncn " name ".example.com\n" \
    "trPrincipal trustrealm/" name ".example.com@EXAMPLE.COM\n"

/* What is in the table, up to a NULL, as for make_table(). */
extern const char *const world_entries[];

/* This system: alpha, unless the name says otherwise. */
#define LOCAL(...) { \
    .system = "alpha.example.com", .format = "local", .clock_skew = 300, \
    .attributes = all_attributes, .allow_dry_run = true, __VA_ARGS__ }
extern struct tr_local
    plain,
    unknown, disabled, ended, outside,  /* epsilon, off, gone, delta */
    reined, barred,                     /* their restrictions */
    narrowed, excluded,                 /* may join corporate only; none */
    lowered, raised,                    /* to internal:hr; from secret */
    misled,                             /* narrowed without a local format */
    strict,                             /* no dry runs */
    careless, bare,                     /* zone=secure only; no attributes */
    hurried, patient,                   /* 99 s, 100 s of staleness */
    nameless,                           /* its format has no name */
    elsewhere, far_away,                /* beta, try2; format "beta" */
    explaining;                         /* the trust realm's own labels */
extern char *all_attributes[];
extern const char *const peer_attributes[], *const peer_zone[];

#define SENDING(...) { \
    .side = TR_SENDING, .local = &plain, .now = NOW, \
    .peer = "beta.example.com", .service = "host", \
    .process_low = "public", .process_high = "secret:hr,finance,crypto", \
    .label = "internal:hr", __VA_ARGS__ }
#define FROM(name) \
    .peer_principal = "trustrealm/" name ".example.com@EXAMPLE.COM"
/* Stands for the digest of question.realm. */
extern const char same_digest[];
#define RECEIVING(...) { \
    .side = TR_RECEIVING, .local = &plain, .now = NOW, FROM("beta"), \
    .service = "host", .process_low = "public", \
    .process_high = "secret:hr,finance,crypto", .realm = "engineering", \
    .realm_label = "internal:hr", .realm_low = "public", \
    .realm_high = "secret:hr,crypto", .digest = same_digest, __VA_ARGS__ }

extern struct tr_table *table;
extern struct tr_view *view;            /* of it */
extern struct tr_answer *answer;        /* of the last ask() */

/* cmocka's: make and remove all this. */
int make_world(void **state);
int remove_world(void **state);

/* tr_decide() over of into answer, which keeps nothing of the one before. */
krb5_error_code ask(const struct tr_view *of,
                    const struct tr_question *question);
/* Is text part of a line of the trace; after a '=', is it all of one? */
bool is_said(const char *text);

#endif
