// Takes samples, frames and labels out of a profile, with the meanings that
// `go tool pprof` gives the words. Which strings an expression matches is
// decided elsewhere, once for each string: a filter gets masks, one byte (0 or
// 1) for each string of the profile, or for each of its samples. Called by the
// edge and by nothing else; profiles that go in are only read.
#ifndef CPROF_FILTER_H
#define CPROF_FILTER_H

#include "profile.h"

// What a filter looks at in a location: a function matches by its name or its
// file's, a location by any of its functions or its mapping's file.
// NULL: not asked for.
struct cprof_filter {
  const uint8_t *focus, *ignore, *hide, *show, *show_from; // of strings
  const uint8_t *tag_focus, *tag_ignore; // of samples: matched or not
  const uint8_t *tag_show, *tag_hide;    // of strings: keys of labels
  const uint8_t *prune_from;             // of strings: simplified names match
  const uint8_t *drop_frames, *keep_frames; // of strings: simplified names
};

// Whether each expression matched anything.
struct cprof_filter_found {
  bool focus, ignore, hide, show, show_from;
  bool tag_focus, tag_ignore, tag_show, tag_hide;
};

// Applies in pprof's order: drop_frames (profile.Prune), focus and ignore with
// hide and show, show_from, tag_focus and tag_ignore, tag_show and tag_hide,
// prune_from. The result is the caller's to free. Samples that became equal
// are one in it, and those whose values are all 0 are gone: see merge.h.
enum cprof_result cprof_filter_run(const struct cprof_profile *profile,
                                   const struct cprof_filter *filter,
                                   struct cprof_filter_found *found,
                                   struct cprof_profile **result);

// pprof's simplified form of a function's name, within it: without a leading
// `.` and without the arguments. For drop_frames, keep_frames and prune_from.
const char *cprof_filter_simplify(const char *name, size_t *size);

#endif
