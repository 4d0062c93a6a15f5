// Where things of one profile are found in another. What is equal is found by
// hash; what the source has already given is remembered by its index there, so
// that time grows with the source's size alone. See merge_map.h.
#include "merge_map.h"

#include <stdlib.h>
#include <string.h>

#define MAPPING_ROUND 0x1000u // mappings of as many pages are of one size

// ---- life ----

static enum cprof_result clear(struct cprof_merge_memo *memo, uint32_t count) {
  enum cprof_result result = cprof_grow((void **)&memo->ids, &memo->capacity,
                                        count, sizeof *memo->ids);
  if (result == CPROF_OK && count > 0)
    memset(memo->ids, 0, count * sizeof *memo->ids);
  return result;
}

enum cprof_result cprof_merge_map_begin(struct cprof_merge_map *map,
                                        const struct cprof_profile *from) {
  map->from = from;
  enum cprof_result result = clear(&map->strings, from->strings.count);
  if (result == CPROF_OK)
    result = clear(&map->mappings, from->mapping_count);
  if (result == CPROF_OK)
    result = clear(&map->functions, from->function_count);
  if (result == CPROF_OK)
    result = clear(&map->locations, from->location_count);
  return result;
}

void cprof_merge_map_done(struct cprof_merge_map *map) {
  free(map->strings.ids);
  free(map->mappings.ids);
  free(map->functions.ids);
  free(map->locations.ids);
  free(map->lines);
  cprof_table_done(&map->mappings_by);
  cprof_table_done(&map->functions_by);
  cprof_table_done(&map->locations_by);
  *map = (struct cprof_merge_map){.to = map->to};
}

// ---- strings ----

enum cprof_result cprof_merge_map_string(struct cprof_merge_map *map,
                                         uint32_t from, uint32_t *id) {
  *id = map->strings.ids[from];
  if (from == 0 || *id != 0)
    return CPROF_OK;
  size_t size;
  const char *bytes = cprof_strings_get(&map->from->strings, from, &size);
  enum cprof_result result = cprof_profile_add_string(map->to, bytes, size, id);
  if (result == CPROF_OK)
    map->strings.ids[from] = *id;
  return result;
}

// Maps `count` strings in place.
static enum cprof_result map_strings(struct cprof_merge_map *map,
                                     uint32_t *const *strings, uint32_t count) {
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; result == CPROF_OK && i < count; i++)
    result = cprof_merge_map_string(map, *strings[i], strings[i]);
  return result;
}

// ---- finding ----

// The id of what is equal to the key, added by `add_key` when there is none.
struct lookup {
  struct cprof_table *table;
  cprof_same *same;
  uint64_t hash;
  const void *key;
  enum cprof_result (*add_key)(struct cprof_merge_map *map, const void *key,
                               uint32_t *id);
};

static enum cprof_result find_or_add(struct cprof_merge_map *map,
                                     const struct lookup *lookup,
                                     uint32_t *id) {
  uint32_t index;
  if (cprof_table_find(lookup->table, lookup->hash, lookup->same, map,
                       lookup->key, &index)) {
    *id = index + 1;
    return CPROF_OK;
  }
  enum cprof_result result = lookup->add_key(map, lookup->key, id);
  if (result == CPROF_OK)
    result = cprof_table_add(lookup->table, lookup->hash, *id - 1);
  return result;
}

// ---- mappings ----

static uint64_t mapping_pages(const struct cprof_mapping *mapping) {
  uint64_t size = mapping->memory_limit - mapping->memory_start;
  return (size + MAPPING_ROUND - 1) / MAPPING_ROUND;
}

static uint32_t mapping_name(const struct cprof_mapping *mapping) {
  return mapping->build_id ? mapping->build_id : mapping->filename;
}

static bool same_mapping(const void *owner, uint32_t index, const void *key) {
  const struct cprof_merge_map *map = owner;
  const struct cprof_mapping *a = &map->to->mappings[index], *b = key;
  return mapping_pages(a) == mapping_pages(b) &&
         a->file_offset == b->file_offset && mapping_name(a) == mapping_name(b);
}

static uint64_t hash_mapping(const struct cprof_mapping *mapping) {
  uint64_t words[] = {mapping_pages(mapping), mapping->file_offset,
                      mapping_name(mapping)};
  return cprof_hash(words, sizeof words, 0);
}

static enum cprof_result add_mapping(struct cprof_merge_map *map,
                                     const void *key, uint32_t *id) {
  return cprof_profile_add_mapping(map->to, key, id);
}

enum cprof_result cprof_merge_map_mapping(struct cprof_merge_map *map,
                                          uint32_t from, uint32_t *id) {
  *id = 0;
  if (from == 0 || (*id = map->mappings.ids[from - 1]) != 0)
    return CPROF_OK;
  struct cprof_mapping key = map->from->mappings[from - 1];
  uint32_t *const strings[] = {&key.filename, &key.build_id};
  enum cprof_result result = map_strings(map, strings, 2);
  if (result != CPROF_OK)
    return result;
  struct lookup lookup = {&map->mappings_by, same_mapping, hash_mapping(&key),
                          &key, add_mapping};
  result = find_or_add(map, &lookup, id);
  if (result == CPROF_OK)
    map->mappings.ids[from - 1] = *id;
  return result;
}

