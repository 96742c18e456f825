/* mech/plugin/gssi.h - the functions that the mechglue calls */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_GSSI_H
#define TR_GSSI_H

/*
 * These names, and no others, are exported: the mechglue looks them up when
 * it loads the plugin as an interposer, and mechanism.c lists them in a table
 * when it loads it as a mechanism of its own.  Their contracts are those of
 * the gss_ functions of the same name.  Functions that krb5 does not offer
 * either are left out: the mechglue then says "unavailable" for us.
 *
 * No gss_* is exported: inside a process that loaded libgssapi with
 * RTLD_LOCAL our own calls would end up here again.
 */

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#pragma GCC visibility push(default)

/* --- what the mechglue asks for at load time ----------------------------- */

gss_OID_set gss_mech_interposer(gss_OID mech);
struct gss_config *gss_mech_initialize(gss_const_OID mech);
OM_uint32 gssi_internal_release_oid(OM_uint32 *minor, gss_OID *oid);

/* --- credentials --------------------------------------------------------- */

OM_uint32 gssi_acquire_cred(OM_uint32 *minor, gss_name_t name,
                            OM_uint32 time_req, gss_OID_set mechs, int usage,
                            gss_cred_id_t *cred_out, gss_OID_set *mechs_out,
                            OM_uint32 *time_out);
OM_uint32 gssi_acquire_cred_from(OM_uint32 *minor, gss_name_t name,
                                 OM_uint32 time_req, gss_OID_set mechs,
                                 gss_cred_usage_t usage,
                                 gss_const_key_value_set_t store,
                                 gss_cred_id_t *cred_out,
                                 gss_OID_set *mechs_out, OM_uint32 *time_out);
OM_uint32 gssi_acquire_cred_with_password(OM_uint32 *minor,
                                          const gss_name_t name,
                                          const gss_buffer_t password,
                                          OM_uint32 time_req,
                                          const gss_OID_set mechs, int usage,
                                          gss_cred_id_t *cred_out,
                                          gss_OID_set *mechs_out,
                                          OM_uint32 *time_out);
OM_uint32 gssi_acquire_cred_impersonate_name(OM_uint32 *minor,
                                             const gss_cred_id_t impersonator,
                                             const gss_name_t name,
                                             OM_uint32 time_req,
                                             const gss_OID_set mechs,
                                             gss_cred_usage_t usage,
                                             gss_cred_id_t *cred_out,
                                             gss_OID_set *mechs_out,
                                             OM_uint32 *time_out);
OM_uint32 gssi_release_cred(OM_uint32 *minor, gss_cred_id_t *cred);
OM_uint32 gssi_inquire_cred(OM_uint32 *minor, gss_cred_id_t cred,
                            gss_name_t *name_out, OM_uint32 *lifetime_out,
                            int *usage_out, gss_OID_set *mechs_out);
OM_uint32 gssi_inquire_cred_by_mech(OM_uint32 *minor, gss_cred_id_t cred,
                                    gss_OID mech, gss_name_t *name_out,
                                    OM_uint32 *initiator_lifetime_out,
                                    OM_uint32 *acceptor_lifetime_out,
                                    gss_cred_usage_t *usage_out);
OM_uint32 gssi_inquire_cred_by_oid(OM_uint32 *minor, const gss_cred_id_t cred,
                                   const gss_OID object,
                                   gss_buffer_set_t *data_out);
OM_uint32 gssspi_set_cred_option(OM_uint32 *minor, gss_cred_id_t *cred,
                                 const gss_OID object,
                                 const gss_buffer_t value);
OM_uint32 gssi_set_cred_option(OM_uint32 *minor, gss_cred_id_t *cred,
                               const gss_OID object,
                               const gss_buffer_t value);
OM_uint32 gssi_store_cred(OM_uint32 *minor, const gss_cred_id_t cred,
                          gss_cred_usage_t usage, const gss_OID mech,
                          OM_uint32 overwrite, OM_uint32 as_default,
                          gss_OID_set *stored_out,
                          gss_cred_usage_t *usage_out);
OM_uint32 gssi_store_cred_into(OM_uint32 *minor, gss_cred_id_t cred,
                               gss_cred_usage_t usage, gss_OID mech,
                               OM_uint32 overwrite, OM_uint32 as_default,
                               gss_const_key_value_set_t store,
                               gss_OID_set *stored_out,
                               gss_cred_usage_t *usage_out);
