#!/bin/sh
# tidy.sh CLANG_TIDY FILE FLAG…: clang-tidy on one file without its chatter
# about suppressed warnings.
tidy=$1 file=$2
shift 2
out=$("$tidy" --quiet "$file" -- "$@" 2>&1)
rc=$?
printf '%s\n' "$out" | grep -vE '^$|warnings? (treated as errors|generated)|^Suppressed|^Use -header-filter'
exit $rc
