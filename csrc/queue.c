// The handler's queue: single producer, single consumer, on one thread, so
// that the only order needed is the one a signal sees.
#include "queue.h"

#include <stdlib.h>

#define PAGE_BYTES 4096u // the smallest there is

struct cprof_queue *cprof_queue_new(void) {
  struct cprof_queue *queue = calloc(1, sizeof *queue);
  volatile char *bytes = (volatile char *)queue;
  // The page faults come now, not in the handler.
  for (size_t at = 0; queue != NULL && at < sizeof *queue; at += PAGE_BYTES)
    bytes[at] = 0;
  return queue;
}

void cprof_queue_free(struct cprof_queue *queue) { free(queue); }

static uint32_t head_of(const struct cprof_queue *queue) {
  return atomic_load_explicit(&queue->head, memory_order_acquire);
}

static uint32_t tail_of(const struct cprof_queue *queue) {
  return atomic_load_explicit(&queue->tail, memory_order_acquire);
}

struct cprof_tick *cprof_queue_reserve(struct cprof_queue *queue) {
  uint32_t head = head_of(queue);
  if (head - tail_of(queue) >= CPROF_QUEUE_SIZE)
    return NULL;
  return &queue->ticks[head % CPROF_QUEUE_SIZE];
}

void cprof_queue_commit(struct cprof_queue *queue) {
  atomic_store_explicit(&queue->head, head_of(queue) + 1, memory_order_release);
}

void cprof_queue_merge(struct cprof_queue *queue, uint64_t signals,
                       uint64_t weight_ns) {
  struct cprof_tick *newest =
      &queue->ticks[(head_of(queue) - 1) % CPROF_QUEUE_SIZE];
  newest->signals += signals;
  newest->weight_ns += weight_ns;
  atomic_fetch_add_explicit(&queue->merged, signals, memory_order_relaxed);
}

uint64_t cprof_queue_take_cost(struct cprof_queue *queue) {
  return atomic_exchange_explicit(&queue->cost_ns, 0, memory_order_relaxed);
}

void cprof_queue_tell_cost(struct cprof_queue *queue, uint64_t cost_ns) {
  atomic_store_explicit(&queue->cost_ns, cost_ns, memory_order_relaxed);
}

bool cprof_queue_pending(const struct cprof_queue *queue) {
  return head_of(queue) != tail_of(queue);
}

const struct cprof_tick *cprof_queue_peek(const struct cprof_queue *queue) {
  uint32_t tail = tail_of(queue);
  if (head_of(queue) == tail)
    return NULL;
  return &queue->ticks[tail % CPROF_QUEUE_SIZE];
}

void cprof_queue_pop(struct cprof_queue *queue) {
  atomic_store_explicit(&queue->tail, tail_of(queue) + 1, memory_order_release);
}

void cprof_queue_clear(struct cprof_queue *queue) {
  atomic_store_explicit(&queue->tail, head_of(queue), memory_order_release);
}
