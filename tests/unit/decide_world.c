/* tests/unit/decide_world.c - a table, systems and questions for tests */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "decide_world.h"

#define LEVELS_AND_CATEGORIES \
    "trLevel 0 public\ntrLevel 10 internal\ntrLevel 20 secret\n" \
    "trCategory 1 hr\ntrCategory 2 finance\ntrCategory 3 crypto\n"
#define BETA_PAIRS \
    "trLevelMap low public\ntrLevelMap mid internal\n" \
    "trLevelMap high secret\ntrCategoryMap people hr\n" \
    "trCategoryMap money finance"
#define WIDE_MEMBERSHIP \
    "trMembership wide public " \
    "public:c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14" \
    ",c15,c16,c17,c18,c19,c20,c21,c22,c23,c24"

const char *const world_entries[] = {
    "objectClass trTrustRealm\ncn engineering\ntrDOI 1002\ntrPriority 20\n"
    LEVELS_AND_CATEGORIES
    "trConfidentialFrom secret\n"
    "trCarrier host own\ntrCarrier nfs mic\ntrCarrier login auth-only\n"
    "trDelegation host\ntrKernelExport TRUE\ntrKernelLifetime 60\n"
    "trIdleTimeout 600\ntrLifetime 36000\ntrMaximumStaleness 3600",
    "objectClass trTrustRealm\ncn corporate\ntrDOI 1001\ntrPriority 10\n"
    "trLevel 0 open\ntrLevel 1 restricted\n"
    "trCategory 1 hr\ntrCategory 2 finance",
    "objectClass trLabelMap\ntrRealmName corporate\ntrFormat local\n"
    "trLevelMap public open\ntrLevelMap internal restricted\n"
    "trCategoryMap hr hr\ntrCategoryMap finance finance\n"
    "trCategoryMap unheard-of finance2",
    "objectClass trLabelMap\ntrRealmName engineering\ntrFormat beta\n"
    BETA_PAIRS,
    "objectClass trLabelMap\ntrRealmName trial\ntrFormat beta\n" BETA_PAIRS,
    "objectClass trTrustRealm\ncn tied-b\ntrDOI 2001\ntrPriority 5\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trTrustRealm\ncn tied-a\ntrDOI 2002\ntrPriority 5\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trTrustRealm\ncn single\ntrDOI 2003\ntrPolicy equal\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trTrustRealm\ncn guarded\ntrDOI 2004\n"
    LEVELS_AND_CATEGORIES
    "trRequiredAttribute posture=compliant\ntrRequiredAttribute zone=secure",
    "objectClass trTrustRealm\ncn trial\ntrDOI 2005\ntrPriority 50\n"
    LEVELS_AND_CATEGORIES
    "trRequiredAttribute zone=secure\ntrMode dry-run\n"
    "trConfidentialFrom secret\ntrCarrier nfs mic",
    "objectClass trTrustRealm\ncn strong\ntrDOI 2006\ntrPriority 30\n"
    LEVELS_AND_CATEGORIES "trProtection confidentiality\n"
    "trConfidentialFrom secret\ntrCarrier nfs mic",
    "objectClass trTrustRealm\ncn weak\ntrDOI 2007\ntrPriority 3\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trTrustRealm\ncn twisted\ntrDOI 2008\n"
    "trLevel 1 secret\ntrLevel 2 internal\ntrLevel 3 public",
    "objectClass trTrustRealm\ncn mismapped\ntrDOI 2009\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trLabelMap\ntrRealmName mismapped\ntrFormat local\n"
    "trLevelMap public nowhere",
    "objectClass trTrustRealm\ncn quick\ntrDOI 2010\n"
    LEVELS_AND_CATEGORIES "trMaximumStaleness 99",

    "objectClass trTrustRealm\ncn wide\ntrDOI 2013\ntrLevel 0 public\n"
    "trCategory 1 c0\ntrCategory 2 c1\ntrCategory 3 c2\n"
    "trCategory 4 c3\ntrCategory 5 c4\ntrCategory 6 c5\n"
    "trCategory 7 c6\ntrCategory 8 c7\ntrCategory 9 c8\n"
    "trCategory 10 c9\ntrCategory 11 c10\ntrCategory 12 c11\n"
    "trCategory 13 c12\ntrCategory 14 c13\ntrCategory 15 c14\n"
    "trCategory 16 c15\ntrCategory 17 c16\ntrCategory 18 c17\n"
    "trCategory 19 c18\ntrCategory 20 c19\ntrCategory 21 c20\n"
    "trCategory 22 c21\ntrCategory 23 c22\ntrCategory 24 c23\n"
    "trCategory 25 c24",
    "objectClass trTrustRealm\ncn askew\ntrDOI 2011\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trTrustRealm\ncn uncategorized\ntrDOI 2012\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trLabelMap\ntrRealmName uncategorized\ntrFormat local\n"
    "trLevelMap public public\ntrCategoryMap hr nothing",

    SYSTEM("alpha")
    "trMembership engineering public secret:hr,finance,crypto\n"
    "trMembership corporate open restricted:hr,finance\n"
    "trMembership tied-b public secret\ntrMembership tied-a public secret\n"
    "trMembership single public internal:hr\n"
    "trMembership guarded public secret\n"
    "trMembership trial internal internal:hr\n"
    "trMembership strong public secret:hr\n"
    "trMembership weak public secret:hr\n"
    "trMembership broken public secret\ntrMembership nowhere x y\n"
    "trMembership twisted secret public\ntrMembership quick public secret\n"
    "trMembership mismapped public secret\n"
    "trMembership askew secret public\n"
    "trMembership uncategorized public secret:hr\n"
    WIDE_MEMBERSHIP,
    SYSTEM("longwinded") WIDE_MEMBERSHIP,
    SYSTEM("beta") "trAlias www.example.com\ntrAlias db.example.com\n"
    "trMembership engineering public secret:hr,crypto\n"
    "trMembership corporate open restricted:hr,finance",
    SYSTEM("gamma") "trMembership corporate open restricted:hr",
    SYSTEM("delta"),
    SYSTEM("off") "trEnabled FALSE\n"
    "trMembership engineering public secret:hr",
    SYSTEM("past")      /* one ended just now, one ends in a second */
    "trMembership engineering public secret:hr 20330518033500Z\n"
    "trMembership corporate open open 20330518033501Z",
    SYSTEM("gone")
    "trMembership engineering public secret:hr 20330518033500Z",
    SYSTEM("tie") "trMembership tied-b public secret\n"
    "trMembership tied-a public secret",
    SYSTEM("equal") "trMembership single public internal:hr",
    SYSTEM("guard") "trMembership guarded public secret",
    SYSTEM("try") "trMembership trial public internal:hr",
    SYSTEM("try2") "trMembership trial internal internal",
    SYSTEM("both") "trMembership trial public internal:hr\n"
    "trMembership weak public internal",
    SYSTEM("duo") "trMembership strong public internal:hr\n"
    "trMembership weak public secret:hr",
    SYSTEM("adrift") "trMembership broken public secret\n"
    "trMembership nowhere x y",
    SYSTEM("twister") "trMembership twisted secret public",
    SYSTEM("mapless") "trMembership mismapped public secret",
    SYSTEM("hasty") "trMembership quick public secret",
    SYSTEM("skewed") "trMembership askew public secret:hr",
    SYSTEM("catless") "trMembership uncategorized public secret:hr",
    SYSTEM("high") "trMembership engineering secret secret:hr,crypto",
    SYSTEM("contrary") "trMembership engineering secret public",
    SYSTEM("reined") "trMembership engineering public secret:hr,crypto\n"
    "trMembership corporate open restricted:hr,finance\n"
    "trRestriction engineering public internal:hr,crypto\n"
    "trRestriction engineering public secret:hr\n"
    "trRestriction tied-a public secret",
    SYSTEM("barred") "trMembership engineering public internal:hr\n"
    "trRestriction engineering secret secret:hr",
    SYSTEM("halved") "trMembership engineering public internal:hr\n"
    "trMembership corporate open restricted:hr\n"
    "trRestriction engineering secret secret:hr",
    SYSTEM("brief") "trMembership engineering public secret:hr\n"
    "trRestriction engineering public secret:hr 20330518033500Z",
    SYSTEM("misread") "trMembership engineering public secret:hr\n"
    "trRestriction engineering public topmost",

    "objectClass trSubject\ntrPrincipal bob@EXAMPLE.COM\n"
    "trClearance engineering public internal:hr 20340101000000Z\n"
    "trClearance trial internal internal",
    "objectClass trSubject\ntrPrincipal eve@EXAMPLE.COM\n"
    "trClearance corporate open restricted:hr",
    "objectClass trSubject\ntrPrincipal old@EXAMPLE.COM\n"
    "trClearance engineering public secret:hr 20330101000000Z",
    "objectClass trSubject\ntrPrincipal rae@EXAMPLE.COM\n"
    "trClearance engineering public secret:hr\n"
    "trRestriction engineering public internal:hr 20340101000000Z",
    "objectClass trSubject\ntrPrincipal nil@EXAMPLE.COM\n"
    "trClearance engineering public secret:hr\n"
    "trRestriction engineering public:crypto secret:crypto",
    "objectClass trSubject\ntrPrincipal ray@EXAMPLE.COM\n"
    "trClearance engineering public secret:hr\n"
    "trRestriction engineering public secret:hr 20330101000000Z",
    "objectClass trSubject\ntrPrincipal none@EXAMPLE.COM\n"
    "trRestriction engineering public secret:hr",
    NULL
};

