#!/bin/sh
# Arrows only point down: fails when a file of src/ includes from a floor above or beside its own,
# or when the core reaches for anything but libc. The table is that of ARCHITECTURE.md.
#
#     tests/check_layers.sh [ROOT]       checks ROOT/src and ROOT/include
#     tests/check_layers.sh --self-test  checks the check
set -eu

check() {
  # Prints one line for each include that is not allowed.
  (cd "$1" && find include src -name '*.[ch]' | LC_ALL=C sort | xargs awk '
    BEGIN {
      may["base"] = "base"
      may["text"] = "text base"
      may["graph"] = "graph base"
      may["net"] = "net base"
      may["spread"] = "spread graph net base"
      may["vault"] = "vault text base"
      may["store"] = "store base"
      may["image"] = "image base"
      may["data"] = "data image base"
      may["train"] = "train data image net base"
      may["memory"] = "memory vault store data image spread net graph text base"
      may["answer"] = "answer memory train spread graph base"
      may["wasm"] = "wasm answer memory vault store text base"
      may["serve"] = "serve answer memory train base"
      may["cli"] = "cli serve answer memory train vault store data image spread net graph text base"
      # The module that a public header belongs to; any other is named after its module.
      home["lantoa/status.h"] = "base"
      split("base text graph net spread", names, " ")
      for (i in names) core[names[i]] = 1
      n = split("assert complex ctype errno fenv float inttypes limits locale math setjmp signal " \
                "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string " \
                "tgmath time uchar wchar wctype", names, " ")
      for (i = 1; i <= n; i++) libc[names[i] ".h"] = 1
      # src/net/fast/ may be left out of a build; it is where oneDNN is met.
      optional = "^net/fast/"
      # base/ is where the operating system is met.
      n = split("dirent.h fcntl.h pthread.h sched.h sys/mman.h sys/stat.h sys/types.h unistd.h",
                names, " ")
      for (i = 1; i <= n; i++) posix[names[i]] = 1
    }
    function module_of(path,   parts) {
      if (path in home) return home[path]
      split(path, parts, "/")
      if (parts[1] == "lantoa") { sub(/\.h$/, "", parts[2]); return parts[2] }
      return parts[1]
    }
    function complain(why) { print FILENAME ":" FNR ": " why; bad = 1 }
    FNR == 1 {
      public = FILENAME ~ /^include\//
      path = FILENAME
      sub(/^(include|src)\//, "", path)
      here = module_of(path)
      if (!(here in may)) complain("no such module in the house: " here)
      # Generators run while building; they are no part of the library.
      tool = path ~ /\/gen_[^\/]*\.c$/
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
      split($0, parts, "\"")
      if (parts[2] ~ /_tables\.h$/) next # made while building, beside the file that includes it
      there = module_of(parts[2])
      if (parts[2] !~ /\//) { complain("include \"" parts[2] "\" by its module: \"" here "/" parts[2] "\""); next }
      if (public && parts[2] !~ /^lantoa\//) complain("a public header includes \"" parts[2] "\"")
      if (index(" " may[here] " ", " " there " ") == 0) complain(here " must not include \"" parts[2] "\"")
    }
    /^[ \t]*#[ \t]*include[ \t]*</ {
      split($0, parts, /[<>]/)
      if (tool || path ~ optional || (!(here in core) && !public)) next
      if (parts[2] in libc || (here == "base" && !public && parts[2] in posix)) next
      complain((public ? "a public header" : "the core (" here ")") " must not include <" parts[2] ">")
    }
    END { exit bad }
  ')
}

self_test() {
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  mkdir -p "$dir/include/lantoa" "$dir/src/base" "$dir/src/text" "$dir/src/vault" "$dir/src/odd"
  echo '#include "base/str.h"' > "$dir/include/lantoa/graph.h"
  echo '#include <pthread.h>' > "$dir/src/base/good.c"
  echo '#include "text/words.h"' > "$dir/src/base/upwards.c"
  echo '#include <pthread.h>' > "$dir/src/text/not_libc.c"
  echo '#include <utf8proc.h>' > "$dir/src/text/gen_good.c"
  printf '#include <yaml.h>\n#include "text/words.h"\n#include "lantoa/status.h"\n' > "$dir/src/vault/good.c"
  echo '#include "lantoa/memory.h"' > "$dir/src/vault/upwards.c"
  echo '  #  include "store/index_db.h"' > "$dir/src/vault/sideways.c"
  echo '#include "parse.h"' > "$dir/src/vault/no_module.c"
  echo 'int x;' > "$dir/src/odd/odd.c"
  if found=$(check "$dir"); then echo "found nothing wrong"; exit 1; fi
  echo "$found"
  [ "$(echo "$found" | wc -l)" -eq 7 ] || exit 1
  ! echo "$found" | grep good
}

case "${1-}" in
  --self-test) self_test ;;
  *) check "${1-$(dirname "$0")/..}" ;;
esac
