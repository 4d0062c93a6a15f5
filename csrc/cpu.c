// Timer, handler, and who uses them. The parts: handler (reached by the
// signal), threads, users.
#include "cpu.h"

#include "os.h"
#include "safepoint.h"

#include <pthread.h> // the control side's mutex
#include <stdlib.h>

// Never freed: a late signal finds it through its cookie.
struct cprof_cpu_thread {
  struct cprof_queue *queue;
  struct cprof_timer timer;
  uint64_t stack_low, stack_high;
  _Atomic uint64_t interval_ns;                    // the handler reads it
  struct cprof_vm *_Atomic vms[CPROF_CPU_VMS_MAX]; // NULL: free
  _Atomic bool in_handler;                         // it may hold one of them
  _Atomic uint64_t signals, handler_ns, rested;    // the handler's
  _Atomic uint64_t handled_ns; // weights of signals since set_rate
  uint64_t set_cpu_ns;         // the thread's CPU clock then, or UNKNOWN
  // The handler's: until when it rests, and what came meanwhile.
  uint64_t rest_until_ns, carried_signals, carried_ns;
  uint64_t serial;       // of the tick that will stand for them
  uint64_t last_cost_ns; // of the signal before
  uint64_t restarts;
  _Atomic int tid;              // 0: free; GONE: its thread has ended
  struct cprof_cpu_user *users; // on this thread
  struct cprof_cpu_thread *next;
};

// Recursive: LuaJIT calls Lua while its profiler starts and stops, to tell that
// traces are flushed, and a collection there may end sessions.
static const pthread_mutex_t fresh = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t control = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static bool changing; // the VM's profiler: no start within
static struct cprof_cpu_thread *_Atomic threads; // grows at its head
static uint32_t attached;                        // VMs, in this process
static uint32_t generation;                      // counts forks seen
static int owner_pid;
static _Thread_local struct cprof_cpu_thread *mine; // may be another's by now
static _Thread_local int mine_tid;                  // when it was mine

#define GONE (-1)
#define UNKNOWN UINT64_MAX

// ---- handler ----------------------------------------------------------

// Asks every VM of the thread: which of them runs is not known here, and the
// one that does reaches its safe point first.
static bool ask_all(struct cprof_cpu_thread *thread,
                    const struct cprof_signal *signal) {
  struct cprof_moment now = {
      cprof_os_pc(signal),
      cprof_os_top(signal, thread->stack_low, thread->stack_high)};
  bool asked = false;
  for (uint32_t i = 0; i < CPROF_CPU_VMS_MAX; i++) {
    struct cprof_vm *vm = thread->vms[i];
    if (vm != NULL)
      asked |= cprof_vm_ask(vm, &now);
  }
  return asked;
}

// To ask PUC for a safe point costs a walk over every active call: 20 us at a
// depth of 10,000, but milliseconds at 300,000, longer than a tick; and to
// resolve a tick costs the more the deeper the sessions look. After an
// expensive one (two in a row: a single one may have been preempted, which
// tells nothing about the next) the handler rests, so that both stay below
// 1/REST of the time; the next sample carries the weight of the signals
// between.
#define REST 100u
#define REST_MAX_NS 1000000000u
#define EXPENSIVE_NS 20000u

static bool rests(struct cprof_cpu_thread *thread, uint64_t now_ns,
                  uint64_t weight_ns) {
  thread->carried_signals++;
  thread->carried_ns += weight_ns;
  if (now_ns >= thread->rest_until_ns)
    return false;
  thread->rested++;
  return true;
}

static void push_tick(struct cprof_cpu_thread *thread,
                      const struct cprof_signal *signal, uint64_t now_ns,
                      bool asked) {
  struct cprof_tick *tick = cprof_queue_reserve(thread->queue);
  if (tick != NULL) {
    tick->time_ns = now_ns;
    tick->weight_ns = thread->carried_ns;
    tick->signals = thread->carried_signals;
    tick->serial = thread->serial;
    tick->hooked = !asked;
    cprof_os_capture(signal, tick, thread->stack_low, thread->stack_high);
    cprof_queue_commit(thread->queue);
  } else {
    cprof_queue_merge(thread->queue, thread->carried_signals,
                      thread->carried_ns);
  }
  thread->carried_signals = thread->carried_ns = 0;
  thread->serial++;
}

