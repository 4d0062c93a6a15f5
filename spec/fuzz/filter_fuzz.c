// libFuzzer: a profile is filtered, its labels become frames, it is merged with
// itself and subtracted from itself, and all of that is reported. The first
// bytes decide what is asked for, the rest is the profile, or nothing: then it
// is a random one. See run.sh.
#include "canonical_profile.h"
#include "filter.h"
#include "merge.h"
#include "pprof_cycle.h"
#include "tag_frames.h"

#define MASKS 12u
#define CHOICES (8 + MASKS) // bytes that decide
#define TAGS_MAX 3u
#define SAMPLES_MAX 3000u // more say nothing new, and canonical takes long

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// What the first bytes ask for.
struct choices {
  uint64_t seed;
  uint8_t densities[MASKS]; // of 255; 0: this mask is not given
};

static void demand(bool is_fine, const char *what) {
  if (is_fine)
    return;
  fprintf(stderr, "filter_fuzz: %s\n", what);
  abort();
}

// A number for (seed, a, b).
static uint64_t mix(uint64_t seed, uint64_t a, uint64_t b) {
  uint64_t mixed = seed + a * 0x9e3779b97f4a7c15u + b * 0xd1342543de82ef95u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

// ---- the profile ----

static struct cprof_profile *read_profile(const uint8_t *bytes, size_t size,
                                          const struct choices *choices) {
  struct cprof_profile *profile = NULL;
  if (size == 0)
    return random_profile(1 + choices->seed % 60);
  cprof_pprof_read(bytes, size, &profile, NULL);
  if (profile && profile->sample_count > SAMPLES_MAX) {
    cprof_profile_free(profile);
    return NULL;
  }
  return profile;
}

// Whatever came of it must be a valid profile that can be shown and kept.
static void stand(struct cprof_profile *profile, const char *what) {
  demand(cprof_profile_check(profile, NULL) == CPROF_OK, what);
  demand(cycle_report(profile), what);
  demand(cycle_writes(profile), what);
  cprof_profile_free(profile);
}

// ---- filters ----

// NULL, or a mask of `count` with about as many set as its density says.
static uint8_t *make_mask(const struct choices *choices, uint32_t index,
                          uint32_t count) {
  uint8_t density = choices->densities[index];
  if (density == 0)
    return NULL;
  uint8_t *mask = malloc(count + 1);
  for (uint32_t i = 0; i < count; i++)
    mask[i] = mix(choices->seed, index, i) % 256 < density;
  return mask;
}

static void try_filter(const struct cprof_profile *profile,
                       const struct choices *choices) {
  uint8_t *masks[MASKS];
  for (uint32_t i = 0; i < MASKS; i++) {
    bool is_of_samples = i == 5 || i == 6;
    masks[i] = make_mask(choices, i,
                         is_of_samples ? profile->sample_count
                                       : profile->strings.count);
  }
  const struct cprof_filter filter = {
      .focus = masks[0],
      .ignore = masks[1],
      .hide = masks[2],
      .show = masks[3],
      .show_from = masks[4],
      .tag_focus = masks[5],
      .tag_ignore = masks[6],
      .tag_show = masks[7],
      .tag_hide = masks[8],
      .prune_from = masks[9],
      .drop_frames = masks[10],
      .keep_frames = masks[11],
  };
  struct cprof_filter_found found;
  struct cprof_profile *result = NULL;
  demand(cprof_filter_run(profile, &filter, &found, &result) == CPROF_OK,
         "filter failed");
  stand(result, "filtered");
  for (uint32_t i = 0; i < MASKS; i++)
    free(masks[i]);
}

// ---- frames of labels ----

static void try_tag_frames(const struct cprof_profile *profile,
                           const struct choices *choices) {
  struct cprof_label_sets sets = {0};
  demand(cprof_label_sets_init(&sets, profile) == CPROF_OK, "label sets");
  uint32_t count = choices->seed % (TAGS_MAX + 1);
  uint32_t names = profile->strings.count;
  uint32_t *texts = calloc((size_t)sets.count * count + 1, sizeof *texts);
  uint32_t keys[TAGS_MAX];
  for (uint32_t i = 0; i < count; i++)
    keys[i] = (uint32_t)(mix(choices->seed, 100, i) % names);
  for (uint32_t i = 0; i < sets.count * count; i++)
    texts[i] = (uint32_t)(mix(choices->seed, 101, i) % names);
  const struct cprof_tag_frames frames = {
      .sets = &sets,
      .names = &profile->strings,
      .texts = texts,
      .keys = keys,
      .count = count,
      .root_count = count ? (choices->seed >> 8) % (count + 1) : 0,
  };
  struct cprof_profile *result = NULL;
  demand(cprof_tag_frames_add(profile, &frames, &result) == CPROF_OK,
         "tag frames failed");
  stand(result, "frames of labels");
  free(texts);
  cprof_label_sets_done(&sets);
}

// ---- merging ----

// The samples of both, the second's times its sign.
static struct cprof_profile *add(const struct cprof_profile *a,
                                 const struct cprof_profile *b, double sign) {
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  struct cprof_merge *merge;
  struct cprof_profile *result = NULL;
  cprof_merge_head_of(a, &head);
  demand(cprof_merge_new(&head, &merge) == CPROF_OK, "no merge");
  for (int i = 0; i < 2; i++) {
    cprof_merge_source_of(i ? b : a, &source);
    for (uint32_t j = 0; i == 1 && j < head.type_count; j++)
      source.ratios[j] = sign;
    demand(cprof_merge_begin(merge, &source) == CPROF_OK, "begin");
    demand(cprof_merge_samples(merge) == CPROF_OK, "samples");
  }
  demand(cprof_merge_finish(merge, &result) == CPROF_OK, "finish");
  cprof_merge_free(merge);
  return result;
}

static void try_merge(const struct cprof_profile *profile) {
  const struct cprof_profile *parts[] = {profile, profile};
  const int signs[] = {1, 1};
  struct cprof_profile *twice = add(profile, profile, 1);
  demand(canonical_is(twice, parts, signs, 2), "twice is not a + a");
  struct cprof_profile *once = add(twice, profile, -1);
  demand(canonical_is(once, parts, signs, 1), "a + a - a is not a");
  struct cprof_profile *none = add(profile, profile, -1);
  demand(none->sample_count == 0, "a - a is not empty");
  stand(none, "a - a");
  stand(once, "a + a - a");
  stand(twice, "a + a");
}

// ---- entry ----

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct choices choices;
  if (size < CHOICES)
    return 0;
  memcpy(&choices.seed, bytes, sizeof choices.seed);
  memcpy(choices.densities, bytes + sizeof choices.seed, MASKS);
  struct cprof_profile *profile =
      read_profile(bytes + CHOICES, size - CHOICES, &choices);
  if (!profile)
    return 0;
  try_filter(profile, &choices);
  try_tag_frames(profile, &choices);
  if (profile->type_count > 0)
    try_merge(profile);
  cprof_profile_free(profile);
  return 0;
}
