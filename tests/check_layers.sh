#!/bin/sh
# The floors of the house: what each folder of src/ may include. usage: check_layers.sh SOURCE_ROOT
# See ARCHITECTURE.md. Fails naming each include that goes upwards or sideways.
set -eu
cd "$1/src"
bad=0

may() { # MODULE ALLOWED-MODULE ...
  module=$1
  shift
  allowed=" $module $* "
  for file in "$module"/*.[ch]; do
    for used in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
      [ "$used" = lantoa ] && continue
      case "$allowed" in
        *" $used "*) ;;
        *)
          echo "src/$file includes $used/: the floor of $module may use only:$allowed"
          bad=1
          ;;
      esac
    done
  done
}

# Headers of other projects that a folder may include; libc's are always allowed.
third_party() { # MODULE HEADER ...
  module=$1
  shift
  allowed=" $* "
  for file in "$module"/*.[ch]; do
    for used in $(sed -n 's/^#include <\(.*\)>/\1/p' "$file"); do
      case "$used" in
        sqlite3.h | md4c.h | yaml.h | jansson.h | utf8proc.h | event2/*)
          case "$allowed" in
            *" $used "*) ;;
            *) [ "$file" = text/gen_tables.c ] || { echo "src/$file includes <$used>"; bad=1; } ;;
          esac
          ;;
      esac
    done
  done
}

may base
may text base
may graph base
may spread graph base
may store base
may vault text base
may memory vault store spread graph text base
may cli memory vault store spread graph text base
third_party base
third_party text
third_party graph
third_party spread
third_party store sqlite3.h
third_party vault md4c.h yaml.h jansson.h
third_party memory
third_party cli jansson.h

for folder in */; do
  case " base text graph spread store vault memory cli " in
    *" ${folder%/} "*) ;;
    *) echo "src/$folder has no floor in tests/check_layers.sh"; bad=1 ;;
  esac
done
exit $bad
