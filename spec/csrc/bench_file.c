// Writes bench_profile.h's profile to a file: bench_file STACKS PATH. Another
// CPROF_SEED, other stacks. For spec/bench/read.sh.
#include "bench_profile.h"
#include "gzip.h"
#include "pprof.h"

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  struct cprof_profile *profile =
      make_profile((uint32_t)strtoul(argv[1], NULL, 10));
  struct cprof_buffer packed = {0};
  struct cprof_gzip *gzip;
  FILE *file = fopen(argv[2], "wb");
  if (!file || cprof_gzip_open(&gzip, cprof_buffer_sink(&packed), 1))
    return 1;
  cprof_pprof_write(profile, cprof_gzip_sink(gzip));
  cprof_gzip_close(gzip, true);
  fwrite(packed.bytes, 1, packed.size, file);
  cprof_buffer_done(&packed);
  cprof_profile_free(profile);
  return fclose(file) != 0;
}
