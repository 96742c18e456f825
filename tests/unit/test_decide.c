/* tests/unit/test_decide.c - the decision, step by step, over a real table */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A case is a question and what must come of it.  SENDING and RECEIVING are
 * questions that are allowed; a case names what it asks differently.
 */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "decide.h"
#include "decide_table.h"
#include "trustrealm_err.h"

#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define FRESH 2000000000        /* 2033-05-18T03:33:20Z */
#define NOW (FRESH + 100)
#define SYSTEM(name) \
    "objectClass trSystem\ncn " name ".example.com\n" \
    "trPrincipal trustrealm/" name ".example.com@EXAMPLE.COM\n"
#define LEVELS_AND_CATEGORIES \
    "trLevel 0 public\ntrLevel 10 internal\ntrLevel 20 secret\n" \
    "trCategory 1 hr\ntrCategory 2 finance\ntrCategory 3 crypto\n"
#define BETA_PAIRS \
    "trLevelMap low public\ntrLevelMap mid internal\n" \
    "trLevelMap high secret\ntrCategoryMap people hr\n" \
    "trCategoryMap money finance"

static const char *const entries[] = {
    "objectClass trTrustRealm\ncn engineering\ntrDOI 1001\ntrPriority 20\n"
    LEVELS_AND_CATEGORIES
    "trConfidentialFrom secret\n"
    "trCarrier host own\ntrCarrier nfs mic\ntrCarrier login auth-only\n"
    "trDelegation host\ntrKernelExport TRUE\ntrKernelLifetime 60\n"
    "trIdleTimeout 600\ntrLifetime 36000\ntrMaximumStaleness 3600",
    "objectClass trTrustRealm\ncn corporate\ntrDOI 1002\ntrPriority 10\n"
    "trLevel 0 open\ntrLevel 1 restricted\n"
    "trCategory 1 hr\ntrCategory 2 finance",
    "objectClass trLabelMap\ntrRealmName corporate\ntrFormat local\n"
    "trLevelMap public open\ntrLevelMap internal restricted\n"
    "trCategoryMap hr hr\ntrCategoryMap finance finance\n"
    "trCategoryMap unheard-of finance2",
    "objectClass trLabelMap\ntrRealmName engineering\ntrFormat beta\n"
    BETA_PAIRS,
    "objectClass trLabelMap\ntrRealmName trial\ntrFormat beta\n" BETA_PAIRS,
    "objectClass trTrustRealm\ncn first\ntrDOI 2001\ntrPriority 5\n"
    LEVELS_AND_CATEGORIES,
    "objectClass trTrustRealm\ncn second\ntrDOI 2002\ntrPriority 5\n"
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
    LEVELS_AND_CATEGORIES "trProtection confidentiality\ntrCarrier nfs mic",
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

    SYSTEM("alpha")
    "trMembership engineering public secret:hr,finance,crypto\n"
    "trMembership corporate open restricted:hr,finance\n"
    "trMembership first public secret\ntrMembership second public secret\n"
    "trMembership single public internal:hr\n"
    "trMembership guarded public secret\n"
    "trMembership trial internal internal:hr\n"
    "trMembership strong public secret:hr\n"
    "trMembership weak public secret:hr\n"
    "trMembership broken public secret\ntrMembership nowhere x y\n"
    "trMembership twisted secret public\ntrMembership quick public secret\n"
    "trMembership mismapped public secret",
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
    SYSTEM("tie") "trMembership first public secret\n"
    "trMembership second public secret",
    SYSTEM("equal") "trMembership single public internal:hr",
    SYSTEM("guard") "trMembership guarded public secret",
    SYSTEM("try") "trMembership trial public internal:hr",
    SYSTEM("try2") "trMembership trial internal internal:hr",
    SYSTEM("both") "trMembership trial public internal:hr\n"
    "trMembership weak public internal",
    SYSTEM("duo") "trMembership strong public internal:hr\n"
    "trMembership weak public secret:hr",
    SYSTEM("adrift") "trMembership broken public secret\n"
    "trMembership nowhere x y",
    SYSTEM("twister") "trMembership twisted secret public",
    SYSTEM("mapless") "trMembership mismapped public secret",
    SYSTEM("hasty") "trMembership quick public secret",
    SYSTEM("contrary") "trMembership engineering secret public",

    "objectClass trSubject\ntrPrincipal bob@EXAMPLE.COM\n"
    "trClearance engineering public internal:hr 20340101000000Z\n"
    "trClearance trial internal internal",
    "objectClass trSubject\ntrPrincipal eve@EXAMPLE.COM\n"
    "trClearance corporate open restricted:hr",
    "objectClass trSubject\ntrPrincipal old@EXAMPLE.COM\n"
    "trClearance engineering public secret:hr 20330101000000Z",
    NULL
};

static const char broken_realm[] =
    "objectClass trTrustRealm\ncn broken\ntrDOI 3001\ntrPriority 99\n"
    LEVELS_AND_CATEGORIES;

/* --- questions ---------------------------------------------------------- */

static struct tr_range narrow_range;    /* public to internal:hr */
static char *attributes[] = { "zone=secure", "posture=compliant", NULL };
static char *zone_only[] = { "zone=secure", NULL };
static const char *const peer_attributes[] = {
    "posture=compliant", "zone=secure", NULL
};
static const char *const peer_zone[] = { "zone=secure", NULL };
static char *only_corporate[] = { "Corporate", NULL };
static char *no_realms[] = { NULL };
static const char same_digest[] = "same";

#define LOCAL(...) { \
    .system = "alpha.example.com", .format = "local", .clock_skew = 300, \
    .attributes = attributes, .allow_dry_run = true, __VA_ARGS__ }
static struct tr_local
    plain = LOCAL(.system = "ALPHA.example.com"),
    unknown = LOCAL(.system = "epsilon.example.com"),
    disabled = LOCAL(.system = "off.example.com"),
    ended = LOCAL(.system = "gone.example.com"),
    outside = LOCAL(.system = "delta.example.com"),
    narrowed = LOCAL(.realms = only_corporate),
    excluded = LOCAL(.realms = no_realms),
    lowered = LOCAL(.highest = &narrow_range),
    strict = LOCAL(.allow_dry_run = false),
    careless = LOCAL(.attributes = zone_only),
    bare = LOCAL(.attributes = NULL),
    hurried = LOCAL(.max_staleness = 99),
    patient = LOCAL(.max_staleness = 100),
    elsewhere = LOCAL(.system = "beta.example.com", .format = "beta"),
    far_away = LOCAL(.system = "try2.example.com", .format = "beta"),
    /* labels are in the trust realm's own format */
    explaining = LOCAL(.format = NULL);

