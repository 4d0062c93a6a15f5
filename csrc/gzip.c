// gzip streams over sinks, by zlib. Called by the edge and the exporters, on
// any thread, never from the signal handler. See gzip.h.
#include "gzip.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST // next_in points to const
#include <zlib.h>

#define WINDOW_BITS (15 + 16) // the largest window; + 16: gzip framing
#define MEMORY_LEVEL 8        // zlib's default
#define CHUNK_BYTES 32768u

struct cprof_gzip {
  z_stream stream;
  struct cprof_sink next;
  uint8_t out[CHUNK_BYTES];
};

static enum cprof_result zlib_result(int status) {
  return status == Z_MEM_ERROR ? CPROF_ENOMEM : CPROF_EFORMAT;
}

// zlib counts input in unsigned int: hands over at most that much.
static void feed(z_stream *stream, const uint8_t **bytes, size_t *size) {
  if (stream->avail_in > 0 || *size == 0)
    return;
  uInt count = *size > UINT_MAX ? UINT_MAX : (uInt)*size;
  stream->next_in = *bytes;
  stream->avail_in = count;
  *bytes += count;
  *size -= count;
}

// ---- writing ----

// Runs deflate until it wants input (Z_NO_FLUSH) or has ended (Z_FINISH), and
// hands on what comes out.
static enum cprof_result pump(struct cprof_gzip *gzip, int flush) {
  z_stream *stream = &gzip->stream;
  do {
    stream->next_out = gzip->out;
    stream->avail_out = CHUNK_BYTES;
    if (deflate(stream, flush) == Z_STREAM_ERROR)
      return CPROF_ESTATE;
    size_t size = CHUNK_BYTES - stream->avail_out;
    if (size == 0)
      break;
    enum cprof_result result =
        gzip->next.write(gzip->next.owner, gzip->out, size);
    if (result != CPROF_OK)
      return result;
  } while (stream->avail_out == 0);
  return CPROF_OK;
}

static enum cprof_result gzip_write(void *owner, const void *bytes,
                                    size_t size) {
  struct cprof_gzip *gzip = owner;
  const uint8_t *at = bytes;
  enum cprof_result result = CPROF_OK;
  while (size > 0 && result == CPROF_OK) {
    feed(&gzip->stream, &at, &size);
    result = pump(gzip, Z_NO_FLUSH);
  }
  return result;
}

enum cprof_result cprof_gzip_open(struct cprof_gzip **gzip,
                                  struct cprof_sink next, int level) {
  *gzip = NULL;
  struct cprof_gzip *made = calloc(1, sizeof *made);
  if (!made)
    return CPROF_ENOMEM;
  made->next = next;
  int status = deflateInit2(&made->stream, level, Z_DEFLATED, WINDOW_BITS,
                            MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
  if (status != Z_OK) {
    free(made);
    return status == Z_MEM_ERROR ? CPROF_ENOMEM : CPROF_ERANGE;
  }
  *gzip = made;
  return CPROF_OK;
}

struct cprof_sink cprof_gzip_sink(struct cprof_gzip *gzip) {
  return (struct cprof_sink){gzip_write, gzip};
}

enum cprof_result cprof_gzip_close(struct cprof_gzip *gzip, bool keep) {
  if (!gzip)
    return CPROF_OK;
  enum cprof_result result = keep ? pump(gzip, Z_FINISH) : CPROF_OK;
  deflateEnd(&gzip->stream);
  free(gzip);
  return result;
}

// ---- reading ----

struct inflater {
  z_stream stream;
  const uint8_t *bytes; // not yet handed to zlib
  size_t size;
  uint8_t out[CHUNK_BYTES];
};

// Inflates one member into `out`.
static enum cprof_result read_member(struct inflater *in,
                                     struct cprof_buffer *out) {
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    feed(&in->stream, &in->bytes, &in->size);
    in->stream.next_out = in->out;
    in->stream.avail_out = CHUNK_BYTES;
    status = inflate(&in->stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END)
      return zlib_result(status); // cut short: Z_BUF_ERROR
    enum cprof_result result =
        cprof_buffer_append(out, in->out, CHUNK_BYTES - in->stream.avail_out);
    if (result != CPROF_OK)
      return result;
  }
  return CPROF_OK;
}

static enum cprof_result read_members(struct inflater *in,
                                      struct cprof_buffer *out) {
  enum cprof_result result = read_member(in, out);
  while (result == CPROF_OK && (in->stream.avail_in > 0 || in->size > 0)) {
    inflateReset(&in->stream);
    result = read_member(in, out);
  }
  return result;
}

static enum cprof_result inflate_all(const void *bytes, size_t size,
                                     struct cprof_buffer *out) {
  struct inflater *in = calloc(1, sizeof *in);
  if (!in)
    return CPROF_ENOMEM;
  in->bytes = bytes;
  in->size = size;
  enum cprof_result result = CPROF_ENOMEM;
  if (inflateInit2(&in->stream, WINDOW_BITS) == Z_OK) {
    result = read_members(in, out);
    inflateEnd(&in->stream);
  }
  free(in);
  return result;
}

enum cprof_result cprof_gunzip(const void *bytes, size_t size,
                               struct cprof_buffer *out) {
  const uint8_t *head = bytes;
  if (size < 2 || head[0] != 0x1f || head[1] != 0x8b)
    return cprof_buffer_append(out, bytes, size);
  size_t size_before = out->size;
  enum cprof_result result = inflate_all(bytes, size, out);
  if (result != CPROF_OK)
    out->size = size_before;
  return result;
}
