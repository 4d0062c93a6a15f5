// Names from the loader.
#include "modules.h"

#include <dlfcn.h> // dladdr
#include <link.h>  // dl_iterate_phdr
#include <stdio.h>
#include <string.h>

static int count_changes(struct dl_phdr_info *info, size_t size, void *out) {
  (void)size;
  *(uint64_t *)out = info->dlpi_adds + info->dlpi_subs;
  return 1; // the first object tells
}

uint64_t cprof_modules_generation(void) {
  uint64_t changes = 0;
  dl_iterate_phdr(count_changes, &changes);
  return changes;
}

void cprof_modules_name(const void *address, char *out, size_t size) {
  Dl_info info;
  if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
    snprintf(out, size, "%p", address);
    return;
  }
  if (info.dli_sname != NULL && info.dli_saddr == address) {
    snprintf(out, size, "%s", info.dli_sname);
    return;
  }
  const char *slash = strrchr(info.dli_fname, '/');
  snprintf(out, size, "%s+0x%zx", slash != NULL ? slash + 1 : info.dli_fname,
           (size_t)((const char *)address - (const char *)info.dli_fbase));
}
