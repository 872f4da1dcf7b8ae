#!/bin/sh
# lantoa simulate: spreadr's model by hand, names, presets, files that are none.
. "$(dirname "$0")/lib.sh"
E="$T/edges.csv"
printf 'from,to\ncà phê,buổi sáng\ncà phê,bạn bè\nbuổi sáng,"trà, sữa"\nđi=về,cà phê\nTea,tea\n' >"$E"

# retention 0.5: half stays, a quarter goes to each of the two.
run simulate "$E" --from 'cà phê' --time 1; exits 0; says_nothing; lines 4
[ "$(sed -n 1p "$T/out")" = 'time,node,activation' ] || fail "should begin with the columns"
prints '1,cà phê,0.5'; prints '1,buổi sáng,0.25'; prints '1,bạn bè,0.25'
run simulate --from='cà phê=20' "$E" --time=2 --retention 0.8; exits 0
prints '1,cà phê,16'; prints '2,cà phê,12.8'; prints '2,"trà, sữa",0.4'
run simulate "$E" --from 'cà phê=100' --time 1 --decay 0.1; prints '1,cà phê,45'; prints '1,bạn bè,22.5'
run simulate "$E" --from 'cà phê' --time 1 --suppress 0.3; prints '1,cà phê,0.5'; prints_not 'bạn bè'
run simulate "$E" --from 'cà phê'; prints '10,cà phê,0.0009765625'
run simulate "$E" --from 'cà phê' --include-t0 --time 1; prints '0,cà phê,1'
run simulate "$E" --from 'cà phê' --from 'bạn bè=2' --include-t0 --time 1; prints '0,bạn bè,2'; prints '1,bạn bè,2.25'
run simulate "$E" --from 'bạn bè' --undirected --time 1; prints '1,cà phê,0.5'
run simulate "$E" --from 'cà phê' --time 1 -n 1; lines 2; prints '1,cà phê,0.5'
run simulate "$E" --from 'cà phê' --time 1 --json; json 1; prints '{"time":1,"active":[{"node":"cà phê","activation":0.5}'
run simulate "$E" --from 'đi=về' --time 1; exits 0; prints '1,cà phê,0.5'
run simulate "$E" --from 'đi=về=2' --time 1; exits 0; prints '1,cà phê,1'
run simulate - --from 'cà phê' --time 1 <"$E"; exits 0; prints '1,bạn bè,0.25'
mkfifo "$T/pipe"; cat "$E" >"$T/pipe" & run simulate "$T/pipe" --from 'cà phê' --time 1; exits 0; prints 'bạn bè'
for preset in ppr heat actr spreadr memory; do
  run simulate "$E" --from 'cà phê' --preset $preset; exits 0; says_nothing; prints ',bạn bè,'
done
run simulate "$E" --from 'cà phê' --suppress 5; exits 1; lines 1; says_one_line 'nothing is active'

# Conductances that are learnt, and used.
awk 'BEGIN { for (i = 0; i < 200; i++) for (k = 1; k < 5; k++) print "n" i ",n" (int(i / 10) * 10 + (i * 7 + k * k) % 10) "," k }' >"$T/groups.csv"
run simulate "$T/groups.csv" --learn; exits 0; prints "spreadr's numbers"; prints 'held back'; prints 'decay'
run simulate "$T/groups.csv" --learn --seed 2 --json; exits 0; json 1; prints '"conductances":{"there":1,"back":'
cp "$T/out" "$T/learnt.json"
run simulate "$T/groups.csv" --from n3 --learnt "$T/learnt.json"; exits 0; says_nothing; prints '3,n'; prints_not '4,n'
run simulate "$T/groups.csv" --from n3 --learnt "$T/learnt.json" --time 2; exits 2; says_one_line 'fixed'
run simulate "$T/groups.csv" --learn --from n3; exits 2; says_one_line 'without --from'
run simulate "$E" --learn; exits 2; prints_nothing; says_one_line 'too few edges'
run simulate "$T/groups.csv" --from n3 --learnt "$E"; exits 4; says_one_line '--learn --json'
echo '{"conductances":{"there":1,"back":0.5,"weight":1,"arrivals":0,"fan":7,"decay":1}}' >"$T/wrong.json"
run simulate "$T/groups.csv" --from n3 --learnt "$T/wrong.json"; exits 2; says_one_line '7 is out of range'
echo '{"conductances":{"there":1}}' >"$T/wrong.json"
run simulate "$T/groups.csv" --from n3 --learnt "$T/wrong.json"; exits 4; says_one_line 'conductances.back'

# Names
run simulate "$E" --from 'CÀ PHÊ' --time 1; exits 0; prints '1,cà phê,0.5'
run simulate "$E" --from "$(printf 'ca\314\200 phe\314\202')" --time 1; exits 0
run simulate "$E" --from 'TEA' --time 1; exits 2; prints_nothing; says_one_line '"Tea" or "tea"'
run simulate "$E" --from 'Tea' --time 1; exits 0
run simulate "$E" --from 'ca phé' --time 1; exits 1; prints_nothing; says_one_line 'did you mean "cà phê"'
run simulate "$E" --from 'xyzzy' --time 1; exits 1; says_one_line 'the graph has no node "xyzzy"'
run simulate "$E" --from 'cà phê=much' --time 1; exits 2; says_one_line '"much"'
run simulate "$E" --from 'cà phê=-1' --time 1; exits 2; says_one_line '"-1"'
run simulate "$E" --from 'cà phê=nan' --time 1; exits 2

# Mistakes
run simulate "$E"; exits 2; says_one_line '--from WORD'
run simulate --from a; exits 2; says_one_line 'simulate wants a file'
run simulate "$E" --from a --retention 2; exits 2; says_one_line '--retention is a number from 0 to 1'
run simulate "$E" --from a --decay nan; exits 2; says_one_line '--decay'
run simulate "$E" --from a --time 0; exits 2; says_one_line '--time'
run simulate "$E" --from a --preset page; exits 2; says_one_line '--preset is memory, ppr, spreadr, actr or heat'
run simulate "$E" --from a --preset heat --retention 0.5; exits 2; says_one_line '--retention has no meaning'
run simulate "$E" --from a --preset actr --time 5; exits 2; says_one_line '--time has no meaning'
run simulate "$T/none.csv" --from a; exits 4; says_one_line "$T/none.csv"
run simulate "$T" --from a; exits 4; says_one_line "$T"
printf 'a,b,1\nc,d,much\n' >"$T/bad.csv"
run simulate "$T/bad.csv" --from a; exits 4; prints_nothing; says_one_line 'bad.csv:2'
: >"$T/nothing.csv"
run simulate "$T/nothing.csv" --from a; [ "$code" -ne 0 ] || fail "should find nothing"
printf ',a,b\na,0,1\nb,0.5,\n' >"$T/matrix.csv"
run simulate "$T/matrix.csv" --from a --time 1; exits 0; prints '1,b,0.5'
finish
