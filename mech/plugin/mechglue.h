/* mech/plugin/mechglue.h - structures of the mechglue that we must know */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_MECHGLUE_H
#define TR_MECHGLUE_H

/*
 * The mechglue of MIT krb5 has no header for mechanisms that are loaded at
 * run time.  These declarations repeat the order of its members, which has
 * only been appended to since release 1.12.
 */

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

/*
 * What gss_mech_initialize() returns.  Slots that are NULL are unavailable
 * functions; those at the end stand for what later releases append.
 */
struct gss_config {
    gss_OID_desc mech_type;
    void *context;
    OM_uint32 (*acquire_cred)(OM_uint32 *, gss_name_t, OM_uint32, gss_OID_set,
                              int, gss_cred_id_t *, gss_OID_set *,
                              OM_uint32 *);
    OM_uint32 (*release_cred)(OM_uint32 *, gss_cred_id_t *);
    OM_uint32 (*init_sec_context)(OM_uint32 *, gss_cred_id_t, gss_ctx_id_t *,
                                  gss_name_t, gss_OID, OM_uint32, OM_uint32,
                                  gss_channel_bindings_t, gss_buffer_t,
                                  gss_OID *, gss_buffer_t, OM_uint32 *,
                                  OM_uint32 *);
    OM_uint32 (*accept_sec_context)(OM_uint32 *, gss_ctx_id_t *,
                                    gss_cred_id_t, gss_buffer_t,
                                    gss_channel_bindings_t, gss_name_t *,
                                    gss_OID *, gss_buffer_t, OM_uint32 *,
                                    OM_uint32 *, gss_cred_id_t *);
    OM_uint32 (*process_context_token)(OM_uint32 *, gss_ctx_id_t,
                                       gss_buffer_t);
    OM_uint32 (*delete_sec_context)(OM_uint32 *, gss_ctx_id_t *,
                                    gss_buffer_t);
    OM_uint32 (*context_time)(OM_uint32 *, gss_ctx_id_t, OM_uint32 *);
    OM_uint32 (*get_mic)(OM_uint32 *, gss_ctx_id_t, gss_qop_t, gss_buffer_t,
                         gss_buffer_t);
    OM_uint32 (*verify_mic)(OM_uint32 *, gss_ctx_id_t, gss_buffer_t,
                            gss_buffer_t, gss_qop_t *);
    OM_uint32 (*wrap)(OM_uint32 *, gss_ctx_id_t, int, gss_qop_t, gss_buffer_t,
                      int *, gss_buffer_t);
    OM_uint32 (*unwrap)(OM_uint32 *, gss_ctx_id_t, gss_buffer_t, gss_buffer_t,
                        int *, gss_qop_t *);
    OM_uint32 (*display_status)(OM_uint32 *, OM_uint32, int, gss_OID,
                                OM_uint32 *, gss_buffer_t);
    void (*indicate_mechs)(void);
    OM_uint32 (*compare_name)(OM_uint32 *, gss_name_t, gss_name_t, int *);
    OM_uint32 (*display_name)(OM_uint32 *, gss_name_t, gss_buffer_t,
                              gss_OID *);
    OM_uint32 (*import_name)(OM_uint32 *, gss_buffer_t, gss_OID,
                             gss_name_t *);
    OM_uint32 (*release_name)(OM_uint32 *, gss_name_t *);
    OM_uint32 (*inquire_cred)(OM_uint32 *, gss_cred_id_t, gss_name_t *,
                              OM_uint32 *, int *, gss_OID_set *);
    void (*add_cred)(void);
    OM_uint32 (*export_sec_context)(OM_uint32 *, gss_ctx_id_t *,
                                    gss_buffer_t);
    OM_uint32 (*import_sec_context)(OM_uint32 *, gss_buffer_t,
                                    gss_ctx_id_t *);
    OM_uint32 (*inquire_cred_by_mech)(OM_uint32 *, gss_cred_id_t, gss_OID,
                                      gss_name_t *, OM_uint32 *, OM_uint32 *,
                                      gss_cred_usage_t *);
    OM_uint32 (*inquire_names_for_mech)(OM_uint32 *, gss_OID, gss_OID_set *);
    OM_uint32 (*inquire_context)(OM_uint32 *, gss_ctx_id_t, gss_name_t *,
                                 gss_name_t *, OM_uint32 *, gss_OID *,
                                 OM_uint32 *, int *, int *);
    OM_uint32 (*internal_release_oid)(OM_uint32 *, gss_OID *);
    OM_uint32 (*wrap_size_limit)(OM_uint32 *, gss_ctx_id_t, int, gss_qop_t,
                                 OM_uint32, OM_uint32 *);
    OM_uint32 (*localname)(OM_uint32 *, const gss_name_t, gss_const_OID,
                           gss_buffer_t);
    OM_uint32 (*authorize_localname)(OM_uint32 *, const gss_name_t,
                                     gss_const_buffer_t, gss_const_OID);
    OM_uint32 (*export_name)(OM_uint32 *, const gss_name_t, gss_buffer_t);
    OM_uint32 (*duplicate_name)(OM_uint32 *, const gss_name_t, gss_name_t *);
    OM_uint32 (*store_cred)(OM_uint32 *, const gss_cred_id_t,
                            gss_cred_usage_t, const gss_OID, OM_uint32,
                            OM_uint32, gss_OID_set *, gss_cred_usage_t *);
    OM_uint32 (*inquire_sec_context_by_oid)(OM_uint32 *, const gss_ctx_id_t,
                                            const gss_OID,
                                            gss_buffer_set_t *);
    OM_uint32 (*inquire_cred_by_oid)(OM_uint32 *, const gss_cred_id_t,
                                     const gss_OID, gss_buffer_set_t *);
    OM_uint32 (*set_sec_context_option)(OM_uint32 *, gss_ctx_id_t *,
                                        const gss_OID, const gss_buffer_t);
    OM_uint32 (*set_cred_option)(OM_uint32 *, gss_cred_id_t *, const gss_OID,
                                 const gss_buffer_t);
    OM_uint32 (*mech_invoke)(OM_uint32 *, const gss_OID, const gss_OID,
                             gss_buffer_t);
    void (*wrap_aead)(void);
    void (*unwrap_aead)(void);
    OM_uint32 (*wrap_iov)(OM_uint32 *, gss_ctx_id_t, int, gss_qop_t, int *,
                          gss_iov_buffer_desc *, int);
    OM_uint32 (*unwrap_iov)(OM_uint32 *, gss_ctx_id_t, int *, gss_qop_t *,
                            gss_iov_buffer_desc *, int);
    OM_uint32 (*wrap_iov_length)(OM_uint32 *, gss_ctx_id_t, int, gss_qop_t,
                                 int *, gss_iov_buffer_desc *, int);
    void (*complete_auth_token)(void);
    OM_uint32 (*acquire_cred_impersonate_name)(OM_uint32 *,
                                               const gss_cred_id_t,
                                               const gss_name_t, OM_uint32,
                                               const gss_OID_set,
                                               gss_cred_usage_t,
                                               gss_cred_id_t *, gss_OID_set *,
                                               OM_uint32 *);
    void (*add_cred_impersonate_name)(void);
    void (*display_name_ext)(void);
    OM_uint32 (*inquire_name)(OM_uint32 *, gss_name_t, int *, gss_OID *,
                              gss_buffer_set_t *);
    OM_uint32 (*get_name_attribute)(OM_uint32 *, gss_name_t, gss_buffer_t,
                                    int *, int *, gss_buffer_t, gss_buffer_t,
                                    int *);
    OM_uint32 (*set_name_attribute)(OM_uint32 *, gss_name_t, int,
                                    gss_buffer_t, gss_buffer_t);
    OM_uint32 (*delete_name_attribute)(OM_uint32 *, gss_name_t, gss_buffer_t);
    OM_uint32 (*export_name_composite)(OM_uint32 *, gss_name_t, gss_buffer_t);
    OM_uint32 (*map_name_to_any)(OM_uint32 *, gss_name_t, int, gss_buffer_t,
                                 gss_any_t *);
    OM_uint32 (*release_any_name_mapping)(OM_uint32 *, gss_name_t,
                                          gss_buffer_t, gss_any_t *);
    OM_uint32 (*pseudo_random)(OM_uint32 *, gss_ctx_id_t, int,
                               const gss_buffer_t, ssize_t, gss_buffer_t);
    void (*set_neg_mechs)(void);
    void (*inquire_saslname_for_mech)(void);
    void (*inquire_mech_for_saslname)(void);
    OM_uint32 (*inquire_attrs_for_mech)(OM_uint32 *, gss_const_OID,
                                        gss_OID_set *, gss_OID_set *);
    OM_uint32 (*acquire_cred_from)(OM_uint32 *, gss_name_t, OM_uint32,
                                   gss_OID_set, gss_cred_usage_t,
                                   gss_const_key_value_set_t, gss_cred_id_t *,
                                   gss_OID_set *, OM_uint32 *);
    OM_uint32 (*store_cred_into)(OM_uint32 *, gss_cred_id_t, gss_cred_usage_t,
                                 gss_OID, OM_uint32, OM_uint32,
                                 gss_const_key_value_set_t, gss_OID_set *,
                                 gss_cred_usage_t *);
    OM_uint32 (*acquire_cred_with_password)(OM_uint32 *, const gss_name_t,
                                            const gss_buffer_t, OM_uint32,
                                            const gss_OID_set, int,
                                            gss_cred_id_t *, gss_OID_set *,
                                            OM_uint32 *);
    OM_uint32 (*export_cred)(OM_uint32 *, gss_cred_id_t, gss_buffer_t);
    OM_uint32 (*import_cred)(OM_uint32 *, gss_buffer_t, gss_cred_id_t *);
    OM_uint32 (*import_sec_context_by_mech)(OM_uint32 *, gss_OID,
                                            gss_buffer_t, gss_ctx_id_t *);
    OM_uint32 (*import_name_by_mech)(OM_uint32 *, gss_OID, gss_buffer_t,
                                     gss_OID, gss_name_t *);
    OM_uint32 (*import_cred_by_mech)(OM_uint32 *, gss_OID, gss_buffer_t,
                                     gss_cred_id_t *);
    OM_uint32 (*get_mic_iov)(OM_uint32 *, gss_ctx_id_t, gss_qop_t,
                             gss_iov_buffer_desc *, int);
    OM_uint32 (*verify_mic_iov)(OM_uint32 *, gss_ctx_id_t, gss_qop_t *,
                                gss_iov_buffer_desc *, int);
    OM_uint32 (*get_mic_iov_length)(OM_uint32 *, gss_ctx_id_t, gss_qop_t,
                                    gss_iov_buffer_desc *, int);
    void (*later[29])(void);
};

/*
 * A context handle of an application: the mechglue passes us the address of
 * its last member.  export.c looks at mech_type.
 */
struct tr_union_context {
    struct tr_union_context *loopback;
    gss_OID mech_type;
    gss_ctx_id_t internal;
};

#endif
