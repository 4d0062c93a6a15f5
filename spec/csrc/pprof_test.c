// pprof: messages spelled byte by byte after the protobuf wire format, round
// trips of random profiles, batches, and damage that must never crash.
#include "pprof.h"
#include "random_profile.h"
#include "tap.h"

#include <string.h>

// ---- messages by hand ----

static void put_varint(struct cprof_buffer *to, uint64_t value) {
  do {
    uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    cprof_buffer_append(to, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

// A field of wire type 0.
static void put_number(struct cprof_buffer *to, uint32_t field,
                       uint64_t value) {
  put_varint(to, field << 3);
  put_varint(to, value);
}

// A field of wire type 2.
static void put_bytes(struct cprof_buffer *to, uint32_t field,
                      const void *bytes, size_t size) {
  put_varint(to, field << 3 | 2);
  put_varint(to, size);
  cprof_buffer_append(to, bytes, size);
}

static void put_text(struct cprof_buffer *to, uint32_t field,
                     const char *text) {
  put_bytes(to, field, text, strlen(text));
}

// A submessage of numeric fields, `count` pairs of number and value.
static void put_pairs(struct cprof_buffer *to, uint32_t field, size_t count,
                      const uint64_t (*pairs)[2]) {
  struct cprof_buffer inner = {0};
  for (size_t i = 0; i < count; i++)
    put_number(&inner, (uint32_t)pairs[i][0], pairs[i][1]);
  put_bytes(to, field, inner.bytes, inner.size);
  cprof_buffer_done(&inner);
}

#define PUT(to, field, ...)                                                    \
  put_pairs(to, field,                                                         \
            sizeof((uint64_t[][2]){__VA_ARGS__}) / sizeof(uint64_t[2]),        \
            (const uint64_t[][2]){__VA_ARGS__})

enum { TYPE = 1, SAMPLE, MAPPING, LOCATION, FUNCTION, STRING };

#define BIG 0xfedcba9876543210u // an id that no index can be

// Strings "", "cpu", "f", "cpu" again; one type; mapping 7, function BIG,
// locations 1000 and 1, each with a line.
static void put_base(struct cprof_buffer *to) {
  put_text(to, STRING, "");
  put_text(to, STRING, "cpu");
  put_text(to, STRING, "f");
  put_text(to, STRING, "cpu");
  PUT(to, TYPE, {1, 1}, {2, 3});
  PUT(to, MAPPING, {1, 7}, {5, 2});
  PUT(to, FUNCTION, {1, BIG}, {2, 2}, {5, 4});
  static const uint8_t line[] = {0x08, 0x90, 0xe4, 0xd0, 0xb2, 0x87, 0xd3,
                                 0xae, 0xee, 0xfe, 0x01, 0x10, 0x05};
  for (uint64_t id = 1000;; id = 1) {
    struct cprof_buffer location = {0};
    put_number(&location, 1, id);
    put_number(&location, 2, 7);
    put_bytes(&location, 4, line, sizeof line);
    put_bytes(to, LOCATION, location.bytes, location.size);
    cprof_buffer_done(&location);
    if (id == 1)
      break;
  }
}

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

// What is wrong with the message made by appending `field` to put_base's.
static void refuses(struct cprof_buffer *bytes, const char *name) {
  struct cprof_profile *profile;
  const char *why = NULL;
  enum cprof_result result =
      cprof_pprof_read(bytes->bytes, bytes->size, &profile, &why);
  ok(result == CPROF_EFORMAT && !profile && why, "%s: %s", name,
     why ? why : "accepted");
  cprof_profile_free(profile);
  bytes->size = 0;
  put_base(bytes);
}

static void test_refusals(void) {
  struct cprof_buffer b = {0};
  refuses(&b, "nothing");
  PUT(&b, SAMPLE, {1, 2}, {2, 1});
  refuses(&b, "location 2");
  PUT(&b, SAMPLE, {1, 0}, {2, 1});
  refuses(&b, "location 0");
  PUT(&b, SAMPLE, {1, 1});
  refuses(&b, "no value");
  PUT(&b, SAMPLE, {1, 1}, {2, 1}, {2, 1});
  refuses(&b, "two values");
  PUT(&b, FUNCTION, {1, BIG});
  refuses(&b, "function twice");
  PUT(&b, LOCATION, {1, 1000});
  refuses(&b, "location twice");
  PUT(&b, MAPPING, {1, 0});
  refuses(&b, "mapping 0");
  PUT(&b, LOCATION, {1, 3}, {2, 8});
  refuses(&b, "mapping 8");
  put_bytes(&b, LOCATION, "\x08\x03\x22\x02\x08\x01", 6);
  refuses(&b, "function 1");
  put_bytes(&b, LOCATION, "\x08\x03\x22\x00", 4);
  refuses(&b, "function 0");
  PUT(&b, FUNCTION, {1, 9}, {2, 4});
  refuses(&b, "string 4");
  PUT(&b, FUNCTION, {1, 9}, {4, UINT64_MAX});
  refuses(&b, "string -1");
  PUT(&b, TYPE, {1, 1ull << 32});
  refuses(&b, "string 2^32");
  put_number(&b, 14, 99);
  refuses(&b, "default_sample_type 99");
  put_number(&b, 13, 99);
  refuses(&b, "comment 99");
  put_bytes(&b, SAMPLE, "\x08\x01\x10\x01\x1a\x02\x08\x09", 8);
  refuses(&b, "label key 9");
  b.size = 0;
  put_text(&b, STRING, "x");
  refuses(&b, "string_table[0]");
  b.size = 0;
  put_text(&b, STRING, "");
  PUT(&b, SAMPLE, {1, 1});
  refuses(&b, "no types");
  cprof_buffer_done(&b);
}

static void test_types_max(void) {
  struct cprof_buffer bytes = {0};
  put_text(&bytes, STRING, "");
  for (uint32_t i = 0; i < CPROF_TYPES_MAX + 1; i++)
    PUT(&bytes, TYPE, {1, 0});
  struct cprof_profile *profile;
  is_int(cprof_pprof_read(bytes.bytes, bytes.size, &profile, NULL),
         CPROF_ELIMIT, "17 sample types are too many");
  cprof_buffer_done(&bytes);
}

// ---- writing ----

// What the writer must give for put_base's profile: one message after
// another in the order of its phases, ids from 1.
static void put_expected(struct cprof_buffer *to) {
  PUT(to, TYPE, {1, 1}, {2, 1});
  put_text(to, STRING, "");
  put_text(to, STRING, "cpu");
  put_text(to, STRING, "f");
  PUT(to, MAPPING, {1, 1}, {5, 2});
  PUT(to, FUNCTION, {1, 1}, {2, 2}, {5, 4});
  put_bytes(to, LOCATION, "\x08\x01\x10\x01\x22\x04\x08\x01\x10\x05", 10);
  put_bytes(to, LOCATION, "\x08\x02\x10\x01\x22\x04\x08\x01\x10\x05", 10);
  put_bytes(to, SAMPLE, "\x0a\x02\x02\x01\x12\x01\x2a", 7); // packed
}

static void test_write(void) {
  struct cprof_buffer bytes = {0}, expected = {0}, written = {0};
  put_base(&bytes);
  PUT(&bytes, SAMPLE, {1, 1}, {1, 1000}, {2, 42});
  put_expected(&expected);
  struct cprof_profile *profile;
  cprof_pprof_read(bytes.bytes, bytes.size, &profile, NULL);
  is_int(cprof_pprof_write(profile, cprof_buffer_sink(&written)), CPROF_OK,
         "writes");
  ok(written.size == expected.size &&
         memcmp(written.bytes, expected.bytes, written.size) == 0,
     "the bytes spelled by hand");
  cprof_profile_free(profile);
  cprof_buffer_done(&bytes);
  cprof_buffer_done(&expected);
  cprof_buffer_done(&written);
}

static void test_round_trips(void) {
  uint32_t same = 0, runs = 300;
  for (uint32_t i = 0; i < runs; i++) {
    struct cprof_profile *before = random_profile(i), *after = NULL;
    struct cprof_buffer bytes = {0};
    cprof_pprof_write(before, cprof_buffer_sink(&bytes));
    same +=
        cprof_pprof_read(bytes.bytes, bytes.size, &after, NULL) == CPROF_OK &&
        same_profile(before, after);
    cprof_profile_free(before);
    cprof_profile_free(after);
    cprof_buffer_done(&bytes);
  }
  is_int(same, runs, "random profiles come back as they were");
}

static void test_empty(void) {
  struct cprof_profile *before = cprof_profile_new(), *after = NULL;
  struct cprof_buffer bytes = {0};
  cprof_pprof_write(before, cprof_buffer_sink(&bytes));
  ok(bytes.size == 2 && memcmp(bytes.bytes, "\x32\x00", 2) == 0,
     "an empty profile is its empty string");
  is_int(cprof_pprof_read(bytes.bytes, bytes.size, &after, NULL), CPROF_OK,
         "and can be read");
  cprof_profile_free(before);
  cprof_profile_free(after);
  cprof_buffer_done(&bytes);
}

static void test_invalid_text(void) {
  struct cprof_profile *before = cprof_profile_new(), *after = NULL;
  uint32_t id;
  cprof_profile_add_string(before, "ok", 2, &id);
  cprof_profile_add_string(before, "caf\xe9", 4, &id);
  cprof_profile_add_string(before, "\xff\xfe\xc0", 3, &id);
  struct cprof_buffer bytes = {0};
  cprof_pprof_write(before, cprof_buffer_sink(&bytes));
  cprof_pprof_read(bytes.bytes, bytes.size, &after, NULL);
  ok(after && strcmp(cprof_strings_get(&after->strings, 1, NULL), "ok") == 0,
     "valid text stays");
  ok(after && strcmp(cprof_strings_get(&after->strings, 2, NULL),
                     "caf\xef\xbf\xbd") == 0,
     "a bad byte becomes U+FFFD");
  ok(after && strcmp(cprof_strings_get(&after->strings, 3, NULL),
                     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") == 0,
     "each of them");
  cprof_profile_free(before);
  cprof_profile_free(after);
  cprof_buffer_done(&bytes);
}

// ---- batches ----

struct watch {
  struct cprof_buffer all;
  uint32_t writes, writes_max; // refuses after so many
  size_t largest;
};

static enum cprof_result watch_write(void *owner, const void *bytes,
                                     size_t size) {
  struct watch *watch = owner;
  if (watch->writes == watch->writes_max)
    return CPROF_EIO;
  watch->writes++;
  watch->largest = size > watch->largest ? size : watch->largest;
  return cprof_buffer_append(&watch->all, bytes, size);
}

static struct cprof_profile *large_profile(uint32_t samples) {
  struct cprof_profile *profile = cprof_profile_new();
  random_head(profile);
  random_objects(profile, 1500);
  random_locations(profile, 2500);
  for (uint32_t i = 0; i < samples; i++)
    random_sample(profile, 40);
  return profile;
}

static void test_batches(void) {
  struct cprof_profile *profile = large_profile(3500);
  struct watch watch = {.writes_max = UINT32_MAX};
  struct cprof_pprof_writer writer;
  cprof_pprof_start(&writer, profile, (struct cprof_sink){watch_write, &watch});
  uint32_t steps = 1;
  while (cprof_pprof_step(&writer) == CPROF_EAGAIN)
    steps++;
  is_int(cprof_pprof_step(&writer), CPROF_OK, "done is done");
  is_int(watch.writes, steps, "a step is a write");
  uint32_t want = 1 + (profile->strings.count + 999) / 1000 +
                  (profile->mapping_count > 0) + 2 + 3 + 4;
  is_int(steps, want, "of at most 1000 entries");
  ok(writer.batch.capacity + writer.scratch.capacity < 1u << 20, "in %zu bytes",
     writer.batch.capacity + writer.scratch.capacity);
  cprof_pprof_done(&writer);
  cprof_pprof_done(&writer);
  struct cprof_profile *after = NULL;
  cprof_pprof_read(watch.all.bytes, watch.all.size, &after, NULL);
  ok(after && same_profile(profile, after), "and all of it arrives");
  cprof_profile_free(profile);
  cprof_profile_free(after);
  cprof_buffer_done(&watch.all);
}

// Few but heavy entries are cut by weight.
static void test_heavy(void) {
  struct cprof_profile *profile = cprof_profile_new();
  cprof_profile_add_type(profile, "t", "count");
  struct cprof_location location = {0};
  cprof_profile_add_location(profile, &location, NULL, 0, NULL);
  static uint32_t ids[30000];
  for (uint32_t i = 0; i < 30000; i++)
    ids[i] = 1;
  int64_t value = 1;
  struct cprof_sample_parts parts = {ids, 30000, NULL, 0, &value};
  for (uint32_t i = 0; i < 20; i++)
    cprof_profile_add_sample(profile, &parts);
  struct watch watch = {.writes_max = UINT32_MAX};
  cprof_pprof_write(profile, (struct cprof_sink){watch_write, &watch});
  is_int(watch.writes, 2 + 1 + 10, "deep stacks: two a batch");
  cprof_profile_free(profile);
  cprof_buffer_done(&watch.all);
}

static void test_sink_fails(void) {
  struct cprof_profile *profile = large_profile(100);
  bool all_heard = true;
  for (uint32_t i = 0; i < 8; i++) {
    struct watch watch = {.writes_max = i};
    all_heard &=
        cprof_pprof_write(profile, (struct cprof_sink){watch_write, &watch}) ==
        CPROF_EIO;
    cprof_buffer_done(&watch.all);
  }
  ok(all_heard, "a sink that refuses is heard in every phase");
  cprof_profile_free(profile);
}

// ---- damage ----

// Reads a copy of exactly this size, so that a sanitizer sees any overrun;
// what is accepted must be valid.
static bool survives(const uint8_t *bytes, size_t size) {
  uint8_t *copy = malloc(size + (size == 0));
  memcpy(copy, bytes, size);
  struct cprof_profile *profile;
  const char *why = NULL;
  enum cprof_result result = cprof_pprof_read(copy, size, &profile, &why);
  bool is_fine = result == CPROF_OK
                     ? cprof_profile_check(profile, NULL) == CPROF_OK
                     : !profile && why;
  cprof_profile_free(profile);
  free(copy);
  return is_fine;
}

static void test_damage(uint32_t size, uint32_t flips) {
  struct cprof_profile *profile = random_profile(size);
  struct cprof_buffer bytes = {0};
  cprof_pprof_write(profile, cprof_buffer_sink(&bytes));
  uint32_t survived = 0;
  for (size_t i = 0; i < bytes.size; i++)
    survived += survives(bytes.bytes, i);
  is_int(survived, (int64_t)bytes.size, "every prefix is read or refused");
  survived = 0;
  for (uint32_t i = 0; i < flips; i++) {
    size_t at[2] = {tap_below((uint32_t)bytes.size),
                    tap_below((uint32_t)bytes.size)};
    uint8_t old[2] = {bytes.bytes[at[0]], bytes.bytes[at[1]]};
    bytes.bytes[at[0]] ^= (uint8_t)(1u << tap_below(8));
    if (tap_below(2))
      bytes.bytes[at[1]] = (uint8_t)tap_random();
    survived += survives(bytes.bytes, bytes.size);
    bytes.bytes[at[1]] = old[1];
    bytes.bytes[at[0]] = old[0];
  }
  is_int(survived, flips, "and every flipped byte");
  cprof_profile_free(profile);
  cprof_buffer_done(&bytes);
}

int main(void) {
  test_read();
  test_concatenated();
  test_refusals();
  test_types_max();
  test_write();
  test_round_trips();
  test_empty();
  test_invalid_text();
  test_batches();
  test_heavy();
  test_sink_fails();
  for (uint32_t i = 0; i < 6; i++)
    test_damage(12, 3000);
  return tap_done();
}
