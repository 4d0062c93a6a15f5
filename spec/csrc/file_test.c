// file: whole or not there, in a folder of its own under /tmp.
#include "file.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

// Entries of the folder, hidden ones too.
static int entry_count(void) {
  DIR *folder = opendir(".");
  int count = -2; // "." and ".."
  while (folder && readdir(folder))
    count++;
  closedir(folder);
  return count;
}

static enum cprof_result write_text(const char *path, const char *text) {
  struct cprof_file file;
  enum cprof_result result = cprof_file_open(&file, path);
  if (result != CPROF_OK)
    return result;
  struct cprof_sink sink = cprof_file_sink(&file);
  result = sink.write(sink.owner, text, strlen(text));
  if (result == CPROF_OK)
    result = cprof_file_commit(&file);
  cprof_file_done(&file);
  cprof_file_done(&file);
  return result;
}

static bool holds(const char *path, const char *text) {
  struct cprof_buffer buffer = {0};
  bool is_same =
      cprof_file_read(path, &buffer) == CPROF_OK &&
      buffer.size == strlen(text) &&
      (buffer.size == 0 || memcmp(buffer.bytes, text, buffer.size) == 0);
  cprof_buffer_done(&buffer);
  return is_same;
}

static mode_t mode_of(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? info.st_mode & 07777 : 0;
}

static void test_new(void) {
  umask(027);
  is_int(write_text("new", "one"), CPROF_OK, "writes a new file");
  ok(holds("new", "one"), "which holds the text");
  is_int(mode_of("new"), 0640, "with 0666 less the umask");
  chmod("new", 0604);
  is_int(write_text("new", "two"), CPROF_OK, "replaces it");
  ok(holds("new", "two"), "with the new text");
  is_int(mode_of("new"), 0604, "and the old mode");
  is_int(entry_count(), 1, "and no temporary");
  is_int(write_text("new", ""), CPROF_OK, "an empty file");
  ok(holds("new", ""), "is a file too");
  unlink("new");
}

static void test_abandon(void) {
  write_text("old", "old");
  struct cprof_file file;
  is_int(cprof_file_open(&file, "old"), CPROF_OK, "opens");
  struct cprof_sink sink = cprof_file_sink(&file);
  sink.write(sink.owner, "new", 3);
  ok(holds("old", "old"), "the target is whole while it is written");
  is_int(entry_count(), 2, "beside a temporary");
  ok(fcntl(file.fd, F_GETFD) & FD_CLOEXEC, "that no child inherits");
  cprof_file_done(&file);
  cprof_file_done(&file);
  ok(holds("old", "old") && entry_count() == 1, "given up: nothing remains");
  is_int(cprof_file_commit(&file), CPROF_ESTATE, "too late to commit");
  unlink("old");
}

// A file size limit stands in for a full disk.
static void test_full(void) {
  write_text("old", "old");
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before, small = {.rlim_cur = 100};
  getrlimit(RLIMIT_FSIZE, &before);
  small.rlim_max = before.rlim_max;
  setrlimit(RLIMIT_FSIZE, &small);
  char text[201];
  memset(text, 'x', 200);
  text[200] = '\0';
  enum cprof_result result = write_text("old", text);
  int cause = errno;
  setrlimit(RLIMIT_FSIZE, &before);
  is_int(result, CPROF_EIO, "no room");
  is_int(cause, EFBIG, "says why");
  ok(holds("old", "old") && entry_count() == 1, "the old file is intact");
  is_int(write_text("/dev/full", "x"), CPROF_EIO, "/dev/full is full");
  is_int(errno, ENOSPC, "and says so");
  unlink("old");
}

static void test_links(void) {
  mkdir("sub", 0755);
  struct stat info;
  ok(symlink("sub/real", "link") == 0, "a link to nothing yet");
  is_int(write_text("link", "one"), CPROF_OK, "is written through");
  ok(holds("sub/real", "one"), "to its target");
  is_int(write_text("link", "two"), CPROF_OK, "and again");
  ok(holds("sub/real", "two") && lstat("link", &info) == 0 &&
         S_ISLNK(info.st_mode),
     "and stays a link");
  ok(symlink("loop", "loop") == 0, "a link to itself");
  is_int(write_text("loop", "x"), CPROF_EIO, "fails");
  is_int(errno, ELOOP, "as a loop");
  unlink("sub/real");
  rmdir("sub");
  is_int(write_text("link", "x"), CPROF_EIO, "a link into no folder fails");
  is_int(errno, ENOENT, "as missing");
  unlink("loop");
  unlink("link");
  is_int(entry_count(), 0, "no temporaries");
}

static void test_pipe(void) {
  mkfifo("pipe", 0600);
  int fd = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  is_int(write_text("pipe", "text"), CPROF_OK, "a pipe is written directly");
  char text[8] = "";
  is_int(read(fd, text, sizeof text), 4, "and the reader");
  ok(memcmp(text, "text", 4) == 0, "has it");
  close(fd);
  unlink("pipe");
}

// A name for an open descriptor is not replaced, but appended to.
static void test_descriptor(void) {
  int fd = open("out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  char name[32];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  is_int(write(fd, "head ", 5), 5, "something was printed before");
  is_int(write_text(name, "tail"), CPROF_OK, "an open file");
  ok(holds("out", "head tail"), "is appended to");
  struct stat now, opened;
  ok(stat("out", &now) == 0 && fstat(fd, &opened) == 0 &&
         now.st_ino == opened.st_ino,
     "and stays the same file");
  close(fd);
  unlink("out");
}

static void test_errors(void) {
  struct cprof_buffer buffer = {.size_max = 5};
  is_int(cprof_file_read("none", &buffer), CPROF_EIO, "nothing to read");
  is_int(errno, ENOENT, "says why");
  is_int(cprof_file_read(".", &buffer), CPROF_EIO, "a folder is no file");
  write_text("six", "123456");
  is_int(cprof_file_read("six", &buffer), CPROF_ELIMIT, "passes the limit");
  is_int((int64_t)buffer.size, 0, "and appends nothing");
  is_int(write_text("none/x", "x"), CPROF_EIO, "no such folder");
  is_int(errno, ENOENT, "says why");
  is_int(write_text(".", "x"), CPROF_EIO, "a folder is no target");
  is_int(errno, EISDIR, "says why");
  is_int(write_text("", "x"), CPROF_EIO, "no name is no target");
  unlink("six");
  is_int(entry_count(), 0, "no temporaries");
  cprof_buffer_done(&buffer);
}

static void test_stdin(void) {
  write_text("in", "from stdin");
  int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  int fd = open("in", O_RDONLY | O_CLOEXEC);
  dup2(fd, STDIN_FILENO);
  close(fd);
  ok(holds("-", "from stdin"), "- is standard input");
  ok(fcntl(STDIN_FILENO, F_GETFD) >= 0, "which stays open");
  if (saved >= 0) {
    dup2(saved, STDIN_FILENO);
    close(saved);
  }
  unlink("in");
}

int main(void) {
  char folder[] = "/tmp/cprof_file_test.XXXXXX";
  if (!mkdtemp(folder) || chdir(folder) != 0)
    return 1;
  test_new();
  test_abandon();
  test_full();
  test_links();
  test_pipe();
  test_descriptor();
  test_errors();
  test_stdin();
  ok(chdir("/") == 0 && rmdir(folder) == 0, "the folder is empty at the end");
  return tap_done();
}
