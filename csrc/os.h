// What cprof asks of the operating system: clocks, the per-thread CPU timer,
// the signal, memory of this process that may not be there. os_linux.c is the
// only unit that includes Linux headers; registers come through arch_*.h.
#ifndef CPROF_OS_H
#define CPROF_OS_H

#include "base.h"
#include "queue.h" // struct cprof_tick, filled by cprof_os_capture

// Clocks in nanoseconds. All three are async-signal-safe.
uint64_t cprof_os_wall_ns(void); // CLOCK_MONOTONIC
uint64_t cprof_os_cpu_ns(void);  // this thread's CPU clock; a system call
uint64_t cprof_os_time_ns(void); // since 1970

int cprof_os_pid(void);
int cprof_os_tid(void);              // async-signal-safe
bool cprof_os_thread_lives(int tid); // of this process
void cprof_os_yield(void);           // lets other threads run
uint64_t cprof_os_random(void);      // for phases and hash keys
bool cprof_os_isatty(int fd);
size_t cprof_os_resident_bytes(void); // of the process
// The folder the process is in, with a NUL; CPROF_EIO: errno says why not.
enum cprof_result cprof_os_cwd(char *path, size_t size);
bool cprof_os_is_file(const char *path); // one that ends: no pipe, no device
// Seconds from 1970 to the last write; false: nothing there that we may see.
bool cprof_os_modified_s(const char *path, double *seconds);

// Copies memory of this process; false, not a fault, where there is none.
bool cprof_os_peek(const void *address, void *out, size_t size);

// The calling thread's stack as [*low, *high). Takes a lock and allocates:
// never from the handler. false when the thread library does not know.
bool cprof_os_stack(uint64_t *low, uint64_t *high);

// A timer on the calling thread's CPU clock that signals that thread.
struct cprof_timer {
  void *id;   // the system's
  bool armed; // id is valid
};
// Starts with this cookie in the signal, first after a random part of the
// interval. CPROF_EIO with errno when the system has no timer left.
enum cprof_result cprof_timer_start(struct cprof_timer *timer, void *cookie,
                                    uint64_t interval_ns);
// Changes the rate; the phase is drawn anew.
enum cprof_result cprof_timer_change(struct cprof_timer *timer,
                                     uint64_t interval_ns);
// Deletes it; may be called twice. In a forked child only forgets it (timers
// are not inherited, the number may be another's).
void cprof_timer_stop(struct cprof_timer *timer);
void cprof_timer_forget(struct cprof_timer *timer);

// Stops ITIMER_PROF, which LuaJIT's profiler starts.
void cprof_os_itimer_stop(void);

// A signal of one of our timers, as the handler gets it.
struct cprof_signal {
  void *cookie;        // of the timer
  int overrun;         // expiries beyond this one
  const void *context; // ucontext_t
};

// The interrupted instruction. async-signal-safe
uint64_t cprof_os_pc(const struct cprof_signal *signal);
// The word at the stack pointer, within [low, high), else 0: in a function that
// has pushed nothing it is the return address. async-signal-safe
uint64_t cprof_os_top(const struct cprof_signal *signal, uint64_t low,
                      uint64_t high);
// Fills registers, pc and stack words of a tick; words only within
// [low, high). async-signal-safe
void cprof_os_capture(const struct cprof_signal *signal,
                      struct cprof_tick *tick, uint64_t low, uint64_t high);

// Who answers SIGPROF now?
enum cprof_signal_owner {
  CPROF_SIGNAL_FREE,    // default or ignored
  CPROF_SIGNAL_PASSIVE, // ours, counts only
  CPROF_SIGNAL_ACTIVE,  // ours, samples
  CPROF_SIGNAL_FOREIGN, // a handler of somebody else
};
enum cprof_signal_owner cprof_signal_owner(void);
// The foreign handler's address, or NULL: tells whether it changed.
void *cprof_signal_foreign(void);

// Runs in the signal handler for signals of timers; the cookie may be that of
// somebody else's. errno is kept by the caller.
typedef void cprof_signal_handler(const struct cprof_signal *signal);
// Installs the handler that only counts: what a late signal meets.
enum cprof_result cprof_signal_passive(void);
// Installs the handler that calls `handler`. A SIGPROF that no timer sent is
// dropped: nobody else had the signal before (start refuses otherwise), and
// LuaJIT's own timer is stopped.
enum cprof_result cprof_signal_active(cprof_signal_handler *handler);
// LuaJIT's stop puts back what it found at its start, and so would take the
// signal from somebody who has it by now: hold remembers a foreign handler,
// give_back installs it again.
void cprof_signal_hold(void);
void cprof_signal_give_back(void);
// With SIGPROF blocked: takes what is pending, then puts the disposition of
// before our first install back, unless somebody else has the signal by now.
void cprof_signal_restore(void);
// Blocks SIGPROF for the calling thread; returns whether it was blocked.
bool cprof_signal_block(void);
bool cprof_signal_is_blocked(void);
// Takes pending SIGPROFs of the blocked thread, and unblocks it.
void cprof_signal_drain(void);
void cprof_signal_unblock(void);
// Signals that met the passive handler.
uint64_t cprof_signal_passive_count(void);

#endif
