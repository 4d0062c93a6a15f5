// Bytes into messages, by protobuf-c with an allocator of ours: pieces are cut
// from blocks and given back all at once. Called by pprof_read.c. See
// pprof_unpack.h.
#include "pprof_unpack.h"

#include <stdlib.h>

#define BLOCK_FIRST ((size_t)64 << 10)
#define STEP sizeof(uint64_t) // messages hold nothing that is aligned wider

struct cprof_unpack_block {
  struct cprof_unpack_block *next;
  size_t size, used; // of bytes
  uint64_t bytes[];  // aligned for messages
};

// Puts a block in front that has room for `need` bytes; twice the last one's
// size if the limit allows.
static bool add_block(struct cprof_unpacker *unpacker, size_t need) {
  size_t room = CPROF_UNPACK_BYTES_MAX - unpacker->size;
  size_t size = unpacker->blocks ? unpacker->blocks->size * 2 : BLOCK_FIRST;
  size = size > need ? size : need;
  size = size < room ? size : room;
  struct cprof_unpack_block *block = NULL;
  if (need <= size)
    block = malloc(sizeof *block + size);
  if (!block) {
    unpacker->failure = need <= size ? CPROF_ENOMEM : CPROF_ELIMIT;
    return false;
  }
  *block = (struct cprof_unpack_block){.next = unpacker->blocks, .size = size};
  unpacker->blocks = block;
  unpacker->size += size;
  return true;
}

static void free_blocks(struct cprof_unpacker *unpacker,
                        struct cprof_unpack_block *block) {
  while (block) {
    struct cprof_unpack_block *next = block->next;
    unpacker->size -= block->size;
    free(block);
    block = next;
  }
}

// Gives all pieces back; the largest block stays.
static void reset(struct cprof_unpacker *unpacker) {
  unpacker->failure = CPROF_OK;
  struct cprof_unpack_block *block = unpacker->blocks;
  if (!block)
    return;
  free_blocks(unpacker, block->next);
  block->next = NULL;
  block->used = 0;
}

// ---- protobuf-c's allocator ----

static void *take(void *owner, size_t size) {
  struct cprof_unpacker *unpacker = owner;
  if (size > CPROF_UNPACK_BYTES_MAX) {
    unpacker->failure = CPROF_ELIMIT;
    return NULL;
  }
  size = (size + STEP - 1) / STEP * STEP;
  struct cprof_unpack_block *block = unpacker->blocks;
  if ((!block || size > block->size - block->used) &&
      !add_block(unpacker, size))
    return NULL;
  block = unpacker->blocks;
  block->used += size;
  return (uint8_t *)block->bytes + block->used - size;
}

static void give(void *owner, void *piece) {
  (void)owner;
  (void)piece; // reset gives back all
}

// ---- public ----

enum cprof_result cprof_unpack(struct cprof_unpacker *unpacker,
                               const uint8_t *bytes, size_t size,
                               const pb_profile **message) {
  reset(unpacker);
  ProtobufCAllocator memory = {take, give, unpacker};
  *message = perftools__profiles__profile__unpack(&memory, size, bytes);
  if (*message)
    return CPROF_OK;
  return unpacker->failure == CPROF_OK ? CPROF_EFORMAT : unpacker->failure;
}

void cprof_unpack_done(struct cprof_unpacker *unpacker) {
  free_blocks(unpacker, unpacker->blocks);
  unpacker->blocks = NULL;
}
