// Ids of a file's mappings, functions or locations: any numbers but 0, each
// once. The entry that comes first gets 1 from us, the next one 2. Only for
// pprof_read.c.
#ifndef CPROF_PPROF_IDS_H
#define CPROF_PPROF_IDS_H

#include "table.h"

// All zero is a valid one without entries.
struct cprof_ids {
  uint32_t count;    // entries
  uint32_t in_order; // the first ones, whose ids are ours: they take no memory
  uint64_t *others;  // ids of the entries behind those
  uint32_t other_capacity;
  struct cprof_table table; // of the others
};

// Part of cprof_ids_find.
uint32_t cprof_ids_find_other(const struct cprof_ids *ids, uint64_t id);

// Our id for the file's, or 0 when there is none. Inline: this is done for
// every frame of every stack.
static inline uint32_t cprof_ids_find(const struct cprof_ids *ids,
                                      uint64_t id) {
  return id <= ids->in_order ? (uint32_t)id : cprof_ids_find_other(ids, id);
}

// Adds the next entry, whose id is not 0 and not there.
enum cprof_result cprof_ids_add(struct cprof_ids *ids, uint64_t id);
// Frees; may be called twice.
void cprof_ids_done(struct cprof_ids *ids);

#endif
