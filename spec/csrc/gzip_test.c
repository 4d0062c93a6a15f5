// gzip: round trips, gzip(1) as the judge, damage of every kind.
#include "gzip.h"
#include "tap.h"

#include <string.h>
#include <unistd.h>

// printf 'hello, hello' | gzip -n | xxd -i
static const uint8_t hello_gz[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0xc8, 0x00, 0x51,
    0x00, 0xff, 0xc5, 0xcc, 0xf3, 0x0c, 0x00, 0x00, 0x00};

// Compresses in parts of random size.
static enum cprof_result zip(const uint8_t *bytes, size_t size, int level,
                             struct cprof_buffer *out) {
  struct cprof_gzip *gzip;
  enum cprof_result result =
      cprof_gzip_open(&gzip, cprof_buffer_sink(out), level);
  if (result != CPROF_OK)
    return result;
  struct cprof_sink sink = cprof_gzip_sink(gzip);
  for (size_t done = 0, part; done < size && result == CPROF_OK; done += part) {
    part = 1 + tap_below(70000);
    part = part < size - done ? part : size - done;
    result = sink.write(sink.owner, bytes + done, part);
  }
  enum cprof_result closed = cprof_gzip_close(gzip, true);
  return result == CPROF_OK ? closed : result;
}

// Bytes that compress to about half.
static uint8_t *random_bytes(size_t size) {
  uint8_t *bytes = malloc(size + 1);
  for (size_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)(tap_random() & 0x0f);
  return bytes;
}

static void test_round_trip(size_t size, int level) {
  uint8_t *bytes = random_bytes(size);
  struct cprof_buffer packed = {0}, plain = {0};
  ok(zip(bytes, size, level, &packed) == CPROF_OK, "packs %zu at level %d",
     size, level);
  ok(cprof_gunzip(packed.bytes, packed.size, &plain) == CPROF_OK &&
         plain.size == size &&
         (size == 0 || memcmp(plain.bytes, bytes, size) == 0),
     "and gets them back from %zu", packed.size);
  cprof_buffer_done(&packed);
  cprof_buffer_done(&plain);
  free(bytes);
}

static void test_gzip_program(void) {
  char path[] = "/tmp/cprof_gzip_test.XXXXXX";
  int fd = mkstemp(path);
  struct cprof_buffer packed = {0};
  zip((const uint8_t *)"hello, gzip", 11, 1, &packed);
  ok(write(fd, packed.bytes, packed.size) == (ssize_t)packed.size, "written");
  close(fd);
  char command[100], line[100] = "";
  snprintf(command, sizeof command, "gzip -dc < %s", path);
  FILE *pipe = popen(command, "r");
  ok(pipe && fgets(line, sizeof line, pipe) && pclose(pipe) == 0 &&
         strcmp(line, "hello, gzip") == 0,
     "gzip(1) reads what we write");
  unlink(path);
  cprof_buffer_done(&packed);
}

static void test_members(void) {
  uint8_t twice[2 * sizeof hello_gz];
  memcpy(twice, hello_gz, sizeof hello_gz);
  memcpy(twice + sizeof hello_gz, hello_gz, sizeof hello_gz);
  struct cprof_buffer plain = {0};
  cprof_buffer_append(&plain, "> ", 2);
  is_int(cprof_gunzip(twice, sizeof twice, &plain), CPROF_OK,
         "reads what gzip(1) wrote, twice over");
  ok(plain.size == 26 &&
         memcmp(plain.bytes, "> hello, hellohello, hello", 26) == 0,
     "and appends both");
  is_int(cprof_gunzip(twice, sizeof hello_gz + 3, &plain), CPROF_EFORMAT,
         "a second member cut short");
  twice[sizeof hello_gz] = 'x';
  is_int(cprof_gunzip(twice, sizeof twice, &plain), CPROF_EFORMAT,
         "something else behind the first member");
  is_int((int64_t)plain.size, 26, "a failure appends nothing");
  cprof_buffer_done(&plain);
}

static void test_plain(void) {
  struct cprof_buffer plain = {0};
  is_int(cprof_gunzip("\x1f", 1, &plain), CPROF_OK, "one byte is not gzip");
  is_int(cprof_gunzip("", 0, &plain), CPROF_OK, "nothing is not gzip");
  is_int(cprof_gunzip("abc", 3, &plain), CPROF_OK, "text is not gzip");
  ok(plain.size == 4 && memcmp(plain.bytes,
                               "\x1f"
                               "abc",
                               4) == 0,
     "and passes as it is");
  cprof_buffer_done(&plain);
}

static void test_damage(void) {
  struct cprof_buffer plain = {0};
  bool all_refused = true;
  for (size_t size = 2; size < sizeof hello_gz; size++)
    all_refused &= cprof_gunzip(hello_gz, size, &plain) == CPROF_EFORMAT;
  ok(all_refused, "every shorter prefix is refused");
  bool is_noticed = true;
  for (size_t bit = 10 * 8; bit < sizeof hello_gz * 8; bit++) {
    uint8_t damaged[sizeof hello_gz];
    memcpy(damaged, hello_gz, sizeof damaged);
    damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
    enum cprof_result result = cprof_gunzip(damaged, sizeof damaged, &plain);
    is_noticed &= result == CPROF_EFORMAT ||
                  (plain.size == 12 && // a bit that does not matter
                   memcmp(plain.bytes, "hello, hello", 12) == 0);
    plain.size = 0;
  }
  ok(is_noticed, "every flipped bit behind the header is noticed");
  cprof_buffer_done(&plain);
}

static void test_bomb(void) {
  size_t size = 50u << 20;
  uint8_t *zeros = calloc(1, size);
  struct cprof_buffer packed = {0}, plain = {.size_max = 1u << 20};
  zip(zeros, size, 9, &packed);
  is_int(cprof_gunzip(packed.bytes, packed.size, &plain), CPROF_ELIMIT,
         "a bomb stops at the limit");
  ok(plain.capacity <= 1u << 20, "and took no more memory: %zu",
     plain.capacity);
  cprof_buffer_done(&packed);
  cprof_buffer_done(&plain);
  free(zeros);
}

static void test_refusals(void) {
  struct cprof_buffer small = {.size_max = 1000};
  uint8_t *bytes = random_bytes(200000);
  is_int(zip(bytes, 200000, 1, &small), CPROF_ELIMIT,
         "a sink that refuses is heard");
  struct cprof_gzip *gzip;
  is_int(cprof_gzip_open(&gzip, cprof_buffer_sink(&small), 77), CPROF_ERANGE,
         "no such level");
  ok(!gzip, "gives nothing");
  is_int(cprof_gzip_close(NULL, true), CPROF_OK, "closing nothing is fine");
  small.size = 0;
  cprof_gzip_open(&gzip, cprof_buffer_sink(&small), 1);
  is_int(cprof_gzip_close(gzip, false), CPROF_OK, "not kept");
  is_int((int64_t)small.size, 0, "writes nothing");
  cprof_buffer_done(&small);
  free(bytes);
}

int main(void) {
  static const size_t sizes[] = {0, 1, 100, 32768, 32769, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int level = 1; level <= 9; level += 4)
      test_round_trip(sizes[i], level);
  test_gzip_program();
  test_members();
  test_plain();
  test_damage();
  test_bomb();
  test_refusals();
  return tap_done();
}
