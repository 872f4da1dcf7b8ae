#!/bin/bash
# systemd understands the unit, and the command does what it says: unit.sh UNIT
# 77, "skipped", where there is no systemd-analyze.
. "$(dirname "$0")/lib.sh"
command -v systemd-analyze >/dev/null || exit 77
make_vault
mkdir "$T/run"
sed "s|^ExecStart=[^ ]*|ExecStart=$LANTOA|" "$1" >"$T/lantoa@.service"
# What it would run is there only once it is installed: here it is what was built.
ran="systemd-analyze verify $1"
XDG_RUNTIME_DIR="$T/run" systemd-analyze --user verify --man=no "$T/lantoa@home-me-notes.service" >"$T/out" 2>"$T/err"
code=$?
exits 0
says_nothing
for option in $(sed -n 's/^ExecStart=//p' "$1" | grep -o -- '--[a-z-]*'); do
  run help serve
  "$LANTOA" help serve | grep -q -- "$option" || "$LANTOA" help | grep -q -- "$option" || fail "should know $option"
done
finish
