// What the kernel's part of a sample costs, by three ways, none of them
// cprof's:
//   kill  tgkill to this thread with a handler that does nothing, less tgkill
//         of signal 0: sending, entering and leaving the handler, all warm
//   tick  a timer of the thread's CPU clock expires at every second tick: what
//         ticks with a signal take longer than those without
//   wall  the interrupt of a wall clock's timer with its signal, of which a
//         build with STORM=1 makes its samples
// The gaps are those of a loop that reads the clock without pause.
// Run: delivery_bench. Prints one line of key=value, in us.
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id // glibc 2.36 has only the union's member
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define GAPS_MAX 1000000u
#define GAP_NS 800u        // shorter ones are the loop's own
#define GAP_MAX_NS 400000u // longer ones: somebody else ran meanwhile
#define SECONDS 4u

struct gap {
  uint64_t start_ns, size_ns;
  int signal;
};

static struct gap *gaps;
static size_t gap_count;
static volatile sig_atomic_t signals;

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)number, (void)info, (void)context;
  signals++;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGPROF, &action, NULL);
}

static timer_t start_timer(clockid_t clock, long interval_ns) {
  struct sigevent event;
  timer_t timer;
  struct itimerspec when = {{0, interval_ns}, {0, interval_ns}};
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
  event.sigev_signo = SIGPROF;
  if (timer_create(clock, &event, &timer) != 0 ||
      timer_settime(timer, 0, &when, NULL) != 0)
    exit(1);
  return timer;
}

// ---- gaps -------------------------------------------------------------

static void watch(void) {
  uint64_t last_ns = now_ns(), until_ns = last_ns + SECONDS * 1000000000ull;
  sig_atomic_t seen = signals;
  gap_count = 0;
  while (last_ns < until_ns && gap_count < GAPS_MAX) {
    uint64_t at_ns = now_ns();
    int signal = signals != seen;
    if (signal)
      at_ns = now_ns(); // it may have come after the read above
    if ((signal || at_ns - last_ns > GAP_NS) && at_ns - last_ns < GAP_MAX_NS)
      gaps[gap_count++] = (struct gap){last_ns, at_ns - last_ns, signal};
    seen = signals;
    last_ns = at_ns;
  }
}

static int compare(const void *a_, const void *b_) {
  const uint64_t *a = a_, *b = b_;
  return (*a > *b) - (*a < *b);
}

static double median_us(uint64_t *values, size_t count) {
  if (count == 0)
    exit(1);
  qsort(values, count, sizeof *values, compare);
  return (double)values[count / 2] / 1e3;
}

// The largest gap without a signal around this time, 0 for none.
static uint64_t gap_at(size_t from, uint64_t time_ns, uint64_t within_ns) {
  uint64_t largest = 0;
  for (size_t i = from; i < gap_count; i++) {
    if (gaps[i].start_ns > time_ns + within_ns)
      break;
    if (!gaps[i].signal && gaps[i].start_ns + within_ns > time_ns &&
        gaps[i].size_ns > largest)
      largest = gaps[i].size_ns;
  }
  return largest;
}

static double wall_us(void) {
  uint64_t *sizes = malloc(GAPS_MAX * sizeof *sizes);
  size_t count = 0;
  timer_t timer = start_timer(CLOCK_MONOTONIC, 200000);
  watch();
  timer_delete(timer);
  for (size_t i = 0; i < gap_count; i++)
    if (gaps[i].signal)
      sizes[count++] = gaps[i].size_ns;
  double us = median_us(sizes, count);
  free(sizes);
  return us;
}

static double tick_us(void) {
  struct timespec tick;
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  uint64_t *with = malloc(GAPS_MAX * sizeof *with);
  uint64_t *without = malloc(GAPS_MAX * sizeof *without);
  size_t count = 0, plain = 0;
  timer_t timer = start_timer(CLOCK_THREAD_CPUTIME_ID, 2 * tick.tv_nsec);
  watch();
  timer_delete(timer);
  for (size_t i = 0; i < gap_count; i++) {
    if (!gaps[i].signal)
      continue;
    uint64_t next = gap_at(i, gaps[i].start_ns + (uint64_t)tick.tv_nsec,
                           (uint64_t)tick.tv_nsec / 20);
    with[count++] = gaps[i].size_ns;
    if (next > 0)
      without[plain++] = next;
  }
  double us = median_us(with, count) - median_us(without, plain);
  free(with);
  free(without);
  return us;
}

// ---- tgkill -----------------------------------------------------------

static double kill_once_us(int number) {
  long pid = getpid(), tid = syscall(SYS_gettid);
  uint64_t start_ns = now_ns();
  for (int i = 0; i < 1000; i++)
    syscall(SYS_tgkill, pid, tid, number);
  return (double)(now_ns() - start_ns) / 1e6;
}

static double kill_us(void) {
  double with = 1e9, without = 1e9;
  for (int i = 0; i < 100; i++) {
    double us = kill_once_us(SIGPROF);
    with = us < with ? us : with;
    us = kill_once_us(0);
    without = us < without ? us : without;
  }
  return with - without;
}

int main(void) {
  gaps = malloc(GAPS_MAX * sizeof *gaps);
  if (gaps == NULL)
    return 1;
  install();
  double kill = kill_us(), tick = tick_us(), wall = wall_us();
  printf("kill_us=%.2f tick_us=%.2f wall_us=%.2f\n", kill, tick, wall);
  free(gaps);
  return 0;
}
