# wire_fields.awk - mech/trustrealm.asn1 as the lists of mech/wire_table.c
# SPDX-License-Identifier: BSD-2-Clause
#
# The module has a line for each definition, field and alternative; any other
# is an error.  That it is ASN.1 at all has been seen to by asn1Parser.

BEGIN {
    kind["INTEGER"] = "INTEGER"
    kind["BOOLEAN"] = "BOOLEAN"
    kind["OCTET_STRING"] = "OCTETS"
    kind["UTF8String"] = "TEXT"
    kind["NULL"] = "NOTHING"
}

# "ReplyTrailer" and "system-ap-req" as C has them
function in_c(name) {
    gsub(/-/, "_", name)
    gsub(/[A-Z]/, "_&", name)
    sub(/^_/, "", name)
    return tolower(name)
}

{
    sub(/--.*/, "")
    sub(/OCTET STRING/, "OCTET_STRING")
    gsub(/[(),]|\.\./, " ")
}

NF == 0 || /^(TRUSTREALM|DEFINITIONS|BEGIN|END)/ { next }

# Attributes ::= SEQUENCE SIZE (0..32) OF Attribute
$2 == "::=" && $3 == "SEQUENCE" && $7 == "OF" && kind[$8] == "TEXT" {
    kind[$1] = "TEXTS"
    max[$1] = max[$8]
    printf "enum { %s_max = %d };\n", $1, $6
    next
}

# Label ::= UTF8String (SIZE (0..4096))
$2 == "::=" && $3 in kind && $4 == "SIZE" && $NF ~ /^[0-9]+$/ {
    kind[$1] = kind[$3]
    max[$1] = $NF
    printf "enum { %s_max = %d };\n", $1, $NF
    next
}

# Trailer ::= [APPLICATION 1] SEQUENCE {
/^[A-Za-z]+ ::= (\[APPLICATION [0-9]+\] )?(SEQUENCE|CHOICE) [{]$/ {
    type = in_c($1)
    top = prefix = $3 == "CHOICE" ? "u." : ""
    place = 0
    order = ""
    printf "\nenum { %s_tag = %d };\n", $1, (NF == 6 ? $4 : -1)
    printf "static const struct tr_wire_field %s[] = {\n", $1
    next
}

# An alternative's place is its number in C.
$2 ~ /^\[/ {
    if ($2 != "[" place "]") {
        print FILENAME ":" FNR ": not the next tag" > "/dev/stderr"
        exit 1
    }
    if (prefix == "u.")
        order = order sprintf("_Static_assert(TR_%s == %d, \"%s\");\n",
                              toupper(type "_" in_c($1)), place, $1)
    place++
}

# prepare [0] SEQUENCE {
$2 ~ /^\[/ && $3 == "SEQUENCE" && $4 == "{" && prefix == top {
    prefix = top in_c($1) "."
    after = place
    place = 0
    printf "    SEQUENCE(%s%s,\n", top, in_c($1)
    next
}

# key [17] OCTET STRING (SIZE (0..64))
$2 ~ /^\[/ && $3 in kind && (NF == 3 || $4 == "SIZE" && $NF ~ /^[0-9]+$/) {
    printf "    %s(tr_%s, %s%s, %d),\n", kind[$3], type, prefix, in_c($1),
        (NF == 3 ? max[$3] : $NF)
    next
}

$1 == "}" && NF == 1 && prefix != top {
    prefix = top
    place = after
    print "    END),"
    next
}

$1 == "}" && NF == 1 {
    printf "    END\n};\n%s", order
    next
}

{
    print FILENAME ":" FNR ": not understood" > "/dev/stderr"
    exit 1
}
