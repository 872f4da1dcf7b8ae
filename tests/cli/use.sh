#!/bin/sh
# opened, feedback, history, forget, export, import.
. "$(dirname "$0")/lib.sh"
make_vault
export LANTOA_VAULT="$V" TZ=UTC

# ---- opened ----
run history; exits 1; prints_nothing; says_one_line 'nothing was opened'
run opened 'Cà phê.md'; exits 0; prints_nothing; says_nothing
run opened 'Quán cà phê' --from 'Cà phê'; exits 0; says_nothing
[ ! -e "$XDG_CACHE_HOME"/lantoa/*/index.db ] || fail "should not need the index"
run opened bạn bè --from 'quan ca phe'; exits 0; says_nothing # by title, without accents: through the index
run history; exits 0; lines 3; says_nothing
sed -n 1p "$T/out" | grep -q '^[0-9-]* [0-9:]*  opened  Người/Bạn bè.md ← Quán cà phê.md$' || fail "line 1"
sed -n 3p "$T/out" | grep -q '^[0-9-]* [0-9:]*  opened  Cà phê.md$' || fail "line 3"
run history --json; exits 0; json 1
prints '{"note":null,"history":[{"event":"opened","at_ms":1'
prints '"note":"Người/Bạn bè.md","from":"Quán cà phê.md","source":"cli"}'
prints '"note":"Cà phê.md","from":null,"source":"cli"}]}'
run history -n 1; exits 0; lines 1
run history 'Quán cà phê'; exits 0; lines 2
run history --since 1h; exits 0; lines 3
run history --until 2020-01-01; exits 1; prints_nothing
run history --until 2020-01-01 --json; exits 1; prints '"history":[]'
run history --since yesterday; exits 2; says_one_line '--since is a date'
run opened Nothing; exits 1; says_one_line 'no note is called "Nothing"'
run opened Plan; exits 2; says_one_line 'could be'
run opened 'Cà phê' --from Nothing; exits 1; says_one_line 'Nothing'
run opened; exits 2; says_one_line 'opened wants a note'
run opened .obsidian/x.md; exits 1
ran="lantoa opened, from within the vault"
(cd "$V/Người" && "$LANTOA" opened 'Bạn bè.md') >"$T/out" 2>"$T/err"; code=$?; exits 0
run history -n 1; prints 'Người/Bạn bè.md'
run status; prints '4 opens'
run status --json; prints '"opens":4,"feedbacks":0,"hidden":0'

# ---- feedback ----
run feedback 'Cà phê' 'Trà sữa' --good; exits 0; prints_nothing; says_nothing
run feedback 'Cà phê' 'Bạn bè' --bad; exits 0
run feedback 'Cà phê' 'Buổi sáng' --hide; exits 0
run status; prints '2 words of feedback, 1 hidden result'
run history -n 1; prints '  hidden  Cà phê.md → Buổi sáng.md'
run history -n 1 --json; prints '{"event":"hidden","at_ms":'; prints '"note":"Cà phê.md","related":"Buổi sáng.md"}'
run feedback 'Cà phê' 'Buổi sáng' --undo; exits 0
run feedback 'Buổi sáng' 'Cà phê' --undo; exits 1; says_one_line 'nothing was said'
run feedback 'Cà phê' 'Trà sữa'; exits 2; says_one_line '--good, --bad'
run feedback 'Cà phê' 'Trà sữa' --good --bad; exits 2; says_one_line '--good, --bad'
run feedback 'Cà phê' --good; exits 2; says_one_line 'feedback wants two notes'
run feedback 'Cà phê' Nothing --good; exits 1

# ---- export and import ----
run export; exits 0; says_nothing; json 8
sed -n 1p "$T/out" | grep -qx '{"type":"lantoa-memory","version":1}' || fail "line 1"
cp "$T/out" "$T/exported"
run export "$T/file.jsonl"; exits 0; prints_nothing; says_nothing
cmp -s "$T/file.jsonl" "$T/exported" || fail "should be the same bytes"
run export "$T/no/such/file"; exits 4; says '/no/such/file'
run import "$T/file.jsonl"; exits 0; prints 'Took in 0 opens and 0 words of feedback; 7 were known.'
ran='lantoa export >/dev/full'
"$LANTOA" export >/dev/full 2>"$T/err"; code=$?; exits 4
export XDG_DATA_HOME="$T/data2"
run import - <"$T/file.jsonl"; exits 0; prints 'Took in 4 opens and 3 words of feedback; 0 were known.'
run export; cmp -s "$T/out" "$T/exported" || fail "should be the same memory"
printf '{"type":"opened","at_ms":5,"note":"x.md"}\n{"type":"opened","at_ms":"6"}\n' >"$T/wrong"
run import "$T/wrong"; exits 4; prints_nothing; says_one_line 'line 2: '; says 'nothing was imported'
run import "$T/nowhere"; exits 4; says_one_line "cannot read $T/nowhere"
run import; exits 2; says_one_line 'import wants a file'
run export; cmp -s "$T/out" "$T/exported" || fail "should be as it was"

# ---- forget ----
run forget; exits 2; says_one_line 'forget what?'
run forget --all 'Cà phê'; exits 2; says_one_line '--all wants no note'
run forget --until 2020-01-01; exits 1; says_one_line 'nothing to forget'
run forget 'Quán cà phê'; exits 0; prints 'Forgot 2 events.'
run history 'Quán cà phê'; exits 1; says_one_line 'Quán cà phê.md'
printf '{"type":"opened","at_ms":5,"note":"gone.md"}\n' | "$LANTOA" import - >"$T/out"
run history gone.md; exits 0; prints '1970-01-01 00:00:00  opened  gone.md'
run forget gone.md -q; exits 0; prints_nothing
run forget gone.md; exits 1; says 'gone.md'
run forget --all </dev/null; exits 2; says_one_line '--yes'
run history; exits 0
if [ "$("$ON_TERMINAL" 80 true; echo $?)" = 0 ]; then
  ran='lantoa forget --all, and "n" typed'
  TYPED='n
' "$ON_TERMINAL" 80 "$LANTOA" forget --all >"$T/out" 2>"$T/err"; code=$?; exits 1; prints '[y/N]'
  run history; exits 0
  ran='lantoa forget --all, and "y" typed'
  TYPED='y
' "$ON_TERMINAL" 80 "$LANTOA" forget --all >"$T/out" 2>"$T/err"; code=$?; exits 0; prints 'Forgot '
  run history; exits 1
fi
run import -q "$T/file.jsonl"; exits 0; prints_nothing
run forget --all -y; exits 0; prints 'Forgot 7 events.'
run history; exits 1
export XDG_DATA_HOME="$T/data"

# ---- places that cannot be written, and damage ----
db=$(echo "$XDG_DATA_HOME"/lantoa/*/memory.db)
[ -f "$db" ] || fail "should be there: $db"
run status -q
cp "$db" "$T/whole"
head -c 5000 "$T/whole" >"$db"
for c in history export 'opened Plan.md' 'forget --all --yes' "import $T/exported" status; do
  run $c; exits 4; prints_nothing; says_one_line "$db"; says 'lantoa import'
done
[ "$(wc -c <"$db")" = 5000 ] || fail "should leave the damaged file alone"
rm -f "$db" "$db-wal" "$db-shm"
run import "$T/exported"; exits 0; prints '4 opens'
if [ "$(id -u)" != 0 ]; then
  chmod 500 "$(dirname "$db")"; chmod 400 "$db"
  run opened 'Cà phê.md'; exits 4; says_one_line 'memory.db'
  run history; exits 0
  chmod 700 "$(dirname "$db")"; chmod 600 "$db"
fi
finish
