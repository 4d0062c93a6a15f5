// Names from the loader.
#include "modules.h"

#include <dlfcn.h> // dladdr
#include <stdio.h>
#include <string.h>

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