#define SENDING(...) { \
    .side = TR_SENDING, .local = &plain, .now = NOW, \
    .peer = "beta.example.com", .service = "host", \
    .process_low = "public", .process_high = "secret:hr,finance,crypto", \
    .label = "internal:hr", __VA_ARGS__ }
#define FROM(name) \
    .peer_principal = "trustrealm/" name ".example.com@EXAMPLE.COM"
#define RECEIVING(...) { \
    .side = TR_RECEIVING, .local = &plain, .now = NOW, FROM("beta"), \
    .service = "host", .process_low = "public", \
    .process_high = "secret:hr,finance,crypto", .realm = "engineering", \
    .realm_label = "internal:hr", .realm_low = "public", \
    .realm_high = "secret:hr,crypto", .digest = same_digest, __VA_ARGS__ }

struct test_case {
    const char *name;
    struct tr_question question;
    enum tr_step step;          /* NONE: allowed */
    krb5_error_code code;
    /* looked at unless NULL */
    const char *realm, *label, *low, *high;
    const char *local_label, *local_low, *local_high;
    const char *text;           /* part of the reason, or of a trace line */
};

#define ALLOWED TR_STEP_NONE, 0

static const struct test_case sending[] = {
    { "ordinary", SENDING(), ALLOWED, "engineering", "internal:hr", "public",
      "secret:hr,crypto", "internal:hr", "public", "secret:hr,crypto" },
    { "default label", SENDING(.label = NULL), ALLOWED, "engineering",
      "public", "public", "secret:hr,crypto" },
    { "low end of the process", SENDING(.process_low = "internal"), ALLOWED,
      "engineering", "internal:hr", "internal", "secret:hr,crypto" },

    { "as old as allowed here", SENDING(.local = &patient), ALLOWED },
    { "older than allowed here", SENDING(.local = &hurried),
      TR_S2_TABLE, TRR_STALE },
    { "older than the trust realm allows",
      SENDING(.peer = "hasty.example.com", .label = "public"),
      TR_S2_TABLE, TRR_STALE, "quick" },
    { "the smaller limit is the trust realm's",
      SENDING(.local = &patient, .peer = "hasty.example.com",
              .label = "public"), TR_S2_TABLE, TRR_STALE },
    { "as old as the trust realm allows", SENDING(.now = FRESH + 3600),
      ALLOWED },
    { "a second too old", SENDING(.now = FRESH + 3601),
      TR_S2_TABLE, TRR_STALE, "engineering" },
    { "clock at its floor", SENDING(.clock_floor = NOW + 300), ALLOWED },
    { "clock below its floor", SENDING(.clock_floor = NOW + 301),
      TR_S2_TABLE, TRR_CLOCK },
    { "table of the near future", SENDING(.now = FRESH - 300), ALLOWED },
    { "table of the future", SENDING(.now = FRESH - 301),
      TR_S2_TABLE, TRR_CLOCK },

    { "sender unknown", SENDING(.local = &unknown),
      TR_S3_SENDER, TRR_NO_COMMON, .text = "epsilon" },
    { "sender disabled", SENDING(.local = &disabled),
      TR_S3_SENDER, TRR_DISABLED, .text = "off" },

    { "receiver by alias", SENDING(.peer = "WWW.Example.com"), ALLOWED,
      "engineering", .text = "WWW.Example.com is beta.example.com" },
    { "receiver unknown", SENDING(.peer = "epsilon.example.com"),
      TR_S4_RECEIVER, TRR_NO_COMMON, .text = "epsilon" },
    { "receiver not named", SENDING(.peer = NULL),
      TR_S4_RECEIVER, TRR_NO_COMMON },
    { "receiver disabled", SENDING(.peer = "off.example.com"),
      TR_S4_RECEIVER, TRR_DISABLED },

    { "receiver in none", SENDING(.peer = "delta.example.com"),
      TR_S5_REALM, TRR_NO_COMMON, .text = "delta" },
    { "sender in none", SENDING(.local = &outside),
      TR_S5_REALM, TRR_NO_COMMON },
    { "shared, but not in the table or contradictory",
      SENDING(.peer = "adrift.example.com"), TR_S5_REALM, TRR_ENTRY,
      .text = "broken" },
    { "membership of the receiver ended", SENDING(.peer = "gone.example.com"),
      TR_S5_REALM, TRR_EXPIRED, .text = "gone" },
    { "membership of the sender ended", SENDING(.local = &ended),
      TR_S5_REALM, TRR_EXPIRED, .text = "gone" },
    { "the other membership has a second left",
      SENDING(.peer = "past.example.com", .label = "public"), ALLOWED,
      "corporate", "open" },
    { "only a lower trust realm is shared",
      SENDING(.peer = "gamma.example.com"), ALLOWED, "corporate",
      "restricted:hr", "open", "restricted:hr", "internal:hr", "public",
      "internal:hr" },
    { "only the lower one takes the label", SENDING(.label = "public:finance"),
      ALLOWED, "corporate", "open:finance" },
    { "narrowed to the lower one", SENDING(.local = &narrowed), ALLOWED,
      "corporate", "restricted:hr", "open", "restricted:hr,finance" },
    { "narrowed to none", SENDING(.local = &excluded),
      TR_S5_REALM, TRR_NO_COMMON, .text = "configuration" },
    { "equal priority: the lower DOI",
      SENDING(.peer = "tie.example.com", .label = "public"), ALLOWED,
      "first" },

    { "no label", SENDING(.label = ""), TR_S6_LABEL, TRR_LABEL_SYNTAX },
    { "label of another format", SENDING(.label = "restricted"),
      TR_S6_LABEL, TRR_LABEL_LEVEL },
    { "label above the process",
      SENDING(.process_high = "internal"), TR_S6_LABEL, TRR_PROCESS_RANGE,
      .text = "internal:hr not within public to internal" },
    { "label below the process", SENDING(.process_low = "secret"),
      TR_S6_LABEL, TRR_PROCESS_RANGE },
    { "process range upside down",
      SENDING(.process_low = "secret", .process_high = "public"),
      TR_S6_LABEL, TRR_RANGE },
    { "half a process", SENDING(.process_high = NULL),
      TR_S6_LABEL, TRR_NO_LABEL },
    { "the other half", SENDING(.process_low = NULL),
      TR_S6_LABEL, TRR_NO_LABEL },

    { "level without counterpart",
      SENDING(.peer = "gamma.example.com", .label = "secret"),
      TR_S7_CONVERT, TRR_LABEL_UNMAPPED, "corporate" },
    { "category without counterpart",
      SENDING(.peer = "gamma.example.com", .label = "public:crypto"),
      TR_S7_CONVERT, TRR_LABEL_UNMAPPED },
    { "equal names, contrary order",
      SENDING(.peer = "twister.example.com", .label = "public"),
      TR_S7_CONVERT, TRR_ENTRY },
    { "map to a level that is not there",
      SENDING(.peer = "mapless.example.com", .label = "public"),
      TR_S7_CONVERT, TRR_ENTRY, .text = "unusable" },

    { "outside the sender's range",
      SENDING(.peer = "tie.example.com"), TR_S8_SENDER_RANGE,
      TRR_SENDER_RANGE, "first", .text = "alpha" },
    { "outside its configuration",
      SENDING(.local = &lowered, .label = "secret:hr"), TR_S8_SENDER_RANGE,
      TRR_SENDER_RANGE, "engineering", .text = "configuration" },
    { "within its configuration", SENDING(.local = &lowered), ALLOWED,
      "engineering", "internal:hr", "public", "internal:hr" },

    { "outside the receiver's range",
      SENDING(.label = "secret:finance"), TR_S9_RECEIVER_RANGE,
      TRR_RECEIVER_RANGE, "engineering", .text = "beta" },
    { "receiver's range upside down",
      SENDING(.peer = "contrary.example.com"), TR_S9_RECEIVER_RANGE,
      TRR_RANGE },

    { "user without limits", SENDING(.user = "carol@EXAMPLE.COM"), ALLOWED,
      .high = "secret:hr,crypto", .text = "no clearance limits carol" },
    { "user cleared", SENDING(.user = "bob@EXAMPLE.COM"), ALLOWED,
      "engineering", "internal:hr", "public", "internal:hr" },
    { "user not cleared as high",
      SENDING(.user = "bob@EXAMPLE.COM", .label = "secret:hr"),
      TR_S10_CLEARANCE, TRR_CLEARANCE, "engineering", .text = "bob" },
    { "user cleared for another trust realm",
      SENDING(.user = "eve@EXAMPLE.COM"), TR_S10_CLEARANCE, TRR_CLEARANCE },
    { "clearance ended", SENDING(.user = "old@EXAMPLE.COM"),
      TR_S10_CLEARANCE, TRR_CLEARANCE, .text = "ended" },

    { "attributes hold",
      SENDING(.peer = "guard.example.com", .label = "public"), ALLOWED,
      "guarded" },
    { "attribute does not hold",
      SENDING(.peer = "guard.example.com", .label = "public",
              .local = &careless), TR_S11_ATTRIBUTES, TRR_ATTRIBUTE,
      .text = "posture=compliant" },
    { "no attributes", SENDING(.peer = "guard.example.com",
                               .label = "public", .local = &bare),
      TR_S11_ATTRIBUTES, TRR_ATTRIBUTE },

    { "signing is too little for the range", SENDING(.service = "nfs"),
      TR_S12_PROTECTION, TRR_PROTECTION, .text = "mic" },
    { "signing is enough below",
      SENDING(.service = "NFS", .process_high = "internal:hr"), ALLOWED },
    { "authentication alone is too little",
      SENDING(.service = "login", .label = "secret:hr",
              .process_low = "secret:hr"),
      TR_S12_PROTECTION, TRR_PROTECTION, .text = "auth-only" },
    { "always confidential",
      SENDING(.peer = "duo.example.com", .service = "nfs"),
      TR_S12_PROTECTION, TRR_PROTECTION, "strong" },

    { "equal: one label", SENDING(.peer = "equal.example.com"), ALLOWED,
      "single", "internal:hr", "internal:hr", "internal:hr", "internal:hr",
      "internal:hr", "internal:hr" },

    { "explaining without a label",
      SENDING(.local = &explaining, .label = NULL, .process_low = NULL,
              .process_high = NULL), ALLOWED, "engineering", "", "public",
      "secret:hr,crypto", "", "public", "secret:hr,crypto" },
    { "explaining a label of the trust realm",
      SENDING(.local = &explaining, .label = "restricted:finance",
              .process_low = NULL, .process_high = NULL), ALLOWED,
      "corporate", "restricted:finance", "open", "restricted:hr,finance",
      "restricted:finance" },
    { "explaining a label too high",
      SENDING(.local = &explaining, .label = "secret:finance",
              .process_low = NULL, .process_high = NULL),
      TR_S9_RECEIVER_RANGE, TRR_RECEIVER_RANGE, "engineering" }
};

