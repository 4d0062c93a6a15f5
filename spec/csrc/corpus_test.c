// The files that fuzzing found worth keeping (spec/fixtures/corpus), each put
// once more through what found it: the fuzzers themselves, called in turn.
// They abort when something is wrong. spec/fuzz tells how the files came.
#define LLVMFuzzerTestOneInput run_read
#include "../fuzz/read_fuzz.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput run_filter
#include "../fuzz/filter_fuzz.c"

#include "tap.h"

#include <dirent.h>

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

static void run_folder(const char *folder,
                       int (*run)(const uint8_t *bytes, size_t size)) {
  int count = 0;
  DIR *dir = opendir(folder);
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    char path[600];
    if (entry->d_name[0] == '.')
      continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    printf("# %s\n", path);
    fflush(stdout); // so that an abort tells which
    struct cprof_buffer bytes = load(path);
    run(bytes.bytes, bytes.size);
    cprof_buffer_done(&bytes);
    count++;
  }
  if (dir)
    closedir(dir);
  ok(count > 0, "%s: %d files", folder, count);
}

int main(void) {
  run_folder("spec/fixtures/corpus/read", run_read);
  run_folder("spec/fixtures/corpus/filter", run_filter);
  return tap_done();
}
