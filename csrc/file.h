// Files that are whole or not there: written to a temporary beside the target,
// fsynced, renamed. errno holds the cause after CPROF_EIO.
#ifndef CPROF_FILE_H
#define CPROF_FILE_H

#include "base.h"

struct cprof_file {
  int fd;          // -1: closed
  char *path;      // the target
  char *path_temp; // what is written until commit
};

// Opens a temporary in the target's folder, with the mode of the file that it
// replaces, else 0666 less the umask. A link stays one. A target that is not
// a regular file (/dev/full, a pipe), or a name for an open descriptor
// (/dev/stdout, /dev/fd/3), is written directly.
enum cprof_result cprof_file_open(struct cprof_file *file, const char *path);
struct cprof_sink cprof_file_sink(struct cprof_file *file);
// fsync, close, rename. On failure the temporary is gone, the old file intact.
enum cprof_result cprof_file_commit(struct cprof_file *file);
// Removes the temporary; may be called twice and after commit. Keeps errno.
void cprof_file_done(struct cprof_file *file);

// Appends a whole file (or standard input for "-") to out, up to
// out->size_max.
enum cprof_result cprof_file_read(const char *path, struct cprof_buffer *out);

#endif
