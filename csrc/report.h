// What people read of a profile, as data: flat and cumulative values per
// function, and folded stacks. Sums as `go tool pprof` makes them: what does
// not fit 64 bits wraps around. Both take time and memory in proportion to the
// profile, whose stacks are as long as cprof_pprof_read allows.
#ifndef CPROF_REPORT_H
#define CPROF_REPORT_H

#include "profile.h"

struct cprof_row {
  uint32_t name;     // string
  uint32_t filename; // string
  int64_t start_line;
  int64_t flat; // samples whose leaf it is
  int64_t cum;  // samples in which it occurs, each once
};

struct cprof_rows {
  struct cprof_row *rows; // in no particular order
  uint32_t count;
  int64_t total; // of all samples, without signs, as pprof's percentages use
};

// Rows of one value, one for each function: name, file and line where it
// begins. (pprof makes one row of all functions of a name; Lua's names carry no
// package, and `new` or `run` are everywhere.) Samples of 0 make none. A
// location without a function counts as its address, "0x…" (name and filename
// are 0 and start_line is the address). cprof_rows_done frees.
enum cprof_result cprof_report_rows(const struct cprof_profile *profile,
                                    uint32_t value_index,
                                    struct cprof_rows *rows);
void cprof_rows_done(struct cprof_rows *rows);

// Lines "root;…;leaf value\n", equal stacks summed, in order of first
// appearance, without those whose sum is 0; `;` and newlines in names become
// `:` and a space. A function without a name is "file:line", a sample without
// a stack "[no stack]"; a name that several functions have is followed by their
// " (file.lua:line)". CPROF_ELIMIT when the text passes 64 MiB and 256 bytes
// for each frame of the different stacks.
enum cprof_result cprof_report_folded(const struct cprof_profile *profile,
                                      uint32_t value_index,
                                      struct cprof_sink sink);

#endif
