# access.awk - access.conf as a change of a database in cn=config
# SPDX-License-Identifier: BSD-2-Clause

# Put together what slapd.conf continues on the next line.
/^#/ || /^$/ { next }
/^[ \t]/ { sub(/^[ \t]+/, " "); line[n] = line[n] $0; next }
{ line[++n] = $0 }

# Everything of one kind; rules have an order.
function change(name, attribute, add,    i, count) {
    if (name != "add_content_acl")
        print "-"
    print (add ? "add: " : "replace: ") attribute
    for (i = 1; i <= n; i++) {
        if (substr(line[i], 1, length(name) + 1) != name " ")
            continue
        value = substr(line[i], length(name) + 2)
        if (value == "on")
            value = "TRUE"
        print attribute ": " (name == "access" ? "{" count + 0 "}" : "") value
        count++
    }
}
END {
    print "# access.ldif - access.conf for cn=config; put your database's DN"
    print "# (what it replaces protects the rest of the database: add that),"
    print "# your suffix and, where there is one, your Kerberos realm in"
    print "dn: olcDatabase={1}mdb,cn=config"
    print "changetype: modify"
    change("add_content_acl", "olcAddContentAcl")
    change("limits", "olcLimits")
    change("access", "olcAccess")
}
