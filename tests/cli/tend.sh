#!/bin/sh
# index, status, doctor, suggest, path, and vaults with nothing in them.
. "$(dirname "$0")/lib.sh"
make_vault
export LANTOA_VAULT="$V"

run index; exits 0; says_nothing; prints '7 notes, '; prints '; 7 read now'
run index; exits 0; prints '; 0 read now'
run index --rebuild; exits 0; prints '; 7 read now'
run index -q; exits 0; prints_nothing; says_nothing
run index --json; exits 0; json 1; prints '"notes":7,"read_now":0,"skipped":0'
write 'Người/Mẹ.md' 'Mẹ pha [[Cà phê]].'
run index --json; exits 0; prints '"notes":8'
rm "$V/Người/Mẹ.md"

run status; exits 0; says_nothing; prints "vault    $V"; prints '7 notes'; prints 'index    '; prints 'memory   '
prints 'linked to but not written'
run status --json; exits 0; json 1; prints '"notes":7,"canvases":0'; prints '"cache_trouble":null'
run status --no-cache --json; exits 0; prints '"cache_file":null'; prints '"read_now":7'

run doctor; exits 0; says_nothing; prints 'Broken links (1)'; prints 'Work/Plan.md:1: '; prints 'Orphans ('
run doctor --json; exits 0; json 1; prints '"counts":{"broken-link":1'
prints '{"kind":"broken-link","path":"Work/Plan.md","line":1,"message":"'
i=0; while [ $i -lt 14 ]; do write "lone $i.md" "alone $i"; i=$((i + 1)); done
run doctor; exits 0; prints '  and '; prints ' more; all with -n '
run doctor -n 1; exits 0; prints '(1)'; prints ' more; all with -n '
run doctor -n 100; exits 0; prints_not ' more; all'; prints 'lone 13.md'
rm "$V"/lone*

run path 'cà phê' 'bạn bè'; exits 0; says_nothing; prints 'Cà phê to Bạn bè'; prints '%'
grep -q 'Cà phê [→←⇢⇠·~].*Bạn bè$' "$T/out" || fail "should print a path"
run path 'cà phê' 'bạn bè' --json -n 1; exits 0; json 1
prints '"hops":[{"kind":"start","name":"Cà phê","path":"Cà phê.md"}'
run path 'cà phê' Nothing; exits 1; says_one_line 'Nothing'

run suggest; exits 0; says_nothing; prints ' → '; prints 'Trà sữa'
run suggest 'Trà sữa' -n 1; exits 0; prints 'Trà sữa'
run suggest --json; exits 0; json 1; prints '{"note":null,"suggestions":[{"from":"'
run suggest --json 'trà sữa'; exits 0; prints '{"note":"Đồ uống/Trà sữa.md","suggestions":[{'

# A vault with nothing in it, and one with nothing wrong.
mkdir "$T/empty"
export LANTOA_VAULT="$T/empty"
run index; exits 1; prints_nothing; says_one_line 'holds no notes'
run status; exits 0; prints '0 notes'
run doctor; exits 1; prints 'Nothing is wrong'
run related x; exits 1; says_one_line 'holds no notes'
run related --json --stdin </dev/null; exits 1; prints_nothing
run recall x; exits 1
run suggest; exits 1
run path a b; exits 1
printf 'To [[b]].\n' >"$T/empty/a.md"
printf 'To [[a]].\n' >"$T/empty/b.md"
run doctor; exits 1; prints 'Nothing is wrong'; says_nothing
run doctor --json; exits 1; json 1; prints '"defects":[]'
run related a; exits 0; prints '↔ b'
finish
