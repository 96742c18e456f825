/* tests/glue/instead.h - for functions in the place of a library's */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_INSTEAD_H
#define TR_INSTEAD_H

/*
 * A program's own function takes the place of one that the plugin calls of
 * the C library or of libgssapi, if the program exports it.  It makes the
 * real call through REAL(), and knows by its return address who called it.
 */

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static inline bool
is_of_plugin(const void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
        strstr(info.dli_fname, "mech_trustrealm") != NULL;
}

#endif
