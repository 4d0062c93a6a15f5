// stream: who gets a sample, and how deep stacks must be for all of them.
#include "stream.h"
#include "tap.h"

struct counter {
  struct cprof_subscriber subscriber; // first: count() casts
  uint32_t taken;
  uint64_t weight_ns;
};

static void count(struct cprof_subscriber *self,
                  const struct cprof_sample *sample) {
  struct counter *counter = (struct counter *)self;
  counter->taken++;
  counter->weight_ns += sample->weight_ns;
}

#define COUNTERS 6u
static struct counter counters[COUNTERS];

static void reset(struct cprof_stream *stream) {
  cprof_stream_init(stream);
  for (uint32_t i = 0; i < COUNTERS; i++)
    counters[i] = (struct counter){{count, NULL, 10 * (i + 1)}, 0, 0};
}

static void push(struct cprof_stream *stream, uint64_t weight_ns) {
  struct cprof_frame frame = {CPROF_MARK_GC, 0};
  struct cprof_sample sample = {&frame, 1,         false, CPROF_VM_GC,
                                1,      weight_ns, 1,     CPROF_NO_SERIAL};
  cprof_stream_push(stream, &sample);
}

static void test_nobody(void) {
  struct cprof_stream stream;
  reset(&stream);
  is_int(stream.depth_max, 0, "nobody wants frames");
  is_int(stream.funcs.count, CPROF_MARKER_COUNT, "it knows the markers");
  push(&stream, 1);
  cprof_stream_unsubscribe(&stream, &counters[0].subscriber);
  ok(stream.first == NULL, "who is not subscribed can leave");
  cprof_stream_done(&stream);
  cprof_stream_done(&stream);
}

static void test_depth(void) {
  struct cprof_stream stream;
  reset(&stream);
  for (uint32_t i = 0; i < 3; i++)
    cprof_stream_subscribe(&stream, &counters[(i + 1) % 3].subscriber);
  is_int(stream.depth_max, 30, "the deepest wish counts");
  cprof_stream_unsubscribe(&stream, &counters[0].subscriber);
  is_int(stream.depth_max, 30, "while it is there");
  cprof_stream_unsubscribe(&stream, &counters[2].subscriber);
  is_int(stream.depth_max, 20, "then the next");
  cprof_stream_unsubscribe(&stream, &counters[1].subscriber);
  is_int(stream.depth_max, 0, "then none");
  cprof_stream_done(&stream);
}

// Comes and goes at random, against a table of who is there.
static void test_random(void) {
  struct cprof_stream stream;
  bool there[COUNTERS] = {false}, as_told = true;
  struct counter want[COUNTERS] = {0};
  reset(&stream);
  for (uint32_t i = 0; i < 20000; i++) {
    uint32_t k = tap_below(COUNTERS), depth = 0;
    if (there[k])
      cprof_stream_unsubscribe(&stream, &counters[k].subscriber);
    else
      cprof_stream_subscribe(&stream, &counters[k].subscriber);
    there[k] = !there[k];
    push(&stream, i);
    for (k = 0; k < COUNTERS; k++)
      if (there[k])
        want[k].taken++, want[k].weight_ns += i, depth = 10 * (k + 1);
    as_told &= stream.depth_max == depth;
  }
  for (uint32_t k = 0; k < COUNTERS; k++)
    as_told &= counters[k].taken == want[k].taken &&
               counters[k].weight_ns == want[k].weight_ns;
  ok(as_told, "each gets all that comes while it is subscribed");
  cprof_stream_done(&stream);
}

static void test_twice(void) {
  struct cprof_stream stream;
  reset(&stream);
  cprof_stream_subscribe(&stream, &counters[0].subscriber);
  cprof_stream_subscribe(&stream, &counters[1].subscriber);
  cprof_stream_unsubscribe(&stream, &counters[0].subscriber);
  cprof_stream_unsubscribe(&stream, &counters[0].subscriber);
  push(&stream, 1);
  is_int(counters[0].taken, 0, "who left gets nothing");
  is_int(counters[1].taken, 1, "the other one does");
  cprof_stream_done(&stream);
}

int main(void) {
  test_nobody();
  test_depth();
  test_random();
  test_twice();
  return tap_done();
}