static const struct test_case receiving[] = {
    { "ordinary", RECEIVING(), ALLOWED, "engineering", "internal:hr",
      "public", "secret:hr,crypto", "internal:hr", "public",
      "secret:hr,crypto" },
    { "lower offer", RECEIVING(.realm_high = "internal:hr"), ALLOWED,
      "engineering", "internal:hr", "public", "internal:hr" },
    { "another local format",
      RECEIVING(.local = &elsewhere, FROM("alpha"), .process_low = "low",
                .process_high = "high:people,money"), ALLOWED, "engineering",
      "internal:hr", "public", "secret:hr", "mid:people", "low",
      "high:people" },

    { "too old here", RECEIVING(.local = &hurried), TR_R2_TABLE, TRR_STALE },
    { "too old for the trust realm", RECEIVING(.now = FRESH + 3601),
      TR_R2_TABLE, TRR_STALE, "engineering" },
    { "clock set back", RECEIVING(.clock_floor = NOW + 301),
      TR_R2_TABLE, TRR_CLOCK },

    { "sender not authenticated", RECEIVING(.peer_principal = NULL,
                                            .peer = "beta.example.com"),
      TR_R5_SENDER, TRR_SYSTEM_AUTH },
    { "sender's name and principal agree",
      RECEIVING(.peer = "WWW.example.com"), ALLOWED },
    { "sender is another", RECEIVING(.peer = "gamma.example.com"),
      TR_R5_SENDER, TRR_SYSTEM_AUTH, .text = "gamma" },
    { "sender unknown", RECEIVING(FROM("epsilon")),
      TR_R5_SENDER, TRR_NOT_MEMBER },
    { "sender a user", RECEIVING(.peer_principal = "bob@EXAMPLE.COM"),
      TR_R5_SENDER, TRR_NOT_MEMBER },
    { "sender of another Kerberos realm",
      RECEIVING(.peer_principal = "trustrealm/beta.example.com@OTHER"),
      TR_R5_SENDER, TRR_NOT_MEMBER },
    { "sender disabled", RECEIVING(FROM("off")), TR_R5_SENDER, TRR_DISABLED },
    { "sender not a member", RECEIVING(FROM("gamma")),
      TR_R5_SENDER, TRR_NOT_MEMBER, .text = "gamma" },
    { "sender's membership ended", RECEIVING(FROM("past")),
      TR_R5_SENDER, TRR_EXPIRED },
    { "trust realm unknown", RECEIVING(.realm = "nowhere"),
      TR_R5_SENDER, TRR_NOT_MEMBER, .text = "nowhere" },
    { "no trust realm", RECEIVING(.realm = NULL),
      TR_R5_SENDER, TRR_NOT_MEMBER },

    { "receiver unknown", RECEIVING(.local = &unknown),
      TR_R6_RECEIVER, TRR_NOT_MEMBER },
    { "receiver disabled", RECEIVING(.local = &disabled),
      TR_R6_RECEIVER, TRR_DISABLED },
    { "receiver not a member", RECEIVING(.local = &outside),
      TR_R6_RECEIVER, TRR_NOT_MEMBER },
    { "receiver's membership ended", RECEIVING(.local = &ended),
      TR_R6_RECEIVER, TRR_EXPIRED },
    { "left out by the configuration", RECEIVING(.local = &narrowed),
      TR_R6_RECEIVER, TRR_NOT_MEMBER, .text = "configuration" },
    { "trust realm contradictory",
      RECEIVING(.realm = "broken", FROM("adrift")),
      TR_R6_RECEIVER, TRR_ENTRY },
    { "another digest", RECEIVING(.digest = "0123"),
      TR_R6_RECEIVER, TRR_DIGEST },
    { "no digest", RECEIVING(.digest = NULL), TR_R6_RECEIVER, TRR_DIGEST },
    { "another choice that protects as much",
      RECEIVING(.realm = "corporate", .realm_label = "restricted:hr",
                .realm_low = "open", .realm_high = "restricted:hr"), ALLOWED,
      "corporate", "restricted:hr", "open", "restricted:hr", "internal:hr",
      "public", "internal:hr", .text = "would have chosen engineering" },
    { "another choice that protects less",
      RECEIVING(.realm = "weak", FROM("duo")), TR_R6_RECEIVER, TRR_CHOICE,
      "weak", .text = "less than strong" },
    { "the better one does not take the label",
      RECEIVING(.realm = "weak", FROM("duo"), .realm_label = "secret:hr",
                .realm_high = "secret:hr"), ALLOWED, "weak", "secret:hr" },
    { "the better one is not for this system",
      RECEIVING(.realm = "corporate", .local = &narrowed,
                .realm_label = "restricted:hr", .realm_low = "open",
                .realm_high = "restricted:hr"), ALLOWED, "corporate",
      .text = "alpha.example.com is in corporate" },
    { "explaining a choice that protects less",
      RECEIVING(.realm = "weak", FROM("duo"), .local = &explaining,
                .process_low = NULL, .process_high = NULL),
      TR_R6_RECEIVER, TRR_CHOICE },
    { "a dry run where one is enforced",
      RECEIVING(.realm = "trial", FROM("both"), .realm_label = "internal",
                .realm_low = "internal", .realm_high = "internal",
                .peer_attributes = peer_zone), ALLOWED,
      "trial", .text = "alpha.example.com is in trial" },

    { "label not within the offer", RECEIVING(.realm_high = "internal"),
      TR_R7_SENDER_RANGE, TRR_AGREED_RANGE },
    { "offer upside down",
      RECEIVING(.realm_low = "secret:hr", .realm_high = "public"),
      TR_R7_SENDER_RANGE, TRR_RANGE },
    { "label unreadable", RECEIVING(.realm_label = "internal:"),
      TR_R7_SENDER_RANGE, TRR_LABEL_SYNTAX },
    { "label of another trust realm", RECEIVING(.realm_label = "restricted"),
      TR_R7_SENDER_RANGE, TRR_LABEL_LEVEL },
    { "half an offer", RECEIVING(.realm_low = NULL),
      TR_R7_SENDER_RANGE, TRR_LABEL_SYNTAX },
    { "label without an offer",
      RECEIVING(.realm_low = NULL, .realm_high = NULL),
      TR_R7_SENDER_RANGE, TRR_LABEL_SYNTAX },
    { "outside the sender's range",
      RECEIVING(.realm_label = "internal:finance",
                .realm_high = "secret:hr,finance"),
      TR_R7_SENDER_RANGE, TRR_SENDER_RANGE, "engineering", .text = "beta" },
    { "equal: a range is offered",
      RECEIVING(.realm = "single", FROM("equal")),
      TR_R7_SENDER_RANGE, TRR_AGREED_RANGE },
    { "equal: one label",
      RECEIVING(.realm = "single", FROM("equal"), .realm_low = "internal:hr",
                .realm_high = "internal:hr"), ALLOWED, "single",
      "internal:hr", "internal:hr", "internal:hr" },

    { "outside this system's range",
      RECEIVING(.local = &elsewhere, FROM("alpha"), .process_low = "low",
                .process_high = "high:people,money",
                .realm_label = "internal:finance",
                .realm_high = "internal:finance"),
      TR_R8_RECEIVER_RANGE, TRR_RECEIVER_RANGE, .text = "beta" },
    { "outside this system's configuration",
      RECEIVING(.local = &lowered, .realm_label = "secret:hr"),
      TR_R8_RECEIVER_RANGE, TRR_RECEIVER_RANGE },
    { "narrowed by the configuration", RECEIVING(.local = &lowered), ALLOWED,
      "engineering", "internal:hr", "public", "internal:hr" },

    { "no counterpart here",
      RECEIVING(.local = &elsewhere, FROM("alpha"), .process_low = "low",
                .process_high = "high:people,money",
                .realm_label = "internal:crypto"),
      TR_R9_CONVERT, TRR_LABEL_UNMAPPED, "engineering" },

    { "above the process", RECEIVING(.process_high = "internal"),
      TR_R10_PROCESS, TRR_PROCESS_RANGE, "engineering" },
    { "below the process", RECEIVING(.process_low = "secret"),
      TR_R10_PROCESS, TRR_PROCESS_RANGE },
    { "process of another format", RECEIVING(.process_low = "low"),
      TR_R10_PROCESS, TRR_LABEL_LEVEL },
    { "half a process", RECEIVING(.process_low = NULL),
      TR_R10_PROCESS, TRR_NO_LABEL },
    { "process of one label",
      RECEIVING(.process_low = "internal:hr", .process_high = "internal:hr"),
      ALLOWED, "engineering", "internal:hr", "internal:hr", "internal:hr" },

    { "attributes hold and are stated",
      RECEIVING(.realm = "guarded", FROM("guard"), .realm_label = "public",
                .realm_high = "secret", .peer_attributes = peer_attributes),
      ALLOWED, "guarded" },
    { "attribute not stated",
      RECEIVING(.realm = "guarded", FROM("guard"), .realm_label = "public",
                .realm_high = "secret", .peer_attributes = peer_zone),
      TR_R11_ATTRIBUTES, TRR_ATTRIBUTE, .text = "guard.example.com" },
    { "none stated",
      RECEIVING(.realm = "guarded", FROM("guard"), .realm_label = "public",
                .realm_high = "secret"), TR_R11_ATTRIBUTES, TRR_ATTRIBUTE },
    { "stated, but not held here",
      RECEIVING(.realm = "guarded", FROM("guard"), .realm_label = "public",
                .realm_high = "secret", .peer_attributes = peer_attributes,
                .local = &careless),
      TR_R11_ATTRIBUTES, TRR_ATTRIBUTE, .text = "alpha.example.com" },

    { "signing is too little", RECEIVING(.service = "nfs"),
      TR_R12_PROTECTION, TRR_PROTECTION },
    { "signing is enough",
      RECEIVING(.service = "nfs", .realm_high = "internal:hr"), ALLOWED },

    { "user cleared", RECEIVING(.user = "bob@EXAMPLE.COM"), ALLOWED,
      "engineering", "internal:hr", "public", "internal:hr" },
    { "user not cleared",
      RECEIVING(.user = "bob@EXAMPLE.COM", .realm_label = "secret:hr"),
      TR_R14_CLEARANCE, TRR_CLEARANCE },
    { "user cleared elsewhere", RECEIVING(.user = "eve@EXAMPLE.COM"),
      TR_R14_CLEARANCE, TRR_CLEARANCE },

    { "explaining without a label",
      RECEIVING(.local = &explaining, .process_low = NULL,
                .process_high = NULL, .realm_label = NULL, .realm_low = NULL,
                .realm_high = NULL), ALLOWED, "engineering", "", "public",
      "secret:hr,crypto" }
};

