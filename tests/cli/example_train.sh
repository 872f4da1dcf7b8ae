#!/bin/sh
# The examples that train and use a classifier: example_train.sh MNIST PHOTOS
set -eu
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
# 240 pictures of 16 x 16: of class 0 the upper half is bright, of class 1 the lower one.
for set in train t10k; do
  awk 'BEGIN { srand(3); printf "\\000\\000\\010\\003\\000\\000\\000\\170\\000\\000\\000\\020\\000\\000\\000\\020"
    for (i = 0; i < 120; i++) for (y = 0; y < 16; y++) for (x = 0; x < 16; x++)
      printf "\\%03o", ((y < 8) == (i % 2 == 0) ? 150 : 20) + int(90 * rand()) }' | xargs -0 printf >"$T/$set-images-idx3-ubyte"
  awk 'BEGIN { printf "\\000\\000\\010\\001\\000\\000\\000\\170"; for (i = 0; i < 120; i++) printf "\\%03o", i % 2 }' |
    xargs -0 printf >"$T/$set-labels-idx1-ubyte"
done
"$1" "$T" "$T/halves.safetensors" >"$T/out"
tail -1 "$T/out" | grep -qx '1[12][0-9] of 120 right' || { cat "$T/out"; exit 1; }
# A picture that is none is named, and the others go on.
echo nothing >"$T/no.jpg"
if "$2" "$T/halves.safetensors" "$T/no.jpg" 2>"$T/err"; then exit 1; fi
grep -q no.jpg "$T/err"
