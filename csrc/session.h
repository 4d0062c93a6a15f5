// A session: a subscriber of the stream that sums samples per stack, and
// makes profiles of the sums. On the VM's thread.
#ifndef CPROF_SESSION_H
#define CPROF_SESSION_H

#include "cpu.h"
#include "profile.h"
#include "stacks.h"

#define CPROF_SESSION_LABELS_MAX 16u

// What is summed: one for each (stack, VM state).
struct cprof_sum {
  uint32_t stack;
  enum cprof_vmstate state;
  uint64_t signals;
  uint64_t weight_ns;
};

struct cprof_session {
  struct cprof_subscriber subscriber; // first: take() casts
  struct cprof_cpu_user cpu;
  struct cprof_stacks stacks;
  struct cprof_sum *sums; // the first is [other]
  uint32_t sum_count, sum_capacity;
  struct cprof_table table;     // (stack, state) -> sum
  struct cprof_profile *labels; // NULL or strings and labels of every sample
  struct cprof_vm_counters vm_before;           // the VM's counters at start
  struct cprof_cpu_stats cpu_before, cpu_after; // after: once stopped
  uint64_t start_time_ns, start_wall_ns, stop_wall_ns;
  uint64_t interval_ns;         // the sampler's last
  uint64_t carried, carried_ns; // lost at stop: see cprof_cpu_carried
  // What a resting handler carried at start: the tick of that serial brings it
  // along, but it is not of this session.
  struct cprof_cpu_carried before;
  bool started;
};

struct cprof_session_options {
  struct cprof_cpu_options cpu;
  uint32_t depth_max;
};

// Prepares memory; the session may be moved by nobody from here on.
enum cprof_result cprof_session_init(struct cprof_session *session,
                                     const struct cprof_session_options *with);
// Adds a label for every sample; before start.
enum cprof_result cprof_session_label(struct cprof_session *session,
                                      const char *key, const char *text);
enum cprof_result cprof_session_label_number(struct cprof_session *session,
                                             const char *key, int64_t number);
enum cprof_result cprof_session_start(struct cprof_session *session,
                                      struct cprof_vm *vm, lua_State *L,
                                      const struct cprof_session_options *with);
// Is it sampling? false before start, after stop, and in a forked child.
bool cprof_session_running(const struct cprof_session *session);
// Why flush answers CPROF_ESTATE, for people; NULL: it does not.
const char *cprof_session_why_not(const struct cprof_session *session);
// Takes what is pending into the sums. CPROF_ESTATE when it is not running, or
// on another thread than start's.
enum cprof_result cprof_session_flush(struct cprof_session *session,
                                      lua_State *L);
// Ends sampling; may be called twice. The sums stay until done.
void cprof_session_stop(struct cprof_session *session);
// What was summed until now as a profile, for which L looks up the names of C
// functions; Lua functions carry no name yet but
// their chunk's as file name.
enum cprof_result cprof_session_profile(const struct cprof_session *session,
                                        lua_State *L,
                                        struct cprof_profile **profile);
size_t cprof_session_bytes(const struct cprof_session *session);
// Stops, and releases all; may be called twice.
void cprof_session_done(struct cprof_session *session);

#endif
