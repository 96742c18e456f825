#!/bin/sh
# tests/glue/exports.sh - the plugin exports what it should, and no more
# SPDX-License-Identifier: BSD-2-Clause
#
# A gss_ function too many would call itself where libgssapi was loaded with
# RTLD_LOCAL; one that is missing or misspelt is "unavailable" to everybody.

plugin=$TR_BUILDDIR/mech/.libs/mech_trustrealm.so
list=$TR_SRCDIR/mech/plugin/exports.sym
work=$(mktemp -d "${TMPDIR:-/tmp}/exports.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

echo 1..4
n=0
check()
{
    n=$((n + 1))
    if [ -s "$2" ]; then
        sed 's/^/# /' "$2"
        echo "not ok $n - $1"
    else
        echo "ok $n - $1"
    fi
}

nm -D --defined-only "$plugin" | awk '{ print $3 }' | sort >"$work/exported"
sort "$list" >"$work/listed"
comm -3 "$work/exported" "$work/listed" >"$work/difference"
[ -s "$work/exported" ] || echo "no symbol at all" >"$work/difference"
check "exports are those of exports.sym" "$work/difference"

grep '^gss_' "$work/exported" |
    grep -vx 'gss_mech_interposer\|gss_mech_initialize' >"$work/public"
check "no function of the public interface is exported" "$work/public"

# What the mechglue looks up in an interposer, krb5 having it.
for name in acquire_cred release_cred init_sec_context accept_sec_context \
    process_context_token delete_sec_context context_time get_mic verify_mic \
    wrap unwrap display_status compare_name display_name import_name \
    release_name inquire_cred export_sec_context import_sec_context \
    inquire_cred_by_mech inquire_names_for_mech inquire_context \
    internal_release_oid wrap_size_limit localname authorize_localname \
    export_name duplicate_name store_cred inquire_sec_context_by_oid \
    inquire_cred_by_oid set_sec_context_option set_cred_option mech_invoke \
    wrap_iov unwrap_iov wrap_iov_length acquire_cred_impersonate_name \
    inquire_name get_name_attribute set_name_attribute \
    delete_name_attribute export_name_composite map_name_to_any \
    release_any_name_mapping pseudo_random inquire_attrs_for_mech \
    acquire_cred_from store_cred_into acquire_cred_with_password export_cred \
    import_cred import_sec_context_by_mech import_name_by_mech \
    import_cred_by_mech get_mic_iov verify_mic_iov get_mic_iov_length
do
    grep -qx "gssi_$name" "$work/exported" || echo "gssi_$name"
done >"$work/missing"
check "nothing that krb5 has is missing" "$work/missing"

# It runs inside other people's processes.
ldd "$plugin" | grep -e libldap -e liblber -e liblmdb -e libevent \
    -e libjansson -e libsystemd >"$work/libraries"
check "no library of the service is linked" "$work/libraries"
