// Summing samples. The profile is made in session_profile.c.
#include "session.h"

#include "os.h"

#include <stdlib.h>
#include <string.h>

// ---- sums -------------------------------------------------------------

static bool same_sum(const void *owner, uint32_t id, const void *key_) {
  const struct cprof_session *session = owner;
  const struct cprof_sum *sum = &session->sums[id], *key = key_;
  return sum->stack == key->stack && sum->state == key->state;
}

static struct cprof_sum *sum_of(struct cprof_session *session, uint32_t stack,
                                enum cprof_vmstate state) {
  struct cprof_sum key = {stack, state, 0, 0};
  uint32_t both[2] = {stack, (uint32_t)state}, id;
  uint64_t hash = cprof_hash(both, sizeof both, 0);
  if (cprof_table_find(&session->table, hash, same_sum, session, &key, &id))
    return &session->sums[id];
  if (cprof_grow((void **)&session->sums, &session->sum_capacity,
                 session->sum_count + 1, sizeof *session->sums) != CPROF_OK ||
      cprof_table_add(&session->table, hash, session->sum_count) != CPROF_OK)
    return &session->sums[0];
  session->sums[session->sum_count] = key;
  return &session->sums[session->sum_count++];
}

// The number of the sample's stack, cut to the session's depth.
static enum cprof_result put_stack(struct cprof_session *session,
                                   const struct cprof_sample *sample,
                                   uint32_t *stack) {
  static const struct cprof_frame truncated = {CPROF_MARK_TRUNCATED, 0};
  uint32_t depth = sample->depth, depth_max = session->subscriber.depth_max;
  enum cprof_result result = CPROF_OK;
  *stack = 0;
  if (sample->truncated || depth > depth_max)
    result = cprof_stacks_put(&session->stacks, &truncated, 1, stack);
  if (depth > depth_max)
    depth = depth_max;
  if (result == CPROF_OK)
    result = cprof_stacks_put(&session->stacks, sample->frames, depth, stack);
  return result;
}

// What a tick carries of before this session's start is not of this session.
static void subtract_before(const struct cprof_session *session,
                            uint64_t serial, uint64_t *signals,
                            uint64_t *weight_ns) {
  if (serial != session->before.serial)
    return;
  *signals -= session->before.signals;
  *weight_ns -= session->before.weight_ns;
}

static void take(struct cprof_subscriber *self,
                 const struct cprof_sample *sample) {
  struct cprof_session *session = (struct cprof_session *)self;
  struct cprof_sum *sum = &session->sums[0];
  uint32_t stack;
  if (put_stack(session, sample, &stack) == CPROF_OK)
    sum = sum_of(session, stack, sample->state);
  sum->signals += sample->signals;
  sum->weight_ns += sample->weight_ns;
  subtract_before(session, sample->serial, &sum->signals, &sum->weight_ns);
}

// ---- life -------------------------------------------------------------

enum cprof_result cprof_session_init(struct cprof_session *session,
                                     const struct cprof_session_options *with) {
  static const struct cprof_frame other = {CPROF_MARK_OTHER, 0};
  uint32_t stack = 0;
  memset(session, 0, sizeof *session);
  session->subscriber.take = take;
  session->subscriber.depth_max = with->depth_max;
  enum cprof_result result =
      cprof_stacks_init(&session->stacks, CPROF_STACKS_NODES_MAX);
  if (result == CPROF_OK)
    result = cprof_stacks_put(&session->stacks, &other, 1, &stack);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&session->sums, &session->sum_capacity, 64,
                        sizeof *session->sums);
  if (result != CPROF_OK)
    return result;
  session->sums[0] = (struct cprof_sum){stack, CPROF_VM_UNKNOWN, 0, 0};
  session->sum_count = 1;
  return CPROF_OK;
}

static enum cprof_result add_label(struct cprof_session *session,
                                   const char *key, const char *text,
                                   int64_t number) {
  struct cprof_label label = {0, 0, number, 0};
  if (session->labels == NULL &&
      (session->labels = cprof_profile_new()) == NULL)
    return CPROF_ENOMEM;
  struct cprof_profile *labels = session->labels;
  if (labels->label_count >= CPROF_SESSION_LABELS_MAX)
    return CPROF_ELIMIT;
  enum cprof_result result =
      cprof_profile_add_string(labels, key, strlen(key), &label.key);
  if (result == CPROF_OK && text != NULL)
    result = cprof_profile_add_string(labels, text, strlen(text), &label.str);
  if (result == CPROF_OK && text == NULL)
    result = cprof_profile_add_string(labels, "count", 5, &label.num_unit);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&labels->labels, &labels->label_capacity,
                        labels->label_count + 1, sizeof *labels->labels);
  if (result == CPROF_OK)
    labels->labels[labels->label_count++] = label;
  return result;
}

