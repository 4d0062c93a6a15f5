// pprof: the bytes that the writer makes, round trips of random profiles, and
// batches. What the reader accepts is pprof_read_test's.
#include "pprof.h"
#include "pprof_bytes.h"
#include "random_profile.h"
#include "tap.h"

#include <string.h>

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

// Ids count up in the order of the file, whatever the hash: two runs write
// the same bytes. Last: the key stays.
static void test_order(void) {
  struct cprof_buffer bytes = {0}, written[2] = {{0}, {0}};
  put_base(&bytes);
  for (uint64_t i = 0; i < 2000; i++) {
    PUT(&bytes, FUNCTION, {1, tap_random()}, {2, i % 4});
    put_bytes(&bytes, STRING, &i, sizeof i);
  }
  for (int i = 0; i < 2; i++) {
    struct cprof_profile *profile = NULL;
    cprof_pprof_read(bytes.bytes, bytes.size, &profile, NULL);
    cprof_pprof_write(profile, cprof_buffer_sink(&written[i]));
    cprof_profile_free(profile);
    cprof_hash_seed(tap_random());
  }
  ok(written[0].size == written[1].size &&
         memcmp(written[0].bytes, written[1].bytes, written[0].size) == 0,
     "the same bytes under any key of the hash");
  cprof_buffer_done(&bytes);
  cprof_buffer_done(&written[0]);
  cprof_buffer_done(&written[1]);
}

int main(void) {
  test_write();
  test_round_trips();
  test_empty();
  test_invalid_text();
  test_batches();
  test_heavy();
  test_sink_fails();
  test_order();
  return tap_done();
}
