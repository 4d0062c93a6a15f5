// The objects loaded into this process. Takes the loader's lock: never in the
// handler.
#ifndef CPROF_MODULES_H
#define CPROF_MODULES_H

#include "base.h"

// Counts loads and unloads: what was found out about code holds as long as this
// number does.
uint64_t cprof_modules_generation(void);

// Writes a name for machine code that is the same in every run: the exported
// symbol that begins there, else "object+0xoffset", else the address.
void cprof_modules_name(const void *address, char *out, size_t size);

#endif
