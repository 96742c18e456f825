/* mech/plugin/mechanism.c - the table of the mechanism with its own OID */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stddef.h>
#include "gssi.h"
#include "mechglue.h"
#include "oids.h"

static struct gss_config table = {
    .mech_type = { TR_OID_ARC_DER_LEN + 2, TR_OID_ARC_DER "\x01\x01" },
    .acquire_cred = gssi_acquire_cred,
    .release_cred = gssi_release_cred,
    .init_sec_context = gssi_init_sec_context,
    .accept_sec_context = gssi_accept_sec_context,
    .process_context_token = gssi_process_context_token,
    .delete_sec_context = gssi_delete_sec_context,
    .context_time = gssi_context_time,
    .get_mic = gssi_get_mic,
    .verify_mic = gssi_verify_mic,
    .wrap = gssi_wrap,
    .unwrap = gssi_unwrap,
    .display_status = gssi_display_status,
    .compare_name = gssi_compare_name,
    .display_name = gssi_display_name,
    .import_name = gssi_import_name,
    .release_name = gssi_release_name,
    .inquire_cred = gssi_inquire_cred,
    .export_sec_context = gssi_export_sec_context,
    .import_sec_context = gssi_import_sec_context,
    .inquire_cred_by_mech = gssi_inquire_cred_by_mech,
    .inquire_names_for_mech = gssi_inquire_names_for_mech,
    .inquire_context = gssi_inquire_context,
    .internal_release_oid = gssi_internal_release_oid,
    .wrap_size_limit = gssi_wrap_size_limit,
    .localname = gssi_localname,
    .authorize_localname = gssi_authorize_localname,
    .export_name = gssi_export_name,
    .duplicate_name = gssi_duplicate_name,
    .store_cred = gssi_store_cred,
    .inquire_sec_context_by_oid = gssi_inquire_sec_context_by_oid,
    .inquire_cred_by_oid = gssi_inquire_cred_by_oid,
    .set_sec_context_option = gssi_set_sec_context_option,
    .set_cred_option = gssi_set_cred_option,
    .mech_invoke = gssi_mech_invoke,
    .wrap_iov = gssi_wrap_iov,
    .unwrap_iov = gssi_unwrap_iov,
    .wrap_iov_length = gssi_wrap_iov_length,
    .acquire_cred_impersonate_name = gssi_acquire_cred_impersonate_name,
    .inquire_name = gssi_inquire_name,
    .get_name_attribute = gssi_get_name_attribute,
    .set_name_attribute = gssi_set_name_attribute,
    .delete_name_attribute = gssi_delete_name_attribute,
    .export_name_composite = gssi_export_name_composite,
    .map_name_to_any = gssi_map_name_to_any,
    .release_any_name_mapping = gssi_release_any_name_mapping,
    .pseudo_random = gssi_pseudo_random,
    .inquire_attrs_for_mech = gssi_inquire_attrs_for_mech,
    .acquire_cred_from = gssi_acquire_cred_from,
    .store_cred_into = gssi_store_cred_into,
    .acquire_cred_with_password = gssi_acquire_cred_with_password,
    .export_cred = gssi_export_cred,
    .import_cred = gssi_import_cred,
    .import_sec_context_by_mech = gssi_import_sec_context_by_mech,
    .import_name_by_mech = gssi_import_name_by_mech,
    .import_cred_by_mech = gssi_import_cred_by_mech,
    .get_mic_iov = gssi_get_mic_iov,
    .verify_mic_iov = gssi_verify_mic_iov,
    .get_mic_iov_length = gssi_get_mic_iov_length
};

struct gss_config *
gss_mech_initialize(gss_const_OID mech)
{
    return tr_oid_equal(mech, &table.mech_type) ? &table : NULL;
}
