// Folded stacks, as flamegraph.pl and speedscope read them. Takes time and
// memory in proportion to the profile. Only reads it.
#ifndef CPROF_FOLDED_H
#define CPROF_FOLDED_H

#include "nodes.h"

// Lines "root;…;leaf value\n", equal stacks summed, in order of first
// appearance, without those whose sum is 0; `;` and newlines in names become
// `:` and a space. A sample without a stack is "[no stack]". A frame is named
// by what its node has, as pprof does: "address name file:line", what has no
// name "[object]", else "<unknown>". A definition is named by its name; one
// without is "file:line", and a name that several definitions have is followed
// by their " (file.lua:line)". CPROF_ELIMIT when the text and the different
// names pass 64 MiB and 256 bytes for each frame of the different stacks.
enum cprof_result cprof_folded_write(const struct cprof_nodes *nodes,
                                     uint32_t value_index,
                                     struct cprof_sink sink);

#endif
