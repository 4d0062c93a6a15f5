// The objects loaded into this process. Takes the loader's lock: never in the
// handler, never at a safe point; when a profile is made.
#ifndef CPROF_MODULES_H
#define CPROF_MODULES_H

#include "base.h"

// Writes a name for machine code that is the same in every run: the exported
// symbol that begins there, else "object+0xoffset", else the address.
void cprof_modules_name(const void *address, char *out, size_t size);

#endif
