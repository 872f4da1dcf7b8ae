#!/bin/sh
# What people see: colours on terminals only, lines that fit.
. "$(dirname "$0")/lib.sh"
make_vault
write 'Một cái tên rất dài để xem dòng có bị cắt đúng chỗ hay không, dài hơn nữa.md' 'Về [[Cà phê]] ở một nơi xa.'
write '長い名前のノートは端末の幅に合わせて切られるべきです長い名前のノート.md' '[[Cà phê]]'
export LANTOA_VAULT="$V"
escape=$(printf '\033')

run related 'Cà phê'; ! grep -q "$escape" "$T/out" || fail "should be plain in a pipe"
run related 'Cà phê' --color=always; grep -q "$escape\[" "$T/out" || fail "should be coloured"
export NO_COLOR=1
run related 'Cà phê' --color=always; grep -q "$escape\[" "$T/out" || fail "--color should win"
unset NO_COLOR
run related 'Cà phê' --color always --json; ! grep -q "$escape" "$T/out" || fail "JSON should be plain"

# on_terminal COLUMNS ARGUMENT ...: what is written to the terminal, errors too, goes to $T/out
on_terminal() {
  ran="lantoa $*, on a terminal"
  columns=$1
  shift
  "$ON_TERMINAL" "$columns" "$LANTOA" "$@" >"$T/raw" 2>"$T/err"
  code=$?
  tr -d '\r' <"$T/raw" >"$T/out"
}
export TERM=xterm
on_terminal 80 related 'Cà phê'; exits 0
grep -q "$escape\[" "$T/out" || fail "should be coloured"
export NO_COLOR=1
on_terminal 80 related 'Cà phê'; exits 0
! grep -q "$escape\[" "$T/out" || fail "should respect NO_COLOR"
# wc -L counts columns as terminals do, in a UTF-8 locale. What is cut ends in "…".
for columns in 40 60 80 120; do
  on_terminal $columns related 'Cà phê' --why; exits 0
  widest=$(grep -v "\.md:[0-9]*$" "$T/out" | LC_ALL=C.UTF-8 wc -L) # a place stays whole
  [ "$widest" -le $columns ] || fail "should fit $columns columns, not $widest"
done
on_terminal 40 related 'Cà phê' -n 50; prints '…'
on_terminal 10 related 'Cà phê' --why; exits 0
unset NO_COLOR
on_terminal 80 related 'Cà phê' --color=never; exits 0
! grep -q "$escape\[" "$T/out" || fail "should respect --color=never"
export TERM=dumb
on_terminal 80 related 'Cà phê'; exits 0
! grep -q "$escape\[" "$T/out" || fail "should respect TERM=dumb"
finish
