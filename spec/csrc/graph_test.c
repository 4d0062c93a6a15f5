// graph: edges known by hand, with nodes left out, and random profiles against
// the plainest possible counting.
#include "frame_keys.h"
#include "graph.h"
#include "known_profile.h"
#include "random_profile.h"
#include "tap.h"

#define STRINGS_MAX 1000 // of a random profile

// ---- a known profile ----

static uint32_t find_node(const struct cprof_nodes *nodes, const char *name,
                          int64_t start_line) {
  for (uint32_t i = 0; i < nodes->count; i++) {
    const struct cprof_node *node = &nodes->nodes[i];
    if (strcmp(cprof_strings_get(&nodes->profile->strings, node->name, NULL),
               name) == 0 &&
        node->start_line == start_line)
      return i;
  }
  return UINT32_MAX;
}

static const struct cprof_edge *find_edge(const struct cprof_graph *graph,
                                          uint32_t from, uint32_t to) {
  for (uint32_t i = 0; i < graph->count; i++)
    if (graph->edges[i].from == from && graph->edges[i].to == to)
      return &graph->edges[i];
  return NULL;
}

static void has_edge(const struct cprof_edge *edge, int64_t value,
                     const char *what) {
  if (ok(edge != NULL, "an edge %s", what))
    is_int(edge->value, value, what);
}

static void test_edges(void) {
  struct cprof_profile *profile = known_profile();
  struct cprof_nodes nodes;
  struct cprof_graph graph;
  cprof_nodes_init(&nodes, profile, CPROF_BY_DEFINITION);
  uint32_t main = find_node(&nodes, "main", 0);
  uint32_t work = find_node(&nodes, "work", 10);
  uint32_t leaf = find_node(&nodes, "le;af\n", 20);
  is_int(cprof_graph_count(&nodes, 1, NULL, &graph), CPROF_OK, "edges");
  is_int(graph.count, 4, "one of each pair, none of a recursion");
  has_edge(find_edge(&graph, main, work), 71, "main to work");
  has_edge(find_edge(&graph, work, leaf), 51, "work to leaf");
  has_edge(find_edge(&graph, main, find_node(&nodes, "", 0)), 80,
           "main to an object");
  ok(!find_edge(&graph, work, leaf)->is_inline,
     "inlined in part is not inline");
  uint8_t calls[6] = {0};
  cprof_graph_calls(&graph, calls);
  is_int(calls[leaf], CPROF_CALLED, "neither is what it leads to");
  is_int(calls[main], 0, "nobody calls the root");
  cprof_graph_done(&graph);
  cprof_graph_done(&graph);
  is_int(cprof_graph_count(&nodes, 2, NULL, &graph), CPROF_ERANGE,
         "no third value");
  cprof_nodes_done(&nodes);
  cprof_profile_free(profile);
}

static void test_inline(void) {
  struct cprof_profile *profile = known_profile();
  profile->sample_count = profile->value_count = 0;
  STACK(profile, 40, INLINED, IN_MAIN); // leaf in work
  STACK(profile, 1, IN_LEAF, IN_MAIN);
  struct cprof_nodes nodes;
  struct cprof_graph graph;
  cprof_nodes_init(&nodes, profile, CPROF_BY_FUNCTION);
  uint32_t work = find_node(&nodes, "work", 0);
  uint32_t leaf = find_node(&nodes, "le;af\n", 0);
  cprof_graph_count(&nodes, 1, NULL, &graph);
  ok(find_edge(&graph, work, leaf)->is_inline, "all inlined is inline");
  uint8_t calls[6] = {0};
  cprof_graph_calls(&graph, calls);
  is_int(calls[leaf], CPROF_CALLED | CPROF_CALLED_INLINE, "called both ways");
  is_int(calls[work], CPROF_CALLED, "called one way");
  cprof_graph_done(&graph);
  cprof_nodes_done(&nodes);
  cprof_profile_free(profile);
}

static void test_kept(void) {
  struct cprof_profile *profile = known_profile();
  struct cprof_nodes nodes;
  struct cprof_graph graph;
  cprof_nodes_init(&nodes, profile, CPROF_BY_DEFINITION);
  uint32_t main = find_node(&nodes, "main", 0);
  uint32_t leaf = find_node(&nodes, "le;af\n", 20);
  uint8_t kept[6] = {0};
  kept[main] = kept[leaf] = 1;
  is_int(cprof_graph_count(&nodes, 1, kept, &graph), CPROF_OK, "some");
  is_int(graph.count, 1, "one edge is left");
  has_edge(find_edge(&graph, main, leaf), 51, "over what is left out");
  ok(find_edge(&graph, main, leaf)->is_residual, "and says so");
  cprof_graph_done(&graph);
  cprof_nodes_done(&nodes);
  cprof_profile_free(profile);
}

