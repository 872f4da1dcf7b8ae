#!/bin/sh
# lantoa related and recall: naming notes, what is printed for people and for programs.
. "$(dirname "$0")/lib.sh"
make_vault
export LANTOA_VAULT="$V"

run related 'Cà phê'; exits 0; says_nothing
prints 'Cà phê  Cà phê.md'
prints '↔ Quán cà phê'
prints '↔ Buổi sáng'
prints 'Trà sữa  Đồ uống'
prints ' 1 ████████ '
head -1 "$T/out" | grep -q '^Cà phê' || fail "should begin with the cue"

# All the ways to name it.
cp "$T/out" "$T/first"
for name in 'Cà phê.md' 'cà phê' 'CÀ PHÊ' 'coffee' 'ca phe' "$(printf 'ca\314\200 phe\314\202')"; do
  run related "$name"; exits 0
  cmp -s "$T/out" "$T/first" || fail "should be the same answer"
done
run related 'Người/Bạn bè'; exits 0; prints 'Bạn bè  Người/Bạn bè.md'
run related 'Cà phễ lạ'; exits 1; prints_nothing; says_one_line '"Cà phễ lạ"'
run related 'Trà zữa'; exits 1; says_one_line 'Trà sữa.md'
run related 'Plan'; exits 2; prints_nothing; says_one_line 'Home/Plan.md'; says 'Work/Plan.md'
(cd "$V/Work" && "$LANTOA" related Plan.md --json >"$T/out" 2>"$T/err"); code=$?
ran='lantoa related Plan.md, in Work'; exits 0; prints '{"note":"Work/Plan.md"'
run related "$V/Home/Plan.md" --json; prints '{"note":"Home/Plan.md"'

# What is printed for programs.
run related --json 'Cà phê' -n 200; exits 0; json 1; says_nothing
prints '{"note":"Cà phê.md","title":"Cà phê","related":[{"path":"'
prints '"path":"Quán cà phê.md","title":"Quán cà phê","score":'
prints '"linked":"both","signals":{"link":'
prints_not '"reason"'
cp "$T/out" "$T/first"
run related --json 'Cà phê' -n 200; cmp -s "$T/out" "$T/first" || fail "should be the same bytes"
run related --json --why 'Cà phê'; exits 0; json 1
prints '"reason":"'; prints '"paths":['; prints '"sentences":['; prints '"words":['; prints '"tags":['
run related --json --linked only 'Cà phê'; prints '"linked":"both"'; prints_not '"linked":"no"'
run related --json --linked=no 'Cà phê'; prints '"linked":"no"'; prints_not '"linked":"both"'
run related -n 1 --json 'Cà phê'; [ "$(grep -o '{"path"' "$T/out" | wc -l)" = 1 ] || fail "should be one"
run related -0 'Cà phê' -n 2; exits 0
[ "$(tr -dc '\0' <"$T/out" | wc -c)" = 2 ] || fail "should print two paths"
tr '\0' '\n' <"$T/out" >"$T/paths"
while read -r path; do [ -f "$V/$path" ] || fail "should print a path, not $path"; done <"$T/paths"

run related 'Cà phê' --why; exits 0; says_nothing
prints 'score'; prints '%'

# Where the vault is.
unset LANTOA_VAULT
(cd "$V/Work" && "$LANTOA" related 'Bạn bè' >"$T/out" 2>"$T/err"); code=$?
ran='lantoa related, below the vault'; exits 0; prints 'Quán cà phê'
(cd "$T" && "$LANTOA" related 'Bạn bè' --vault vault >"$T/out" 2>"$T/err"); code=$?
ran='lantoa related --vault vault'; exits 0; prints 'Quán cà phê'
(cd "$T" && "$LANTOA" related 'Bạn bè' --vault ./vault/../vault/ >"$T/out" 2>"$T/err"); code=$?
ran='lantoa related --vault ./vault/../vault/'; exits 0; prints 'Quán cà phê'
(cd "$T" && LANTOA_VAULT=vault "$LANTOA" related 'Bạn bè' >"$T/out" 2>"$T/err"); code=$?
ran='LANTOA_VAULT=vault lantoa related'; exits 0; prints 'Quán cà phê'
(cd "$T" && "$LANTOA" related 'Bạn bè' >"$T/out" 2>"$T/err"); code=$?
ran='lantoa related, outside the vault'; exits 2; prints_nothing; says_one_line '--vault DIR'
run related x --vault "$T/nowhere"; exits 4; prints_nothing; says_one_line "$T/nowhere"
export LANTOA_VAULT="$V"

# --exclude, --cache-dir, --no-cache
run related --json 'Cà phê' --exclude 'Đồ uống' --exclude '/^Quán/'; exits 0; prints_not 'Trà sữa'; prints_not 'Quán'
run related --json 'Cà phê' --no-cache --cache-dir "$T/elsewhere"; exits 0
[ ! -e "$T/elsewhere" ] || fail "should keep no cache"
run index --cache-dir "$T/elsewhere"; exits 0
[ -d "$T/elsewhere" ] || fail "should keep its cache there"

# recall
run recall 'ly cà phê đen'; exits 0; says_nothing
head -1 "$T/out" | grep -q '^ly cà phê đen$' || fail "should begin with the words"
prints 'Cà phê'
run recall tra sua ngot; exits 0; prints 'Trà sữa  Đồ uống'
run recall --json 'garden'; exits 0; json 1; prints '{"query":"garden","related":[{"path":"Home/Plan.md"'
run recall 'zzyzx'; exits 1; prints_nothing; says_one_line 'nothing comes to mind for "zzyzx"'
run related --json --activity 3 'Cà phê'; exits 0; json 1; prints '"activity":{"steps":3,"nodes":[{"kind":"note","name":"Cà phê"'
run recall --activity 3 garden; exits 2; prints_nothing; says_one_line '--json'
run recall -q 'zzyzx'; exits 1; says_nothing
run recall --json 'zzyzx'; exits 1; prints '{"query":"zzyzx","related":[]}'
run recall '   '; exits 1
finish
