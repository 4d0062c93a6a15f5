// label_sets: random profiles against comparing every sample with every other.
#include "label_sets.h"
#include "random_profile.h"
#include "tap.h"

static bool same_label(const struct cprof_label *a,
                       const struct cprof_label *b) {
  return a->key == b->key && a->str == b->str && a->num == b->num &&
         a->num_unit == b->num_unit;
}

static bool same_set(const struct cprof_profile *profile, uint32_t a,
                     uint32_t b) {
  const struct cprof_psample *x = &profile->samples[a];
  const struct cprof_psample *y = &profile->samples[b];
  bool is_same = x->label_count == y->label_count;
  for (uint32_t i = 0; is_same && i < x->label_count; i++)
    is_same = same_label(&profile->labels[x->first_label + i],
                         &profile->labels[y->first_label + i]);
  return is_same;
}

// The first sample with these labels.
static uint32_t first_with(const struct cprof_profile *profile,
                           uint32_t sample) {
  uint32_t first = 0;
  while (!same_set(profile, first, sample))
    first++;
  return first;
}

static uint32_t count_wrong(const struct cprof_profile *profile,
                            const struct cprof_label_sets *sets) {
  uint32_t wrong = 0, seen = 0;
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    uint32_t first = first_with(profile, i);
    wrong += sets->first_of[sets->set_of[i]] != first;
    wrong += first == i && sets->set_of[i] != seen++;
  }
  return wrong + (sets->count != seen);
}

// Few strings and few numbers, so that sets meet again.
static void make_poor(struct cprof_profile *profile) {
  for (uint32_t i = 0; i < profile->label_count; i++) {
    struct cprof_label *label = &profile->labels[i];
    *label = (struct cprof_label){
        .key = tap_below(2),
        .str = tap_below(2),
        .num = tap_below(2) ? INT64_MIN + tap_below(2) : tap_below(2),
        .num_unit = tap_below(2),
    };
  }
}

static void test_random(void) {
  uint32_t wrong = 0, sets_total = 0, samples = 0;
  for (uint32_t i = 0; i < 300; i++) {
    struct cprof_profile *profile = random_profile(60);
    struct cprof_label_sets sets = {0};
    make_poor(profile);
    wrong += cprof_label_sets_init(&sets, profile) != CPROF_OK;
    wrong += count_wrong(profile, &sets);
    sets_total += sets.count;
    samples += profile->sample_count;
    cprof_label_sets_done(&sets);
    cprof_label_sets_done(&sets);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "sets are as found by comparing");
  ok(sets_total > 0 && sets_total < samples, "%u sets of %u samples",
     sets_total, samples);
}

int main(void) {
  test_random();
  return tap_done();
}