OM_uint32 gssi_export_cred(OM_uint32 *minor, gss_cred_id_t cred,
                           gss_buffer_t token_out);
OM_uint32 gssi_import_cred(OM_uint32 *minor, gss_buffer_t token,
                           gss_cred_id_t *cred_out);
OM_uint32 gssi_import_cred_by_mech(OM_uint32 *minor, gss_OID mech,
                                   gss_buffer_t token,
                                   gss_cred_id_t *cred_out);

/* --- context establishment ----------------------------------------------- */

OM_uint32 gssi_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred,
                                gss_ctx_id_t *context, gss_name_t target,
                                gss_OID mech, OM_uint32 req_flags,
                                OM_uint32 time_req,
                                gss_channel_bindings_t bindings,
                                gss_buffer_t token, gss_OID *mech_out,
                                gss_buffer_t token_out, OM_uint32 *flags_out,
                                OM_uint32 *time_out);
OM_uint32 gssi_accept_sec_context(OM_uint32 *minor, gss_ctx_id_t *context,
                                  gss_cred_id_t cred, gss_buffer_t token,
                                  gss_channel_bindings_t bindings,
                                  gss_name_t *src_name_out, gss_OID *mech_out,
                                  gss_buffer_t token_out, OM_uint32 *flags_out,
                                  OM_uint32 *time_out,
                                  gss_cred_id_t *delegated_out);

/* --- contexts ------------------------------------------------------------ */

OM_uint32 gssi_process_context_token(OM_uint32 *minor, gss_ctx_id_t context,
                                     gss_buffer_t token);
OM_uint32 gssi_delete_sec_context(OM_uint32 *minor, gss_ctx_id_t *context,
                                  gss_buffer_t token_out);
OM_uint32 gssi_context_time(OM_uint32 *minor, gss_ctx_id_t context,
                            OM_uint32 *time_out);
OM_uint32 gssi_inquire_context(OM_uint32 *minor, gss_ctx_id_t context,
                               gss_name_t *src_name_out,
                               gss_name_t *targ_name_out,
                               OM_uint32 *lifetime_out, gss_OID *mech_out,
                               OM_uint32 *flags_out, int *initiated_out,
                               int *open_out);
OM_uint32 gssi_inquire_sec_context_by_oid(OM_uint32 *minor,
                                          const gss_ctx_id_t context,
                                          const gss_OID object,
                                          gss_buffer_set_t *data_out);
OM_uint32 gssi_set_sec_context_option(OM_uint32 *minor, gss_ctx_id_t *context,
                                      const gss_OID object,
                                      const gss_buffer_t value);
OM_uint32 gssi_pseudo_random(OM_uint32 *minor, gss_ctx_id_t context,
                             int prf_key, const gss_buffer_t input,
                             ssize_t length, gss_buffer_t output);
OM_uint32 gssi_export_sec_context(OM_uint32 *minor, gss_ctx_id_t *context,
                                  gss_buffer_t token_out);
OM_uint32 gssi_import_sec_context(OM_uint32 *minor, gss_buffer_t token,
                                  gss_ctx_id_t *context_out);
OM_uint32 gssi_import_sec_context_by_mech(OM_uint32 *minor, gss_OID mech,
                                          gss_buffer_t token,
                                          gss_ctx_id_t *context_out);

/* --- messages ------------------------------------------------------------ */

OM_uint32 gssi_wrap(OM_uint32 *minor, gss_ctx_id_t context, int conf_req,
                    gss_qop_t qop, gss_buffer_t message, int *conf_out,
                    gss_buffer_t token_out);
OM_uint32 gssi_unwrap(OM_uint32 *minor, gss_ctx_id_t context,
                      gss_buffer_t token, gss_buffer_t message_out,
                      int *conf_out, gss_qop_t *qop_out);
OM_uint32 gssi_wrap_size_limit(OM_uint32 *minor, gss_ctx_id_t context,
                               int conf_req, gss_qop_t qop, OM_uint32 size,
                               OM_uint32 *max_out);
OM_uint32 gssi_get_mic(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop,
                       gss_buffer_t message, gss_buffer_t token_out);
OM_uint32 gssi_verify_mic(OM_uint32 *minor, gss_ctx_id_t context,
                          gss_buffer_t message, gss_buffer_t token,
                          gss_qop_t *qop_out);
