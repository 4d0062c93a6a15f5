// Words that every unit uses: results, sinks, limits, growth of arrays.
// Nothing here knows Lua or the operating system.
#ifndef CPROF_BASE_H
#define CPROF_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPROF_VERSION "0.1.0"

// What a function of the core answers. 0 is success; the edge turns the rest
// into `nil, message, code`.
enum cprof_result {
  CPROF_OK = 0,
  CPROF_ENOMEM,  // memory could not be had
  CPROF_EIO,     // the operating system refused; errno says why
  CPROF_ERANGE,  // a value lies outside what is allowed
  CPROF_EBUSY,   // somebody else owns SIGPROF or the VM's profiler
  CPROF_ESTATE,  // not possible in this state (stopped twice, not started)
  CPROF_ELIMIT,  // input is larger than the limit given
  CPROF_EFORMAT, // input is not what it claims to be
  CPROF_EAGAIN,  // the slice of time is used up; call again
};

// Returns the code a Lua caller sees: "memory", "io", "range", "busy",
// "state", "limit", "format", "again"; "ok" for CPROF_OK.
const char *cprof_result_code(enum cprof_result result);

// Returns one sentence for people, without a full stop.
const char *cprof_result_text(enum cprof_result result);

// What is wrong, said for people: which entry or byte, without a full stop.
// Empty where the result says it all.
struct cprof_why {
  char text[160];
};

// Says it as printf does, cut to fit; `why` may be NULL.
__attribute__((format(printf, 2, 3))) void
cprof_why_set(struct cprof_why *why, const char *format, ...);

// Where bytes go: a file, a gzip stream, a growing buffer.
struct cprof_sink {
  enum cprof_result (*write)(void *owner, const void *bytes, size_t size);
  void *owner; // handed to write
};

// A growing run of bytes; all zero is a valid empty one.
struct cprof_buffer {
  uint8_t *bytes;
  size_t size;     // used
  size_t capacity; // allocated; never more than size_max
  size_t size_max; // 0: no limit, else CPROF_ELIMIT beyond it
};

// Appends; CPROF_ENOMEM or CPROF_ELIMIT leave the buffer as it was.
enum cprof_result cprof_buffer_append(struct cprof_buffer *buffer,
                                      const void *bytes, size_t size);
// A sink that appends to this buffer.
struct cprof_sink cprof_buffer_sink(struct cprof_buffer *buffer);
// Frees the bytes; may be called twice.
void cprof_buffer_done(struct cprof_buffer *buffer);

// Makes room for `need` items of `item_size` in *items; doubles, and tells
// the new capacity. CPROF_ENOMEM leaves all as it was.
enum cprof_result cprof_grow(void **items, uint32_t *capacity, uint32_t need,
                             size_t item_size);

// Sums wrap, as in Go's pprof: files may hold any numbers.
static inline int64_t cprof_add_wrapping(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

// 64-bit hash of bytes under this process's key. Who does not know the key
// cannot choose bytes that collide: tables of what files hold need no cap.
// Nothing that is written may depend on it: it differs from run to run.
uint64_t cprof_hash(const void *bytes, size_t size, uint64_t seed);
// Makes a random number the key. Only the first call counts: it comes when
// the core is loaded, before there is any table. Without one the key is 0.
void cprof_hash_seed(uint64_t random);

#endif
