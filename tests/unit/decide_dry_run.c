/* tests/unit/decide_dry_run.c - cases of trust realms that are tried out */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "decide_cases.h"
#include "trustrealm_err.h"

/* Refusals in the trust realm "trial": softened, or not. */
#define TRY(...) SENDING(.peer = "try.example.com", __VA_ARGS__)
#define TRIED(...) RECEIVING(.realm = "trial", FROM("try"), \
                             .realm_low = "public", \
                             .peer_attributes = peer_zone, __VA_ARGS__)
const struct dry_run dry_runs[] = {
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
            .label = "mid:secrets"), ALLOWED, "trial", "internal",
        "internal", "internal", "mid:secrets", "mid", "mid" },
      TR_S7_CONVERT },
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
        "internal:crypto", "high:secrets,money,people",
        "high:secrets,money,people", "high:secrets,money,people" },
      TR_R9_CONVERT },
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

const size_t ndry_runs =
    sizeof(dry_runs) / sizeof(*dry_runs);
