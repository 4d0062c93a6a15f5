// How long a large profile takes to read, and what memory hostile ones take:
// the peak of what is resident against their bytes. Each is read in a process
// of its own. Prints one line for each; HOSTILE_MIB=… is their size.
#include "bench_profile.h"
#include "gzip.h"
#include "hostile_profiles.h"
#include "pprof.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPEATS 5
#define ROOM ((size_t)256 << 20) // the longest message

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

// Forgets the peak so far.
static void reset_peak(void) {
  FILE *file = fopen("/proc/self/clear_refs", "w");
  if (file) {
    fputs("5", file);
    fclose(file);
  }
}

static size_t peak_bytes(void) {
  char line[256];
  size_t kib = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    sscanf(line, "VmHWM: %zu", &kib);
  if (file)
    fclose(file);
  return kib << 10;
}

// Bytes outside the heap, so that what a process frees helps no other one.
static struct cprof_buffer shared_room(void) {
  struct cprof_buffer room = {.capacity = ROOM, .size_max = ROOM};
  room.bytes = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return room;
}

static void join(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  tap_failed |= status != 0;
}

// ---- time ----

static void write_stacks(struct cprof_buffer *raw, uint32_t stacks) {
  struct cprof_profile *profile = make_profile(stacks);
  cprof_pprof_write(profile, cprof_buffer_sink(raw));
  cprof_profile_free(profile);
}

static double gunzip_ms(const struct cprof_buffer *raw) {
  struct cprof_buffer packed = {0}, plain = {0};
  struct cprof_gzip *gzip;
  cprof_gzip_open(&gzip, cprof_buffer_sink(&packed), 1);
  struct cprof_sink sink = cprof_gzip_sink(gzip);
  sink.write(sink.owner, raw->bytes, raw->size);
  cprof_gzip_close(gzip, true);
  double start = now_ms();
  cprof_gunzip(packed.bytes, packed.size, &plain);
  double ms = now_ms() - start;
  cprof_buffer_done(&packed);
  cprof_buffer_done(&plain);
  return ms;
}

static void measure_stacks(uint32_t stacks) {
  struct cprof_buffer raw = shared_room();
  write_stacks(&raw, stacks);
  double best_ms = 1e9;
  for (int i = 0; i < REPEATS; i++) {
    struct cprof_profile *profile;
    double start = now_ms();
    cprof_pprof_read(raw.bytes, raw.size, &profile, NULL);
    double ms = now_ms() - start;
    best_ms = ms < best_ms ? ms : best_ms;
    cprof_profile_free(profile);
  }
  printf("stacks=%u read_ms=%.1f sample_ns=%.0f gunzip_ms=%.1f raw_bytes=%zu\n",
         stacks, best_ms, best_ms * 1e6 / stacks, gunzip_ms(&raw), raw.size);
}

// ---- memory ----

static void measure_memory(const char *name, const struct cprof_buffer *raw) {
  reset_peak();
  size_t before = peak_bytes();
  struct cprof_profile *profile;
  double start = now_ms();
  enum cprof_result result =
      cprof_pprof_read(raw->bytes, raw->size, &profile, NULL);
  double ms = now_ms() - start;
  size_t peak = peak_bytes() - before;
  printf("hostile=\"%s\" result=%s raw_bytes=%zu peak_bytes=%zu times=%.1f "
         "byte_ns=%.1f\n",
         name, cprof_result_code(result), raw->size, peak,
         (double)peak / (double)raw->size, ms * 1e6 / (double)raw->size);
  cprof_profile_free(profile);
}

static void measure_hostile(size_t index, size_t size) {
  struct cprof_buffer raw = shared_room();
  if (index == HOSTILE_COUNT)
    put_short_strings(&raw, size);
  else
    put_hostile(&raw, &hostiles[index], size);
  pid_t child = fork();
  if (child > 0) {
    join(child);
    return;
  }
  measure_memory(
      index == HOSTILE_COUNT ? "short strings" : hostiles[index].name, &raw);
}

int main(void) {
  const char *mib = getenv("HOSTILE_MIB");
  size_t size = (mib ? strtoul(mib, NULL, 10) : 16) << 20;
  for (uint32_t stacks = 10000; stacks <= 1000000; stacks *= 10) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      measure_stacks(stacks);
      return 0;
    }
    join(child);
  }
  for (size_t i = 0; i <= HOSTILE_COUNT; i++) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      measure_hostile(i, size);
      return 0;
    }
    join(child);
  }
  return tap_failed;
}