OM_uint32 gssi_wrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int conf_req,
                        gss_qop_t qop, int *conf_out,
                        gss_iov_buffer_desc *iov, int count);
OM_uint32 gssi_wrap_iov_length(OM_uint32 *minor, gss_ctx_id_t context,
                               int conf_req, gss_qop_t qop, int *conf_out,
                               gss_iov_buffer_desc *iov, int count);
OM_uint32 gssi_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t context,
                          int *conf_out, gss_qop_t *qop_out,
                          gss_iov_buffer_desc *iov, int count);
OM_uint32 gssi_get_mic_iov(OM_uint32 *minor, gss_ctx_id_t context,
                           gss_qop_t qop, gss_iov_buffer_desc *iov, int count);
OM_uint32 gssi_get_mic_iov_length(OM_uint32 *minor, gss_ctx_id_t context,
                                  gss_qop_t qop, gss_iov_buffer_desc *iov,
                                  int count);
OM_uint32 gssi_verify_mic_iov(OM_uint32 *minor, gss_ctx_id_t context,
                              gss_qop_t *qop_out, gss_iov_buffer_desc *iov,
                              int count);

/* --- names --------------------------------------------------------------- */

OM_uint32 gssi_import_name(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
                           gss_name_t *name_out);
OM_uint32 gssi_import_name_by_mech(OM_uint32 *minor, gss_OID mech,
                                   gss_buffer_t text, gss_OID type,
                                   gss_name_t *name_out);
OM_uint32 gssi_release_name(OM_uint32 *minor, gss_name_t *name);
OM_uint32 gssi_duplicate_name(OM_uint32 *minor, const gss_name_t name,
                              gss_name_t *name_out);
OM_uint32 gssi_compare_name(OM_uint32 *minor, gss_name_t a, gss_name_t b,
                            int *equal_out);
OM_uint32 gssi_display_name(OM_uint32 *minor, gss_name_t name,
                            gss_buffer_t text_out, gss_OID *type_out);
OM_uint32 gssi_export_name(OM_uint32 *minor, const gss_name_t name,
                           gss_buffer_t token_out);
OM_uint32 gssi_export_name_composite(OM_uint32 *minor, gss_name_t name,
                                     gss_buffer_t token_out);
OM_uint32 gssi_localname(OM_uint32 *minor, const gss_name_t name,
                         gss_const_OID mech, gss_buffer_t local_out);
OM_uint32 gssi_authorize_localname(OM_uint32 *minor, const gss_name_t name,
                                   gss_const_buffer_t user,
                                   gss_const_OID type);
OM_uint32 gssi_inquire_name(OM_uint32 *minor, gss_name_t name, int *is_mn_out,
                            gss_OID *mech_out, gss_buffer_set_t *attrs_out);
OM_uint32 gssi_get_name_attribute(OM_uint32 *minor, gss_name_t name,
                                  gss_buffer_t attr, int *authenticated_out,
                                  int *complete_out, gss_buffer_t value_out,
                                  gss_buffer_t display_out, int *more);
OM_uint32 gssi_set_name_attribute(OM_uint32 *minor, gss_name_t name,
                                  int complete, gss_buffer_t attr,
                                  gss_buffer_t value);
OM_uint32 gssi_delete_name_attribute(OM_uint32 *minor, gss_name_t name,
                                     gss_buffer_t attr);
OM_uint32 gssi_map_name_to_any(OM_uint32 *minor, gss_name_t name,
                               int authenticated, gss_buffer_t type,
                               gss_any_t *any_out);
OM_uint32 gssi_release_any_name_mapping(OM_uint32 *minor, gss_name_t name,
                                        gss_buffer_t type, gss_any_t *any);

/* --- the mechanism ------------------------------------------------------- */

OM_uint32 gssi_display_status(OM_uint32 *minor, OM_uint32 value, int type,
                              gss_OID mech, OM_uint32 *message_context,
                              gss_buffer_t text_out);
OM_uint32 gssi_inquire_names_for_mech(OM_uint32 *minor, gss_OID mech,
                                      gss_OID_set *types_out);
OM_uint32 gssi_inquire_attrs_for_mech(OM_uint32 *minor, gss_const_OID mech,
                                      gss_OID_set *attrs_out,
                                      gss_OID_set *known_out);
OM_uint32 gssi_mech_invoke(OM_uint32 *minor, const gss_OID mech,
                           const gss_OID object, gss_buffer_t value);

#pragma GCC visibility pop

#endif
