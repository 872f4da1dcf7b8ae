#!/bin/sh
# examples/xor.c, built against the library: the error falls, and all four answers are right.
out=$("$1") || exit 1
printf '%s\n' "$out"
printf '%s\n' "$out" | awk '
  /^step/ { if ($2 == 0) first = $4; last = $4 }
  / xor / { n++; sub(":", "", $3); right += ($4 > 0.5) == ($1 != $3) }
  END { exit !(n == 4 && right == 4 && first > 0.4 && last < 0.05) }'
