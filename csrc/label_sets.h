// Which samples have the same labels, so that what asks Lua about labels asks
// once for each set of them. Whoever holds it owns it.
#ifndef CPROF_LABEL_SETS_H
#define CPROF_LABEL_SETS_H

#include "profile.h"

// All zero is a valid empty one.
struct cprof_label_sets {
  uint32_t *set_of;   // of sample i: its set
  uint32_t *first_of; // of set i: the first sample that has it
  uint32_t count, capacity;
};

// Numbers the sets in order of first appearance; the same labels in another
// order are another set. Fills *sets, which is all zero.
enum cprof_result cprof_label_sets_init(struct cprof_label_sets *sets,
                                        const struct cprof_profile *profile);
// Frees, also after a failed init; may be called twice.
void cprof_label_sets_done(struct cprof_label_sets *sets);

#endif
