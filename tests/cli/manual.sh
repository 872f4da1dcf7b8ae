#!/bin/sh
# Each command has a manual page that knows every option that its help names: manual.sh FOLDER
. "$(dirname "$0")/lib.sh"
folder=$1
for command in related recall path suggest doctor index status opened feedback history forget export import learn eval serve mcp simulate net 'net check' 'net eval' 'net explain' 'net export' 'net predict' 'net show' 'net train'; do
  run help $command
  name=$(echo "lantoa-$command" | tr ' ' -)
  page="$folder/$name.1.scd"
  [ -f "$page" ] || fail "should have a page"
  grep -q "\\*$name\\*(1)" "$folder/lantoa.1.scd" || fail "should be named in lantoa(1)"
  for option in $(grep -o -- '--[a-z0-9][a-z0-9-]*' "$T/out" | sort -u); do
    cat "$page" "$folder/lantoa.1.scd" | grep -q -- "\\*$option\\*" || fail "should tell of $option"
  done
done
if command -v scdoc >/dev/null; then
  for page in "$folder"/*.scd; do
    ran="scdoc $page"
    scdoc <"$page" >"$T/out" 2>"$T/err"
    code=$?
    exits 0
    says_nothing
    command -v man >/dev/null && command -v groff >/dev/null || continue
    ran="man $page"
    cp "$T/out" "$T/page.1"
    MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings=w -l "$T/page.1" >"$T/out" 2>"$T/err"
    code=$?
    exits 0
    says_nothing
    prints NAME
  done
fi
finish
