// queue: what goes in comes out in order, across the wrap of the ring and of
// the 32-bit counters; with a signal handler as the producer.
#include "queue.h"
#include "tap.h"

#include <signal.h>

static bool push(struct cprof_queue *queue, uint64_t number) {
  struct cprof_tick *tick = cprof_queue_reserve(queue);
  if (tick == NULL)
    return false;
  tick->time_ns = number;
  cprof_queue_commit(queue);
  return true;
}

// Takes one tick; false when it is not this one.
static bool pop_is(struct cprof_queue *queue, uint64_t number) {
  const struct cprof_tick *tick = cprof_queue_peek(queue);
  if (tick == NULL || tick->time_ns != number)
    return false;
  cprof_queue_pop(queue);
  return true;
}

static void test_empty(void) {
  struct cprof_queue *queue = cprof_queue_new();
  ok(!cprof_queue_pending(queue), "nothing waits in a new queue");
  ok(cprof_queue_peek(queue) == NULL, "and nothing is its oldest");
  cprof_queue_reserve(queue);
  ok(!cprof_queue_pending(queue), "reserved is not published");
  ok(push(queue, 7) && cprof_queue_pending(queue), "committed is");
  ok(pop_is(queue, 7) && !cprof_queue_pending(queue), "and gone once popped");
  cprof_queue_free(queue);
  cprof_queue_free(NULL);
}

// Random runs of pushes and pops against two counters. `start` is where the
// counters of the ring begin.
static void test_order(uint32_t start) {
  struct cprof_queue *queue = cprof_queue_new();
  uint64_t in = 0, out = 0;
  bool as_counted = true;
  queue->head = queue->tail = start;
  for (uint32_t i = 0; i < 3000; i++) {
    for (uint32_t n = tap_below(2 * CPROF_QUEUE_SIZE); n > 0; n--) {
      bool fits = in - out < CPROF_QUEUE_SIZE;
      as_counted &= push(queue, in) == fits;
      in += fits;
    }
    for (uint32_t n = tap_below(2 * CPROF_QUEUE_SIZE); n > 0; n--) {
      as_counted &= pop_is(queue, out) == (out < in);
      out += out < in;
    }
    as_counted &= cprof_queue_pending(queue) == (out < in);
  }
  ok(as_counted, "%" PRIu64 " ticks in order from %" PRIu32, in, start);
  cprof_queue_free(queue);
}

static void test_full(void) {
  struct cprof_queue *queue = cprof_queue_new();
  uint64_t count = 0;
  while (push(queue, count))
    count++;
  is_int((int64_t)count, CPROF_QUEUE_SIZE, "so many fit");
  ok(pop_is(queue, 0) && push(queue, count), "and one more for one popped");
  ok(cprof_queue_reserve(queue) == NULL, "then it is full again");
  cprof_queue_clear(queue);
  ok(!cprof_queue_pending(queue), "clear drops all");
  ok(push(queue, 1000) && pop_is(queue, 1000), "and it works on");
  cprof_queue_free(queue);
}

static void test_merge(void) {
  struct cprof_queue *queue = cprof_queue_new();
  for (uint64_t i = 0; push(queue, i); i++)
    continue;
  uint64_t newest = (queue->head - 1) % CPROF_QUEUE_SIZE;
  queue->ticks[newest].signals = 1;
  queue->ticks[newest].weight_ns = 5;
  cprof_queue_merge(queue, 1, 10);
  cprof_queue_merge(queue, 3, UINT32_MAX);
  is_int((int64_t)queue->ticks[newest].signals, 5, "the newest has them all");
  is_int((int64_t)queue->ticks[newest].weight_ns, 15ll + UINT32_MAX,
         "and their weight");
  is_int((int64_t)queue->merged, 4, "and they are counted");
  cprof_queue_free(queue);
}

static struct cprof_queue *volatile shared;
static volatile uint64_t produced;

static void on_signal(int number) {
  (void)number;
  if (push(shared, produced))
    produced++;
  else
    cprof_queue_merge(shared, 1, 1);
}

// The handler interrupts the reader between any two of its calls.
static void test_handler(void) {
  struct cprof_queue *queue = shared = cprof_queue_new();
  uint64_t out = 0, raised = 0;
  bool in_order = true;
  signal(SIGPROF, on_signal);
  for (uint32_t i = 0; i < 400; i++) {
    for (uint32_t n = tap_below(120); n > 0; n--, raised++)
      raise(SIGPROF);
    for (uint32_t n = tap_below(120); n > 0 && out < produced; n--) {
      const struct cprof_tick *tick = cprof_queue_peek(queue);
      raise(SIGPROF), raised++;
      in_order &= tick != NULL && tick->time_ns == out++;
      cprof_queue_pop(queue);
    }
  }
  signal(SIGPROF, SIG_DFL);
  for (; cprof_queue_pending(queue); out++)
    in_order &= pop_is(queue, out);
  ok(in_order && out == produced, "%" PRIu64 " signals come in order", out);
  ok(queue->merged > 0, "some found no room");
  is_int((int64_t)(out + queue->merged), (int64_t)raised, "none is missing");
  cprof_queue_free(queue);
}

static void test_cost(void) {
  struct cprof_queue *queue = cprof_queue_new();
  is_int((int64_t)cprof_queue_take_cost(queue), 0, "no cost was told yet");
  cprof_queue_tell_cost(queue, 7);
  cprof_queue_tell_cost(queue, 9);
  is_int((int64_t)cprof_queue_take_cost(queue), 9, "the last one counts");
  is_int((int64_t)cprof_queue_take_cost(queue), 0, "once");
  cprof_queue_free(queue);
}

int main(void) {
  test_empty();
  test_order(0);
  test_order(UINT32_MAX - 3 * CPROF_QUEUE_SIZE);
  test_full();
  test_merge();
  test_handler();
  test_cost();
  return tap_done();
}
