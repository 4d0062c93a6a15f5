// pprof_wire: fields spelled byte by byte, every way to be cut short, runs.
#include "pprof_bytes.h"
#include "pprof_wire.h"
#include "tap.h"

#include <string.h>

#define WIRE(text)                                                             \
  { .bytes = (const uint8_t *)(text), .size = sizeof(text) - 1 }

static void test_fields(void) {
  struct cprof_wire wire = WIRE("\x08\xac\x02"               // 1: 300
                                "\x11nnnnnnnn"               // 2: 8 bytes
                                "\x1a\x03xyz"                // 3: "xyz"
                                "\x25nnnn"                   // 4: 4 bytes
                                "\xf8\xff\xff\xff\x0f\x01"); // the last number
  struct cprof_wire_field field;
  ok(cprof_wire_next(&wire, &field) && field.number == 1 &&
         field.type == CPROF_WIRE_NUMBER && field.value == 300 &&
         field.start == 0 && field.end == 3,
     "a number");
  ok(cprof_wire_next(&wire, &field) && field.number == 2 &&
         field.type == CPROF_WIRE_FIXED64 && field.body == 4 && field.end == 12,
     "8 bytes");
  ok(cprof_wire_next(&wire, &field) && field.number == 3 &&
         field.type == CPROF_WIRE_BYTES && field.start == 12 &&
         field.body == 14 && field.end == 17 && field.value == 0,
     "a text");
  ok(cprof_wire_next(&wire, &field) && field.number == 4 &&
         field.type == CPROF_WIRE_FIXED32 && field.end == 22,
     "4 bytes");
  ok(cprof_wire_next(&wire, &field) && field.number == (1u << 29) - 1,
     "the largest number a field may have");
  ok(!cprof_wire_next(&wire, &field) && !wire.wrong, "the end");
}

static void test_numbers(void) {
  struct cprof_wire wire = WIRE("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                "\x08\x80\x00");
  struct cprof_wire_field field;
  ok(cprof_wire_next(&wire, &field) && field.value == UINT64_MAX,
     "64 bits take ten bytes");
  ok(cprof_wire_next(&wire, &field) && field.value == 0 && field.end == 14,
     "a number may be longer than it must");
}

static void is_damaged(const char *bytes, size_t size, const char *name) {
  struct cprof_wire wire = {.bytes = (const uint8_t *)bytes, .size = size};
  struct cprof_wire_field field;
  ok(!cprof_wire_next(&wire, &field) && wire.wrong && wire.at == 0, "%s: %s",
     name, wire.wrong ? wire.wrong : "accepted");
  ok(!cprof_wire_next(&wire, &field) && wire.at == 0, "and stays so");
}

#define DAMAGED(text, name) is_damaged(text, sizeof(text) - 1, name)

static void test_damage(void) {
  DAMAGED("\x00\x01", "number 0");
  DAMAGED("\x80\x80\x80\x80\x10\x01", "number 2^29");
  DAMAGED("\x80", "half a tag");
  DAMAGED("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "an endless tag");
  DAMAGED("\x08", "no value");
  DAMAGED("\x08\x80", "half a value");
  DAMAGED("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "endless");
  DAMAGED("\x09nnnnnnn", "7 bytes of 8");
  DAMAGED("\x0dnnn", "3 bytes of 4");
  DAMAGED("\x0a\x02n", "1 byte of 2");
  DAMAGED("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "2^64 - 1 bytes");
  DAMAGED("\x0b", "a group begins");
  DAMAGED("\x0c", "a group ends");
  DAMAGED("\x0e", "wire type 6");
  DAMAGED("\x0f", "wire type 7");
}

static void is_run(struct cprof_wire *wire, uint32_t number,
                   const size_t want[3]) {
  struct cprof_wire_run run;
  ok(cprof_wire_next_run(wire, number, 6, &run) && run.start == want[0] &&
         run.end == want[1] && run.count == want[2],
     "%zu of them from %zu to %zu", want[2], want[0], want[1]);
}

static void test_runs(void) {
  struct cprof_wire wire = WIRE("\x08\x01"             // another one
                                "\x12\x00\x12\x01x"    // 2 to 7
                                "\x12\x04xxxx"         // too much for 6 bytes
                                "\x12\x07xxxxxxx"      // alone is
                                "\x08\x01\x10\x01\x08" // another one again
                                "\x01");
  struct cprof_wire_run run;
  is_run(&wire, 2, (size_t[]){2, 7, 2});
  is_run(&wire, 2, (size_t[]){7, 13, 1});
  is_run(&wire, 2, (size_t[]){13, 22, 1});
  is_run(&wire, 2, (size_t[]){24, 26, 1});
  ok(!cprof_wire_next_run(&wire, 2, 6, &run), "and no more");
  wire.at = 0;
  ok(!cprof_wire_next_run(&wire, 3, 6, &run), "none of that number");
}

// Every field of a random message is met once, alone or in runs.
static void test_random(void) {
  struct cprof_buffer bytes = {0};
  uint32_t counts[4] = {0}, met[4] = {0};
  for (uint32_t i = 0; i < 5000; i++) {
    uint32_t number = 1 + tap_below(3);
    counts[number]++;
    put_bytes(&bytes, number, "0123456789", tap_below(11));
  }
  for (uint32_t number = 1; number <= 3; number++) {
    struct cprof_wire wire = {.bytes = bytes.bytes, .size = bytes.size};
    struct cprof_wire_run run;
    while (cprof_wire_next_run(&wire, number, 30, &run))
      met[number] += run.end - run.start <= 30 ? run.count : 0;
  }
  ok(memcmp(counts, met, sizeof met) == 0, "runs meet every field once");
  cprof_buffer_done(&bytes);
}

int main(void) {
  test_fields();
  test_numbers();
  test_damage();
  test_runs();
  test_random();
  return tap_done();
}
