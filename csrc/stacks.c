// The tree of stacks: one hash look-up a frame, from the root to the leaf.
#include "stacks.h"

#include <stdlib.h>
#include <string.h>

static bool same_node(const void *owner, uint32_t id, const void *key_) {
  const struct cprof_stacks *stacks = owner;
  const struct cprof_node *node = &stacks->nodes[id], *key = key_;
  return node->parent == key->parent &&
         node->frame.function == key->frame.function &&
         node->frame.line == key->frame.line;
}

// Two multiplications: this runs once a frame.
static uint64_t hash_node(const struct cprof_node *node) {
  uint64_t hash = ((uint64_t)node->parent << 32 | node->frame.function) *
                  0x9e3779b97f4a7c15u;
  hash = (hash ^ hash >> 32 ^ node->frame.line) * 0xd6e8feb86659fd93u;
  return hash ^ hash >> 32;
}

static enum cprof_result add_node(struct cprof_stacks *stacks,
                                  const struct cprof_node *node, uint64_t hash,
                                  uint32_t *id) {
  if (stacks->count >= stacks->nodes_max)
    return CPROF_ELIMIT;
  enum cprof_result result =
      cprof_grow((void **)&stacks->nodes, &stacks->capacity, stacks->count + 1,
                 sizeof *stacks->nodes);
  if (result == CPROF_OK)
    result = cprof_table_add(&stacks->table, hash, stacks->count);
  if (result != CPROF_OK)
    return result;
  stacks->nodes[stacks->count] = *node;
  *id = stacks->count++;
  return CPROF_OK;
}

enum cprof_result cprof_stacks_init(struct cprof_stacks *stacks,
                                    uint32_t nodes_max) {
  memset(stacks, 0, sizeof *stacks);
  stacks->nodes_max = nodes_max;
  enum cprof_result result = cprof_grow(
      (void **)&stacks->nodes, &stacks->capacity, 256, sizeof *stacks->nodes);
  if (result != CPROF_OK)
    return result;
  memset(&stacks->nodes[0], 0, sizeof stacks->nodes[0]);
  stacks->count = 1;
  return CPROF_OK;
}

enum cprof_result cprof_stacks_put(struct cprof_stacks *stacks,
                                   const struct cprof_frame *frames,
                                   uint32_t depth, uint32_t *stack) {
  uint32_t at = *stack;
  for (uint32_t i = depth; i-- > 0;) {
    struct cprof_node node = {at, frames[i]};
    uint64_t hash = hash_node(&node);
    if (cprof_table_find(&stacks->table, hash, same_node, stacks, &node, &at))
      continue;
    enum cprof_result result = add_node(stacks, &node, hash, &at);
    if (result != CPROF_OK)
      return result;
  }
  *stack = at;
  return CPROF_OK;
}

uint32_t cprof_stacks_get(const struct cprof_stacks *stacks, uint32_t stack,
                          struct cprof_frame *frames, uint32_t depth_max) {
  uint32_t depth = 0;
  for (; stack != 0 && depth < depth_max; stack = stacks->nodes[stack].parent)
    frames[depth++] = stacks->nodes[stack].frame;
  return depth;
}

size_t cprof_stacks_bytes(const struct cprof_stacks *stacks) {
  return stacks->capacity * sizeof *stacks->nodes +
         cprof_table_bytes(&stacks->table);
}

void cprof_stacks_done(struct cprof_stacks *stacks) {
  free(stacks->nodes);
  cprof_table_done(&stacks->table);
  memset(stacks, 0, sizeof *stacks);
}
