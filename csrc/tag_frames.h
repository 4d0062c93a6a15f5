// Frames named after labels, put at the root or the leaf of every stack, as
// the tagroot and tagleaf of `go tool pprof` do. Called by the edge.
#ifndef CPROF_TAG_FRAMES_H
#define CPROF_TAG_FRAMES_H

#include "label_sets.h"
#include "profile.h"

struct cprof_tag_frames {
  const struct cprof_label_sets *sets; // of the profile's samples
  const struct cprof_strings *names;   // what texts and keys are ids of
  const uint32_t *texts; // set i: texts[i * count .. + count - 1], the frames'
                         // names; "" for a label that the samples lack
  const uint32_t *keys;  // count of them, the frames' filenames
  uint32_t count;
  uint32_t root_count; // the first ones go to the root, the first outermost;
                       // the others to the leaf, the last innermost
};

// The profile with these frames, the caller's to free; every stack gets `count`
// of them. Samples that are equal become one, as merge.h says.
enum cprof_result cprof_tag_frames_add(const struct cprof_profile *profile,
                                       const struct cprof_tag_frames *frames,
                                       struct cprof_profile **result);

#endif
