#!/bin/sh
# The command line: pages, versions, mistakes.
. "$(dirname "$0")/lib.sh"
make_vault
export LANTOA_VAULT="$V"

for page in related recall path suggest doctor index status opened feedback history forget export import simulate net help; do
  run help "$page" </dev/null
  exits 0
  prints "usage: lantoa $page"
  says_nothing
  [ "$(wc -l <"$T/out")" -le 24 ] || fail "should fit a screen"
  [ "$(wc -L <"$T/out")" -le 80 ] || fail "should fit 80 columns"
  cp "$T/out" "$T/page"
  run "$page" --help
  cmp -s "$T/out" "$T/page" || fail "should be the same page"
  run --help "$page"
  cmp -s "$T/out" "$T/page" || fail "should be the same page"
done
run help; exits 0; prints 'Exit: 0 found, 1 nothing found, 2 usage, 3 partial, 4 I/O or corrupt.'
[ "$(wc -l <"$T/out")" -le 24 ] || fail "should fit a screen"
run --help; exits 0; prints 'usage: lantoa COMMAND'
run --version; exits 0; prints 'lantoa 0.'; lines 1
run -V; exits 0; prints 'lantoa 0.'

run; exits 2; prints_nothing; says_one_line 'lantoa help'
run relatde X; exits 2; prints_nothing; says_one_line 'there is no command relatde; did you mean related?'
run xyzzyxyzzy; exits 2; says_one_line 'see: lantoa help'
run help recal; exits 2; says_one_line 'did you mean recall?'
run related; exits 2; says_one_line 'related wants a note'
run recall; exits 2; says_one_line 'recall wants words'
run path 'Cà phê'; exits 2; says_one_line 'path wants two notes'
run path a b c; exits 2; says_one_line 'path wants no "c"'
run status x; exits 2; says_one_line 'status wants no "x"'
run related --jsno X; exits 2; says_one_line 'there is no option --jsno; did you mean --json?'
run related --xyzzyxyzzy X; exits 2; says_one_line 'see: lantoa help related'
run related -z X; exits 2; says_one_line '-z'
run suggest --why; exits 2; says_one_line 'suggest takes no --why'
run related --json=yes X; exits 2; says_one_line '--json takes no value'
run related X -n; exits 2; says_one_line '-n wants a value'
run related X -n 0; exits 2; says_one_line '-n is a whole number from 1'
run related X -n 5x; exits 2; says_one_line '"5x"'
run related X -n -5; exits 2; says_one_line '"-5"'
run related X -n 1e3; exits 2; says_one_line '"1e3"'
run related X --linked=maybe; exits 2; says_one_line '--linked is yes, no or only, not "maybe"'
run related X --color sometimes; exits 2; says_one_line '--color is auto, always or never'
run related X --vault=; exits 2; says_one_line '--vault is empty'
run related --stdin X; exits 2; says_one_line 'not from "X"'
run --why; exits 2; says_one_line '--why wants a command'
run related "$(printf 'x\033[31m')"; exits 1; prints_nothing
! grep -q "$(printf '\033')" "$T/err" || fail "should show no control character"

# Options stand where they like.
run related -n 2 --json 'Cà phê'; exits 0; cp "$T/out" "$T/first"
for order in "--json -n2" "--limit=2 --json" "--limit 2 --json" "-qn2 --json"; do
  run $order related 'Cà phê'
  cmp -s "$T/out" "$T/first" || fail "should be the same answer"
  run related 'Cà phê' $order
  cmp -s "$T/out" "$T/first" || fail "should be the same answer"
  run related $order -- 'Cà phê'
  cmp -s "$T/out" "$T/first" || fail "should be the same answer"
done
run related -n 7 --json -n 2 Cà phê
cmp -s "$T/out" "$T/first" || fail "should join words, and take the last -n"
run related -- --json; exits 1; says '--json'
finish