static const char broken_realm[] =
    "objectClass trTrustRealm\ncn broken\ntrDOI 3001\ntrPriority 99\n"
    LEVELS_AND_CATEGORIES;

static struct tr_range low_range, high_range;
char *all_attributes[] = { "zone=secure", "posture=compliant", NULL };
static char *zone_only[] = { "zone=secure", NULL };
const char *const peer_attributes[] = {
    "posture=compliant", "zone=secure", NULL
};
const char *const peer_zone[] = { "zone=secure", NULL };
static char *only_corporate[] = { "Corporate", NULL };
static char *no_realms[] = { NULL };
const char same_digest[] = "same";

struct tr_local
    plain = LOCAL(.system = "ALPHA.example.com"),
    unknown = LOCAL(.system = "epsilon.example.com"),
    disabled = LOCAL(.system = "off.example.com"),
    ended = LOCAL(.system = "gone.example.com"),
    outside = LOCAL(.system = "delta.example.com"),
    reined = LOCAL(.system = "reined.example.com"),
    barred = LOCAL(.system = "barred.example.com"),
    narrowed = LOCAL(.realms = only_corporate),
    excluded = LOCAL(.realms = no_realms),
    lowered = LOCAL(.highest = &low_range),
    raised = LOCAL(.highest = &high_range),
    misled = LOCAL(.highest = &high_range, .format = NULL),
    strict = LOCAL(.allow_dry_run = false),
    careless = LOCAL(.attributes = zone_only),
    bare = LOCAL(.attributes = NULL),
    hurried = LOCAL(.max_staleness = 99),
    patient = LOCAL(.max_staleness = 100),
    nameless = LOCAL(.format = NULL),
    elsewhere = LOCAL(.system = "beta.example.com", .format = "beta"),
    far_away = LOCAL(.system = "try2.example.com", .format = "beta"),
    explaining = LOCAL(.format = NULL);

