// The CPU sampler: one timer a thread on that thread's CPU clock, one signal
// handler, as many users (sessions) as like. It runs at the highest rate that
// a user asks for; every tick carries its own weight. start and stop are
// called on the thread that runs the VM, outside the handler.
#ifndef CPROF_CPU_H
#define CPROF_CPU_H

#include "vm.h"

#define CPROF_HZ_MAX 10000u
#define CPROF_HZ_DEFAULT 100u
#define CPROF_CPU_VMS_MAX 8u // VMs sampled on one thread at a time

struct cprof_cpu_thread;

// One session's part in it.
struct cprof_cpu_user {
  struct cprof_cpu_thread *thread; // NULL: not started
  struct cprof_vm *vm;
  uint32_t hz;
  uint32_t generation; // of the process: forks end users
  struct cprof_cpu_user *next;
};

struct cprof_cpu_options {
  uint32_t hz; // 1 .. CPROF_HZ_MAX
  struct cprof_vm_options vm;
};

// Before a session subscribes: finds out about the VM (may run Lua), and
// resolves what waits for the sessions that are there.
void cprof_cpu_prepare(struct cprof_vm *vm, lua_State *L);
// Samples this VM on the calling thread. CPROF_EBUSY: SIGPROF or the VM's
// profiler belongs to somebody else; CPROF_ESTATE: the VM is being sampled on
// another thread, or this thread blocks SIGPROF; CPROF_ELIMIT: too many VMs;
// CPROF_EIO: no timer.
enum cprof_result cprof_cpu_start(struct cprof_cpu_user *user,
                                  struct cprof_vm *vm, lua_State *L,
                                  const struct cprof_cpu_options *options);
// Is this the thread that started it? true also where that thread has ended.
bool cprof_cpu_is_here(const struct cprof_cpu_user *user);
// Resolves what is pending for this VM. CPU time for which no signal came, as
// when somebody stopped LuaJIT's profiler meanwhile, becomes [lost], and the
// profiler is started again. Does nothing on another thread.
void cprof_cpu_refresh(struct cprof_cpu_user *user, lua_State *L);
// What a resting handler has carried so far for its next tick, whose serial
// this is. A session that ends now does not get that tick. Only while running.
struct cprof_cpu_carried {
  uint64_t signals, weight_ns, serial;
};
struct cprof_cpu_carried cprof_cpu_carried(const struct cprof_cpu_user *user);
// Does nothing when not started. The last user takes timer, handler and hooks
// along.
void cprof_cpu_stop(struct cprof_cpu_user *user);
// Is it still sampling? false in a child that was forked meanwhile.
bool cprof_cpu_running(const struct cprof_cpu_user *user);

struct cprof_cpu_stats {
  uint64_t signals;     // handled on this thread
  uint64_t handler_ns;  // spent handling them, delivery not included
  uint64_t merged;      // signals that found no slot of their own
  uint64_t rested;      // signals that the next asked sample stands for
  uint64_t interval_ns; // 0: not sampling
  uint64_t restarts;    // of LuaJIT's profiler that somebody stopped
};
// Of the user's thread.
void cprof_cpu_stats(const struct cprof_cpu_user *user,
                     struct cprof_cpu_stats *stats);

#endif
