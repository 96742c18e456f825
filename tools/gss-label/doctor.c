/* tools/gss-label/doctor.c - say what is wrong, and how to mend it */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include "doctor.h"

static const char usage[] =
    "usage: gss-label doctor [OPTION...] [SERVICE@HOST]\n\n"
    "Look for what keeps programs on this system from being labelled, and\n"
    "say how to mend it.  With a service: would a message to it leave?  Its\n"
    "host is not contacted.\n\n"
    "  -p, --pid PID          look at this running program too\n"
    "  -j, --json             one JSON object a line\n\n"
    "exit status: 0 nothing wrong, 1 something is, 2 usage, 3 system error\n";

static const struct option options[] = {
    { "pid", required_argument, NULL, 'p' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};

static const char *const verdicts[] = {
    [DOCTOR_GOOD] = "good", [DOCTOR_NOTE] = "note", [DOCTOR_WRONG] = "wrong"
};

struct question {
    struct doctor doctor;
    unsigned long pid;          /* 0: none */
};

static bool
take_option(void *self, int c, const char *arg)
{
    struct question *question = self;

    switch (c) {
    case 'p':
        return gl_parse_number(arg, 1, INT_MAX, &question->pid);
    case 'j':
        question->doctor.output.json = true;
        return true;
    default:
        return false;
    }
}

static const struct gl_command command = {
    "doctor", usage, "p:jh", options, take_option
};

/* A line of text, and one below it. */
static void
print(const struct doctor *doctor, enum doctor_verdict verdict,
      const char *check, const char *mend, const char *text)
{
    FILE *stream = doctor->output.stream;

    fprintf(stream, "%-5s  %-9s  ", verdict == DOCTOR_WRONG ? "WRONG" :
            verdicts[verdict], check);
    gl_print_text(stream, text);
    putc('\n', stream);
    if (mend != NULL) {
        fprintf(stream, "%18s-> ", "");
        gl_print_text(stream, mend);
        putc('\n', stream);
    }
    fflush(stream);
}

void
doctor_say(struct doctor *doctor, enum doctor_verdict verdict,
           const char *check, const char *mend, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (verdict == DOCTOR_WRONG || text == NULL)
        doctor->wrong = true;
    if (text == NULL)
        gl_report_error(&doctor->output, "out of memory", 0);
    else if (doctor->output.json)
        gl_report(&doctor->output,
                  json_pack("{s:s, s:s, s:s, s:s, s:s?}", "event", "finding",
                            "verdict", verdicts[verdict], "check", check,
                            "text", text, "mend", mend));
    else
        print(doctor, verdict, check, mend, text);
    free(text);
}

int
gl_doctor(int argc, char **argv)
{
    struct question question = { .doctor.output = { stdout, false } };
    struct doctor *doctor = &question.doctor;
    bool ticket;
    int status;

    status = gl_take_options(&command, &question, argc, argv);
    if (status >= 0)
        return status;
    if (argc - optind > 1)
        return gl_usage(&command, "too many arguments");
    doctor_mech(doctor);
    doctor_daemon(doctor);
    doctor_clock(doctor);
    ticket = doctor_kerberos(doctor);
    if (argv[optind] != NULL)
        doctor_target(doctor, argv[optind], ticket);
    if (question.pid != 0)
        doctor_process(doctor, (pid_t)question.pid);
    free(doctor->plugin);
    free(doctor->system);
    json_decref(doctor->names);
    return doctor->wrong ? GL_REFUSED : GL_DELIVERED;
}
