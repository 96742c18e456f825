/* tools/trustrealm/kadmin.h - keys of systems, at the KDC and in a keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef KADMIN_H
#define KADMIN_H

/*
 * A system's keys are made at the KDC and put into the system's keytab; they
 * are nowhere else.  Functions answer with an exit status, after they
 * have said on stderr what went wrong.
 */

#include <krb5/krb5.h>
#include "trustrealm.h"

struct tool_kadmin;

/*
 * Log in to the administration service of the Kerberos realm that principal
 * (of a system) is in: with the ticket in cache or, when that is NULL, by
 * asking for the password of the default ticket cache's principal.
 */
int tool_kadmin_open(const char *principal, const char *cache,
                     struct tool_kadmin **kadmin_out);
void tool_kadmin_close(struct tool_kadmin *kadmin);

/* Each is about the principal that was named to open. */

/* Make the principal, which must not be there yet (TOOL_NO), with a random
 * key, and put that into keytab.  On failure nothing is left, or it is said
 * what may be. */
int tool_kadmin_create(struct tool_kadmin *kadmin, const char *keytab);
/* A new key beside the old ones, which tickets may still be for. */
int tool_kadmin_rotate(struct tool_kadmin *kadmin, const char *keytab);
/* Remove all but the newest key from both; TOOL_NO as long as tickets for an
 * older one may be in use, unless force. */
int tool_kadmin_finish(struct tool_kadmin *kadmin, const char *keytab,
                       bool force);
/* Is there such a principal? */
int tool_kadmin_exists(struct tool_kadmin *kadmin, bool *exists_out);
/* Remove the principal and, unless keytab is NULL, its keys from there.
 * TOOL_NO when it may not be, or, without a word, when there was none. */
int tool_kadmin_delete(struct tool_kadmin *kadmin, const char *keytab);

/* --- invitations (kadmin_token.c) ---------------------------------------- */

/* Who can be invited: SERVICE/HOST. */
#define TOOL_SYSTEM_SERVICE "trustrealm"

/* What people read out and type: seven groups of four. */
#define TOOL_TOKEN_SIZE 35

/* Until then (s since 1970) whoever has the token, made here, can make
 * principal's key, once.  An older token ends.  TOOL_NO when there is a key,
 * unless force, which ends it. */
int tool_kadmin_invite(struct tool_kadmin *kadmin, int64_t until, bool force,
                       char token_out[TOOL_TOKEN_SIZE]);
/* Let nobody have a token for it; did somebody? */
int tool_kadmin_withdraw(struct tool_kadmin *kadmin, bool *there_out);
/* As people type it, to what it was; false: it never was a token. */
bool tool_token_read(const char *text, char token_out[TOOL_TOKEN_SIZE]);

/* --- redeeming a token (kadmin_redeem.c) --------------------------------- */

struct tool_redeem;

/*
 * Log in with the token, and nobody's ticket, for principal's key to be put
 * into keytab.  Nothing is changed yet.  From then on this process is, to all
 * services, who has the token; unless an earlier one used it up and got no
 * further (*used_out).  End in any case; the strings stay until then.
 */
int tool_redeem_begin(const char *principal, const char *token,
                      const char *keytab, struct tool_redeem **redeem_out,
                      bool *used_out);
/* Use the token up: make the key at the KDC, try it, and put it into the
 * keytab.  When this fails, or is interrupted, another try goes on there. */
int tool_redeem_finish(struct tool_redeem *redeem);
/* Is it about that principal, which is said at where? */
int tool_redeem_check(const struct tool_redeem *redeem, const char *where,
                      const char *principal);
/* What is known of the token, for a message: is it still valid? */
const char *tool_redeem_token(const struct tool_redeem *redeem);
/* The same, and to try again, after what is no refusal. */
const char *tool_redeem_again(const struct tool_redeem *redeem);
void tool_redeem_end(struct tool_redeem *redeem);

/* --- keytabs (kadmin_keytab.c) ------------------------------------------- */

struct tool_keytab_key { krb5_kvno kvno; krb5_keyblock *keys; int n; };

/* Wipe and free keys. */
void tool_keytab_free_key(krb5_context context, struct tool_keytab_key *key);

/* Where its file is or will be, malloced; NULL when it is no file. */
char *tool_keytab_file(krb5_context context, const char *keytab);
/* Hand over each of its keys, until one is not taken; or to nobody (NULL), to
 * see that it can be read. */
typedef krb5_error_code tool_keytab_each(krb5_context context,
                                         krb5_keytab_entry *entry, void *arg);
krb5_error_code tool_keytab_walk(krb5_context context, const char *keytab,
                                 tool_keytab_each *each, void *arg);
/* Can it be read, and keys be added?  To be asked before they are made: later
 * they would be the KDC's, and nobody's. */
krb5_error_code tool_keytab_check(krb5_context context, const char *keytab);
/* Add one key to a keytab (krb5_keytab), and see that it is there. */
tool_keytab_each tool_keytab_put;
/* Put the folder that a file is in on the disk, as it is now. */
krb5_error_code tool_keytab_sync(const char *path);
/* Add keys of principal, made now; on the disk. */
krb5_error_code tool_keytab_add(krb5_context context, const char *keytab,
                                krb5_principal principal,
                                const struct tool_keytab_key *key);
/* Remove keys of principal whose kvno is below that (0: all). */
krb5_error_code tool_keytab_remove(krb5_context context, const char *keytab,
                                   krb5_principal principal, krb5_kvno below);
/* When the key of that kvno was added (s); KRB5_KT_NOTFOUND. */
krb5_error_code tool_keytab_time(krb5_context context, const char *keytab,
                                 krb5_principal principal, krb5_kvno kvno,
                                 int64_t *time_out);

/* --- drafts of a keytab (kadmin_draft.c) --------------------------------- */

/*
 * Keys that are to replace those of a keytab: drafts beside it, in a folder of
 * their own, for one process at a time.  Each try has one, numbered from 1,
 * and what earlier ones left stays: which of them has the KDC's key may not be
 * known until the next has come to its end.
 */
struct tool_drafts {
    char *keytab;               /* its file */
    char *folder;
    int fd;                     /* of the folder, locked; -1: not open */
    unsigned int n;             /* drafts that are there */
};

/* Ahead of any key, make sure that drafts and the keytab can be written.
 * EWOULDBLOCK: another process has them.  End in any case. */
krb5_error_code tool_drafts_begin(krb5_context context, const char *keytab,
                                  struct tool_drafts *drafts_out);
/* May an earlier try have left some?  To be asked when that fails, too. */
bool tool_drafts_left(const struct tool_drafts *drafts);
/* The name of a draft, malloced. */
char *tool_drafts_name(const struct tool_drafts *drafts, unsigned int number);
/* Another draft, on the disk, with keys of principal; EMLINK when there are
 * too many. */
krb5_error_code tool_drafts_add(krb5_context context,
                                struct tool_drafts *drafts,
                                krb5_principal principal,
                                const struct tool_keytab_key *key);
/* Remove the newest: its key is nobody's. */
void tool_drafts_drop(struct tool_drafts *drafts);
/* Put the keys of that one into the keytab instead of principal's older ones,
 * and remove them all.  Keys of others stay, even those added meanwhile. */
krb5_error_code tool_drafts_finish(krb5_context context,
                                   struct tool_drafts *drafts,
                                   unsigned int number,
                                   krb5_principal principal);
void tool_drafts_end(struct tool_drafts *drafts);

#endif
