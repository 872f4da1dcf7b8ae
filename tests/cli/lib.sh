# Shared by the tests of the command: a folder of its own, a small vault, and checks. A test is a
# list of `run ...` and of what is expected of it; the first line of each failure says what was run.
# Wants: LANTOA (the command), JSON_CHECK, ON_TERMINAL.
set -u

T=$(mktemp -d)
trap 'chmod -R u+rwx "$T"; rm -rf "$T"' EXIT
export HOME="$T/home" XDG_CACHE_HOME="$T/cache" XDG_DATA_HOME="$T/data"
unset LANTOA_VAULT NO_COLOR
V="$T/vault"
failures=0
ran=

# write PATH TEXT
write() {
  mkdir -p "$(dirname "$V/$1")"
  printf '%s\n' "$2" >"$V/$1"
}

make_vault() {
  mkdir -p "$HOME" "$V/.obsidian"
  write 'Cà phê.md' '---
aliases: [coffee]
tags: [đồ-uống]
---
Mỗi [[Buổi sáng]] tôi ra [[Quán cà phê]] quen, uống một ly cà phê đen.'
  write 'Quán cà phê.md' 'Quán cà phê đầu ngõ, nơi gặp [[Bạn bè]] và uống [[Cà phê]].'
  write 'Buổi sáng.md' 'Buổi sáng bắt đầu bằng [[Cà phê]], rồi trà sữa cho [[Bạn bè]].'
  write 'Người/Bạn bè.md' 'Bạn bè thì hẹn nhau ở [[Quán cà phê]]. #đồ-uống'
  write 'Đồ uống/Trà sữa.md' 'Trà sữa ngọt hơn cà phê, bạn bè ai cũng thích. #đồ-uống'
  write 'Work/Plan.md' 'The plan for [[Nowhere]] and the budget.'
  write 'Home/Plan.md' 'The plan for the garden.'
}

# run ARGUMENT ...: its output goes to $T/out and $T/err, its exit code to $code. Standard input is
# that of run.
run() {
  ran="lantoa $*"
  "$LANTOA" "$@" >"$T/out" 2>"$T/err"
  code=$?
}

fail() {
  failures=$((failures + 1))
  echo "FAILED: $ran: $1"
  echo "  exit $code"
  sed 's/^/  out: /' "$T/out" | cut -c 1-300 | head -20
  sed 's/^/  err: /' "$T/err" | cut -c 1-300 | head -20
}

exits() { [ "$code" -eq "$1" ] || fail "should exit $1"; }
prints() { grep -qF -- "$1" "$T/out" || fail "should print: $1"; }
prints_not() { ! grep -qF -- "$1" "$T/out" || fail "should not print: $1"; }
says() { grep -qF -- "$1" "$T/err" || fail "should say: $1"; }
says_nothing() { [ ! -s "$T/err" ] || fail "should say nothing"; }
prints_nothing() { [ ! -s "$T/out" ] || fail "should print nothing"; }
lines() { [ "$(wc -l <"$T/out")" -eq "$1" ] || fail "should print $1 lines"; }
# One line on standard error that begins with the command's name.
says_one_line() {
  [ "$(wc -l <"$T/err")" -eq 1 ] && grep -q '^lantoa: ' "$T/err" || fail "should say one line"
  says "$1"
}
# json N: the output is N lines of JSON.
json() { [ "$("$JSON_CHECK" <"$T/out")" = "$1" ] || fail "should print $1 JSON objects"; }

finish() {
  [ "$failures" -eq 0 ] || echo "$failures failed"
  exit $((failures > 0))
}
