// Which samples have the same labels. Called by the edge. See label_sets.h.
#include "label_sets.h"

#include <stdlib.h>

// A label without the padding of its struct.
struct packed_label {
  uint32_t words[5];
};

// The labels of the sample at hand, and those known.
struct packer {
  struct cprof_strings known;
  struct cprof_buffer text;
};

static struct packed_label pack(const struct cprof_label *label) {
  uint64_t num = (uint64_t)label->num;
  return (struct packed_label){{label->key, label->str, (uint32_t)num,
                                (uint32_t)(num >> 32), label->num_unit}};
}

// *id is the set's number + 1: string 0 is "", and no text here is empty.
static enum cprof_result put_labels(struct packer *packer,
                                    const struct cprof_label *labels,
                                    uint32_t count, uint32_t *id) {
  packer->text.size = 0;
  enum cprof_result result = cprof_buffer_append(&packer->text, "+", 1);
  for (uint32_t i = 0; i < count && result == CPROF_OK; i++) {
    struct packed_label packed = pack(&labels[i]);
    result = cprof_buffer_append(&packer->text, &packed, sizeof packed);
  }
  if (result != CPROF_OK)
    return result;
  return cprof_strings_put(&packer->known, (const char *)packer->text.bytes,
                           packer->text.size, id);
}

static enum cprof_result put_sample(struct cprof_label_sets *sets,
                                    const struct cprof_profile *profile,
                                    uint32_t index, struct packer *packer) {
  const struct cprof_psample *sample = &profile->samples[index];
  const struct cprof_label *labels =
      sample->label_count > 0 ? profile->labels + sample->first_label : NULL;
  uint32_t id;
  enum cprof_result result =
      put_labels(packer, labels, sample->label_count, &id);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&sets->first_of, &sets->capacity, id,
                        sizeof *sets->first_of);
  if (result != CPROF_OK)
    return result;
  sets->set_of[index] = id - 1;
  if (id > sets->count)
    sets->first_of[sets->count++] = index;
  return CPROF_OK;
}

enum cprof_result cprof_label_sets_init(struct cprof_label_sets *sets,
                                        const struct cprof_profile *profile) {
  struct packer packer = {0};
  enum cprof_result result = cprof_strings_init(&packer.known);
  sets->set_of = calloc(profile->sample_count + 1ull, sizeof *sets->set_of);
  if (!sets->set_of)
    result = CPROF_ENOMEM;
  for (uint32_t i = 0; i < profile->sample_count && result == CPROF_OK; i++)
    result = put_sample(sets, profile, i, &packer);
  cprof_strings_done(&packer.known);
  cprof_buffer_done(&packer.text);
  return result;
}

void cprof_label_sets_done(struct cprof_label_sets *sets) {
  free(sets->set_of);
  free(sets->first_of);
  *sets = (struct cprof_label_sets){0};
}