enum cprof_result cprof_session_label(struct cprof_session *session,
                                      const char *key, const char *text) {
  return add_label(session, key, text, 0);
}

enum cprof_result cprof_session_label_number(struct cprof_session *session,
                                             const char *key, int64_t number) {
  return add_label(session, key, NULL, number);
}

enum cprof_result
cprof_session_start(struct cprof_session *session, struct cprof_vm *vm,
                    lua_State *L, const struct cprof_session_options *with) {
  cprof_cnames_scan(&vm->cnames, L);
  cprof_cpu_prepare(vm, L);
  // Subscribed first: the sampler must not run for nobody.
  enum cprof_result result =
      cprof_stream_subscribe(&vm->stream, &session->subscriber);
  if (result == CPROF_OK)
    result = cprof_cpu_start(&session->cpu, vm, L, &with->cpu);
  if (result != CPROF_OK) {
    cprof_stream_unsubscribe(&vm->stream, &session->subscriber);
    return result;
  }
  session->vm_before = vm->counters;
  cprof_cpu_stats(&session->cpu, &session->cpu_before);
  session->before = cprof_cpu_carried(&session->cpu);
  session->interval_ns = session->cpu_before.interval_ns;
  session->start_time_ns = cprof_os_time_ns();
  session->start_wall_ns = cprof_os_wall_ns();
  session->started = true;
  return CPROF_OK;
}

bool cprof_session_running(const struct cprof_session *session) {
  return session->started && session->stop_wall_ns == 0 &&
         cprof_cpu_running(&session->cpu);
}

const char *cprof_session_why_not(const struct cprof_session *session) {
  if (!session->started || session->stop_wall_ns != 0)
    return "the session is stopped";
  if (!cprof_cpu_running(&session->cpu))
    return "the session belongs to the process that forked this one; start "
           "one here";
  if (!cprof_cpu_is_here(&session->cpu))
    return "the session belongs to another thread, the one that started it";
  return NULL;
}

enum cprof_result cprof_session_flush(struct cprof_session *session,
                                      lua_State *L) {
  if (cprof_session_why_not(session) != NULL)
    return CPROF_ESTATE;
  // At once, or a loss between them would be counted but not shown.
  cprof_cpu_refresh(&session->cpu, L);
  cprof_cpu_stats(&session->cpu, &session->cpu_after);
  session->interval_ns = session->cpu_after.interval_ns;
  return CPROF_OK;
}

// The sample that would have stood for them comes too late for this session.
static void lose_carried(struct cprof_session *session) {
  static const struct cprof_frame lost = {CPROF_MARK_LOST, 0};
  struct cprof_cpu_carried carried = cprof_cpu_carried(&session->cpu);
  subtract_before(session, carried.serial, &carried.signals,
                  &carried.weight_ns);
  struct cprof_sample sample = {.frames = &lost,
                                .depth = 1,
                                .signals = carried.signals,
                                .weight_ns = carried.weight_ns,
                                .serial = CPROF_NO_SERIAL};
  if (sample.signals > 0)
    take(&session->subscriber, &sample);
  session->carried += sample.signals;
  session->carried_ns += sample.weight_ns;
}

void cprof_session_stop(struct cprof_session *session) {
  if (!session->started || session->stop_wall_ns != 0)
    return;
  if (cprof_session_running(session))
    lose_carried(session);
  cprof_cpu_stop(&session->cpu);
  cprof_stream_unsubscribe(&session->cpu.vm->stream, &session->subscriber);
  session->stop_wall_ns = cprof_os_wall_ns();
}

size_t cprof_session_bytes(const struct cprof_session *session) {
  return sizeof *session + cprof_stacks_bytes(&session->stacks) +
         session->sum_capacity * sizeof *session->sums +
         cprof_table_bytes(&session->table);
}

void cprof_session_done(struct cprof_session *session) {
  cprof_session_stop(session);
  cprof_stacks_done(&session->stacks);
  free(session->sums);
  session->sums = NULL;
  session->sum_count = session->sum_capacity = 0;
  cprof_table_done(&session->table);
  cprof_profile_free(session->labels);
  session->labels = NULL;
}
