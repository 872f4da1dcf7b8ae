#!/bin/sh
# examples/ring.c, built against the library: nearly all points are told, and the two that are asked for.
set -eu
out=$("$1")
printf '%s\n' "$out" | awk '
  / right$/ { right = $1 > 960 && $3 == 1000 }
  /^middle/ { middle = $3 > 0.9 }
  /^corner/ { corner = $3 < 0.1 }
  END { exit !(right && middle && corner) }' || { printf '%s\n' "$out"; exit 1; }
