# limits.awk - limits.conf as an overlay of a database in cn=config
# SPDX-License-Identifier: BSD-2-Clause

BEGIN {
    print "# limits.ldif - limits.conf for cn=config; put your database's DN"
    print "# (the module has to be there: olcModuleLoad: constraint)"
    print "dn: olcOverlay=constraint,olcDatabase={1}mdb,cn=config"
    print "changetype: add"
    print "objectClass: olcOverlayConfig"
    print "objectClass: olcConstraintConfig"
    print "olcOverlay: constraint"
}
/^#/ || /^$/ || /^overlay/ { next }
# LDIF takes one blank off a continued line; the second one stays.
/^[ \t]/ { sub(/^[ \t]+/, "  ") }
{ sub(/^constraint_attribute/, "olcConstraintAttribute:"); print }
