// Builds one profile out of the samples of others, as pprof's profile.Merge
// does: equal mappings, functions, locations and samples become one. Merging,
// subtracting, scaling and the result of every filter go through it.
// Whoever holds a merge owns it; sources are only read.
#ifndef CPROF_MERGE_H
#define CPROF_MERGE_H

#include "profile.h"

struct cprof_merge;

struct cprof_merge_text {
  const char *bytes; // may hold NULs, as strings of a file may
  size_t size;
};

struct cprof_merge_type {
  struct cprof_merge_text type, unit;
};

// What the result holds. Texts are copied by cprof_merge_new.
struct cprof_merge_head {
  struct cprof_merge_type types[CPROF_TYPES_MAX];
  uint32_t type_count;
  struct cprof_merge_type period_type;
  bool has_comments; // cprof_merge_comment gives them, no source does
};

// How one profile goes in.
struct cprof_merge_source {
  const struct cprof_profile *profile; // valid; outlives its samples' adding
  uint32_t columns[CPROF_TYPES_MAX];   // its value for each type of the head
  double ratios[CPROF_TYPES_MAX];      // of each type of the head; -1 subtracts
  double period_ratio;                 // of its period
  bool is_base;                        // its samples get pprof::base=true
};

// An empty result. CPROF_ENOMEM; *merge is cprof_merge_free's.
enum cprof_result cprof_merge_new(const struct cprof_merge_head *head,
                                  struct cprof_merge **merge);
void cprof_merge_free(struct cprof_merge *merge); // NULL is allowed

// The head as it is, every column, ratio 1. The head's texts are the
// profile's, until a string is added to it.
void cprof_merge_head_of(const struct cprof_profile *profile,
                         struct cprof_merge_head *head);
void cprof_merge_source_of(const struct cprof_profile *profile,
                           struct cprof_merge_source *source);

// From here on samples are this source's. The first source gives drop_frames
// and keep_frames; the first that has one gives doc_url, default_sample_type
// and the result's first mapping; time is the earliest, durations add up,
// periods give the greatest, comments each once in order,
// unless the head has its own. Where columns are
// left out or change places, a default_sample_type that is none of the head's
// becomes its first, as in pprof.
enum cprof_result cprof_merge_begin(struct cprof_merge *merge,
                                    const struct cprof_merge_source *source);
// One sample, its ids and strings those of the source, its values the source's
// columns. One whose values are all 0 adds nothing, not even its frames.
// Values: ratios 1 and -1 are exact, others round half away from zero; what
// is too large for 64 bits becomes the largest; sums wrap.
// Labels that say nothing are left out. The order of a sample's labels is the
// result's own; of labels of one key it is kept.
enum cprof_result cprof_merge_sample(struct cprof_merge *merge,
                                     const struct cprof_sample_parts *parts);
// Adds a comment to those of the result, unless it is there.
enum cprof_result cprof_merge_comment(struct cprof_merge *merge,
                                      const struct cprof_merge_text *text);
// All samples of the source.
enum cprof_result cprof_merge_samples(struct cprof_merge *merge);
// The result, the caller's to free, without samples that came to be all 0 and
// what only they used. The merge is empty afterwards, or as it was when this
// fails: free it.
enum cprof_result cprof_merge_finish(struct cprof_merge *merge,
                                     struct cprof_profile **profile);

#endif
