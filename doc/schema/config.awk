# config.awk - a schema in the form of slapd.conf, as an entry of cn=config
# SPDX-License-Identifier: BSD-2-Clause
BEGIN {
    print "# trustrealm.ldif - trustrealm.schema for cn=config"
    print "dn: cn=trustrealm,cn=schema,cn=config"
    print "objectClass: olcSchemaConfig"
    print "cn: trustrealm"
}
/^#/ || /^$/ { next }
# LDIF takes one blank off a continued line; the second one stays.
/^[ \t]/ { sub(/^[ \t]+/, "  "); print; next }
{
    sub(/^attributetype /, "olcAttributeTypes: ")
    sub(/^objectclass /, "olcObjectClasses: ")
    print
}
