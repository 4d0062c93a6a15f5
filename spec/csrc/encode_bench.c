// How long a large profile takes to encode and gzip at level 1, and what
// memory that takes. The profile is bench_profile.h's; spec/bench/encode.go is
// Go's side. Prints one line for each size; the best of REPEATS.
#include "bench_profile.h"
#include "gzip.h"
#include "pprof.h"

#include <malloc.h>
#include <time.h>

#define REPEATS 7

// Counts what arrives, and notes the most memory in use at any time.
struct meter {
  size_t bytes, memory_max;
};

static size_t memory_now(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static enum cprof_result meter_write(void *owner, const void *bytes,
                                     size_t size) {
  (void)bytes;
  struct meter *meter = owner;
  meter->bytes += size;
  size_t memory = memory_now();
  if (memory > meter->memory_max)
    meter->memory_max = memory;
  return CPROF_OK;
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

// Encodes once; level 0 leaves gzip out.
static double encode(const struct cprof_profile *profile, int level,
                     struct meter *meter) {
  *meter = (struct meter){0};
  struct cprof_sink sink = {meter_write, meter};
  double start = now_ms();
  if (level == 0) {
    cprof_pprof_write(profile, sink);
    return now_ms() - start;
  }
  struct cprof_gzip *gzip;
  cprof_gzip_open(&gzip, sink, level);
  cprof_pprof_write(profile, cprof_gzip_sink(gzip));
  cprof_gzip_close(gzip, true);
  return now_ms() - start;
}

static void measure(uint32_t stacks) {
  struct cprof_profile *profile = make_profile(stacks);
  size_t before = memory_now();
  struct meter raw, packed = {0};
  double raw_ms = 1e9, packed_ms = 1e9;
  for (int i = 0; i < REPEATS; i++) {
    double ms = encode(profile, 0, &raw);
    raw_ms = ms < raw_ms ? ms : raw_ms;
    ms = encode(profile, 1, &packed);
    packed_ms = ms < packed_ms ? ms : packed_ms;
  }
  printf("stacks=%u encode_ms=%.1f encode_gzip_ms=%.1f raw_bytes=%zu "
         "gzip_bytes=%zu extra_peak_bytes=%zu\n",
         stacks, raw_ms, packed_ms, raw.bytes, packed.bytes,
         packed.memory_max - before);
  cprof_profile_free(profile);
}

int main(void) {
  measure(10000);
  measure(100000);
  return tap_failed;
}
