# authz.awk - authz.conf as a change of cn=config
# SPDX-License-Identifier: BSD-2-Clause

BEGIN {
    print "# authz.ldif - authz.conf for cn=config; added to what is there"
    print "dn: cn=config"
    print "changetype: modify"
    print "add: olcAuthzRegexp"
}
/^#/ || /^$/ { next }
# LDIF takes one blank off a continued line; the second one stays.
/^[ \t]/ { sub(/^[ \t]+/, "  ") }
{ sub(/^authz-regexp/, "olcAuthzRegexp:"); print }
# Another file may follow it.
END { print "" }
