# tests/testlib/table.py - the trust realm table that tests start from
# SPDX-License-Identifier: BSD-2-Clause
"""Entries of the directory as data, and their LDIF.

Systems alpha and beta share engineering and, with lower priority, corporate;
gamma is only in corporate, delta in no trust realm, epsilon not in the table.
Neither system uses a trust realm's own label format: alpha and gamma speak
"ministry", beta speaks "navy".
"""

REALM = "EXAMPLE.TEST"
DOMAIN = "example.test"
SUFFIX = "dc=example,dc=test"
BASE = "ou=trustrealm," + SUFFIX
PEOPLE = "ou=people," + SUFFIX

ENGINEERING = "cn=engineering,ou=realms," + BASE
CORPORATE = "cn=corporate,ou=realms," + BASE

#: Local label formats: levels from lowest to highest, categories.
FORMATS = {
    "ministry": (["open", "official", "grave", "utmost"],
                 ["cipher", "antenna", "atom", "people"]),
    "navy": (["white", "blue", "red", "black"],
             ["code", "echo", "staff"]),
}

#: How they map to trust realms: {format: {realm: (levels, categories)}}.
MAPS = {
    "ministry": {
        "engineering": ({"open": "PUBLIC", "official": "INTERNAL",
                         "grave": "SECRET", "utmost": "TOPSECRET"},
                        {"cipher": "CRYPTO", "antenna": "RADAR"}),
        "corporate": ({"open": "OPEN", "official": "RESTRICTED"},
                      {"people": "HR"}),
    },
    "navy": {
        "engineering": ({"white": "PUBLIC", "blue": "INTERNAL",
                         "red": "SECRET", "black": "TOPSECRET"},
                        {"code": "CRYPTO", "echo": "RADAR"}),
        "corporate": ({"white": "OPEN", "blue": "RESTRICTED"},
                      {"staff": "HR"}),
    },
}

#: What systems are members of.
MEMBERSHIPS = {
    "alpha": ["engineering PUBLIC SECRET:CRYPTO,RADAR",
              "corporate OPEN RESTRICTED:HR"],
    "beta": ["engineering PUBLIC SECRET:CRYPTO",
             "corporate OPEN RESTRICTED:HR"],
    "gamma": ["corporate OPEN RESTRICTED"],
    "delta": [],
}


def host(system):
    return "%s.%s" % (system, DOMAIN)


def system_dn(system):
    return "cn=%s,ou=systems,%s" % (host(system), BASE)


def user_dn(user):
    return "uid=%s,%s" % (user, PEOPLE)


def entry(dn, **attributes):
    """One entry; a value is text, a number or a list of those."""
    lines = ["dn: " + dn]
    for name, values in attributes.items():
        if not isinstance(values, (list, tuple)):
            values = [values]
        lines += ["%s: %s" % (name, value) for value in values]
    return "\n".join(lines) + "\n"


def unit(name, below):
    return entry("ou=%s,%s" % (name, below),
                 objectClass="organizationalUnit", ou=name)


def system(name, memberships, aliases=()):
    attributes = {"trMembership": list(memberships), "trAlias": list(aliases)}
    return entry(system_dn(name), objectClass="trSystem", cn=host(name),
                 trPrincipal="trustrealm/%s@%s" % (host(name), REALM),
                 **{k: v for k, v in attributes.items() if v})


def user(name, clearances):
    return entry(user_dn(name),
                 objectClass=["account", "trSubject"], uid=name,
                 trPrincipal="%s@%s" % (name, REALM),
                 trClearance=list(clearances))


def label_map(fmt, realm):
    levels, categories = MAPS[fmt][realm]
    return entry("trFormat=%s+trRealmName=%s,ou=maps,%s" % (fmt, realm, BASE),
                 objectClass="trLabelMap", trFormat=fmt, trRealmName=realm,
                 trLevelMap=["%s %s" % p for p in levels.items()],
                 trCategoryMap=["%s %s" % p for p in categories.items()])


def suffix_entries():
    """What stands above BASE in a directory (not in an LDIF table)."""
    return [
        entry(SUFFIX, objectClass=["dcObject", "organization"], dc="example",
              o="example"),
        unit("people", SUFFIX),
    ]


def entries():
    """The whole table, as in the module's description."""
    return [
        unit("trustrealm", SUFFIX),
        unit("realms", BASE),
        unit("systems", BASE),
        unit("maps", BASE),
        entry(ENGINEERING, objectClass="trTrustRealm", cn="engineering",
              trDOI=2001, trPriority=20, trPolicy="mls",
              trLevel=["0 PUBLIC", "1 INTERNAL", "2 SECRET", "3 TOPSECRET"],
              trCategory=["1 CRYPTO", "2 RADAR"], trProtection="integrity",
              trConfidentialFrom="TOPSECRET"),
        entry(CORPORATE, objectClass="trTrustRealm", cn="corporate",
              trDOI=2002, trPriority=10, trPolicy="mls",
              trLevel=["0 OPEN", "1 RESTRICTED"], trCategory="7 HR",
              trProtection="integrity"),
    ] + [system(*one) for one in MEMBERSHIPS.items()] + [
        user("alice", ["engineering PUBLIC SECRET:CRYPTO,RADAR",
                       "corporate OPEN RESTRICTED:HR"]),
        user("bob", ["engineering PUBLIC INTERNAL",
                     "corporate OPEN OPEN"]),
    ] + [label_map(fmt, realm) for fmt in MAPS for realm in MAPS[fmt]]


def ldif(all_entries):
    return "\n".join(all_entries)
