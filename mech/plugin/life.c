/* mech/plugin/life.c - how long the decision about a context holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "call.h"
#include "context.h"
#include "life.h"
#include "status.h"
#include "trustrealm_err.h"

#define SECOND UINT64_C(1000000000)
#define LOOK_EVERY (SECOND / 4)
/* The epoch may move on while trustrealmd answers; not for ever. */
#define MAX_TRIES 4

/*
 * Mappings are kept until the context goes: another thread may be looking at
 * the page that was current a moment ago.
 */
struct tr_held_page {
    struct tr_held_page *next;
    struct tr_mapping *mapping;
};

static uint64_t
boot_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static krb5_error_code
hold_page(struct tr_life *life, struct tr_mapping **page)
{
    struct tr_held_page *held;

    if ((*page)->page == life->page)    /* of the daemon we know */
        return 0;
    held = calloc(1, sizeof(*held));
    if (held == NULL)
        return ENOMEM;
    held->mapping = *page;
    *page = NULL;
    held->next = life->held;
    life->held = held;
    life->page = held->mapping->page;
    return 0;
}

krb5_error_code
tr_life_begin(struct tr_life *life, const struct tr_established *established,
              struct tr_mapping **page)
{
    uint64_t now = boot_clock();
    krb5_error_code ret = hold_page(life, page);

    if (ret)
        return ret;
    /* Another thread may have had a later answer. */
    if (life->epoch != 0 &&
        !tr_page_holds(life->page, (uint64_t)established->epoch,
                       tr_page_clock()))
        return 0;
    life->flags = (int)established->flags;
    life->kernel_lifetime = (uint32_t)established->kernel_lifetime;
    life->idle = (uint64_t)established->idle_timeout * SECOND;
    life->end = established->lifetime > 0 ?
        now + (uint64_t)established->lifetime * SECOND : 0;
    life->last_use = now;
    life->epoch = (uint64_t)established->epoch;
    return 0;
}

void
tr_life_end(struct tr_life *life)
{
    struct tr_held_page *held;

    while ((held = life->held) != NULL) {
        life->held = held->next;
        tr_page_release(held->mapping);
        free(held);
    }
    life->page = NULL;
}

/* --- looking ------------------------------------------------------------- */

static krb5_error_code
look_at_times(struct tr_life *life, uint64_t page_now)
{
    uint64_t now = boot_clock(), idle = life->idle, end = life->end;

    if (life->over == 0 && end != 0 && now >= end)
        life->over = TRR_ENDED;
    if (life->over == 0 && idle != 0 && now > life->last_use &&
        now - life->last_use > idle)
        life->over = TRR_IDLE;
    if (life->over != 0)
        return tr_detail(life->over, "%s", error_message(life->over));
    life->last_use = now;
    life->next_look = page_now + LOOK_EVERY;
    return 0;
}

/* --- judging anew -------------------------------------------------------- */

/* An answer about another association must never be taken for this one. */
static krb5_error_code
check_same(const struct tr_context *context,
           const struct tr_established *established)
{
    const char *label, *realm;

    if (context->plain)
        return 0;
    label = tr_facts_get(context->facts, TR_FACT_LABEL);
    realm = tr_facts_get(context->facts, TR_FACT_REALM);
    if (strcmp(label, established->label) != 0 ||
        strcmp(realm, established->realm) != 0)
        return tr_detail(TRR_RECORD, "trustrealmd judged another "
                         "association");
    return 0;
}

/* One question; nothing is locked. */
static krb5_error_code
ask(struct tr_context *context, struct tr_reply *reply,
    struct tr_mapping **page_out)
{
    struct tr_call call = { .type = TR_CALL_JUDGE };

    call.u.judge.record = context->record;
    if (!context->plain || !context->initiator) {
        call.u.judge.binding.data = context->binding;
        call.u.judge.binding.length = sizeof(context->binding);
    }
    return tr_daemon_ask(&call, TR_REPLY_ESTABLISHED, reply, page_out);
}

static krb5_error_code
judge(struct tr_context *context)
{
    struct tr_reply reply;
    struct tr_mapping *page;
    krb5_error_code ret;

    ret = ask(context, &reply, &page);
    if (ret)
        return ret;
    ret = check_same(context, &reply.u.established);
    if (ret == 0) {
        (void)pthread_mutex_lock(context->mutex);
        ret = tr_life_begin(&context->life, &reply.u.established, &page);
        (void)pthread_mutex_unlock(context->mutex);
    }
    tr_page_release(page);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return ret;
}

krb5_error_code
tr_life_resume(struct tr_context *context)
{
    struct tr_reply reply;
    struct tr_mapping *page;
    krb5_error_code ret;

    ret = ask(context, &reply, &page);
    if (ret)
        return ret;
    ret = tr_context_establish(context, &reply.u.established, page);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return ret;
}

krb5_error_code
tr_life_confirm(struct tr_context *context)
{
    struct tr_life *life = &context->life;
    krb5_error_code ret = 0;
    int tries;

    for (tries = 0; tries < MAX_TRIES && ret == 0; tries++) {
        if (tr_life_holds(life, tr_page_clock()))
            return 0;
        ret = judge(context);
    }
    if (ret == 0 && !tr_life_holds(life, tr_page_clock()))
        ret = tr_detail(TRR_DAEMON_BUSY, "the trust realm table changes too "
                        "often");
    return ret;
}

krb5_error_code
tr_life_enter(struct tr_context *context)
{
    struct tr_life *life = &context->life;
    uint64_t now = tr_page_clock();
    krb5_error_code ret = 0;

    if (now >= life->next_look)
        ret = look_at_times(life, now);
    return ret == 0 ? tr_life_confirm(context) : ret;
}

OM_uint32
tr_life_remaining(const struct tr_life *life, OM_uint32 inner)
{
    uint64_t now, end = life->end;

    if (life->over != 0)
        return 0;
    if (end == 0)
        return inner;
    now = boot_clock();
    if (now >= end)
        return 0;
    return (end - now) / SECOND < inner ? (OM_uint32)((end - now) / SECOND) :
        inner;
}
