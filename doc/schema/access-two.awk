# access-two.awk - makes access-two.conf of access-two.conf.in
# SPDX-License-Identifier: BSD-2-Clause
#
# A line "WHAT ENTRY ATTRIBUTE VALUES" there is one rule of slapd's:
#
#     add      to add such a value takes two people, to delete it one
#     delete   the other way round
#     change   both take two, each with a proposal of its own
#     neither  neither does
#
# ENTRY is one of those below, VALUES a regular expression.  Everything else is
# copied.

BEGIN {
    base = "ou=trustrealm,dc=example,dc=com"
    roles = "ou=roles," base
    owners = "group.expand=\"cn=${v1},ou=owners," roles "\""
    label_policy = "group.exact=\"cn=label-policy," roles "\""

    name["membership"] = "cn=[a-z0-9._-]+,ou=systems"
    who["membership"] = owners
    name["clearance"] = "cn=[a-z0-9._@/-]+,ou=subjects"
    who["clearance"] = owners
    name["range"] = "cn=[a-z0-9._@/-]+,ou=(systems|subjects)"
    who["range"] = owners
    name["map"] = "trformat=[a-z0-9._-]+[+]trrealmname=[a-z0-9._-]+,ou=maps"
    who["map"] = label_policy

    # Two only from the time on when something is found here.
    name["realm"] = "cn=([a-z0-9._-]+),ou=realms"
    who["realm"] = label_policy
    since["realm"] = "[ldap:///cn=${d2},ou=owners," roles "??base?]/cn"
    name["system"] = "cn=[a-z0-9._-]+,ou=systems"
    who["system"] = "dnattr=owner\n        group.exact=" \
        "\"cn=system-administrators," roles "\""
    since["system"] = "this/trMembership"

    alone["add"] = "=zrscd"
    alone["delete"] = "=arscd"
    alone["change"] = "=rscd"
    # These are words that differ by their case.
    exactly["trPrincipal"] = exactly["trRequiredAttribute"] = \
        ":caseExactIA5Match:"
}

# Of a proposal: to add the value, or to delete it.  Either is as long: a blank
# before a value is none.
function asks(what) {
    return "(trChange" exactly[$3] "=" (what == "add" ? " " : "-") $3 \
        " ${v0})"
}

# Who has proposed it: the one or the other.
function proposer(one, other) {
    return "[ldap:///ou=pending," base "??one?(&(objectClass=trPending)" \
        "(trTarget=${d1})" (other == "" ? asks(one) : \
        "(|" asks(one) asks(other) ")") ")]/creatorsName"
}

# slapd cuts off what values make longer than 1022 characters, without a word.
# So the set of whoever proposed it himself and that of everybody else begin
# alike, and the other one goes on with a constant in brackets for longer than
# his: where his is cut to what is no set, so is the other; where the other is
# cut to less and still a set, his is one, too, and comes first.  Operators
# have no precedence; a sum with nothing is nothing.  With "change" his names
# both directions, and that of the others the same one twice.
function own(one, other) {
    return proposer(one, other) " & user" \
        (since[$2] == "" ? "" : " + " since[$2])
}
function others(one, other,    constant) {
    constant = since[$2]
    gsub(/[][]/, "", constant)
    return proposer(one, other) " + [whoever else proposed it " constant "]"
}

# Whoever of the role, if the set has something in it.
function by(set, access) {
    print "    by " who[$2]
    if (set != "")
        print "        set.expand=\"" set "\""
    print "        " access
}

/^(add|delete|change|neither) / {
    values = $0
    sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "", values)
    print "access to dn.regex=\"^(" name[$2] "," base ")$\""
    print "        attrs=" $3 " val.regex=\"" values "\""
    if ($1 in alone) {
        if ($1 == "change") {
            by(own("add", "delete"), alone[$1])
            by(others("add", "add"), alone["delete"])
            by(others("delete", "delete"), alone["add"])
        } else {
            by(own($1), alone[$1])
            by(others($1), "write")
        }
        by(since[$2], alone[$1])
    }
    if ($1 == "neither" || since[$2] != "")
        by("", "write")
    print "    by group.exact=\"cn=auditors," roles "\" read"
    if ($2 == "system")
        print "    by dn.onelevel=\"cn=trustrealm-invite,cn=auth\" break"
    print "    by * none"
    next
}
{ print }
