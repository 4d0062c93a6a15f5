// The smallest TAP producer: ok(), is_int(), and tap_done() at the end of
// main. Random tests take tap_random(), whose seed is printed and can be set
// by CPROF_SEED.
#ifndef CPROF_TAP_H
#define CPROF_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define TAP_SEED_DEFAULT 20260824u

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5))) static inline bool
tap_ok(bool passed, const char *file, int line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  if (!passed) {
    printf("# failed at %s:%d\n", file, line);
    tap_failed++;
  }
  return passed;
}

#define ok(passed, ...) tap_ok(passed, __FILE__, __LINE__, __VA_ARGS__)

// Equal integers; both are printed when they are not.
#define is_int(got, want, ...)                                                 \
  tap_is(got, want, __FILE__, __LINE__, __VA_ARGS__)

static inline bool tap_is(int64_t got, int64_t want, const char *file, int line,
                          const char *name) {
  bool passed = tap_ok(got == want, file, line, "%s", name);
  if (!passed)
    printf("# got %" PRId64 ", wanted %" PRId64 "\n", got, want);
  return passed;
}

// Prints the plan; what main returns.
static inline int tap_done(void) {
  printf("1..%d\n", tap_count);
  return tap_failed > 0;
}

// splitmix64. The first call prints the seed.
static inline uint64_t tap_random(void) {
  static uint64_t state;
  static bool is_seeded;
  if (!is_seeded) {
    const char *given = getenv("CPROF_SEED");
    state = given ? strtoull(given, NULL, 0) : TAP_SEED_DEFAULT;
    printf("# CPROF_SEED=%" PRIu64 "\n", state);
    is_seeded = true;
  }
  uint64_t mixed = state += 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

// A number below `limit`.
static inline uint32_t tap_below(uint32_t limit) {
  return (uint32_t)(tap_random() % limit);
}

#endif
