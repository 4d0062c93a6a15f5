// A profile: pprof's model in plain arrays, finished and then immutable.
// Built by session (from samples) or by pprof (from a file); read by pprof,
// report and the edge. Ids are index + 1, 0 means none, as in profile.proto;
// string 0 is "". No thread or signal rule: whoever holds it owns it.
#ifndef CPROF_PROFILE_H
#define CPROF_PROFILE_H

#include "base.h"
#include "table.h"

#define CPROF_TYPES_MAX 16u // sample types in one profile

struct cprof_value_type {
  uint32_t type; // string, "cpu"
  uint32_t unit; // string, "nanoseconds"
};

struct cprof_mapping {
  uint64_t memory_start, memory_limit, file_offset;
  uint32_t filename, build_id; // strings
  bool has_functions, has_filenames, has_line_numbers, has_inline_frames;
};

struct cprof_function {
  uint32_t name, system_name, filename; // strings
  int64_t start_line;
};

struct cprof_line {
  uint32_t function; // id
  int64_t line, column;
};

struct cprof_location {
  uint32_t mapping; // id
  uint64_t address;
  uint32_t first_line, line_count; // into lines; the last is the caller
  bool is_folded;
};

struct cprof_label {
  uint32_t key, str; // strings; str 0: a number
  int64_t num;
  uint32_t num_unit; // string
};

// A label that says nothing, which pprof does not read.
static inline bool cprof_label_is_void(const struct cprof_label *label) {
  return label->str == 0 && label->num == 0 && label->num_unit == 0;
}

// The label of samples that were subtracted and are to stay apart.
#define CPROF_BASE_KEY "pprof::base"
#define CPROF_BASE_VALUE "true"

struct cprof_psample {
  uint32_t first_location, location_count; // into location_ids, leaf first
  uint32_t first_label, label_count;       // into labels
};

struct cprof_profile {
  struct cprof_strings strings; // interned, id 0 is ""
  struct cprof_value_type types[CPROF_TYPES_MAX];
  uint32_t type_count;
  struct cprof_value_type period_type;
  int64_t period, time_nanos, duration_nanos;
  uint32_t drop_frames, keep_frames, default_sample_type, doc_url; // strings
  uint32_t *comments;                                              // strings
  uint32_t comment_count, comment_capacity;
  struct cprof_mapping *mappings;
  uint32_t mapping_count, mapping_capacity;
  struct cprof_function *functions;
  uint32_t function_count, function_capacity;
  struct cprof_line *lines;
  uint32_t line_count, line_capacity;
  struct cprof_location *locations;
  uint32_t location_count, location_capacity;
  uint32_t *location_ids; // of all samples, one after another
  uint32_t location_id_count, location_id_capacity;
  struct cprof_label *labels;
  uint32_t label_count, label_capacity;
  struct cprof_psample *samples;
  uint32_t sample_count, sample_capacity;
  int64_t *values; // sample i: values[i * type_count .. + type_count - 1]
  uint32_t value_count, value_capacity;
};

// An empty profile, or NULL when memory is short.
struct cprof_profile *cprof_profile_new(void);
// Releases all of it; NULL is allowed.
void cprof_profile_free(struct cprof_profile *profile);

// Memory held.
size_t cprof_profile_bytes(const struct cprof_profile *profile);

// Each cprof_profile_add_* gives the id of the new entry in *id (id may be
// NULL); CPROF_ENOMEM leaves the profile as it was. References are the
// caller's to get right while building; cprof_profile_check tests them all.
enum cprof_result cprof_profile_add_string(struct cprof_profile *profile,
                                           const char *bytes, size_t size,
                                           uint32_t *id);
// Types first: no sample may exist yet (CPROF_ESTATE); CPROF_ELIMIT beyond
// CPROF_TYPES_MAX.
enum cprof_result cprof_profile_add_type(struct cprof_profile *profile,
                                         const char *type, const char *unit);
enum cprof_result cprof_profile_add_comment(struct cprof_profile *profile,
                                            const char *text);
enum cprof_result cprof_profile_add_mapping(struct cprof_profile *profile,
                                            const struct cprof_mapping *mapping,
                                            uint32_t *id);
enum cprof_result
cprof_profile_add_function(struct cprof_profile *profile,
                           const struct cprof_function *function, uint32_t *id);
// `lines` are copied; location->first_line and line_count are set by it.
enum cprof_result cprof_profile_add_location(
    struct cprof_profile *profile, const struct cprof_location *location,
    const struct cprof_line *lines, uint32_t line_count, uint32_t *id);

// One sample with everything that belongs to it, copied.
struct cprof_sample_parts {
  const uint32_t *locations; // ids, leaf first
  uint32_t location_count;
  const struct cprof_label *labels;
  uint32_t label_count;
  const int64_t *values; // type_count of them
};
enum cprof_result
cprof_profile_add_sample(struct cprof_profile *profile,
                         const struct cprof_sample_parts *parts);

// pprof's CheckValid on this model: every id in range, values match types,
// samples only with types. CPROF_OK or CPROF_EFORMAT, and then *why (may be
// NULL) says which entry is wrong, counted from 1.
enum cprof_result cprof_profile_check(const struct cprof_profile *profile,
                                      struct cprof_why *why);

// The index that pprof shows by default: default_sample_type if it names a
// type, else the last one.
uint32_t cprof_profile_default_index(const struct cprof_profile *profile);

#endif