// ---- functions ----

static bool same_function(const void *owner, uint32_t index, const void *key) {
  const struct cprof_merge_map *map = owner;
  const struct cprof_function *a = &map->to->functions[index], *b = key;
  return a->name == b->name && a->system_name == b->system_name &&
         a->filename == b->filename && a->start_line == b->start_line;
}

static uint64_t hash_function(const struct cprof_function *function) {
  uint64_t words[] = {function->name, function->system_name, function->filename,
                      (uint64_t)function->start_line};
  return cprof_hash(words, sizeof words, 0);
}

static enum cprof_result add_function(struct cprof_merge_map *map,
                                      const void *key, uint32_t *id) {
  return cprof_profile_add_function(map->to, key, id);
}

static enum cprof_result map_function(struct cprof_merge_map *map,
                                      uint32_t from, uint32_t *id) {
  *id = map->functions.ids[from - 1];
  if (*id != 0)
    return CPROF_OK;
  struct cprof_function key = map->from->functions[from - 1];
  uint32_t *const strings[] = {&key.name, &key.system_name, &key.filename};
  enum cprof_result result = map_strings(map, strings, 3);
  if (result != CPROF_OK)
    return result;
  struct lookup lookup = {&map->functions_by, same_function,
                          hash_function(&key), &key, add_function};
  result = find_or_add(map, &lookup, id);
  if (result == CPROF_OK)
    map->functions.ids[from - 1] = *id;
  return result;
}

// ---- locations ----

// The key is a cprof_location; its lines are map->lines.

static bool same_place(const void *owner, uint32_t index, const void *key) {
  const struct cprof_merge_map *map = owner;
  const struct cprof_location *a = &map->to->locations[index], *b = key;
  if (a->address != b->address || a->mapping != b->mapping ||
      a->is_folded != b->is_folded || a->line_count != b->line_count)
    return false;
  const struct cprof_line *lines = map->to->lines + a->first_line;
  for (uint32_t i = 0; i < a->line_count; i++)
    if (lines[i].function != map->lines[i].function ||
        lines[i].line != map->lines[i].line ||
        lines[i].column != map->lines[i].column)
      return false;
  return true;
}

static uint64_t hash_place(const struct cprof_merge_map *map,
                           const struct cprof_location *location) {
  uint64_t words[] = {location->address, location->mapping,
                      location->is_folded};
  uint64_t hash = cprof_hash(words, sizeof words, 0);
  for (uint32_t i = 0; i < location->line_count; i++) {
    const struct cprof_line *line = &map->lines[i];
    uint64_t parts[] = {line->function, (uint64_t)line->line,
                        (uint64_t)line->column};
    hash = cprof_hash(parts, sizeof parts, hash);
  }
  return hash;
}

static enum cprof_result add_place(struct cprof_merge_map *map, const void *key,
                                   uint32_t *id) {
  const struct cprof_location *location = key;
  return cprof_profile_add_location(map->to, location, map->lines,
                                    location->line_count, id);
}

// Fills map->lines with the location's.
static enum cprof_result map_lines(struct cprof_merge_map *map,
                                   const struct cprof_location *location) {
  enum cprof_result result =
      cprof_grow((void **)&map->lines, &map->line_capacity,
                 location->line_count, sizeof *map->lines);
  const struct cprof_line *from = map->from->lines + location->first_line;
  for (uint32_t i = 0; result == CPROF_OK && i < location->line_count; i++) {
    map->lines[i] = from[i];
    result = map_function(map, from[i].function, &map->lines[i].function);
  }
  return result;
}

static enum cprof_result map_location(struct cprof_merge_map *map,
                                      uint32_t from, uint32_t *id) {
  const struct cprof_profile *profile = map->from;
  struct cprof_location key = profile->locations[from - 1];
  uint32_t mapping = key.mapping;
  enum cprof_result result =
      cprof_merge_map_mapping(map, mapping, &key.mapping);
  if (result == CPROF_OK)
    result = map_lines(map, &key);
  if (result != CPROF_OK)
    return result;
  if (mapping != 0)
    key.address += map->to->mappings[key.mapping - 1].memory_start -
                   profile->mappings[mapping - 1].memory_start;
  struct lookup lookup = {&map->locations_by, same_place, hash_place(map, &key),
                          &key, add_place};
  result = find_or_add(map, &lookup, id);
  if (result == CPROF_OK)
    map->locations.ids[from - 1] = *id;
  return result;
}

enum cprof_result cprof_merge_map_stack(struct cprof_merge_map *map,
                                        const uint32_t *from, uint32_t count,
                                        uint32_t *ids) {
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; result == CPROF_OK && i < count; i++) {
    ids[i] = map->locations.ids[from[i] - 1];
    if (ids[i] == 0) // the first time?
      result = map_location(map, from[i], &ids[i]);
  }
  return result;
}