/* Refusals in the trust realm "trial": softened, or not. */
#define TRY(...) SENDING(.peer = "try.example.com", __VA_ARGS__)
#define TRIED(...) RECEIVING(.realm = "trial", FROM("try"), \
                             .realm_low = "public", \
                             .peer_attributes = peer_zone, __VA_ARGS__)
static const struct {
    struct test_case test;
    enum tr_step softened;      /* NONE: nothing is */
} dry_runs[] = {
    { { "nothing to soften", TRY(), ALLOWED, "trial", "internal:hr",
        "internal", "internal:hr" }, TR_STEP_NONE },
    { { "enforced here",
        TRY(.local = &strict, .label = "secret"), TR_S8_SENDER_RANGE,
        TRR_SENDER_RANGE }, TR_STEP_NONE },
    { { "sender's range", TRY(.label = "public"), ALLOWED, "trial", "public",
        "public", "public" }, TR_S8_SENDER_RANGE },
    { { "both ranges", TRY(.label = "secret:hr"), ALLOWED, "trial",
        "secret:hr", "secret:hr", "secret:hr" }, TR_S9_RECEIVER_RANGE },
    { { "clearance", TRY(.user = "bob@EXAMPLE.COM"), ALLOWED, "trial",
        "internal:hr", "internal:hr", "internal:hr" }, TR_S10_CLEARANCE },
    { { "no clearance", TRY(.user = "eve@EXAMPLE.COM"), ALLOWED, "trial" },
      TR_S10_CLEARANCE },
    { { "attribute", TRY(.local = &bare), ALLOWED, "trial", "internal:hr",
        "internal", "internal:hr" }, TR_S11_ATTRIBUTES },
    { { "no counterpart counts as the highest",
        TRY(.local = &far_away, .process_low = "low",
            .process_high = "high:people,secrets",
            .label = "mid:secrets"), ALLOWED, "trial", "internal:hr",
        "internal:hr", "internal:hr", "mid:secrets", "mid:people",
        "mid:people" }, TR_S7_CONVERT },
    { { "never the process's range", TRY(.process_high = "internal"),
        TR_S6_LABEL, TRR_PROCESS_RANGE }, TR_STEP_NONE },
    { { "never protection",
        TRY(.label = "secret:hr", .service = "nfs"), TR_S12_PROTECTION,
        TRR_PROTECTION }, TR_S8_SENDER_RANGE },
    { { "never membership", TRY(.peer = "delta.example.com"), TR_S5_REALM,
        TRR_NO_COMMON }, TR_STEP_NONE },
    { { "never the table's age", TRY(.local = &hurried), TR_S2_TABLE,
        TRR_STALE }, TR_STEP_NONE },
    { { "not where another trust realm enforces",
        SENDING(.peer = "both.example.com", .label = "secret"),
        TR_S9_RECEIVER_RANGE, TRR_RECEIVER_RANGE, "weak" }, TR_STEP_NONE },
    { { "nor by a sender's choice there",
        RECEIVING(.realm = "trial", FROM("both"), .realm_low = "public",
                  .realm_label = "public", .realm_high = "public",
                  .peer_attributes = peer_zone), TR_R6_RECEIVER, TRR_CHOICE },
      TR_STEP_NONE },

    { { "nor when none takes it",
        RECEIVING(.realm = "trial", FROM("both"), .realm_label = "secret:hr",
                  .peer_attributes = peer_zone), TR_R6_RECEIVER, TRR_CHOICE },
      TR_STEP_NONE },

    { { "received", TRIED(), ALLOWED, "trial", "internal:hr", "internal",
        "internal:hr" }, TR_STEP_NONE },
    { { "received, enforced here",
        TRIED(.local = &strict, .realm_label = "secret:hr"),
        TR_R7_SENDER_RANGE, TRR_SENDER_RANGE }, TR_STEP_NONE },
    { { "received outside the sender's range",
        TRIED(.realm_label = "secret:hr"), ALLOWED, "trial", "secret:hr",
        "secret:hr", "secret:hr" }, TR_R7_SENDER_RANGE },
    { { "received outside this system's range",
        TRIED(.realm_label = "public"), ALLOWED, "trial", "public", "public",
        "public" }, TR_R8_RECEIVER_RANGE },
    { { "received outside the process's range",
        TRIED(.process_high = "internal"), ALLOWED, "trial", "internal:hr",
        "internal:hr", "internal:hr" }, TR_R10_PROCESS },
    { { "received without attributes", TRIED(.peer_attributes = NULL),
        ALLOWED, "trial" }, TR_R11_ATTRIBUTES },
    { { "received without clearance", TRIED(.user = "eve@EXAMPLE.COM"),
        ALLOWED, "trial" }, TR_R14_CLEARANCE },
    { { "received without counterpart: the highest",
        TRIED(.local = &far_away, .realm_label = "internal:crypto",
              .process_low = "low", .process_high = "high:people,money"),
        ALLOWED, "trial", "internal:crypto", "internal:crypto",
        "internal:crypto", "high:people,money,secrets" }, TR_R9_CONVERT },
    { { "never a contradiction", TRIED(.realm_high = "internal"),
        TR_R7_SENDER_RANGE, TRR_AGREED_RANGE }, TR_STEP_NONE },
    { { "never an unreadable label", TRIED(.realm_label = "x"),
        TR_R7_SENDER_RANGE, TRR_LABEL_LEVEL }, TR_STEP_NONE },
    { { "never another digest", TRIED(.digest = "0"), TR_R6_RECEIVER,
        TRR_DIGEST }, TR_STEP_NONE },
    { { "never protection, received",
        TRIED(.realm_label = "secret:hr", .service = "nfs"),
        TR_R12_PROTECTION, TRR_PROTECTION }, TR_R7_SENDER_RANGE }
};

