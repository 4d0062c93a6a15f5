// cprof_session_profile: from a session's sums to pprof's model, with comments
// that say how it was measured and what that cost. Declared in session.h.
#include "session.h"

#include "modules.h"
#include "os.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A profile being made.
struct maker {
  const struct cprof_session *session;
  const struct cprof_vm *vm;
  struct cprof_profile *profile;
  uint32_t *functions;       // function id of a number in funcs, 0: not yet
  struct cprof_table places; // (function, line) -> location
  uint32_t mapping;          // id of [lua]
  enum cprof_result result;  // the first failure
};

static void note(struct maker *maker, enum cprof_result result) {
  if (maker->result == CPROF_OK)
    maker->result = result;
}

static uint32_t put_string(struct maker *maker, const char *text) {
  uint32_t id = 0;
  note(maker,
       cprof_profile_add_string(maker->profile, text, strlen(text), &id));
  return id;
}

// ---- functions and locations ------------------------------------------

static const char *func_text(const struct maker *maker,
                             const struct cprof_func *func) {
  return cprof_strings_get(&maker->vm->stream.funcs.strings, func->text, NULL);
}

// By the path it is loaded under, by how it was called, by its machine code.
static uint32_t c_name(struct maker *maker, const struct cprof_func *func) {
  char code[200];
  const char *name = cprof_cnames_find(&maker->vm->cnames, func->address);
  if (name == NULL)
    name = func_text(maker, func);
  if (name[0] != '\0')
    return put_string(maker, name);
  cprof_modules_name(func->address, code, sizeof code);
  return put_string(maker, code);
}

static uint32_t function_id(struct maker *maker, uint32_t number) {
  const struct cprof_func *func = &maker->vm->stream.funcs.items[number];
  struct cprof_function made = {0, 0, 0, 0};
  if (maker->functions[number] != 0)
    return maker->functions[number];
  if (number < CPROF_MARKER_COUNT) {
    made.name = put_string(maker, cprof_marker_name(number));
  } else if (func->kind == CPROF_FUNC_C) {
    made.name = c_name(maker, func);
    made.filename = put_string(maker, "[C]");
  } else { // named by the Lua half
    made.filename = put_string(maker, func_text(maker, func));
    made.start_line = func->line;
  }
  note(maker, cprof_profile_add_function(maker->profile, &made,
                                         &maker->functions[number]));
  return maker->functions[number];
}

static bool same_place(const void *owner, uint32_t id, const void *key_) {
  const struct maker *maker = owner;
  const struct cprof_line *key = key_;
  const struct cprof_profile *profile = maker->profile;
  const struct cprof_line *line =
      &profile->lines[profile->locations[id - 1].first_line];
  return line->function == key->function && line->line == key->line;
}

static uint32_t location_id(struct maker *maker,
                            const struct cprof_frame *frame) {
  struct cprof_line line = {function_id(maker, frame->function), frame->line,
                            0};
  struct cprof_location place = {.mapping = maker->mapping};
  uint32_t both[2] = {line.function, frame->line};
  uint64_t hash = cprof_hash(both, sizeof both, 0);
  uint32_t id = 0;
  if (maker->result != CPROF_OK ||
      cprof_table_find(&maker->places, hash, same_place, maker, &line, &id))
    return id;
  note(maker,
       cprof_profile_add_location(maker->profile, &place, &line, 1, &id));
  if (maker->result == CPROF_OK)
    note(maker, cprof_table_add(&maker->places, hash, id));
  return id;
}

// ---- samples ----------------------------------------------------------

// The session's labels and the VM state; returns how many.
static uint32_t fill_labels(struct maker *maker, const struct cprof_sum *sum,
                            struct cprof_label *labels) {
  const struct cprof_profile *from = maker->session->labels;
  uint32_t count = 0;
  for (uint32_t i = 0; from != NULL && i < from->label_count; i++) {
    struct cprof_label label = from->labels[i];
    label.key =
        put_string(maker, cprof_strings_get(&from->strings, label.key, NULL));
    label.str =
        put_string(maker, cprof_strings_get(&from->strings, label.str, NULL));
    label.num_unit = put_string(
        maker, cprof_strings_get(&from->strings, label.num_unit, NULL));
    labels[count++] = label;
  }
  if (sum->state != CPROF_VM_UNKNOWN) {
    struct cprof_label state = {0};
    state.key = put_string(maker, "vmstate");
    state.str = put_string(maker, cprof_vmstate_name(sum->state));
    labels[count++] = state;
  }
  return count;
}

static void add_sample(struct maker *maker, const struct cprof_sum *sum) {
  struct cprof_frame frames[CPROF_DEPTH_MAX + 1]; // and [truncated]
  uint32_t locations[CPROF_DEPTH_MAX + 1];
  struct cprof_label labels[CPROF_SESSION_LABELS_MAX + 1];
  int64_t values[2] = {(int64_t)sum->signals, (int64_t)sum->weight_ns};
  uint32_t depth = cprof_stacks_get(&maker->session->stacks, sum->stack, frames,
                                    CPROF_DEPTH_MAX + 1);
  for (uint32_t i = 0; i < depth; i++)
    locations[i] = location_id(maker, &frames[i]);
  struct cprof_sample_parts parts = {locations, depth, labels,
                                     fill_labels(maker, sum, labels), values};
  if (maker->result == CPROF_OK)
    note(maker, cprof_profile_add_sample(maker->profile, &parts));
}

