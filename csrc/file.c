// Files that are whole or not there. Called by the edge and the exporters, on
// any thread, never from the signal handler. See file.h.
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h> // rename
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MODE_NEW 0666     // less the umask
#define LINKS_MAX 40      // as Linux follows
#define ATTEMPTS_MAX 100  // names tried for the temporary
#define CHUNK_BYTES 16384 // one read

// ".cprof-" + 16 hexadecimal digits + ".tmp"
#define TEMP_FORMAT "%.*s.cprof-%016llx.tmp"
#define TEMP_BYTES (7 + 16 + 4)

// ---- names ----

// Bytes of the path up to and with the last slash.
static size_t folder_size(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1 : 0;
}

// The path that `link` holds, seen from where `link` is; NULL: errno. The
// caller frees.
static char *read_link(const char *link) {
  char target[PATH_MAX];
  ssize_t size = readlink(link, target, sizeof target - 1);
  if (size < 0)
    return NULL;
  target[size] = '\0';
  size_t folder = target[0] == '/' ? 0 : folder_size(link);
  char *path = malloc(folder + (size_t)size + 1);
  if (!path)
    return NULL;
  memcpy(path, link, folder);
  memcpy(path + folder, target, (size_t)size + 1);
  return path;
}

// Where a write to `path` lands: links followed, also one to a file that is
// not there yet. NULL: errno. The caller frees.
static char *resolve(const char *path) {
  char *at = strdup(path);
  for (int i = 0; at && i < LINKS_MAX; i++) {
    char *real = realpath(at, NULL);
    char *next = real || errno != ENOENT ? NULL : read_link(at);
    bool is_new = !real && !next && (errno == ENOENT || errno == EINVAL);
    if (is_new) // not there, and no link
      return at;
    free(at);
    if (!next)
      return real;
    at = next;
  }
  if (at)
    errno = ELOOP;
  free(at);
  return NULL;
}

// Is it a name for a descriptor that is open already? What such a name leads
// to must not be replaced by another file.
static bool is_descriptor(const char *path) {
  static const char *const names[] = {"/dev/stdout", "/dev/stderr", "/dev/fd/",
                                      "/proc/self/fd/"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t size = strlen(names[i]);
    bool is_folder = names[i][size - 1] == '/';
    if (strncmp(path, names[i], size) == 0 && (is_folder || path[size] == '\0'))
      return true;
  }
  return false;
}

// ---- writing ----