// ---- random ones ----

struct sums {
  uint64_t value;
  bool is_inline, is_residual, is_any;
};

// Which nodes are kept: those whose key has an even sum of bytes.
static bool keeps(const char *key) {
  unsigned sum = 0;
  for (; *key; key++)
    sum += (unsigned char)*key;
  return sum % 2 == 0;
}

// Adds what one sample has of an edge; root first, the first time decides.
static void count_sample(const struct cprof_profile *profile, uint32_t sample,
                         enum cprof_granularity by, bool has_kept,
                         const char keys[2][KEY_BYTES], struct sums *sums) {
  struct frame frames[STACK_MAX];
  char parent[KEY_BYTES] = "", key[KEY_BYTES];
  bool is_residual = false;
  for (uint32_t i = list_frames(profile, &profile->samples[sample], frames);
       i > 0; i--) {
    frame_key(profile, &frames[i - 1], by, key);
    if (has_kept && !keeps(key)) {
      is_residual = true;
      continue;
    }
    bool is_it = strcmp(parent, keys[0]) == 0 && strcmp(key, keys[1]) == 0;
    if (is_it && strcmp(parent, key) != 0) {
      sums->value += (uint64_t)profile->values[sample * profile->type_count];
      sums->is_inline &= frames[i - 1].is_inline;
      sums->is_residual |= is_residual;
      sums->is_any = true;
      return;
    }
    strcpy(parent, key);
    is_residual = false;
  }
}

static bool is_counted(const struct cprof_nodes *nodes, bool has_kept,
                       const uint32_t *string_of,
                       const struct cprof_edge *edge) {
  const struct cprof_profile *profile = nodes->profile;
  char keys[2][KEY_BYTES];
  struct sums sums = {.is_inline = true};
  node_key(nodes, edge->from, string_of, keys[0]);
  node_key(nodes, edge->to, string_of, keys[1]);
  for (uint32_t i = 0; i < profile->sample_count; i++)
    if (profile->values[i * profile->type_count] != 0)
      count_sample(profile, i, nodes->granularity, has_kept,
                   (const char(*)[KEY_BYTES])keys, &sums);
  return sums.is_any && sums.value == (uint64_t)edge->value &&
         sums.is_inline == edge->is_inline &&
         sums.is_residual == edge->is_residual;
}

// The pairs of frames that follow each other, which are not one node: there
// must be as many edges as there are different ones.
static uint32_t count_wrong(const struct cprof_profile *profile,
                            enum cprof_granularity by, bool has_kept,
                            uint32_t *count) {
  struct cprof_nodes nodes;
  struct cprof_graph graph;
  uint32_t string_of[STRINGS_MAX], wrong = 0;
  uint8_t kept[STRINGS_MAX];
  cprof_nodes_init(&nodes, profile, by);
  find_strings(&nodes, string_of);
  for (uint32_t i = 0; i < nodes.count; i++) {
    char key[KEY_BYTES];
    node_key(&nodes, i, string_of, key);
    kept[i] = keeps(key);
  }
  cprof_graph_count(&nodes, 0, has_kept ? kept : NULL, &graph);
  for (uint32_t i = 0; i < graph.count; i++, ++*count)
    wrong += !is_counted(&nodes, has_kept, string_of, &graph.edges[i]);
  for (uint32_t from = 0; from < nodes.count; from++)
    for (uint32_t to = 0; to < nodes.count && nodes.count < 20; to++) {
      struct cprof_edge none = {.from = from, .to = to, .is_inline = true};
      wrong += !find_edge(&graph, from, to) && from != to &&
               is_counted(&nodes, has_kept, string_of, &none);
    }
  cprof_graph_done(&graph);
  cprof_nodes_done(&nodes);
  return wrong;
}

static void test_random(void) {
  uint32_t wrong = 0, count = 0;
  for (uint32_t i = 0; i < 60; i++) {
    struct cprof_profile *profile = random_profile(12);
    wrong += count_wrong(profile, i % 6, i % 4 > 1, &count);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "edges of random profiles are as counted by hand");
  ok(count > 500, "%u edges of them", count);
}

int main(void) {
  test_edges();
  test_inline();
  test_kept();
  test_random();
  return tap_done();
}
