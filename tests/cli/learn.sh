#!/bin/sh
# learn and eval: on the sample vault, and on one with too few links.
. "$(dirname "$0")/lib.sh"
make_vault
export LANTOA_VAULT="$V"
run eval; exits 1; prints_nothing; says 'too few links'
run learn; exits 1; prints_nothing; says 'too little to learn from'

export LANTOA_VAULT="$(dirname "$0")/../../examples/vault"
run eval; exits 0; says_nothing; prints 'links were hidden'; prints 'PageRank'
run eval --json; exits 0; json 4; prints '{"ranking":"lantoa","hidden":'; prints '"hits10":'
cp "$T/out" "$T/first"
run eval --json; exits 0; cmp -s "$T/out" "$T/first" || fail 'should be the same again'
run eval --json --seed 2; exits 0; json 4
run learn --json; exits 0; json 1; says_nothing; prints '"held_back":'; prints '"kept":'; prints '"recall":{"examples":'
run learn; exits 0; prints 'to learn from (hidden links)'; prints 'as questions for their notes'
run related 'Cà phê' --json; exits 0; json 1
echo 'no weights' >"$T/weights"
run related 'Cà phê' --weights "$T/weights"; exits 4; says "$T/weights"
run related 'Cà phê' --weights "$T/none"; exits 4; says "$T/none"
finish
