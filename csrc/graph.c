// Edges between nodes. Called by the edge of the core; only reads the profile.
// See graph.h.
#include "graph.h"

#include <stdlib.h>

#define NO_NODE UINT32_MAX

// The walk through one sample, root first.
struct walk {
  const struct cprof_nodes *nodes;
  const uint8_t *kept;
  struct cprof_graph *graph;
  int64_t value;
  uint32_t sample;  // its number + 1
  uint32_t parent;  // the node before, NO_NODE at the root
  bool is_residual; // nodes were left out since the parent
};

// ---- edges ----

static bool same_edge(const void *owner, uint32_t id, const void *key) {
  const struct cprof_edge *a = &((const struct cprof_graph *)owner)->edges[id];
  const struct cprof_edge *b = key;
  return a->from == b->from && a->to == b->to;
}

static enum cprof_result add_edge(struct cprof_graph *graph, uint64_t hash,
                                  const struct cprof_edge *edge) {
  enum cprof_result result =
      cprof_grow((void **)&graph->edges, &graph->capacity, graph->count + 1,
                 sizeof *graph->edges);
  if (result == CPROF_OK)
    result = cprof_table_add(&graph->table, hash, graph->count);
  if (result == CPROF_OK)
    graph->edges[graph->count++] = *edge;
  return result;
}

// The edge like this one, added when new. Most calls of a function come from
// where the one before came from.
static enum cprof_result intern_edge(struct cprof_graph *graph,
                                     const struct cprof_edge *edge,
                                     uint32_t *index) {
  uint32_t last = graph->last_into[edge->to];
  *index = last - 1;
  if (last != 0 && graph->edges[last - 1].from == edge->from)
    return CPROF_OK;
  uint64_t pair = (uint64_t)edge->from << 32 | edge->to;
  uint64_t hash = cprof_hash(&pair, sizeof pair, 0);
  enum cprof_result result = CPROF_OK;
  if (!cprof_table_find(&graph->table, hash, same_edge, graph, edge, index)) {
    *index = graph->count;
    result = add_edge(graph, hash, edge);
  }
  if (result == CPROF_OK)
    graph->last_into[edge->to] = *index + 1;
  return result;
}

// Adds the sample to the edge from the parent, once however often it occurs.
static enum cprof_result count_edge(const struct walk *walk, uint32_t node,
                                    bool is_inline) {
  struct cprof_edge edge = {
      .from = walk->parent, .to = node, .is_inline = true};
  uint32_t index;
  enum cprof_result result = intern_edge(walk->graph, &edge, &index);
  if (result != CPROF_OK)
    return result;
  struct cprof_edge *found = &walk->graph->edges[index];
  if (found->seen == walk->sample)
    return CPROF_OK;
  found->seen = walk->sample;
  found->value = cprof_add_wrapping(found->value, walk->value);
  found->is_inline &= is_inline;
  found->is_residual |= walk->is_residual;
  return CPROF_OK;
}

// ---- samples ----

static enum cprof_result enter_node(struct walk *walk, uint32_t node,
                                    bool is_inline) {
  if (walk->kept && !walk->kept[node]) {
    walk->is_residual = true;
    return CPROF_OK;
  }
  enum cprof_result result = CPROF_OK;
  if (walk->parent != NO_NODE && walk->parent != node)
    result = count_edge(walk, node, is_inline);
  walk->parent = node;
  walk->is_residual = false;
  return result;
}

// The frames of a location, outermost first; all but the first are inlined.
static enum cprof_result enter_location(struct walk *walk, uint32_t id) {
  const struct cprof_nodes *nodes = walk->nodes;
  uint32_t first = nodes->first_of[id - 1], end = nodes->first_of[id];
  enum cprof_result result = CPROF_OK;
  for (uint32_t at = end; at > first && result == CPROF_OK; at--)
    result = enter_node(walk, nodes->node_of[at - 1], at < end);
  return result;
}

static enum cprof_result walk_sample(struct walk *walk, uint32_t index) {
  const struct cprof_profile *profile = walk->nodes->profile;
  const struct cprof_psample *sample = &profile->samples[index];
  const uint32_t *ids = profile->location_ids + sample->first_location;
  walk->sample = index + 1;
  walk->parent = NO_NODE;
  walk->is_residual = false;
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = sample->location_count; i > 0 && result == CPROF_OK; i--)
    result = enter_location(walk, ids[i - 1]);
  return result;
}

// ---- public ----

enum cprof_result cprof_graph_count(const struct cprof_nodes *nodes,
                                    uint32_t value_index, const uint8_t *kept,
                                    struct cprof_graph *graph) {
  const struct cprof_profile *profile = nodes->profile;
  *graph = (struct cprof_graph){0};
  if (value_index >= profile->type_count)
    return CPROF_ERANGE;
  graph->last_into = calloc(nodes->count + (size_t)1, sizeof(uint32_t));
  if (!graph->last_into)
    return CPROF_ENOMEM;
  struct walk walk = {.nodes = nodes, .kept = kept, .graph = graph};
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; i < profile->sample_count && result == CPROF_OK; i++) {
    walk.value = cprof_value_of(profile, i, value_index);
    if (walk.value != 0)
      result = walk_sample(&walk, i);
  }
  return result;
}

void cprof_graph_done(struct cprof_graph *graph) {
  free(graph->edges);
  free(graph->last_into);
  cprof_table_done(&graph->table);
  *graph = (struct cprof_graph){0};
}

void cprof_graph_calls(const struct cprof_graph *graph, uint8_t *calls) {
  for (uint32_t i = 0; i < graph->count; i++)
    calls[graph->edges[i].to] |=
        graph->edges[i].is_inline ? CPROF_CALLED_INLINE : CPROF_CALLED;
}
