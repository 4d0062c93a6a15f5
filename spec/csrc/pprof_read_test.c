// pprof_read: messages spelled byte by byte, refusals that say what and where,
// limits of memory and time, and damage that must never crash.
#include "hostile_profiles.h"
#include "pprof.h"
#include "pprof_bytes.h"
#include "pprof_cycle.h"
#include "random_profile.h"
#include "tap.h"

#include <string.h>

// ---- what is read ----

static void test_read(void) {
  struct cprof_buffer bytes = {0};
  put_base(&bytes);
  PUT(&bytes, SAMPLE, {1, 1}, {1, 1000}, {2, 42}); // not packed
  put_number(&bytes, 200, 1);                      // an unknown field
  struct cprof_profile *p;
  if (ok(cprof_pprof_read(bytes.bytes, bytes.size, &p, NULL) == CPROF_OK,
         "reads a message spelled by hand")) {
    is_int(p->strings.count, 3, "equal strings become one");
    is_int(p->types[0].unit, p->types[0].type, "in references too");
    ok(p->locations[0].mapping == 1 && p->lines[1].function == 1 &&
           p->lines[1].line == 5,
       "ids of any size are mapped");
    is_int(p->location_ids[0], 2, "id 1 is the second location");
    is_int(p->location_ids[1], 1, "id 1000 the first");
    is_int(p->values[0], 42, "unpacked values are read");
    is_int(cprof_profile_check(p, NULL), CPROF_OK, "valid");
    cprof_profile_free(p);
  }
  cprof_buffer_done(&bytes);
}

static void test_concatenated(void) {
  struct cprof_buffer bytes = {0};
  put_base(&bytes);
  PUT(&bytes, SAMPLE, {1, 1}, {2, 1});
  put_text(&bytes, STRING, "g"); // string 4
  PUT(&bytes, FUNCTION, {1, 3}, {2, 4});
  PUT(&bytes, SAMPLE, {1, 1000}, {2, 2});
  struct cprof_profile *p;
  if (ok(cprof_pprof_read(bytes.bytes, bytes.size, &p, NULL) == CPROF_OK,
         "fields in any order, in pieces")) {
    is_int(p->sample_count, 2, "both samples");
    is_int(p->functions[1].name, 3, "the later string");
    cprof_profile_free(p);
  }
  cprof_buffer_done(&bytes);
}

// What Go writes: samples before all that they name, the strings last.
static void test_backwards(void) {
  struct cprof_buffer bytes = {0};
  PUT(&bytes, SAMPLE, {1, 5}, {2, 42});
  PUT(&bytes, TYPE, {1, 1}, {2, 2});
  put_bytes(&bytes, LOCATION, "\x08\x05\x22\x04\x08\x09\x10\x03", 8);
  PUT(&bytes, FUNCTION, {1, 9}, {2, 3});
  put_text(&bytes, STRING, "");
  put_text(&bytes, STRING, "cpu");
  put_text(&bytes, STRING, "ns");
  put_text(&bytes, STRING, "main");
  struct cprof_profile *p;
  if (ok(cprof_pprof_read(bytes.bytes, bytes.size, &p, NULL) == CPROF_OK,
         "the last may come first")) {
    is_int(p->functions[p->lines[0].function - 1].name, 3, "and is found");
    is_int(p->location_ids[0], 1, "by the samples too");
    cprof_profile_free(p);
  }
  cprof_buffer_done(&bytes);
}

// Of a number or message that stands more than once the last one counts.
static void test_last_counts(void) {
  struct cprof_buffer bytes = {0};
  put_base(&bytes);
  put_number(&bytes, 9, 5);
  PUT(&bytes, 11, {1, 1}, {2, 2});
  put_number(&bytes, COMMENT, 1);
  put_number(&bytes, 9, 7);
  PUT(&bytes, 11, {1, 2});
  put_bytes(&bytes, COMMENT, "\x02\x00", 2);
  put_number(&bytes, 10, 8);
  put_number(&bytes, 10, 0);
  struct cprof_profile *p;
  if (ok(cprof_pprof_read(bytes.bytes, bytes.size, &p, NULL) == CPROF_OK,
         "fields that stand twice")) {
    is_int(p->time_nanos, 7, "the last number counts");
    is_int(p->duration_nanos, 0, "even if it is 0");
    ok(p->period_type.type == 2 && p->period_type.unit == 0,
       "the last period type");
    ok(p->comment_count == 3 && p->comments[1] == 2, "all comments, packed "
                                                     "or not");
    cprof_profile_free(p);
  }
  cprof_buffer_done(&bytes);
}

