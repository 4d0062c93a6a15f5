// libFuzzer: any bytes, gzipped or not, are read as a profile; what was read
// is checked, reported, written and read again (pprof_cycle.h). See run.sh.
#include "gzip.h"
#include "pprof_cycle.h"

#define UNPACKED_MAX ((size_t)8 << 20) // of what a gzip stream may become

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct cprof_buffer raw = {.size_max = UNPACKED_MAX};
  if (size == 0) // libFuzzer's first try: NULL
    return 0;
  const char *wrong = NULL;
  if (cprof_gunzip(bytes, size, &raw) == CPROF_OK)
    wrong = cycle(raw.bytes ? raw.bytes : bytes, raw.size);
  cprof_buffer_done(&raw);
  if (wrong) {
    fprintf(stderr, "read_fuzz: %s\n", wrong);
    abort();
  }
  return 0;
}