/* --- asking ------------------------------------------------------------- */

static struct tr_table *table;
static struct tr_view *view;
static struct tr_answer *answer;
/* Which steps some case of the tables passed, and which one refused. */
static bool passed[64], refused[64];

static int
set_up(void **state)
{
    static struct tr_encoding *local, *beta;

    local = make_encoding("public internal secret", "hr finance crypto");
    beta = make_encoding("low mid high", "people money secrets");
    narrow_range.low = parse(local, "public");
    narrow_range.high = parse(local, "internal:hr");
    plain.encoding = unknown.encoding = disabled.encoding = local;
    ended.encoding = outside.encoding = narrowed.encoding = local;
    excluded.encoding = lowered.encoding = strict.encoding = local;
    careless.encoding = bare.encoding = local;
    hurried.encoding = patient.encoding = local;
    elsewhere.encoding = far_away.encoding = beta;
    *state = local;
    answer = malloc(sizeof(*answer));
    assert_non_null(answer);
    table = make_table(entries, FRESH);
    put_broken_realm(table, broken_realm);
    assert_int_equal(tr_view_open(table, &view), 0);
    return 0;
}

static int
tear_down(void **state)
{
    tr_view_close(view);
    remove_table(table);
    free(answer);
    tr_encoding_free((struct tr_encoding *)elsewhere.encoding);
    tr_encoding_free(*state);
    return 0;
}

