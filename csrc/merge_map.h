// Where strings, mappings, functions and locations of one profile are found in
// another that is being built: what is equal there already, by pprof's notion,
// is used, the rest is added. Called by merge; whoever holds a map owns it.
#ifndef CPROF_MERGE_MAP_H
#define CPROF_MERGE_MAP_H

#include "profile.h"

// By index in the source: the id in the result, 0 when not mapped yet.
struct cprof_merge_memo {
  uint32_t *ids;
  uint32_t capacity;
};

// All zero but `to` is a valid one without a source.
struct cprof_merge_map {
  struct cprof_profile *to;         // the result; not the map's to free
  const struct cprof_profile *from; // the source, a valid profile
  struct cprof_merge_memo strings, mappings, functions, locations; // of `from`
  struct cprof_table mappings_by, functions_by, locations_by;      // of `to`
  struct cprof_line *lines; // of the location at work, in ids of `to`
  uint32_t line_capacity;
};

// Forgets the source before and takes this one, which must not change.
enum cprof_result cprof_merge_map_begin(struct cprof_merge_map *map,
                                        const struct cprof_profile *from);
// Frees; may be called twice.
void cprof_merge_map_done(struct cprof_merge_map *map);

// Each gives in *id the result's id of string or mapping `from` of the source;
// 0 stays 0.
enum cprof_result cprof_merge_map_string(struct cprof_merge_map *map,
                                         uint32_t from, uint32_t *id);
// Equal: as many pages, the same offset, the same build id or else file.
enum cprof_result cprof_merge_map_mapping(struct cprof_merge_map *map,
                                          uint32_t from, uint32_t *id);
// `count` locations, into `ids`. Equal: mapping, address within it, lines.
// The address follows the mapping, which may lie elsewhere in the result.
enum cprof_result cprof_merge_map_stack(struct cprof_merge_map *map,
                                        const uint32_t *from, uint32_t count,
                                        uint32_t *ids);

#endif