// ---- refusals ----

// That reading `bytes` is refused with this text; begins anew with put_base.
static void refuses(struct cprof_buffer *bytes, enum cprof_result want,
                    const char *text) {
  struct cprof_profile *profile;
  struct cprof_why why;
  enum cprof_result result =
      cprof_pprof_read(bytes->bytes, bytes->size, &profile, &why);
  if (!ok(result == want && !profile && strcmp(why.text, text) == 0, "%s",
          text))
    printf("# got %d, %s\n", (int)result, why.text);
  cprof_profile_free(profile);
  bytes->size = 0;
  put_base(bytes);
}

static void rejects(struct cprof_buffer *bytes, const char *text) {
  refuses(bytes, CPROF_EFORMAT, text);
}

static void test_wrong_samples(void) {
  struct cprof_buffer b = {0};
  put_base(&b);
  PUT(&b, SAMPLE, {1, 1}, {2, 1});
  PUT(&b, SAMPLE, {1, 2}, {2, 1});
  rejects(&b, "sample 2 names a location that is not there, 2");
  PUT(&b, SAMPLE, {1, 0}, {2, 1});
  rejects(&b, "sample 1 names a location that is not there, 0");
  PUT(&b, SAMPLE, {1, 1});
  rejects(&b, "sample 1 has 0 values, not one for each of 1 sample types");
  PUT(&b, SAMPLE, {1, 1}, {2, 1}, {2, 1});
  rejects(&b, "sample 1 has 2 values, not one for each of 1 sample types");
  put_bytes(&b, SAMPLE, "\x08\x01\x10\x01\x1a\x02\x08\x09", 8);
  rejects(&b, "sample 1 names a string that is not there, 9");
  b.size = 0;
  put_text(&b, STRING, "");
  PUT(&b, SAMPLE, {1, 1});
  rejects(&b, "samples without sample types");
  cprof_buffer_done(&b);
}

static void test_wrong_objects(void) {
  struct cprof_buffer b = {0};
  put_base(&b);
  PUT(&b, FUNCTION, {1, BIG});
  rejects(&b, "function 2 has the id of another one, 18364758544493064720");
  PUT(&b, LOCATION, {1, 1000});
  rejects(&b, "location 3 has the id of another one, 1000");
  PUT(&b, MAPPING, {1, 0});
  rejects(&b, "mapping 2 has id 0, which is reserved");
  PUT(&b, LOCATION, {1, 3}, {2, 8});
  rejects(&b, "location 3 names a mapping that is not there, 8");
  put_bytes(&b, LOCATION, "\x08\x03\x22\x02\x08\x01", 6);
  rejects(&b, "location 3 names a function that is not there, 1");
  put_bytes(&b, LOCATION, "\x08\x03\x22\x00", 4);
  rejects(&b, "location 3 names a function that is not there, 0");
  PUT(&b, FUNCTION, {1, 9}, {2, 4});
  rejects(&b, "function 2 names a string that is not there, 4");
  PUT(&b, FUNCTION, {1, 9}, {4, UINT64_MAX});
  rejects(&b, "function 2 names a string that is not there, -1");
  cprof_buffer_done(&b);
}

static void test_wrong_head(void) {
  struct cprof_buffer b = {0};
  rejects(&b, "it holds no string_table, so it is no profile");
  PUT(&b, TYPE, {1, 1ull << 32});
  rejects(&b, "sample type 2 names a string that is not there, 4294967296");
  PUT(&b, 11, {2, 99});
  rejects(&b, "period type names a string that is not there, 99");
  put_number(&b, 14, 99);
  rejects(&b, "default_sample_type names a string that is not there, 99");
  put_number(&b, COMMENT, 1);
  put_number(&b, COMMENT, 99);
  rejects(&b, "comment 2 names a string that is not there, 99");
  b.size = 0;
  put_text(&b, STRING, "x");
  rejects(&b, "string_table[0] is not empty");
  for (uint32_t i = 0; i < CPROF_TYPES_MAX; i++)
    PUT(&b, TYPE, {1, 0});
  refuses(&b, CPROF_ELIMIT, "it has more than 16 sample types");
  cprof_buffer_done(&b);
}

