#!/bin/sh
# Builds with warnings as errors and runs every test, plainly and under ASan and UBSan.
set -eu
export XDG_CACHE_HOME="${TMPDIR:-/tmp}/lantoa-check-cache.$$" XDG_DATA_HOME="${TMPDIR:-/tmp}/lantoa-check-data.$$"
trap 'rm -rf "$XDG_CACHE_HOME" "$XDG_DATA_HOME"' EXIT

build() { # FOLDER OPTION ...
  folder=$1
  shift
  [ -f "$folder/build.ninja" ] || meson setup "$folder" --werror "$@" >/dev/null
  ninja -C "$folder" --quiet
}

passed=0 failed=0
run() { # FOLDER
  echo "== $1"
  if ! meson test -C "$1" --no-rebuild --print-errorlogs --timeout-multiplier 4; then :; fi
  log="$1/meson-logs/testlog.json"
  ok=$(grep -c '"result": "OK"' "$log" || true)
  all=$(wc -l <"$log")
  passed=$((passed + ok))
  failed=$((failed + all - ok))
}

build build-check -Dbuildtype=debugoptimized
run build-check
build build-asan -Dbuildtype=debugoptimized -Db_sanitize=address,undefined
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
run build-asan
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
