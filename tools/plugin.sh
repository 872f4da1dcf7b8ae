#!/bin/sh
# Bundles the plugin: tools/plugin.sh FOLDER makes what a release consists of. For tests: with another entry and esbuild's
# options behind FOLDER, main.js is made of those.
set -eu
cd "$(dirname "$0")/.."
out=$1
shift
[ $# -gt 0 ] || set -- plugin/src/main.ts --external:obsidian --format=cjs

tools/wasm.sh build-wasm
# One thread for Obsidian, one for the memory: the worker's script is a text inside of the plugin's.
esbuild plugin/src/core/worker.ts --bundle --minify --target=es2018 --log-level=warning --outfile="$out/worker.txt"
esbuild "$@" --bundle --minify --target=es2018 --log-level=warning --outfile="$out/main.js" \
  --alias:lantoa.wasm="$PWD/build-wasm/lantoa.wasm" --loader:.wasm=binary \
  --alias:lantoa-worker="$(realpath "$out")/worker.txt" --loader:.txt=text
rm "$out/worker.txt"
cp plugin/manifest.json plugin/versions.json plugin/styles.css "$out"