/* Leave nothing of an earlier answer. */
static krb5_error_code
ask(const struct tr_view *of, const struct tr_question *question)
{
    memset(answer, 0xa5, sizeof(*answer));
    return tr_decide(of, question, answer);
}

static bool
is_said(const char *text)
{
    if (strstr(answer->text, text) != NULL)
        return true;
    for (size_t i = 0; i < answer->ntrace; i++) {
        if (strstr(answer->trace[i].text, text) != NULL)
            return true;
    }
    return false;
}

/* The trace has a line for every step up to the one that decided. */
static void
check_trace(const struct test_case *test)
{
    const struct tr_trace *line, *last = &answer->trace[answer->ntrace - 1];
    bool sending_side = test->question.side == TR_SENDING;

    assert_true(answer->ntrace > 0 && answer->ntrace <= TR_MAX_TRACE);
    for (line = answer->trace; line <= last; line++) {
        assert_true(line->text[0] != '\0');
        assert_true(strlen(line->text) < sizeof(line->text));
        if (line->code == 0 && !line->skipped)
            passed[line->step] = true;
        assert_false(line->softened && line->code == 0);
        if (line->softened || line < last)
            assert_int_equal(line->softened, line->code != 0);
    }
    if (test->step == TR_STEP_NONE) {
        assert_int_equal(answer->ntrace, sending_side ? 12 : 11);
        assert_int_equal(last->step,
                         sending_side ? TR_S12_PROTECTION : TR_R14_CLEARANCE);
        assert_string_equal(answer->text, "");
        return;
    }
    refused[test->step] = true;
    assert_int_equal(last->step, test->step);
    assert_int_equal(last->code, test->code);
    assert_string_equal(last->text, answer->text);
}

static void
check_text(const char *what, const char *is, const char *wanted)
{
    if (wanted != NULL && strcmp(is, wanted) != 0)
        fail_msg("%s is \"%s\", not \"%s\"", what, is, wanted);
}

