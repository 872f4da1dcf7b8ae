#!/bin/sh
# --stdin: one query a line, one answer a line, in step.
. "$(dirname "$0")/lib.sh"
make_vault
export LANTOA_VAULT="$V"

printf 'Cà phê.md\nbạn bè\nKhông có\nPlan\n\nWork/Plan.md' >"$T/in"
run related --stdin --json -n 200 <"$T/in"; exits 3; json 6; says_nothing
sed -n 1p "$T/out" | grep -q '^{"note":"Cà phê.md",.*"related":\[{' || fail "line 1"
sed -n 2p "$T/out" | grep -q '^{"note":"Người/Bạn bè.md",.*"related":\[{' || fail "line 2"
sed -n 3p "$T/out" | grep -q '^{"note":"Không có","error":".*","related":\[\]}$' || fail "line 3"
sed -n 4p "$T/out" | grep -q '^{"note":"Plan","error":".*Home/Plan.md.*","related":\[\]}$' || fail "line 4"
sed -n 5p "$T/out" | grep -q '^{"note":"","error":".*","related":\[\]}$' || fail "line 5"
sed -n 6p "$T/out" | grep -q '^{"note":"Work/Plan.md",' || fail "line 6"

printf 'Cà phê.md\r\nbạn bè\r\n' >"$T/in"
run related --stdin --json <"$T/in"; exits 0; json 2
run related --stdin <"$T/in"; exits 0; prints 'Cà phê  Cà phê.md'; prints 'Bạn bè  Người/Bạn bè.md'
printf 'Cà phê.md\0bạn bè\0' >"$T/in"
run related --stdin --json -0 <"$T/in"; exits 0; json 2
run related --stdin --json <"$T/in"; exits 3; json 1; prints '"error":"a line holds a NUL byte'
run related --stdin -0 -n 1 <"$T/in"; exits 0
[ "$(tr -dc '\0' <"$T/out" | wc -c)" = 2 ] || fail "should print two paths"
printf 'x\nCà phê\n' >"$T/in"
run related --stdin <"$T/in"; exits 3; says_one_line 'no note is called "x"'; prints 'Quán cà phê'

# A line that has no end, and one that nearly has none.
{ head -c 3000000 /dev/zero | tr '\0' a; printf '\nCà phê\n'; } >"$T/in"
run related --stdin --json <"$T/in"; exits 3; json 2; prints '"error":"a line holds'
[ "$(sed -n 1p "$T/out" | wc -c)" -lt 1000 ] || fail "should cut the line in its answer"
sed -n 2p "$T/out" | grep -q '^{"note":"Cà phê.md"' || fail "should go on after it"
printf '\303\050\377\n' >"$T/in"
run related --stdin --json <"$T/in"; exits 3; json 1; prints '"note_bytes_hex":"c328ff"'

printf 'coffee\ncà phê buổi sáng\n\nzzyzx\n' >"$T/in"
run recall --stdin --json -n 20 <"$T/in"; exits 0; json 4
sed -n 3p "$T/out" | grep -q '^{"query":"","related":\[\]}$' || fail "line 3"
sed -n 4p "$T/out" | grep -q '^{"query":"zzyzx","related":\[\]}$' || fail "line 4"
printf 'zzyzx\n' >"$T/in"
run recall --stdin --json <"$T/in"; exits 1; json 1
run recall --stdin --json </dev/null; exits 1; prints_nothing

printf 'Cà phê\tBạn bè\nCà phê\nCà phê\tKhông có\n' >"$T/in"
run path --stdin --json <"$T/in"; exits 3; json 3
sed -n 1p "$T/out" | grep -q '^{"from":"Cà phê.md","to":"Người/Bạn bè.md","paths":\[{"share":' || fail "line 1"
sed -n 2p "$T/out" | grep -q '"error":"a line wants two notes' || fail "line 2"
sed -n 3p "$T/out" | grep -q '"to":"Không có","error":' || fail "line 3"
printf 'Đồ uống/Trà sữa.md\nx\n' >"$T/in"
run suggest --stdin --json <"$T/in"; exits 3; json 2; prints '"suggestions":[]'

# Each answer comes before the next question.
mkfifo "$T/ask" "$T/answer"
"$LANTOA" related --stdin --json <"$T/ask" >"$T/answer" 2>"$T/err" &
exec 3>"$T/ask" 4<"$T/answer"
for name in 'Cà phê' 'Bạn bè'; do
  echo "$name" >&3
  read -r answer <&4
  case $answer in *'"related":[{'*) ;; *) code=0; fail "should answer at once: $answer" ;; esac
done
exec 3>&- 4<&-
wait $!; code=$?; ran='lantoa related --stdin, asked line by line'; exits 0
finish
