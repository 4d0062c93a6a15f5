// A frame of a stack: which function, at which line. Functions are numbered
// by funcs; the first numbers are markers, frames that stand for something
// which is no function.
#ifndef CPROF_FRAME_H
#define CPROF_FRAME_H

#include <stdint.h>

#define CPROF_DEPTH_MAX 512u     // frames a session may ask for
#define CPROF_DEPTH_DEFAULT 128u // as Go since 1.23

struct cprof_frame {
  uint32_t function; // number in funcs
  uint32_t line;     // 0: unknown
};

// Markers are the functions 0 .. CPROF_MARKER_COUNT - 1.
enum cprof_marker {
  CPROF_MARK_GC,        // the collector, finalizers included
  CPROF_MARK_COMPILER,  // LuaJIT's JIT compiler
  CPROF_MARK_TAIL_CALL, // a frame that a tail call has replaced
  CPROF_MARK_RAISED,    // a frame that an error has unwound
  CPROF_MARK_HOOKED,    // a hook stood between the sample and its frame
  CPROF_MARK_COROUTINE, // LuaJIT: whoever resumed this coroutine
  CPROF_MARK_C,         // LuaJIT: a C function that no table leads to
  CPROF_MARK_LOST,      // samples that did not fit the queue
  CPROF_MARK_TRUNCATED, // the stack goes on, beyond the depth
  CPROF_MARK_OTHER,     // stacks beyond the memory bound of the session
  CPROF_MARKER_COUNT
};

// "[gc]", "[jit compiler]", …
const char *cprof_marker_name(enum cprof_marker marker);

// What the VM was doing, a label of every sample.
enum cprof_vmstate {
  CPROF_VM_UNKNOWN, // no label
  CPROF_VM_INTERPRETED,
  CPROF_VM_COMPILED,  // LuaJIT machine code
  CPROF_VM_C,         // a C function
  CPROF_VM_GC,        // the collector
  CPROF_VM_COMPILER,  // the JIT compiler
  CPROF_VM_ALLOCATOR, // in the VM's allocator, outside the collector
  CPROF_VMSTATE_COUNT
};

// "interpreted", "compiled", …; "" for CPROF_VM_UNKNOWN.
const char *cprof_vmstate_name(enum cprof_vmstate state);

#endif
