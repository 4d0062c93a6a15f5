// Names of markers and VM states.
#include "frame.h"

static const char *const marker_names[CPROF_MARKER_COUNT] = {
    [CPROF_MARK_GC] = "[gc]",
    [CPROF_MARK_COMPILER] = "[jit compiler]",
    [CPROF_MARK_TAIL_CALL] = "[tail call]",
    [CPROF_MARK_RAISED] = "[raised]",
    [CPROF_MARK_HOOKED] = "[hooked]",
    [CPROF_MARK_COROUTINE] = "[coroutine]",
    [CPROF_MARK_C] = "[C]",
    [CPROF_MARK_LOST] = "[lost]",
    [CPROF_MARK_TRUNCATED] = "[truncated]",
    [CPROF_MARK_OTHER] = "[other]",
};

static const char *const vmstate_names[CPROF_VMSTATE_COUNT] = {
    [CPROF_VM_UNKNOWN] = "",
    [CPROF_VM_INTERPRETED] = "interpreted",
    [CPROF_VM_COMPILED] = "compiled",
    [CPROF_VM_C] = "c",
    [CPROF_VM_GC] = "gc",
    [CPROF_VM_COMPILER] = "compiler",
    [CPROF_VM_ALLOCATOR] = "allocator",
};

const char *cprof_marker_name(enum cprof_marker marker) {
  return marker_names[marker];
}

const char *cprof_vmstate_name(enum cprof_vmstate state) {
  return vmstate_names[state];
}
