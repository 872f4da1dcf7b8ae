#!/bin/sh
# What goes wrong around it: standard output, signals, odd names, caches that cannot be used.
. "$(dirname "$0")/lib.sh"
make_vault
export LANTOA_VAULT="$V"

# Standard output is full, closed, or has no reader any more.
if [ -e /dev/full ]; then
  ran='lantoa related >/dev/full'; : >"$T/out"
  "$LANTOA" related 'Cà phê' >/dev/full 2>"$T/err"; code=$?
  exits 4; says_one_line 'cannot write to standard output'
fi
ran='lantoa status >&-'; : >"$T/out"
"$LANTOA" status >&- 2>"$T/err"; code=$?
exits 4; says_one_line 'cannot write to standard output'
ran='lantoa index >&- 2>&- <&-'
rm -rf "$XDG_CACHE_HOME"
"$LANTOA" index >&- 2>&- <&-; code=$?
exits 4
run status; exits 0; prints '7 notes'; says_nothing # nothing was written into the index
ran='lantoa related --stdin | head -1'
yes 'Cà phê' | head -2000 >"$T/in"
{ "$LANTOA" related --stdin --json <"$T/in" 2>"$T/err"; echo $? >"$T/code"; } | head -1 >"$T/out"
code=$(cat "$T/code"); json 1; says_nothing
[ "$code" -eq 141 ] || [ "$code" -eq 0 ] || fail "should end quietly"
ran='lantoa related --stdin | head -1, SIGPIPE ignored'
(trap '' PIPE; "$LANTOA" related --stdin --json <"$T/in" 2>"$T/err"; echo $? >"$T/code") | head -1 >"$T/out"
code=$(cat "$T/code"); says_nothing; exits 0
ran='lantoa related --stdin <&-'
"$LANTOA" related --stdin <&- >"$T/out" 2>"$T/err"; code=$?
exits 4; says_one_line 'cannot read standard input'

# SIGINT while it waits. (A shell's background jobs ignore it; env undoes that.)
if env --default-signal=INT true 2>/dev/null; then
  mkfifo "$T/ask" "$T/answer"
  env --default-signal=INT "$LANTOA" related --stdin --json <"$T/ask" >"$T/answer" 2>"$T/err" &
  pid=$!
  exec 3>"$T/ask" 4<"$T/answer"
  echo 'Cà phê' >&3
  read -r answer <&4
  kill -INT $pid
  wait $pid; code=$?
  ran='lantoa related --stdin, SIGINT'; : >"$T/out"; exits 130; says_nothing
  exec 3>&- 4<&-
fi

# A note whose name is no UTF-8, and one whose name would paint the terminal.
name=$(printf 'caf\351')
if (printf 'Một tách [[Cà phê]].\n' >"$V/$name.md") 2>/dev/null; then
  run related --json 'Cà phê' -n 50; exits 0; json 1; prints '"path_bytes_hex":"636166e92e6d64"'
  printf '%s.md\n' "$name" >"$T/in"
  run related --stdin --json <"$T/in"; exits 0; json 1; prints '"note_bytes_hex":"636166e92e6d64"'
  run related "$name.md"; exits 0; prints 'Cà phê'; prints "$(printf 'caf\357\277\275')"
  run related -0 'Cà phê' -n 50; tr '\0' '\n' <"$T/out" | grep -aq "^$name.md\$" || fail "should print its bytes"
  rm "$V/$name.md"
fi
red=$(printf 'r\033[31m\007ed')
printf 'Một tách [[Cà phê]].\n' >"$V/$red.md"
for how in "related" "related --why" "suggest" "doctor"; do
  word='Cà phê'; [ "$how" != doctor ] || word=
  run $how ${word:+"$word"}
  ! grep -q "$(printf '[\033\007]')" "$T/out" || fail "should show no control character"
done
run related 'Cà phê'; prints 'r␛[31m␇ed'
run related --json 'Cà phê'; json 1; prints 'r\u001b[31m\u0007ed'
rm "$V/$red.md"

# The cache is damaged, or has no place.
run index; exits 0
cache=$(find "$XDG_CACHE_HOME" -name index.db)
head -c 5000 /dev/urandom >"$cache"
run related 'Cà phê'; exits 0; prints 'Quán cà phê'; says 'answers are right'
run related 'Cà phê'; exits 0; says_nothing
head -c 5000 /dev/urandom >"$cache"
run index; exits 0
rm -rf "$XDG_CACHE_HOME"; : >"$XDG_CACHE_HOME"
run related 'Cà phê'; exits 0; prints 'Quán cà phê'; says 'answers are right'
run related -q 'Cà phê'; exits 0; says_nothing
run index; exits 4
rm "$XDG_CACHE_HOME"

# A file that cannot be read: the answer is partial, and doctor names it. (Root reads everything.)
if [ "$(id -u)" -ne 0 ]; then
  chmod 000 "$V/Work/Plan.md"
  run related 'Cà phê'; exits 3; prints 'Quán cà phê'; says_one_line '1 file or folder could not be read'
  run related -q 'Cà phê'; exits 3; says_nothing
  run doctor; exits 0; prints 'Work/Plan.md'; prints 'not read'
  chmod 600 "$V/Work/Plan.md"
fi
finish
