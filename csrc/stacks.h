// Stacks as a tree from the root: a node is (parent, frame), so a stack is the
// number of its leaf's node, and stacks that differ in the leaf alone share
// all else. Bounded memory. Filled at safe points.
#ifndef CPROF_STACKS_H
#define CPROF_STACKS_H

#include "frame.h"
#include "table.h"

struct cprof_node {
  uint32_t parent; // node; the root is its own parent
  struct cprof_frame frame;
};

struct cprof_stacks {
  struct cprof_node *nodes; // node 0 is the root, no frame of any stack
  uint32_t count, capacity;
  uint32_t nodes_max; // the bound
  struct cprof_table table;
};

// What 24 MiB hold: a node is 12 bytes and a slot of the table 8; either array
// has up to twice the room that it needs.
#define CPROF_STACKS_NODES_MAX (600u * 1000u)

enum cprof_result cprof_stacks_init(struct cprof_stacks *stacks,
                                    uint32_t nodes_max);
// The number of these frames (leaf first) on top of the stack `*stack`, which
// is 0 for none. CPROF_ELIMIT or CPROF_ENOMEM when it is new and does not fit.
enum cprof_result cprof_stacks_put(struct cprof_stacks *stacks,
                                   const struct cprof_frame *frames,
                                   uint32_t depth, uint32_t *stack);
// Writes up to depth_max frames, leaf first; returns how many.
uint32_t cprof_stacks_get(const struct cprof_stacks *stacks, uint32_t stack,
                          struct cprof_frame *frames, uint32_t depth_max);
size_t cprof_stacks_bytes(const struct cprof_stacks *stacks);
void cprof_stacks_done(struct cprof_stacks *stacks);

#endif
