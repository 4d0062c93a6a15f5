// Runs a command, its output thrown away, and prints what it took: wall and CPU
// milliseconds, peak of resident memory in MiB. Ends as the command does.
// bench_run COMMAND ARGUMENT…. For spec/bench/read.sh.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double to_ms(struct timeval time) {
  return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void run(char **command) {
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  execvp(command[0], command);
  _exit(127);
}

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  double start = now_ms();
  pid_t child = fork();
  if (child == 0)
    run(argv + 1);
  int status;
  struct rusage used;
  wait4(child, &status, 0, &used);
  printf("%.1f %.1f %.1f\n", now_ms() - start,
         to_ms(used.ru_utime) + to_ms(used.ru_stime),
         (double)used.ru_maxrss / 1024);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
