// pprof_unpack: messages come out whole, memory is used again and has an end.
#include "pprof_bytes.h"
#include "pprof_unpack.h"
#include "tap.h"

// A message of `count` samples with the values 0, 1, …, and as many labels.
static void put_samples(struct cprof_buffer *to, uint32_t count,
                        uint32_t labels) {
  struct cprof_buffer sample = {0};
  for (uint32_t i = 0; i < count; i++) {
    sample.size = 0;
    put_number(&sample, 2, i);
    for (uint32_t j = 0; j < labels; j++)
      put_bytes(&sample, 3, "", 0);
    put_bytes(to, SAMPLE, sample.bytes, sample.size);
  }
  cprof_buffer_done(&sample);
}

static bool are_samples(const pb_profile *message, uint32_t count,
                        uint32_t labels) {
  bool is_same = message->n_sample == count;
  for (uint32_t i = 0; is_same && i < count; i++)
    is_same = message->sample[i]->n_value == 1 &&
              message->sample[i]->value[0] == i &&
              message->sample[i]->n_label == labels;
  return is_same;
}

static void test_again(void) {
  struct cprof_unpacker unpacker = {0};
  struct cprof_buffer bytes = {0};
  const pb_profile *message;
  uint32_t right = 0;
  size_t size = 0;
  for (uint32_t i = 0; i < 50; i++) {
    bytes.size = 0;
    put_samples(&bytes, 1000, i % 3);
    right += cprof_unpack(&unpacker, bytes.bytes, bytes.size, &message) ==
                 CPROF_OK &&
             are_samples(message, 1000, i % 3);
    size = i == 2 ? unpacker.size : size;
  }
  is_int(right, 50, "messages come out whole");
  ok(unpacker.size <= size, "in memory that is used again: %zu", unpacker.size);
  is_int(cprof_unpack(&unpacker, NULL, 0, &message), CPROF_OK,
         "nothing is one");
  cprof_unpack_done(&unpacker);
  cprof_unpack_done(&unpacker);
  is_int((int64_t)unpacker.size, 0, "all of it is given back");
  cprof_buffer_done(&bytes);
}

static void test_failures(void) {
  struct cprof_unpacker unpacker = {0};
  struct cprof_buffer bytes = {0};
  const pb_profile *message;
  put_samples(&bytes, 1, 400000);
  is_int(cprof_unpack(&unpacker, bytes.bytes, bytes.size, &message),
         CPROF_ELIMIT, "800 KB that become 40 MB are refused");
  ok(unpacker.size <= CPROF_UNPACK_BYTES_MAX, "before they do: %zu",
     unpacker.size);
  is_int(cprof_unpack(&unpacker, (const uint8_t *)"\x12\x01x", 3, &message),
         CPROF_EFORMAT, "what is no message, too");
  bytes.size = 0;
  put_samples(&bytes, 3, 1);
  ok(cprof_unpack(&unpacker, bytes.bytes, bytes.size, &message) == CPROF_OK &&
         are_samples(message, 3, 1),
     "and the next one is read");
  cprof_unpack_done(&unpacker);
  cprof_buffer_done(&bytes);
}

int main(void) {
  test_again();
  test_failures();
  return tap_done();
}
