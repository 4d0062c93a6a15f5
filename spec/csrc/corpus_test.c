// The files that fuzzing found worth keeping (spec/fixtures/corpus), each read
// and put through everything once more. spec/fuzz tells how they came.
#include "gzip.h"
#include "pprof_cycle.h"
#include "tap.h"

#include <dirent.h>

#define ROOM ((size_t)8 << 20)
#define CHOICES 20u // bytes before a profile of filter_fuzz.c

static struct cprof_buffer load(const char *path) {
  struct cprof_buffer bytes = {0};
  uint8_t piece[4096];
  FILE *file = fopen(path, "rb");
  for (size_t size; file && (size = fread(piece, 1, sizeof piece, file)) > 0;)
    cprof_buffer_append(&bytes, piece, size);
  if (file)
    fclose(file);
  return bytes;
}

static void run_file(const char *path, size_t skip) {
  struct cprof_buffer bytes = load(path), raw = {.size_max = ROOM};
  const char *wrong = NULL;
  if (bytes.size > skip &&
      cprof_gunzip(bytes.bytes + skip, bytes.size - skip, &raw) == CPROF_OK &&
      raw.size > 0)
    wrong = cycle(raw.bytes, raw.size);
  if (wrong) {
    ok(false, "%s", path);
    printf("# %s\n", wrong);
  }
  cprof_buffer_done(&raw);
  cprof_buffer_done(&bytes);
}

static void run_folder(const char *folder, size_t skip) {
  int count = 0, failed = tap_failed;
  DIR *dir = opendir(folder);
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (entry->d_name[0] != '.') {
      run_file(path, skip);
      count++;
    }
  }
  if (dir)
    closedir(dir);
  ok(count > 0 && tap_failed == failed, "%s: %d files", folder, count);
}

int main(void) {
  run_folder("spec/fixtures/corpus/read", 0);
  run_folder("spec/fixtures/corpus/filter", CHOICES);
  return tap_done();
}