// ---- what surrounds them ----------------------------------------------

__attribute__((format(printf, 2, 3))) static void
comment(struct maker *maker, const char *format, ...) {
  char text[200];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  note(maker, cprof_profile_add_comment(maker->profile, text));
}

static void add_facts(struct maker *maker) {
  const char *name, *value;
  for (uint32_t i = 0; cprof_vm_fact(maker->vm, i, &name, &value); i++)
    comment(maker, "cprof.%s=%s", name, value);
}

// Of what is rare: a profile without the comment has none.
static void count(struct maker *maker, const char *name, uint64_t number) {
  if (number > 0)
    comment(maker, "cprof.%s=%" PRIu64, name, number);
}

static void add_comments(struct maker *maker) {
  const struct cprof_session *session = maker->session;
  const struct cprof_vm_counters *now = &maker->vm->counters;
  const struct cprof_vm_counters *then = &session->vm_before;
  const struct cprof_cpu_stats *to = &session->cpu_after;
  const struct cprof_cpu_stats *from = &session->cpu_before;
  comment(maker, "cprof.version=%s", CPROF_VERSION);
  comment(maker, "cprof.vm=%s", cprof_vm_name());
  comment(maker, "cprof.pid=%d", cprof_os_pid());
  comment(maker, "cprof.engine=timer");
  add_facts(maker);
  comment(maker, "cprof.signals=%" PRIu64, to->signals - from->signals);
  comment(maker, "cprof.handler_ns=%" PRIu64,
          to->handler_ns - from->handler_ns);
  comment(maker, "cprof.safepoint_ns=%" PRIu64,
          now->safepoint_ns - then->safepoint_ns);
  comment(maker, "cprof.memory_bytes=%zu", cprof_session_bytes(session));
  comment(maker, "cprof.lost=%" PRIu64,
          now->lost - then->lost + session->carried);
  comment(maker, "cprof.lost_ns=%" PRIu64,
          now->lost_ns - then->lost_ns + session->carried_ns);
  count(maker, "merged", to->merged - from->merged);
  count(maker, "rested", to->rested - from->rested);
  count(maker, "restarts", to->restarts - from->restarts);
  count(maker, "other", session->sums[0].signals);
  count(maker, "late", now->late - then->late);
  count(maker, "hooked", now->hooked - then->hooked);
  comment(maker, "cprof.lines_live=%" PRIu64,
          now->lines_live - then->lines_live);
  comment(maker, "cprof.lines_hook=%" PRIu64,
          now->lines_hook - then->lines_hook);
}

static void add_head(struct maker *maker) {
  const struct cprof_session *session = maker->session;
  struct cprof_profile *profile = maker->profile;
  uint64_t end_ns =
      session->stop_wall_ns != 0 ? session->stop_wall_ns : cprof_os_wall_ns();
  struct cprof_mapping lua = {.has_functions = true,
                              .has_filenames = true,
                              .has_line_numbers = true,
                              .has_inline_frames = true};
  note(maker, cprof_profile_add_type(profile, "samples", "count"));
  note(maker, cprof_profile_add_type(profile, "cpu", "nanoseconds"));
  profile->period_type.type = put_string(maker, "cpu");
  profile->period_type.unit = put_string(maker, "nanoseconds");
  profile->default_sample_type = put_string(maker, "cpu");
  profile->period = (int64_t)session->interval_ns;
  profile->time_nanos = (int64_t)session->start_time_ns;
  profile->duration_nanos = (int64_t)(end_ns - session->start_wall_ns);
  lua.filename = put_string(maker, "[lua]");
  note(maker, cprof_profile_add_mapping(profile, &lua, &maker->mapping));
  add_comments(maker);
}

static void make(struct maker *maker) {
  const struct cprof_session *session = maker->session;
  maker->functions = calloc(maker->vm->stream.funcs.count, sizeof(uint32_t));
  if (maker->functions == NULL)
    note(maker, CPROF_ENOMEM);
  else
    add_head(maker);
  for (uint32_t i = 0; i < session->sum_count && maker->result == CPROF_OK; i++)
    if (session->sums[i].signals > 0)
      add_sample(maker, &session->sums[i]);
}

enum cprof_result cprof_session_profile(const struct cprof_session *session,
                                        lua_State *L,
                                        struct cprof_profile **profile) {
  struct maker maker = {.session = session, .vm = session->cpu.vm};
  cprof_cnames_scan(&session->cpu.vm->cnames, L);
  maker.profile = cprof_profile_new();
  if (maker.profile == NULL)
    return CPROF_ENOMEM;
  make(&maker);
  free(maker.functions);
  cprof_table_done(&maker.places);
  if (maker.result != CPROF_OK)
    cprof_profile_free(maker.profile);
  else
    *profile = maker.profile;
  return maker.result;
}