static void
check_case(const struct test_case *test)
{
    struct tr_question question = test->question;
    const struct tr_realm *realm;
    krb5_error_code ret;

    print_message("           %s\n", test->name);
    if (question.digest == same_digest && question.realm != NULL &&
        tr_view_realm(view, question.realm, &realm) == 0)
        question.digest = realm->digest;
    ret = ask(view, &question);
    assert_int_equal(ret, answer->code);
    if (ret != test->code || answer->step != test->step)
        fail_msg("%s %s: %s", tr_step_name(answer->step), error_message(ret),
                 answer->text);
    check_trace(test);
    check_text("trust realm", answer->realm, test->realm);
    check_text("label", answer->label, test->label);
    check_text("lowest", answer->low, test->low);
    check_text("highest", answer->high, test->high);
    check_text("local label", answer->local_label, test->local_label);
    check_text("local lowest", answer->local_low, test->local_low);
    check_text("local highest", answer->local_high, test->local_high);
    if (test->text != NULL && !is_said(test->text))
        fail_msg("\"%s\" is not said: %s", test->text, answer->text);
}

static void
every_step_of_sending(void **state)
{
    for (size_t i = 0; i < sizeof(sending) / sizeof(*sending); i++) {
        check_case(&sending[i]);
        assert_false(answer->dry_run);
    }
}

static void
every_step_of_receiving(void **state)
{
    for (size_t i = 0; i < sizeof(receiving) / sizeof(*receiving); i++) {
        check_case(&receiving[i]);
        assert_false(answer->dry_run);
    }
}

/* The tables above leave no step out. */
static void
no_step_is_forgotten(void **state)
{
    static const enum tr_step steps[] = {
        TR_S2_TABLE, TR_S3_SENDER, TR_S4_RECEIVER, TR_S5_REALM, TR_S6_LABEL,
        TR_S7_CONVERT, TR_S8_SENDER_RANGE, TR_S9_RECEIVER_RANGE,
        TR_S10_CLEARANCE, TR_S11_ATTRIBUTES, TR_S12_PROTECTION, TR_R2_TABLE,
        TR_R5_SENDER, TR_R6_RECEIVER, TR_R7_SENDER_RANGE,
        TR_R8_RECEIVER_RANGE, TR_R9_CONVERT, TR_R10_PROCESS,
        TR_R11_ATTRIBUTES, TR_R12_PROTECTION, TR_R14_CLEARANCE
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        if (!passed[steps[i]] || !refused[steps[i]])
            fail_msg("%s", tr_step_name(steps[i]));
    }
}

static void
dry_run_softens_only_labels_clearance_attributes(void **state)
{
    bool softened;

    for (size_t i = 0; i < sizeof(dry_runs) / sizeof(*dry_runs); i++) {
        check_case(&dry_runs[i].test);
        softened = false;
        for (size_t j = 0; j < answer->ntrace; j++) {
            if (answer->trace[j].softened &&
                answer->trace[j].step == dry_runs[i].softened)
                softened = true;
            if (dry_runs[i].softened == TR_STEP_NONE)
                assert_false(answer->trace[j].softened);
        }
        assert_int_equal(softened, dry_runs[i].softened != TR_STEP_NONE);
        assert_int_equal(answer->dry_run, softened);
    }
}

static void
answer_says_what_is_required(void **state)
{
    struct tr_question question = SENDING();

    assert_int_equal(ask(view, &question), 0);
    assert_string_equal(answer->sender, "alpha.example.com");
    assert_string_equal(answer->receiver, "beta.example.com");
    assert_string_equal(answer->peer_principal,
                        "trustrealm/beta.example.com@EXAMPLE.COM");
    assert_int_equal(answer->table_age, 100);
    assert_true(answer->generation > 0);
    assert_int_equal(strlen(answer->digest), 64);
    assert_int_equal(answer->carrier, TR_CARRIER_OWN);
    assert_true(answer->require_confidentiality);
    assert_true(answer->may_delegate);
    assert_true(answer->may_export_kernel);
    assert_int_equal(answer->kernel_lifetime, 60);
    assert_int_equal(answer->idle_timeout, 600);
    assert_int_equal(answer->end, NOW + 36000);
    assert_int_equal(answer->nattributes, 0);

    question.process_high = "internal:hr";
    question.service = "http";
    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->carrier, TR_CARRIER_GSS);
    assert_false(answer->require_confidentiality);
    assert_false(answer->may_delegate);

    question = (struct tr_question)SENDING(.peer = "guard.example.com",
                                           .label = "public");
    assert_int_equal(ask(view, &question), 0);
    assert_false(answer->may_export_kernel);
    assert_int_equal(answer->end, 0);
    assert_int_equal(answer->nattributes, 2);
    assert_string_equal(answer->attributes[0], "posture=compliant");
    assert_string_equal(answer->attributes[1], "zone=secure");
}

/* The label counts by itself: in a receiver's answer it may be all there is
 * at that level. */
static void
confidentiality_is_judged_by_the_range(void **state)
{
    static const struct { const char *low, *label, *high; bool required; }
    cases[] = {
        { "public", "public", "internal:hr", false },
        { "public", "public", "secret", true },
        { "public", "secret", "secret", true },
        { "secret", "secret", "secret", true }
    };
    struct tr_question question = SENDING();

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        question.process_low = cases[i].low;
        question.process_high = cases[i].high;
        question.label = cases[i].label;
        assert_int_equal(ask(view, &question), 0);
        assert_int_equal(answer->require_confidentiality, cases[i].required);
    }
}

static void
the_first_end_counts(void **state)
{
    struct tr_question question = SENDING(.user = "bob@EXAMPLE.COM",
                                          .now = FRESH + 50);

    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->end, FRESH + 50 + 36000);
    question.peer = "gone.example.com";
    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->end, NOW);
    question.local = &ended;
    question.peer = "beta.example.com";
    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->end, NOW);
}

