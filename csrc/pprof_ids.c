// Looks up ids of a file. Called by pprof_read.c on any thread, never from the
// signal handler. See pprof_ids.h.
#include "pprof_ids.h"

#include <stdlib.h>

static bool same_id(const void *owner, uint32_t index, const void *key) {
  const struct cprof_ids *ids = owner;
  return ids->others[index - ids->in_order] == *(const uint64_t *)key;
}

static uint64_t hash_id(uint64_t id) { return cprof_hash(&id, sizeof id, 0); }

uint32_t cprof_ids_find_other(const struct cprof_ids *ids, uint64_t id) {
  uint32_t index;
  if (cprof_table_find(&ids->table, hash_id(id), same_id, ids, &id, &index))
    return index + 1;
  return 0;
}

enum cprof_result cprof_ids_add(struct cprof_ids *ids, uint64_t id) {
  uint32_t others = ids->count - ids->in_order;
  if (others == 0 && id == ids->count + 1ull) {
    ids->in_order = ++ids->count;
    return CPROF_OK;
  }
  enum cprof_result result =
      cprof_grow((void **)&ids->others, &ids->other_capacity, others + 1,
                 sizeof *ids->others);
  if (result == CPROF_OK)
    result = cprof_table_add(&ids->table, hash_id(id), ids->count);
  if (result != CPROF_OK)
    return result;
  ids->others[others] = id;
  ids->count++;
  return CPROF_OK;
}

void cprof_ids_done(struct cprof_ids *ids) {
  free(ids->others);
  cprof_table_done(&ids->table);
  *ids = (struct cprof_ids){0};
}
