// Linux: clocks, timers, SIGPROF. Everything the handler runs before it
// reaches cpu.c is in the part "handler".
#include "os.h"

#include "arch_x86_64.h"

#include <errno.h>
#include <pthread.h> // pthread_getattr_np, pthread_sigmask
#include <sched.h>   // sched_yield
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h> // gettid, tgkill
#include <sys/time.h>    // setitimer
#include <sys/uio.h>     // process_vm_readv
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id // glibc 2.36 has only the union's member
#define sigev_notify_thread_id _sigev_un._tid
#endif

// ---- clocks and facts -------------------------------------------------

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t cprof_os_wall_ns(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t cprof_os_cpu_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
uint64_t cprof_os_time_ns(void) { return read_clock(CLOCK_REALTIME); }

int cprof_os_pid(void) { return (int)getpid(); }
int cprof_os_tid(void) { return (int)syscall(SYS_gettid); }

void cprof_os_yield(void) { sched_yield(); }

bool cprof_os_thread_lives(int tid) {
  return syscall(SYS_tgkill, getpid(), tid, 0) == 0;
}

bool cprof_os_isatty(int fd) { return isatty(fd) == 1; }

uint64_t cprof_os_random(void) {
  uint64_t value = 0;
  if (getrandom(&value, sizeof value, GRND_NONBLOCK) != sizeof value)
    value = cprof_os_wall_ns() * 0x9e3779b97f4a7c15u;
  return value;
}

size_t cprof_os_resident_bytes(void) {
  unsigned long total = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL)
    return 0;
  if (fscanf(file, "%lu %lu", &total, &resident) != 2)
    resident = 0;
  fclose(file);
  return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

enum cprof_result cprof_os_cwd(char *path, size_t size) {
  return getcwd(path, size) != NULL ? CPROF_OK : CPROF_EIO;
}

bool cprof_os_is_file(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool cprof_os_modified_s(const char *path, double *seconds) {
  struct stat status;
  if (stat(path, &status) != 0)
    return false;
  *seconds =
      (double)status.st_mtim.tv_sec + (double)status.st_mtim.tv_nsec / 1e9;
  return true;
}

bool cprof_os_peek(const void *address, void *out, size_t size) {
  struct iovec local = {out, size};
  struct iovec remote = {(void *)address, size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

bool cprof_os_stack(uint64_t *low, uint64_t *high) {
  pthread_attr_t attributes;
  void *address = NULL;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0)
    return false;
  bool known = pthread_attr_getstack(&attributes, &address, &size) == 0;
  pthread_attr_destroy(&attributes);
  *low = (uint64_t)(uintptr_t)address;
  *high = *low + size;
  return known;
}

// ---- timer ------------------------------------------------------------

// The storms of `make soak` build with CLOCK_MONOTONIC, for more signals than
// the tick lets a CPU clock give (make STORM=1).
#ifndef CPROF_TIMER_CLOCK
#define CPROF_TIMER_CLOCK CLOCK_THREAD_CPUTIME_ID
#endif

static enum cprof_result set_timer(struct cprof_timer *timer,
                                   uint64_t interval_ns) {
  uint64_t first_ns = 1 + cprof_os_random() % interval_ns; // (0, interval]
  struct itimerspec when = {
      .it_interval = {(time_t)(interval_ns / 1000000000u),
                      (long)(interval_ns % 1000000000u)},
      .it_value = {(time_t)(first_ns / 1000000000u),
                   (long)(first_ns % 1000000000u)},
  };
  return timer_settime(timer->id, 0, &when, NULL) == 0 ? CPROF_OK : CPROF_EIO;
}

enum cprof_result cprof_timer_start(struct cprof_timer *timer, void *cookie,
                                    uint64_t interval_ns) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_notify_thread_id = cprof_os_tid();
  event.sigev_signo = SIGPROF;
  event.sigev_value.sival_ptr = cookie;
  timer_t id;
  if (timer_create(CPROF_TIMER_CLOCK, &event, &id) != 0)
    return CPROF_EIO;
  timer->id = id;
  timer->armed = true;
  enum cprof_result result = set_timer(timer, interval_ns);
  if (result != CPROF_OK)
    cprof_timer_stop(timer);
  return result;
}

enum cprof_result cprof_timer_change(struct cprof_timer *timer,
                                     uint64_t interval_ns) {
  return set_timer(timer, interval_ns);
}

void cprof_timer_stop(struct cprof_timer *timer) {
  if (timer->armed)
    timer_delete(timer->id);
  cprof_timer_forget(timer);
}

void cprof_timer_forget(struct cprof_timer *timer) {
  timer->armed = false;
  timer->id = NULL;
}

void cprof_os_itimer_stop(void) {
  static const struct itimerval none;
  setitimer(ITIMER_PROF, &none, NULL);
}

// ---- handler ----------------------------------------------------------

static cprof_signal_handler *volatile active_handler;
static struct sigaction before; // the disposition of our first install
static bool installed;          // `before` is valid
static struct sigaction held;   // see cprof_signal_hold
static bool holding;            // `held` is valid
static _Atomic uint64_t passive_count;

uint64_t cprof_os_pc(const struct cprof_signal *signal) {
  return arch_pc(signal->context);
}

static bool in_stack(uint64_t sp, uint64_t low, uint64_t high) {
  return sp >= low && sp < high && sp % sizeof(uint64_t) == 0;
}

__attribute__((no_sanitize_address)) uint64_t
cprof_os_top(const struct cprof_signal *signal, uint64_t low, uint64_t high) {
  uint64_t sp = arch_sp(signal->context);
  return in_stack(sp, low, high) ? *(const uint64_t *)(uintptr_t)sp : 0;
}

// The words are whatever lies there, what ASan puts between variables too.
__attribute__((no_sanitize_address)) void
cprof_os_capture(const struct cprof_signal *signal, struct cprof_tick *tick,
                 uint64_t low, uint64_t high) {
  const ucontext_t *context = signal->context;
  uint64_t sp = arch_sp(context);
  tick->pc = arch_pc(context);
  arch_registers(context, tick->registers);
  tick->word_count = 0;
  if (!in_stack(sp, low, high))
    return;
  uint64_t room = (high - sp) / sizeof(uint64_t);
  tick->word_count =
      room < CPROF_STACK_WORDS ? (uint32_t)room : CPROF_STACK_WORDS;
  const uint64_t *words = (const uint64_t *)(uintptr_t)sp;
  for (uint32_t i = 0; i < tick->word_count; i++)
    tick->words[i] = words[i];
}

static void on_passive(int number, siginfo_t *info, void *context) {
  (void)number, (void)info, (void)context;
  atomic_fetch_add_explicit(&passive_count, 1, memory_order_relaxed);
}

static void on_active(int number, siginfo_t *info, void *context) {
  int saved = errno;
  (void)number;
  if (info->si_code == SI_TIMER) {
    struct cprof_signal signal = {info->si_value.sival_ptr, info->si_overrun,
                                  context};
    active_handler(&signal);
  }
  errno = saved;
}

// ---- disposition ------------------------------------------------------

static enum cprof_result install(void (*action)(int, siginfo_t *, void *)) {
  struct sigaction mine;
  memset(&mine, 0, sizeof mine);
  mine.sa_sigaction = action;
  mine.sa_flags = SA_SIGINFO | SA_RESTART;
  // No other handler may interrupt ours: it could jump out of it.
  sigfillset(&mine.sa_mask);
  return sigaction(SIGPROF, &mine, NULL) == 0 ? CPROF_OK : CPROF_EIO;
}

enum cprof_signal_owner cprof_signal_owner(void) {
  struct sigaction now;
  if (sigaction(SIGPROF, NULL, &now) != 0)
    return CPROF_SIGNAL_FOREIGN;
  if (now.sa_flags & SA_SIGINFO) {
    if (now.sa_sigaction == on_passive)
      return CPROF_SIGNAL_PASSIVE;
    return now.sa_sigaction == on_active ? CPROF_SIGNAL_ACTIVE
                                         : CPROF_SIGNAL_FOREIGN;
  }
  if (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN)
    return CPROF_SIGNAL_FREE;
  return CPROF_SIGNAL_FOREIGN;
}

void *cprof_signal_foreign(void) {
  struct sigaction now;
  if (cprof_signal_owner() != CPROF_SIGNAL_FOREIGN ||
      sigaction(SIGPROF, NULL, &now) != 0)
    return NULL;
  return now.sa_flags & SA_SIGINFO ? (void *)(uintptr_t)now.sa_sigaction
                                   : (void *)(uintptr_t)now.sa_handler;
}

static void keep_before(void) {
  if (installed || sigaction(SIGPROF, NULL, &before) != 0)
    return;
  installed = true;
}

enum cprof_result cprof_signal_passive(void) {
  keep_before();
  return install(on_passive);
}

enum cprof_result cprof_signal_active(cprof_signal_handler *handler) {
  keep_before();
  active_handler = handler;
  return install(on_active);
}

void cprof_signal_hold(void) {
  holding = cprof_signal_owner() == CPROF_SIGNAL_FOREIGN &&
            sigaction(SIGPROF, NULL, &held) == 0;
}

void cprof_signal_give_back(void) {
  if (holding)
    sigaction(SIGPROF, &held, NULL);
  holding = false;
}

bool cprof_signal_block(void) {
  sigset_t mine, old;
  sigemptyset(&mine);
  sigaddset(&mine, SIGPROF);
  pthread_sigmask(SIG_BLOCK, &mine, &old);
  return sigismember(&old, SIGPROF) == 1;
}

bool cprof_signal_is_blocked(void) {
  sigset_t now;
  return pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 &&
         sigismember(&now, SIGPROF) == 1;
}

void cprof_signal_drain(void) {
  sigset_t mine;
  struct timespec none = {0, 0};
  sigemptyset(&mine);
  sigaddset(&mine, SIGPROF);
  while (sigtimedwait(&mine, NULL, &none) == SIGPROF)
    continue;
}

void cprof_signal_unblock(void) {
  sigset_t mine;
  sigemptyset(&mine);
  sigaddset(&mine, SIGPROF);
  pthread_sigmask(SIG_UNBLOCK, &mine, NULL);
}

void cprof_signal_restore(void) {
  bool was_blocked = cprof_signal_block();
  cprof_signal_drain();
  enum cprof_signal_owner owner = cprof_signal_owner();
  if (installed &&
      (owner == CPROF_SIGNAL_ACTIVE || owner == CPROF_SIGNAL_PASSIVE))
    sigaction(SIGPROF, &before, NULL);
  installed = false;
  if (!was_blocked)
    cprof_signal_unblock();
}

uint64_t cprof_signal_passive_count(void) {
  return atomic_load_explicit(&passive_count, memory_order_relaxed);
}
