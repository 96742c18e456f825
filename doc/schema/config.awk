# config.awk - a schema in the form of slapd.conf, as an entry in LDIF
# SPDX-License-Identifier: BSD-2-Clause
#
# form=ldif: for OpenLDAP's cn=config; form=389: for the schema directory of
# 389 Directory Server.
BEGIN {
    if (form == "389") {
        print "# 60trustrealm.ldif - trustrealm.schema for 389-ds"
        print "dn: cn=schema"
        print "objectClass: ldapSubentry"
        print "objectClass: subschema"
        print "cn: schema"
        attributes = "attributeTypes: "
        classes = "objectClasses: "
    } else {
        print "# trustrealm.ldif - trustrealm.schema for cn=config"
        print "dn: cn=trustrealm,cn=schema,cn=config"
        print "objectClass: olcSchemaConfig"
        print "cn: trustrealm"
        attributes = "olcAttributeTypes: "
        classes = "olcObjectClasses: "
    }
}
/^#/ || /^$/ { next }
# LDIF takes one blank off a continued line; the second one stays.
/^[ \t]/ { sub(/^[ \t]+/, "  "); print; next }
{
    sub(/^attributetype /, attributes)
    sub(/^objectclass /, classes)
    print
}
