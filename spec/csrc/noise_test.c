// noise: which types have what kind, and variances against those of simulated
// sampling.
#include "noise.h"
#include "tap.h"

#include <math.h>
#include <string.h>

static struct cprof_profile *make(uint32_t count, const char *const types[][2],
                                  const char *period_unit, int64_t period) {
  struct cprof_profile *profile = cprof_profile_new();
  for (uint32_t i = 0; i < count; i++)
    cprof_profile_add_type(profile, types[i][0], types[i][1]);
  cprof_profile_add_string(profile, period_unit, strlen(period_unit),
                           &profile->period_type.unit);
  profile->period = period;
  return profile;
}

static const char *const CPU[][2] = {{"samples", "count"},
                                     {"cpu", "nanoseconds"}};
static const char *const HEAP[][2] = {{"alloc_objects", "count"},
                                      {"alloc_space", "bytes"},
                                      {"inuse_objects", "count"},
                                      {"inuse_space", "bytes"}};
static const char *const BLOCK[][2] = {{"contentions", "count"},
                                       {"delay", "nanoseconds"}};
static const char *const THREADS[][2] = {{"threadcreate", "count"}};
static const char *const NOTHING[][2] = {{"space", "bytes"},
                                         {"cpu", "nanoseconds"}};

static void is_noise(const struct cprof_profile *profile, uint32_t value,
                     enum cprof_noise_kind kind, uint32_t count,
                     const char *what) {
  struct cprof_noise noise = cprof_noise_of(profile, value);
  is_int(noise.kind, kind, what);
  if (kind != CPROF_NOISE_NONE)
    is_int(noise.count, count, "counted by its type");
}

static void test_kinds(void) {
  struct cprof_profile *cpu = make(2, CPU, "nanoseconds", 10000000);
  is_noise(cpu, 0, CPROF_NOISE_SIGNALS, 0, "samples");
  is_noise(cpu, 1, CPROF_NOISE_SIGNALS, 0, "cpu");
  struct cprof_profile *block = make(2, BLOCK, "count", 1);
  is_noise(block, 1, CPROF_NOISE_NONE, 0, "delays, scaled up already");
  is_noise(block, 0, CPROF_NOISE_NONE, 0, "contentions");
  struct cprof_profile *threads = make(1, THREADS, "count", 1);
  is_noise(threads, 0, CPROF_NOISE_NONE, 0, "threads, all counted");
  struct cprof_profile *bare = make(2, CPU, "", 0);
  is_noise(bare, 1, CPROF_NOISE_SIGNALS, 0, "cpu without a period");
  struct cprof_profile *heap = make(4, HEAP, "bytes", 524288);
  is_noise(heap, 1, CPROF_NOISE_BYTES, 0, "alloc_space");
  is_noise(heap, 2, CPROF_NOISE_BYTES, 2, "inuse_objects");
  is_noise(heap, 3, CPROF_NOISE_BYTES, 2, "inuse_space");
  is_int(cprof_noise_of(heap, 2).bytes, 3, "with the bytes of its own");
  struct cprof_profile *exact = make(4, HEAP, "bytes", 0);
  is_noise(exact, 1, CPROF_NOISE_NONE, 0, "a heap without a period");
  struct cprof_profile *nothing = make(2, NOTHING, "bytes", 1);
  is_noise(nothing, 0, CPROF_NOISE_NONE, 0, "space without objects");
  is_noise(nothing, 1, CPROF_NOISE_NONE, 0, "time without a count");
  cprof_profile_free(cpu);
  cprof_profile_free(block);
  cprof_profile_free(threads);
  cprof_profile_free(bare);
  cprof_profile_free(heap);
  cprof_profile_free(exact);
  cprof_profile_free(nothing);
}

static bool is_near(double got, double want, double part) {
  return fabs(got - want) <= part * fabs(want);
}

static void test_signals(void) {
  struct cprof_profile *cpu = make(2, CPU, "nanoseconds", 10000000);
  struct cprof_noise samples = cprof_noise_of(cpu, 0);
  struct cprof_noise time = cprof_noise_of(cpu, 1);
  ok(cprof_noise_variance(&samples, (int64_t[]){9, 900}) == 9, "of a count");
  ok(cprof_noise_variance(&time, (int64_t[]){9, 900}) == 90000,
     "of 9 signals of 100 each");
  ok(cprof_noise_variance(&time, (int64_t[]){-9, -900}) == 90000,
     "a subtracted one, too");
  ok(cprof_noise_variance(&time, (int64_t[]){0, 900}) == 0, "no signals");
  ok(isfinite(cprof_noise_variance(&time, (int64_t[]){INT64_MIN, INT64_MIN})),
     "of the largest numbers");
  cprof_profile_free(cpu);
}

static double random_share(void) {
  return (double)(tap_random() >> 11) / 9007199254740992.0;
}

// What is estimated of COUNT objects of a size, each seen with probability q:
// the mean of the estimates, of their squares, and of the variances told.
#define TRIES 4000
#define COUNT 200

static void simulate(const struct cprof_noise *noise, double size,
                     double sums[3]) {
  double q = 1 - exp(-size / noise->period);
  for (int try = 0; try < TRIES; try++) {
    int seen = 0;
    for (int i = 0; i < COUNT; i++)
      seen += random_share() < q;
    int64_t values[2] = {llround(seen / q), llround(seen * size / q)};
    double value = (double)values[noise->value];
    sums[0] += value / TRIES;
    sums[1] += value * value / TRIES;
    sums[2] += cprof_noise_variance(noise, values) / TRIES;
  }
}

static void test_bytes(void) {
  struct cprof_profile *heap = make(2, HEAP, "bytes", 524288);
  static const double sizes[] = {65536, 524288, 1048576};
  for (uint32_t value = 0; value < 2; value++)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      struct cprof_noise noise = cprof_noise_of(heap, value);
      double sums[3] = {0};
      simulate(&noise, sizes[i], sums);
      double want = sums[1] - sums[0] * sums[0];
      // 4000 tries tell a variance to 2 %
      ok(is_near(sums[2], want, 0.1), "size %.0f: %.4g as simulated: %.4g",
         sizes[i], sums[2], want);
    }
  struct cprof_noise space = cprof_noise_of(heap, 1);
  ok(is_near(cprof_noise_variance(&space, (int64_t[]){65536, 4 << 20}),
             524288.0 * (4 << 20), 0.001),
     "small objects: the bytes times the period");
  ok(cprof_noise_variance(&space, (int64_t[]){1, 1 << 30}) < 1,
     "a large one is no chance");
  ok(cprof_noise_variance(&space, (int64_t[]){0, 100}) == 0 &&
         cprof_noise_variance(&space, (int64_t[]){5, 0}) == 0,
     "nothing without objects or bytes");
  cprof_profile_free(heap);
}

int main(void) {
  test_kinds();
  test_signals();
  test_bytes();
  return tap_done();
}