static void test_wrong_bytes(void) {
  struct cprof_buffer b = {0};
  cprof_buffer_append(&b, "text\n", 5);
  rejects(&b, "not a profile.proto message");
  cprof_buffer_append(&b, "\x32", 1);
  rejects(&b, "damaged at byte 87: it ends within a number");
  cprof_buffer_append(&b, "\x32\x7f", 2);
  rejects(&b, "damaged at byte 87: a field is longer than what is left");
  cprof_buffer_append(&b, "\x33", 1);
  rejects(&b, "damaged at byte 87: no field has that wire type");
  put_number(&b, SAMPLE, 1);
  rejects(&b, "damaged at byte 87: a field has not its wire type");
  PUT(&b, SAMPLE, {1, 1}, {2, 1});
  put_text(&b, SAMPLE, "x");
  rejects(&b, "sample 2 is damaged, it begins at byte 93");
  cprof_buffer_done(&b);
}

// ---- limits ----

static void test_long_entries(void) {
  size_t size = 1u << 20;
  uint8_t *zeros = calloc(1, size);
  struct cprof_buffer b = {0};
  put_base(&b);
  put_bytes(&b, STRING, zeros, size);
  put_bytes(&b, 200, zeros, size);
  struct cprof_profile *profile;
  is_int(cprof_pprof_read(b.bytes, b.size, &profile, NULL), CPROF_OK,
         "a string may be as long as it likes, and what is not known");
  cprof_profile_free(profile);
  put_bytes(&b, SAMPLE, zeros, size);
  refuses(&b, CPROF_ELIMIT, "sample 1 is longer than 1 MiB");
  put_bytes(&b, COMMENT, zeros, size);
  refuses(&b, CPROF_ELIMIT, "comment 1 is longer than 1 MiB");
  cprof_buffer_done(&b);
  free(zeros);
}

// A location of 60,000 inlined lines, in as many samples: whoever walked all
// frames of all stacks would never come to an end.
static void test_long_stacks(void) {
  struct cprof_buffer b = {0}, location = {0};
  put_text(&b, STRING, "");
  put_bytes(&b, TYPE, "", 0);
  PUT(&b, FUNCTION, {1, 1});
  put_number(&location, 1, 1);
  for (uint32_t i = 0; i < 60000; i++)
    PUT(&location, 4, {1, 1});
  put_bytes(&b, LOCATION, location.bytes, location.size);
  for (uint32_t i = 0; i < 60000; i++)
    PUT(&b, SAMPLE, {1, 1}, {2, 0});
  refuses(&b, CPROF_ELIMIT,
          "sample 280 is one too many: 16800000 inlined frames in 280 "
          "locations");
  cprof_buffer_done(&b);
  cprof_buffer_done(&location);
}

static size_t held_bytes(const struct cprof_profile *p) {
  return cprof_strings_bytes(&p->strings) +
         p->comment_capacity * sizeof *p->comments +
         p->mapping_capacity * sizeof *p->mappings +
         p->function_capacity * sizeof *p->functions +
         p->line_count * sizeof *p->lines +
         p->location_capacity * sizeof *p->locations +
         p->location_id_count * sizeof *p->location_ids +
         p->label_count * sizeof *p->labels +
         p->sample_capacity * sizeof *p->samples +
         p->value_count * sizeof *p->values;
}

// That what is read of the bytes takes little more room than they do.
static void expands_little(const char *name, enum cprof_result want,
                           const struct cprof_buffer *bytes) {
  struct cprof_profile *p;
  struct cprof_why why;
  enum cprof_result result =
      cprof_pprof_read(bytes->bytes, bytes->size, &p, &why);
  double times = p ? (double)held_bytes(p) / (double)bytes->size : 0;
  ok(result == want && times <= 12.1, "%s take %.1f times their bytes", name,
     times);
  cprof_profile_free(p);
}

