#!/bin/sh
# Builds the memory as a WebAssembly module, if anything has changed: tools/wasm.sh FOLDER makes FOLDER/lantoa.wasm. Fails if it
# is larger than what a plugin may carry. What is compiled is the part of src/ that needs no files, no SQLite and no parsers
# of others.
set -eu
cd "$(dirname "$0")/.."
out=$1
most=300000 # bytes, gzipped

mkdir -p "$out/include/memory"
exec 9> "$out/lock"
flock 9 # tests build it side by side
if [ -e "$out/lantoa.wasm" ] && [ -z "$(find src include tools/wasm.sh -newer "$out/lantoa.wasm" -type f)" ]; then exit 0; fi
cc=${CC:-cc}
# The same tables as in the program.
# shellcheck disable=SC2046 # flags are words
$cc -Iinclude -Isrc src/text/gen_tables.c -o "$out/gen_tables" $(pkg-config --cflags --libs libutf8proc)
$cc src/base/gen_bytes.c -o "$out/gen_bytes"
"$out/gen_tables" > "$out/include/unicode_tables.h"
"$out/gen_bytes" SHIPPED src/memory/shipped.safetensors > "$out/include/memory/shipped_tables.h"

of() { # of FOLDER NAME...: the sources src/FOLDER/NAME.c
  folder=$1
  shift
  for name; do echo "src/$folder/$name.c"; done
}
but() { # but FOLDER NAME...: all others of src/FOLDER
  find "src/$1" -maxdepth 1 -name '*.c' | LC_ALL=C sort | grep -v -x -E "src/$1/($(shift; IFS='|'; echo "$*")).c"
}
# What is not needed costs nothing: the linker leaves it out.
sources=$(
  but base base64 file gen_bytes thread
  but text gen_tables
  of graph graph
  of net safetensors
  of spread routes spread views
  but vault blocks canvas frontmatter ignore note walk watch
  but memory cache export flow_learn folder hide import label learn learn_train open pseudo question_learn remember share tune
  of answer answer
  of wasm exports platform
)
# shellcheck disable=SC2086 # a list of files
clang --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -std=c11 -D_GNU_SOURCE -DLAN_VERSION=\"wasm\" \
  -Iinclude -Isrc "-I$out/include" -Wall -Wextra -Werror \
  -O2 -flto -fno-math-errno -fno-trapping-math -ffp-contract=off -ffunction-sections -fdata-sections \
  $sources -Wl,--gc-sections,--strip-all,-z,stack-size=262144 -o "$out/linked.wasm"
wasm-opt -O3 "$out/linked.wasm" -o "$out/optimized.wasm"

size=$(gzip -9 < "$out/optimized.wasm" | wc -c)
echo "$out/lantoa.wasm: $(wc -c < "$out/optimized.wasm") bytes, $size gzipped"
if [ "$size" -gt "$most" ]; then
  echo "that is more than $most" >&2
  exit 1
fi
mv "$out/optimized.wasm" "$out/lantoa.wasm"
