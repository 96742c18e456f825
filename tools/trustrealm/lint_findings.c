/* tools/trustrealm/lint_findings.c - what was found, as a list */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "lint.h"

void
findings_add(const char *severity, const char *rule, const char *entry,
             const char *text, void *arg)
{
    struct findings *findings = arg;
    struct finding *finding;

    findings->list = tool_grow(findings->list, findings->n,
                               sizeof(*findings->list));
    finding = &findings->list[findings->n++];
    finding->severity = tool_copy(severity);
    finding->rule = tool_copy(rule);
    finding->entry = tool_copy(entry);
    finding->text = tool_copy(text);
}

void
finding_free(struct finding *finding)
{
    free(finding->severity);
    free(finding->rule);
    free(finding->entry);
    free(finding->text);
}

void
findings_clear(struct findings *findings)
{
    size_t i;

    for (i = 0; i < findings->n; i++)
        finding_free(&findings->list[i]);
    free(findings->list);
    memset(findings, 0, sizeof(*findings));
}

/* Severities are in the order of the alphabet. */
static int
compare(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order = strcmp(x->severity, y->severity);

    if (order == 0)
        order = strcmp(x->entry, y->entry);
    if (order == 0)
        order = strcmp(x->rule, y->rule);
    return order != 0 ? order : strcmp(x->text, y->text);
}

void
findings_sort(struct findings *findings)
{
    if (findings->n > 1)
        qsort(findings->list, findings->n, sizeof(*findings->list), compare);
}

json_t *
findings_json(const struct findings *findings)
{
    const struct finding *finding;
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < findings->n; i++) {
        finding = &findings->list[i];
        json_array_append_new(list, json_pack(
            "{s:s, s:s, s:o, s:o}", "severity", finding->severity,
            "rule", finding->rule, "entry", tool_json_text(finding->entry),
            "text", tool_json_text(finding->text)));
    }
    return list;
}
