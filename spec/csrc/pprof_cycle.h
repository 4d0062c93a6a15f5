// Everything that is done with a profile that somebody sent: it is read,
// checked, reported, written and read again. For tests that damage bytes, and
// for fuzzing.
#ifndef CPROF_PPROF_CYCLE_H
#define CPROF_PPROF_CYCLE_H

#include "folded.h"
#include "graph.h"
#include "pprof.h"
#include "random_profile.h"
#include "rows.h"
#include "utf8.h"

static enum cprof_result cycle_drop(void *owner, const void *bytes,
                                    size_t size) {
  (void)owner;
  (void)bytes;
  (void)size;
  return CPROF_OK;
}

// One value at one granularity. CPROF_ELIMIT is allowed of folded stacks.
static bool cycle_value(const struct cprof_nodes *nodes, uint32_t value) {
  struct cprof_sink nowhere = {cycle_drop, NULL};
  struct cprof_rows rows;
  struct cprof_graph graph;
  enum cprof_result result = cprof_rows_count(nodes, value, true, &rows);
  enum cprof_result edges = cprof_graph_count(nodes, value, NULL, &graph);
  enum cprof_result folded = cprof_folded_write(nodes, value, nowhere);
  cprof_rows_done(&rows);
  cprof_graph_done(&graph);
  return result == CPROF_OK && edges == CPROF_OK &&
         (folded == CPROF_OK || folded == CPROF_ELIMIT);
}

// Rows, edges and folded stacks of every value, each at its granularity.
static bool cycle_report(const struct cprof_profile *profile) {
  bool is_fine = true;
  for (uint32_t i = 0; i < profile->type_count; i++) {
    struct cprof_nodes nodes;
    is_fine &= cprof_nodes_init(&nodes, profile, i % 6) == CPROF_OK;
    is_fine = is_fine && cycle_value(&nodes, i);
    cprof_nodes_done(&nodes);
  }
  return is_fine;
}

// The profile as it comes back from a file; NULL when it does not.
static struct cprof_profile *cycle_again(const struct cprof_profile *profile) {
  struct cprof_buffer bytes = {0};
  struct cprof_profile *again = NULL;
  if (cprof_pprof_write(profile, cprof_buffer_sink(&bytes)) == CPROF_OK)
    cprof_pprof_read(bytes.bytes, bytes.size, &again, NULL);
  cprof_buffer_done(&bytes);
  return again;
}

// Writing mends strings that are not UTF-8; two may become one.
static bool has_clean_strings(const struct cprof_profile *profile) {
  bool is_clean = true;
  for (uint32_t i = 0; i < profile->strings.count; i++) {
    size_t size;
    const char *text = cprof_strings_get(&profile->strings, i, &size);
    is_clean &= cprof_utf8_is_valid((const uint8_t *)text, size);
  }
  return is_clean;
}

static bool cycle_writes(const struct cprof_profile *profile) {
  struct cprof_profile *once = cycle_again(profile);
  struct cprof_profile *twice = once ? cycle_again(once) : NULL;
  bool is_fine = twice && same_profile(once, twice) &&
                 (!has_clean_strings(profile) || same_profile(profile, once));
  cprof_profile_free(once);
  cprof_profile_free(twice);
  return is_fine;
}

// Reads a copy of exactly this size, so that a sanitizer sees any overrun.
// NULL when the bytes were refused with a reason, or stood everything; else
// what went wrong.
static inline const char *cycle(const uint8_t *bytes, size_t size) {
  uint8_t *copy = malloc(size + (size == 0));
  memcpy(copy, bytes, size);
  struct cprof_profile *profile;
  struct cprof_why why;
  enum cprof_result result = cprof_pprof_read(copy, size, &profile, &why);
  free(copy);
  const char *wrong = NULL;
  if (result != CPROF_OK)
    return profile || why.text[0] == '\0' ? "refused without a reason" : NULL;
  if (cprof_profile_check(profile, NULL) != CPROF_OK)
    wrong = "read, but not valid";
  else if (!cycle_report(profile))
    wrong = "could not be reported";
  else if (!cycle_writes(profile))
    wrong = "did not come back from a file";
  cprof_profile_free(profile);
  return wrong;
}

#endif