struct tr_table *table;
struct tr_view *view;
struct tr_answer *answer;
static struct tr_encoding *local, *beta;

static void
set_encodings(void)
{
    struct tr_local *const locals[] = {
        &plain, &unknown, &disabled, &ended, &outside, &narrowed, &excluded,
        &lowered, &raised, &strict, &careless, &bare, &hurried, &patient,
        &nameless, &reined, &barred
    };

    local = make_encoding("public internal secret", "hr finance crypto");
    beta = make_encoding("none low mid high", "secrets money people");
    for (size_t i = 0; i < sizeof(locals) / sizeof(*locals); i++)
        locals[i]->encoding = local;
    elsewhere.encoding = far_away.encoding = beta;
    low_range.low = parse(local, "public");
    low_range.high = parse(local, "internal:hr");
    high_range.low = parse(local, "secret");
    high_range.high = parse(local, "secret:hr,finance,crypto");
}

int
make_world(void **state)
{
    set_encodings();
    answer = malloc(sizeof(*answer));
    assert_non_null(answer);
    table = make_table(world_entries, FRESH);
    put_broken_realm(table, broken_realm);
    assert_int_equal(tr_view_open(table, &view), 0);
    return 0;
}

int
remove_world(void **state)
{
    tr_view_close(view);
    remove_table(table);
    free(answer);
    tr_encoding_free(local);
    tr_encoding_free(beta);
    return 0;
}

krb5_error_code
ask(const struct tr_view *of, const struct tr_question *question)
{
    memset(answer, 0xa5, sizeof(*answer));
    return tr_decide(of, question, answer);
}

bool
is_said(const char *text)
{
    for (size_t i = 0; i < answer->ntrace; i++) {
        if (*text == '=' ? strcmp(answer->trace[i].text, text + 1) == 0 :
            strstr(answer->trace[i].text, text) != NULL)
            return true;
    }
    return false;
}