static void test_hostile(void) {
  struct cprof_buffer bytes = {0};
  for (size_t i = 0; i < HOSTILE_COUNT; i++) {
    bytes.size = 0;
    put_hostile(&bytes, &hostiles[i], 1u << 18);
    expands_little(hostiles[i].name, hostiles[i].result, &bytes);
  }
  bytes.size = 0;
  put_short_strings(&bytes, 1u << 18);
  expands_little("short strings", CPROF_OK, &bytes);
  cprof_buffer_done(&bytes);
}

// ---- damage ----

// What stands the cycle; the first that does not is told.
static uint32_t stands(const uint8_t *bytes, size_t size) {
  const char *wrong = cycle(bytes, size);
  static bool is_told;
  if (wrong && !is_told) {
    printf("# %s:", wrong);
    for (size_t i = 0; i < size; i++)
      printf(" %02x", bytes[i]);
    printf("\n");
    is_told = true;
  }
  return wrong == NULL;
}

static struct cprof_buffer random_bytes(uint32_t size) {
  struct cprof_profile *profile = random_profile(size);
  struct cprof_buffer bytes = {0};
  cprof_pprof_write(profile, cprof_buffer_sink(&bytes));
  cprof_profile_free(profile);
  return bytes;
}

static void test_prefixes(void) {
  struct cprof_buffer bytes = random_bytes(20);
  uint32_t stood = 0;
  for (size_t i = 0; i < bytes.size; i++)
    stood += stands(bytes.bytes, i);
  is_int(stood, (int64_t)bytes.size, "every prefix is read or refused");
  cprof_buffer_done(&bytes);
}

static void test_flips(uint32_t size, uint32_t flips) {
  struct cprof_buffer bytes = random_bytes(size);
  uint32_t stood = 0;
  for (uint32_t i = 0; i < flips; i++) {
    size_t at[2] = {tap_below((uint32_t)bytes.size),
                    tap_below((uint32_t)bytes.size)};
    uint8_t old[2] = {bytes.bytes[at[0]], bytes.bytes[at[1]]};
    bytes.bytes[at[0]] ^= (uint8_t)(1u << tap_below(8));
    if (tap_below(2))
      bytes.bytes[at[1]] = (uint8_t)tap_random();
    stood += stands(bytes.bytes, bytes.size);
    bytes.bytes[at[1]] = old[1];
    bytes.bytes[at[0]] = old[0];
  }
  is_int(stood, flips, "and every flipped byte");
  cprof_buffer_done(&bytes);
}

// Any part of one message in place of any part of another.
static void splice(struct cprof_buffer *to, const struct cprof_buffer *a,
                   const struct cprof_buffer *b) {
  uint32_t from = tap_below((uint32_t)b->size + 1);
  uint32_t size = tap_below((uint32_t)b->size - from + 1);
  uint32_t at = tap_below((uint32_t)a->size + 1);
  uint32_t behind = at + tap_below((uint32_t)a->size - at + 1);
  to->size = 0;
  cprof_buffer_append(to, a->bytes, at);
  cprof_buffer_append(to, b->bytes + from, size);
  if (tap_below(2)) // else it is put between
    at = behind;
  cprof_buffer_append(to, a->bytes + at, a->size - at);
}

static void test_splices(uint32_t size, uint32_t splices) {
  struct cprof_buffer a = random_bytes(size), b = random_bytes(size);
  struct cprof_buffer spliced = {0};
  uint32_t stood = 0;
  for (uint32_t i = 0; i < splices; i++) {
    splice(&spliced, &a, tap_below(2) ? &a : &b);
    stood += stands(spliced.bytes, spliced.size);
  }
  is_int(stood, splices, "and what two messages make together");
  cprof_buffer_done(&a);
  cprof_buffer_done(&b);
  cprof_buffer_done(&spliced);
}

int main(void) {
  test_read();
  test_concatenated();
  test_backwards();
  test_last_counts();
  test_wrong_samples();
  test_wrong_objects();
  test_wrong_head();
  test_wrong_bytes();
  test_long_entries();
  test_long_stacks();
  test_hostile();
  test_prefixes();
  for (uint32_t i = 0; i < 6; i++) {
    test_flips(12, 2000);
    test_splices(3 + i, 800);
  }
  return tap_done();
}