static void
clearance_ends_what_it_allows(void **state)
{
    static const char *const more[] = {
        "objectClass trTrustRealm\ncn lasting\ntrDOI 1\ntrLevel 0 l",
        SYSTEM("one") "trMembership lasting l l 20500101000000Z",
        "objectClass trSubject\ntrPrincipal ann@EXAMPLE.COM\n"
        "trClearance lasting l l 20400101000000Z",
        NULL
    };
    const struct tr_local local = LOCAL(.system = "one.example.com");
    struct tr_question question = SENDING(
        .local = &local, .peer = "one.example.com", .process_low = NULL,
        .process_high = NULL, .label = "l", .user = "ann@EXAMPLE.COM");
    struct tr_table *other;
    struct tr_view *of;

    tr_view_close(view);
    remove_table(table);
    other = make_table(more, FRESH);
    assert_int_equal(tr_view_open(other, &of), 0);
    assert_int_equal(ask(of, &question), 0);
    assert_int_equal(answer->end, 2208988800);
    question.user = "other@EXAMPLE.COM";
    assert_int_equal(ask(of, &question), 0);
    assert_int_equal(answer->end, 2524608000);
    tr_view_close(of);
    remove_table(other);
    table = make_table(entries, FRESH);
    assert_int_equal(tr_view_open(table, &view), 0);
}

static void
never_filled_is_stale(void **state)
{
    const char *const none[] = { entries[0], NULL };
    struct tr_question to = SENDING(), from = RECEIVING();
    struct tr_table *other;
    struct tr_view *of;

    tr_view_close(view);
    remove_table(table);
    other = make_table(none, 0);
    assert_int_equal(tr_view_open(other, &of), 0);
    assert_int_equal(ask(of, &to), TRR_STALE);
    assert_int_equal(answer->step, TR_S2_TABLE);
    assert_int_equal(ask(of, &from), TRR_STALE);
    assert_int_equal(answer->step, TR_R2_TABLE);
    tr_view_close(of);
    remove_table(other);
    table = make_table(entries, FRESH);
    assert_int_equal(tr_view_open(table, &view), 0);
}

/* What one end offers, the other takes, and both mean the same. */
static void
both_ends_agree(void **state)
{
    static const char *const labels[] = {
        "public", "internal:hr", "secret:crypto", "public:finance"
    };
    struct tr_question to = SENDING(), from = RECEIVING(FROM("alpha"));
    struct tr_answer *offer = malloc(sizeof(*offer));
    struct tr_local beta = LOCAL(.system = "beta.example.com");

    assert_non_null(offer);
    beta.encoding = plain.encoding;
    from.local = &beta;
    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        to.label = labels[i];
        assert_int_equal(ask(view, &to), 0);
        *offer = *answer;
        from.realm = offer->realm;
        from.digest = offer->digest;
        from.realm_label = offer->label;
        from.realm_low = offer->low;
        from.realm_high = offer->high;
        assert_int_equal(ask(view, &from), 0);
        assert_string_equal(answer->sender, offer->sender);
        assert_string_equal(answer->receiver, offer->receiver);
        assert_string_equal(answer->local_label, labels[i]);
        assert_string_equal(answer->low, offer->low);
        assert_string_equal(answer->high, offer->high);
        assert_false(is_said("would have chosen"));
    }
    free(offer);
}

static void
notes_of_the_caller(void **state)
{
    struct tr_question question = SENDING();
    size_t before;

    assert_int_equal(ask(view, &question), 0);
    before = answer->ntrace;
    tr_answer_note(answer, TR_S13_SEAL, 0, "ticket of %d s", 5);
    assert_int_equal(answer->code, 0);
    assert_int_equal(answer->ntrace, before + 1);
    assert_string_equal(answer->trace[before].text, "ticket of 5 s");
    tr_answer_note(answer, TR_S13_SEAL, TRR_NO_KDC, "%s", "away");
    assert_int_equal(answer->code, TRR_NO_KDC);
    assert_int_equal(answer->step, TR_S13_SEAL);
    tr_answer_note(answer, TR_S1_BYPASS, TRR_BYPASS, "%0300d", 1);
    assert_int_equal(answer->code, TRR_NO_KDC);
    assert_string_equal(answer->text, "away");
    for (size_t i = 0; i < TR_MAX_TRACE; i++)
        tr_answer_note(answer, TR_S13_SEAL, 0, "%s", "more");
    assert_int_equal(answer->ntrace, TR_MAX_TRACE);
}

/* Names and labels as long as they may be leave every text whole. */
static void
long_names_fit(void **state)
{
    static const struct tr_local local = LOCAL(.system = "epsilon");
    char name[4 * TR_MAX_NAME];
    struct tr_question question = SENDING(.local = &local);

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    question = (struct tr_question)SENDING(.peer = name);
    assert_int_equal(ask(view, &question), TRR_NO_COMMON);
    assert_int_equal(strlen(answer->text), sizeof(answer->text) - 1);
    question = (struct tr_question)SENDING(.user = name);
    assert_int_equal(ask(view, &question), 0);
    question = (struct tr_question)SENDING(.label = name);
    assert_int_equal(ask(view, &question), TRR_LABEL_SYNTAX);
}

static void
steps_have_names(void **state)
{
    assert_string_equal(tr_step_name(TR_S5_REALM), "S5");
    assert_string_equal(tr_step_name(TR_R15_COMMIT), "R15");
    assert_string_equal(tr_step_name(TR_STEP_NONE), "-");
    for (int i = TR_S1_BYPASS; i <= TR_S13_SEAL; i++)
        assert_true(tr_step_text((enum tr_step)i)[0] != '\0');
    for (int i = TR_R1_BYPASS; i <= TR_R15_COMMIT; i++)
        assert_true(tr_step_text((enum tr_step)i)[0] != '\0');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_of_sending),
        cmocka_unit_test(every_step_of_receiving),
        cmocka_unit_test(no_step_is_forgotten),
        cmocka_unit_test(dry_run_softens_only_labels_clearance_attributes),
        cmocka_unit_test(answer_says_what_is_required),
        cmocka_unit_test(confidentiality_is_judged_by_the_range),
        cmocka_unit_test(the_first_end_counts),
        cmocka_unit_test(clearance_ends_what_it_allows),
        cmocka_unit_test(never_filled_is_stale),
        cmocka_unit_test(both_ends_agree),
        cmocka_unit_test(notes_of_the_caller),
        cmocka_unit_test(long_names_fit),
        cmocka_unit_test(steps_have_names)
    };

    initialize_trr_error_table();
    return cmocka_run_group_tests_name("decide", tests, set_up, tear_down);
}
