// Everything that is done with a profile that somebody sent: it is read,
// checked, reported, written and read again. For tests that damage bytes, and
// for fuzzing.
#ifndef CPROF_PPROF_CYCLE_H
#define CPROF_PPROF_CYCLE_H

#include "pprof.h"
#include "random_profile.h"
#include "report.h"
#include "utf8.h"

static enum cprof_result cycle_drop(void *owner, const void *bytes,
                                    size_t size) {
  (void)owner;
  (void)bytes;
  (void)size;
  return CPROF_OK;
}

// Rows and folded stacks of every value. CPROF_ELIMIT is allowed.
static bool cycle_report(const struct cprof_profile *profile) {
  struct cprof_sink nowhere = {cycle_drop, NULL};
  for (uint32_t i = 0; i < profile->type_count; i++) {
    struct cprof_rows rows;
    enum cprof_result result = cprof_report_rows(profile, i, &rows);
    cprof_rows_done(&rows);
    enum cprof_result folded = cprof_report_folded(profile, i, nowhere);
    if (result != CPROF_OK || (folded != CPROF_OK && folded != CPROF_ELIMIT))
      return false;
  }
  return true;
}

// The profile as it comes back from a file; NULL when it does not.
static struct cprof_profile *cycle_again(const struct cprof_profile *profile) {
  struct cprof_buffer bytes = {0};
  struct cprof_profile *again = NULL;
  if (cprof_pprof_write(profile, cprof_buffer_sink(&bytes)) == CPROF_OK)
    cprof_pprof_read(bytes.bytes, bytes.size, &again, NULL);
  cprof_buffer_done(&bytes);
  return again;
}

// Writing mends strings that are not UTF-8; two may become one.
static bool has_clean_strings(const struct cprof_profile *profile) {
  bool is_clean = true;
  for (uint32_t i = 0; i < profile->strings.count; i++) {
    size_t size;
    const char *text = cprof_strings_get(&profile->strings, i, &size);
    is_clean &= cprof_utf8_is_valid((const uint8_t *)text, size);
  }
  return is_clean;
}

static bool cycle_writes(const struct cprof_profile *profile) {
  struct cprof_profile *once = cycle_again(profile);
  struct cprof_profile *twice = once ? cycle_again(once) : NULL;
  bool is_fine = twice && same_profile(once, twice) &&
                 (!has_clean_strings(profile) || same_profile(profile, once));
  cprof_profile_free(once);
  cprof_profile_free(twice);
  return is_fine;
}

// Reads a copy of exactly this size, so that a sanitizer sees any overrun.
// NULL when the bytes were refused with a reason, or stood everything; else
// what went wrong.
static inline const char *cycle(const uint8_t *bytes, size_t size) {
  uint8_t *copy = malloc(size + (size == 0));
  memcpy(copy, bytes, size);
  struct cprof_profile *profile;
  struct cprof_why why;
  enum cprof_result result = cprof_pprof_read(copy, size, &profile, &why);
  free(copy);
  const char *wrong = NULL;
  if (result != CPROF_OK)
    return profile || why.text[0] == '\0' ? "refused without a reason" : NULL;
  if (cprof_profile_check(profile, NULL) != CPROF_OK)
    wrong = "read, but not valid";
  else if (!cycle_report(profile))
    wrong = "could not be reported";
  else if (!cycle_writes(profile))
    wrong = "did not come back from a file";
  cprof_profile_free(profile);
  return wrong;
}

#endif