static int open_again(const char *path, int flags, mode_t mode) {
  int fd;
  do
    fd = open(path, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

// Hard to guess, never the same twice in a row.
static unsigned long long random_name(void) {
  struct {
    struct timespec now;
    const void *stack;
    pid_t pid;
  } seed;
  memset(&seed, 0, sizeof seed); // the padding
  clock_gettime(CLOCK_MONOTONIC, &seed.now);
  seed.stack = &seed;
  seed.pid = getpid();
  return cprof_hash(&seed, sizeof seed, 0);
}

// Opens a new file in the folder of file->path. False: errno.
static bool open_temp(struct cprof_file *file) {
  int folder = (int)folder_size(file->path);
  size_t size = (size_t)folder + TEMP_BYTES + 1;
  file->path_temp = malloc(size);
  if (!file->path_temp)
    return false;
  for (int i = 0; file->fd < 0 && i < ATTEMPTS_MAX; i++) {
    snprintf(file->path_temp, size, TEMP_FORMAT, folder, file->path,
             random_name());
    file->fd =
        open_again(file->path_temp, O_WRONLY | O_CREAT | O_EXCL, MODE_NEW);
    if (file->fd < 0 && errno != EEXIST)
      break;
  }
  if (file->fd >= 0)
    return true;
  free(file->path_temp); // not ours to remove
  file->path_temp = NULL;
  return false;
}

// Fills file; false: errno.
static bool open_target(struct cprof_file *file, const char *path) {
  struct stat old;
  bool is_old = stat(path, &old) == 0;
  if (is_descriptor(path) || (is_old && !S_ISREG(old.st_mode))) {
    file->path = strdup(path);
    file->fd = file->path ? open_again(path, O_WRONLY | O_APPEND, 0) : -1;
    return file->fd >= 0;
  }
  file->path = resolve(path);
  if (!file->path || !open_temp(file))
    return false;
  if (is_old) // a file that is replaced keeps its mode
    (void)!fchmod(file->fd, old.st_mode & 0777);
  return true;
}

enum cprof_result cprof_file_open(struct cprof_file *file, const char *path) {
  *file = (struct cprof_file){.fd = -1};
  errno = 0;
  if (open_target(file, path))
    return CPROF_OK;
  cprof_file_done(file);
  return errno == ENOMEM ? CPROF_ENOMEM : CPROF_EIO;
}

static enum cprof_result file_write(void *owner, const void *bytes,
                                    size_t size) {
  const struct cprof_file *file = owner;
  const char *at = bytes;
  while (size > 0) {
    ssize_t count = write(file->fd, at, size);
    if (count < 0 && errno != EINTR)
      return CPROF_EIO;
    if (count > 0) {
      at += count;
      size -= (size_t)count;
    }
  }
  return CPROF_OK;
}

struct cprof_sink cprof_file_sink(struct cprof_file *file) {
  return (struct cprof_sink){file_write, file};
}

static bool sync_again(int fd) {
  int status;
  do
    status = fsync(fd);
  while (status < 0 && errno == EINTR);
  return status == 0;
}

// Closes once, whatever happens: on Linux the descriptor is gone even after
// EINTR.
static bool close_fd(struct cprof_file *file) {
  int fd = file->fd;
  file->fd = -1;
  return close(fd) == 0 || errno == EINTR;
}

// So that the new name survives a power cut; not every file system can.
static void sync_folder(const char *path) {
  size_t size = folder_size(path);
  char *folder = size > 0 ? strndup(path, size) : strdup(".");
  int fd = folder ? open_again(folder, O_RDONLY | O_DIRECTORY, 0) : -1;
  if (fd >= 0) {
    sync_again(fd);
    close(fd);
  }
  free(folder);
}

// Puts the temporary in place of the target.
static bool publish(struct cprof_file *file) {
  if (!sync_again(file->fd) || !close_fd(file) ||
      rename(file->path_temp, file->path) != 0)
    return false;
  free(file->path_temp);
  file->path_temp = NULL;
  sync_folder(file->path);
  return true;
}

enum cprof_result cprof_file_commit(struct cprof_file *file) {
  if (file->fd < 0)
    return CPROF_ESTATE;
  bool is_done = file->path_temp ? publish(file) : close_fd(file);
  cprof_file_done(file);
  return is_done ? CPROF_OK : CPROF_EIO;
}

void cprof_file_done(struct cprof_file *file) {
  if (!file->path) // never opened, or done before
    return;
  int cause = errno; // of the failure that led here
  if (file->fd >= 0)
    close_fd(file);
  if (file->path_temp)
    unlink(file->path_temp);
  free(file->path_temp);
  free(file->path);
  *file = (struct cprof_file){.fd = -1};
  errno = cause;
}

// ---- reading ----

static enum cprof_result read_all(int fd, struct cprof_buffer *out) {
  char chunk[CHUNK_BYTES];
  for (;;) {
    ssize_t count = read(fd, chunk, sizeof chunk);
    if (count == 0)
      return CPROF_OK;
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return CPROF_EIO;
    enum cprof_result result = cprof_buffer_append(out, chunk, (size_t)count);
    if (result != CPROF_OK)
      return result;
  }
}

enum cprof_result cprof_file_read(const char *path, struct cprof_buffer *out) {
  bool is_stdin = strcmp(path, "-") == 0;
  int fd = is_stdin ? STDIN_FILENO : open_again(path, O_RDONLY, 0);
  if (fd < 0)
    return CPROF_EIO;
  size_t size_before = out->size;
  enum cprof_result result = read_all(fd, out);
  int cause = errno;
  if (!is_stdin)
    close(fd);
  if (result != CPROF_OK)
    out->size = size_before;
  errno = cause;
  return result;
}
