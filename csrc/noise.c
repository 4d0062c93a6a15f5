// Variances of samples, from what a profile says of how it was sampled. Pure
// arithmetic. See noise.h.
//
// Signals. A stack was hit n times at random moments: n is Poisson
// distributed, and its variance is its mean, estimated by n. Its value is n
// times the weight of a signal, v = n w, so its variance is w^2 n = v^2 / n;
// that of n itself is n.
//
// Bytes. Samples come after exponentially distributed amounts of memory, p
// bytes on average, so an object of s bytes is seen with the probability
// q = 1 - e^(-s/p), each for itself, and stands for 1/q objects. Of N such
// objects k are seen: k is binomial, its variance N q (1 - q). What the file
// holds is scaled up, o = k/q objects and v = s k/q bytes:
//   var(o) = N q (1 - q) / q^2 = N (1 - q) / q,  var(v) = s^2 var(o),
// with o for the unknown N, and (1 - q) / q = 1 / (e^(s/p) - 1):
//   var(o) = o / (e^(s/p) - 1),  var(v) = v s / (e^(s/p) - 1).
// Small objects give v p, as k samples of p bytes each should; objects far
// larger than p are all seen, and leave nothing to chance. A sample sums
// objects of several sizes where sizes are no label: s is their mean then.
#include "noise.h"

#include <math.h> // expm1
#include <string.h>

#define NO_TYPE UINT32_MAX
#define SPACE "space"
#define OBJECTS "objects"

// ---- which types belong together ----

static const char *text_of(const struct cprof_profile *profile, uint32_t id) {
  return cprof_strings_get(&profile->strings, id, NULL);
}

static bool has_unit(const struct cprof_profile *profile, uint32_t index,
                     const char *unit) {
  return strcmp(text_of(profile, profile->types[index].unit), unit) == 0;
}

// The bytes before the ending, or -1 when the type ends in something else.
static int stem_size(const struct cprof_profile *profile, uint32_t index,
                     const char *ending) {
  const char *type = text_of(profile, profile->types[index].type);
  size_t size = strlen(type), end = strlen(ending);
  return size >= end && strcmp(type + size - end, ending) == 0
             ? (int)(size - end)
             : -1;
}

// The type with the same stem and the other ending: alloc_space has
// alloc_objects. NO_TYPE when there is none with this unit.
static uint32_t find_partner(const struct cprof_profile *profile,
                             uint32_t index, int stem, const char *ending,
                             const char *unit) {
  const char *type = text_of(profile, profile->types[index].type);
  for (uint32_t i = 0; i < profile->type_count; i++) {
    const char *other = text_of(profile, profile->types[i].type);
    if (stem_size(profile, i, ending) == stem &&
        strncmp(type, other, (size_t)stem) == 0 && has_unit(profile, i, unit))
      return i;
  }
  return NO_TYPE;
}

// Is the type sampled by bytes, or one of a heap? Sets what is known.
static bool find_heap(const struct cprof_profile *profile,
                      struct cprof_noise *noise) {
  uint32_t value = noise->value;
  int space = stem_size(profile, value, SPACE);
  int objects = stem_size(profile, value, OBJECTS);
  bool is_space = space >= 0 && has_unit(profile, value, "bytes");
  bool is_objects = objects >= 0 && has_unit(profile, value, "count");
  noise->bytes = noise->count = value;
  if (is_space)
    noise->count = find_partner(profile, value, space, OBJECTS, "count");
  else if (is_objects)
    noise->bytes = find_partner(profile, value, objects, SPACE, "bytes");
  const char *unit = text_of(profile, profile->period_type.unit);
  noise->period = (double)profile->period;
  if ((is_space || is_objects) && noise->count != NO_TYPE &&
      noise->bytes != NO_TYPE && profile->period > 0 &&
      strcmp(unit, "bytes") == 0)
    noise->kind = CPROF_NOISE_BYTES;
  return is_space || (is_objects && noise->bytes != NO_TYPE);
}

// Is the period one of time, or not told? Then a clock's signals were counted.
// Goroutines and threads are all counted, and contentions are scaled up
// already.
static bool is_clocked(const struct cprof_profile *profile) {
  static const char *const units[] = {"nanoseconds", "microseconds",
                                      "milliseconds", "seconds", ""};
  const char *unit = text_of(profile, profile->period_type.unit);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(unit, units[i]) == 0)
      return true;
  return false;
}

// The type that counts a clock's signals, or NO_TYPE.
static uint32_t find_signals(const struct cprof_profile *profile) {
  if (!is_clocked(profile))
    return NO_TYPE;
  for (uint32_t i = 0; i < profile->type_count; i++)
    if (has_unit(profile, i, "count") &&
        strcmp(text_of(profile, profile->types[i].type), "samples") == 0)
      return i;
  return NO_TYPE;
}

struct cprof_noise cprof_noise_of(const struct cprof_profile *profile,
                                  uint32_t value_index) {
  struct cprof_noise noise = {.value = value_index};
  if (find_heap(profile, &noise))
    return noise;
  noise.count = find_signals(profile);
  if (noise.count != NO_TYPE)
    noise.kind = CPROF_NOISE_SIGNALS;
  return noise;
}

// ---- one sample ----

double cprof_noise_variance(const struct cprof_noise *noise,
                            const int64_t *values) {
  if (noise->kind == CPROF_NOISE_NONE)
    return 0;
  double value = fabs((double)values[noise->value]);
  double count = fabs((double)values[noise->count]);
  if (count == 0)
    return 0;
  if (noise->kind == CPROF_NOISE_SIGNALS)
    return value * value / count;
  double size = fabs((double)values[noise->bytes]) / count;
  if (size == 0)
    return 0;
  double step = noise->value == noise->bytes ? size : 1;
  return value * step / expm1(size / noise->period);
}

const char *cprof_noise_name(enum cprof_noise_kind kind) {
  static const char *const names[] = {"none", "signals", "bytes"};
  return names[kind];
}