static uint64_t min(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void sample(struct cprof_cpu_thread *thread,
                   const struct cprof_signal *signal) {
  uint64_t start_ns = cprof_os_wall_ns();
  uint64_t weight_ns =
      thread->interval_ns * (1 + (uint64_t)(unsigned)signal->overrun);
  thread->signals++;
  thread->handled_ns += weight_ns;
  if (rests(thread, start_ns, weight_ns))
    return;
  bool asked = ask_all(thread, signal);
  push_tick(thread, signal, start_ns, asked);
  uint64_t end_ns = cprof_os_wall_ns();
  thread->handler_ns += end_ns - start_ns;
  uint64_t cost_ns = end_ns - start_ns + cprof_queue_take_cost(thread->queue);
  uint64_t twice_ns = min(cost_ns, thread->last_cost_ns);
  thread->last_cost_ns = cost_ns;
  if (twice_ns > EXPENSIVE_NS)
    thread->rest_until_ns = end_ns + min(twice_ns * REST, REST_MAX_NS);
}

// A cookie is believed only when it is one of ours: any library may have a
// timer that sends SIGPROF. And a late signal may meet a record that another
// thread has by now.
static void on_tick(const struct cprof_signal *signal) {
  struct cprof_cpu_thread *at = threads;
  while (at != NULL && at != signal->cookie)
    at = at->next;
  if (at == NULL || at->tid != cprof_os_tid())
    return;
  at->in_handler = true;
  sample(at, signal);
  at->in_handler = false;
}

// ---- threads ----------------------------------------------------------

// What its last user left; no handler runs on it.
static void clear(struct cprof_cpu_thread *thread) {
  cprof_queue_clear(thread->queue);
  thread->rest_until_ns = thread->last_cost_ns = 0;
  thread->carried_signals = thread->carried_ns = 0;
}

static struct cprof_cpu_thread *take_free(void) {
  for (struct cprof_cpu_thread *at = threads; at != NULL; at = at->next)
    if (at->tid == 0)
      return at;
  struct cprof_cpu_thread *thread = calloc(1, sizeof *thread);
  if (thread == NULL || (thread->queue = cprof_queue_new()) == NULL) {
    free(thread);
    return NULL;
  }
  thread->next = threads;
  threads = thread;
  return thread;
}

// A thread that ended in the middle of a session keeps its record until that
// is closed; then its number may come again.
static struct cprof_cpu_thread *thread_here(void) {
  int tid = cprof_os_tid();
  if (mine != NULL && mine->tid == tid)
    return mine;
  for (struct cprof_cpu_thread *at = threads; at != NULL; at = at->next)
    if (at->tid == tid)
      at->tid = GONE;
  struct cprof_cpu_thread *thread = take_free();
  if (thread == NULL)
    return NULL;
  clear(thread);
  thread->tid = tid;
  mine = thread;
  mine_tid = tid;
  if (!cprof_os_stack(&thread->stack_low, &thread->stack_high))
    thread->stack_low = thread->stack_high = 0; // then no words are kept
  return thread;
}

static void lock(void) { pthread_mutex_lock(&control); }
static void unlock(void) { pthread_mutex_unlock(&control); }
static void renew_lock(void) { control = fresh; } // its owner has no such name

// In a child. Only the thread that forked is there: what others ran stands
// still between any two instructions and must not be touched.
static void forget(struct cprof_cpu_thread *thread) {
  bool is_mine = thread == mine && thread->tid == mine_tid;
  cprof_timer_forget(&thread->timer);
  for (uint32_t i = 0; i < CPROF_CPU_VMS_MAX; i++) {
    struct cprof_vm *vm = thread->vms[i];
    thread->vms[i] = NULL;
    if (vm != NULL && is_mine)
      cprof_vm_detach(vm);
    else if (vm != NULL)
      cprof_vm_abandon(vm);
  }
  clear(thread);
  thread->in_handler = false;
  thread->users = NULL;
  thread->tid = 0;
}

// Timers are not inherited by fork: the child begins anew.
static void notice_fork(void) {
  int pid = cprof_os_pid();
  if (owner_pid == pid)
    return;
  bool is_child = owner_pid != 0;
  owner_pid = pid;
  if (!is_child) {
    pthread_atfork(lock, unlock, renew_lock); // no child of a half-done start
    return;
  }
  generation++;
  attached = 0;
  for (struct cprof_cpu_thread *at = threads; at != NULL; at = at->next)
    forget(at);
  cprof_signal_restore();
}

static enum cprof_result set_rate(struct cprof_cpu_thread *thread) {
  uint32_t hz = 0;
  for (struct cprof_cpu_user *at = thread->users; at != NULL; at = at->next)
    if (at->hz > hz)
      hz = at->hz;
  if (hz == 0) {
    cprof_timer_stop(&thread->timer);
    thread->interval_ns = 0;
    return CPROF_OK;
  }
  uint64_t interval_ns = 1000000000u / hz;
  if (interval_ns == thread->interval_ns && thread->timer.armed)
    return CPROF_OK;
  thread->interval_ns = interval_ns;
  thread->set_cpu_ns =
      thread->tid == cprof_os_tid() ? cprof_os_cpu_ns() : UNKNOWN;
  thread->handled_ns = 0;
  return thread->timer.armed
             ? cprof_timer_change(&thread->timer, interval_ns)
             : cprof_timer_start(&thread->timer, thread, interval_ns);
}

// ---- VMs --------------------------------------------------------------

// On another thread than the one it was sampled on, a signal may be in the
// handler now.
static void await_handler(const struct cprof_cpu_thread *thread) {
  while (thread->tid != cprof_os_tid() && thread->in_handler)
    cprof_os_yield();
}

// Elsewhere another signal may be on its way: it must find some handler.
static void remove_vm(struct cprof_cpu_thread *thread, struct cprof_vm *vm) {
  for (uint32_t i = 0; i < CPROF_CPU_VMS_MAX; i++)
    if (thread->vms[i] == vm)
      thread->vms[i] = NULL;
  await_handler(thread);
  changing = true;
  cprof_vm_detach(vm);
  changing = false;
  vm->closing = NULL;
  if (--attached > 0)
    return;
  if (thread->tid == cprof_os_tid())
    cprof_signal_restore();
  else
    cprof_signal_passive();
}

static void stop_locked(struct cprof_cpu_user *user);

static struct cprof_cpu_user *user_of(const struct cprof_vm *vm) {
  for (struct cprof_cpu_thread *at = threads; at != NULL; at = at->next)
    for (struct cprof_cpu_user *user = at->users; user; user = user->next)
      if (user->vm == vm)
        return user;
  return NULL;
}

// lua_close with users that were never stopped.
static void on_closing(struct cprof_vm *vm) {
  struct cprof_cpu_user *user;
  lock();
  notice_fork();
  while ((user = user_of(vm)) != NULL)
    stop_locked(user);
  unlock();
}

static enum cprof_result attach_vm(struct cprof_cpu_thread *thread,
                                   struct cprof_vm *vm, lua_State *L,
                                   const struct cprof_cpu_options *options) {
  uint32_t slot = 0;
  while (slot < CPROF_CPU_VMS_MAX && thread->vms[slot] != NULL)
    slot++;
  if (slot == CPROF_CPU_VMS_MAX)
    return CPROF_ELIMIT;
  if (cprof_signal_owner() == CPROF_SIGNAL_FOREIGN)
    return CPROF_EBUSY;
  changing = true;
  enum cprof_result result =
      cprof_vm_attach(vm, L, thread->queue, &options->vm);
  changing = false;
  if (result != CPROF_OK && attached == 0)
    cprof_signal_restore();
  if (result != CPROF_OK)
    return result;
  thread->vms[slot] = vm;
  vm->closing = on_closing;
  attached++;
  result = cprof_signal_active(on_tick);
  if (result != CPROF_OK)
    remove_vm(thread, vm);
  return result;
}

static bool has_users(const struct cprof_cpu_thread *thread,
                      const struct cprof_vm *vm) {
  for (struct cprof_cpu_user *at = thread->users; at != NULL; at = at->next)
    if (at->vm == vm)
      return true;
  return false;
}

// ---- users ------------------------------------------------------------

static void unlink_user(struct cprof_cpu_thread *thread,
                        struct cprof_cpu_user *user) {
  struct cprof_cpu_user **at = &thread->users;
  while (*at != NULL && *at != user)
    at = &(*at)->next;
  if (*at != NULL)
    *at = user->next;
  user->next = NULL;
  user->thread = NULL;
}

static void stop_locked(struct cprof_cpu_user *user) {
  struct cprof_cpu_thread *thread = user->thread;
  struct cprof_vm *vm = user->vm;
  bool was_blocked = cprof_signal_block();
  unlink_user(thread, user);
  set_rate(thread);
  cprof_signal_drain();
  if (!has_users(thread, vm))
    remove_vm(thread, vm);
  if (thread->users == NULL) {
    await_handler(thread);
    clear(thread);
    thread->tid = 0;
  }
  if (!was_blocked)
    cprof_signal_unblock();
}

static enum cprof_result start_locked(struct cprof_cpu_user *user, lua_State *L,
                                      const struct cprof_cpu_options *options) {
  struct cprof_vm *vm = user->vm;
  struct cprof_cpu_thread *thread = thread_here();
  if (thread == NULL)
    return CPROF_ENOMEM;
  enum cprof_result result = CPROF_OK;
  if ((vm->attached && vm->queue != thread->queue) ||
      cprof_signal_is_blocked() || changing)
    result = CPROF_ESTATE;
  else if (!vm->attached)
    result = attach_vm(thread, vm, L, options);
  if (result != CPROF_OK && thread->users == NULL)
    thread->tid = 0;
  if (result != CPROF_OK)
    return result;
  user->generation = generation;
  user->thread = thread;
  user->next = thread->users;
  thread->users = user;
  result = set_rate(thread);
  if (result != CPROF_OK)
    stop_locked(user);
  return result;
}

void cprof_cpu_prepare(struct cprof_vm *vm, lua_State *L) {
  cprof_vm_prepare(vm, L);
  lock();
  struct cprof_cpu_user *other = user_of(vm);
  unlock();
  if (other != NULL)
    cprof_cpu_refresh(other, L);
}

enum cprof_result cprof_cpu_start(struct cprof_cpu_user *user,
                                  struct cprof_vm *vm, lua_State *L,
                                  const struct cprof_cpu_options *options) {
  if (options->hz == 0 || options->hz > CPROF_HZ_MAX)
    return CPROF_ERANGE;
  user->vm = vm;
  user->hz = options->hz;
  lock();
  notice_fork();
  enum cprof_result result = start_locked(user, L, options);
  unlock();
  return result;
}

bool cprof_cpu_running(const struct cprof_cpu_user *user) {
  return user->thread != NULL && owner_pid == cprof_os_pid() &&
         user->generation == generation;
}

struct cprof_cpu_carried cprof_cpu_carried(const struct cprof_cpu_user *user) {
  const struct cprof_cpu_thread *thread = user->thread;
  bool was_blocked = cprof_signal_block();
  struct cprof_cpu_carried carried = {thread->carried_signals,
                                      thread->carried_ns, thread->serial};
  if (!was_blocked)
    cprof_signal_unblock();
  return carried;
}

bool cprof_cpu_is_here(const struct cprof_cpu_user *user) {
  int tid = user->thread != NULL ? user->thread->tid : 0;
  return tid == cprof_os_tid() || !cprof_os_thread_lives(tid);
}

// A signal waits for the tick, which comes 100 times a second at least.
#define TICK_MAX_NS 10000000u

// CPU time for which no signal came to us: somebody took SIGPROF, or stopped
// LuaJIT's profiler, and with it our handler.
static void lose_missing(struct cprof_cpu_thread *thread, struct cprof_vm *vm) {
  uint64_t now_ns = cprof_os_cpu_ns();
  if (thread->set_cpu_ns > now_ns) // set on another thread
    thread->set_cpu_ns = now_ns - min(now_ns, thread->handled_ns);
  uint64_t used_ns = now_ns - thread->set_cpu_ns;
  uint64_t slack_ns = thread->interval_ns + TICK_MAX_NS;
  uint64_t handled_ns = thread->handled_ns;
  if (vm->draining || cprof_signal_is_blocked() ||
      used_ns < handled_ns + slack_ns)
    return;
  struct cprof_tick missing = {.weight_ns = used_ns - handled_ns,
                               .serial = CPROF_NO_SERIAL};
  missing.time_ns = cprof_os_wall_ns();
  missing.signals = missing.weight_ns / thread->interval_ns;
  thread->handled_ns += missing.weight_ns;
  cprof_safepoint_lose(vm, &missing);
}

static void restart(struct cprof_cpu_thread *thread, struct cprof_vm *vm,
                    lua_State *L) {
  struct cprof_vm_options same = {cprof_vm_mode(vm)};
  lock();
  bool was_blocked = cprof_signal_block();
  changing = true;
  if (cprof_vm_attach(vm, L, thread->queue, &same) == CPROF_OK &&
      cprof_signal_active(on_tick) == CPROF_OK)
    thread->restarts++;
  changing = false;
  if (!was_blocked)
    cprof_signal_unblock();
  unlock();
}

void cprof_cpu_refresh(struct cprof_cpu_user *user, lua_State *L) {
  if (!cprof_cpu_running(user) || user->thread->tid != cprof_os_tid())
    return;
  cprof_vm_flush(user->vm, L);
  lose_missing(user->thread, user->vm);
  if (cprof_signal_owner() == CPROF_SIGNAL_PASSIVE && !changing)
    restart(user->thread, user->vm, L);
}

void cprof_cpu_stop(struct cprof_cpu_user *user) {
  if (user->thread == NULL)
    return;
  if (cprof_cpu_running(user) && user->thread->tid == cprof_os_tid())
    lose_missing(user->thread, user->vm);
  lock();
  notice_fork();
  if (user->generation == generation)
    stop_locked(user);
  user->thread = NULL;
  unlock();
}

void cprof_cpu_stats(const struct cprof_cpu_user *user,
                     struct cprof_cpu_stats *stats) {
  const struct cprof_cpu_thread *thread = user->thread;
  *stats = (struct cprof_cpu_stats){0};
  if (thread == NULL)
    return;
  stats->signals = thread->signals;
  stats->handler_ns = thread->handler_ns;
  stats->merged = thread->queue->merged;
  stats->rested = thread->rested;
  stats->interval_ns = thread->interval_ns;
  stats->restarts = thread->restarts;
}
