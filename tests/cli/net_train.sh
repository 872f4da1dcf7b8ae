#!/bin/sh
# lantoa net train, eval, predict and show: a table of two kinds of points, from training to answers.
. "$(dirname "$0")/lib.sh"
make_vault
cd "$T" || exit 1
for command in train eval predict show export; do
  run help net "$command"; exits 0; prints "usage: lantoa net $command"; says_nothing
  [ "$(wc -l <"$T/out")" -le 24 ] || fail "should fit a screen"
  [ "$(wc -L <"$T/out")" -le 80 ] || fail "should fit 80 columns"
done

# Inside of a circle or outside, which no straight line tells.
awk 'BEGIN { srand(7); print "x,y,kind"
  for (i = 0; i < 600; i++) { x = 2 * rand() - 1; y = 2 * rand() - 1
    printf "%.4f,%.4f,%s\n", x, y, x * x + y * y < 0.5 ? "inside" : "outside" } }' >ring.csv
run net train ring.csv -o ring.safetensors --epochs 60 --batch 32 --threads 1 --log logs
exits 0; prints 'inside'; prints 'outside'
[ -f ring.safetensors ] || fail "should leave a model"
[ ! -e ring.safetensors.checkpoint ] || fail "should leave no checkpoint"
[ "$(wc -l <logs/history.csv)" -eq 61 ] || fail "should log 60 epochs under a header"
grep -q '</svg>' logs/curve.svg || fail "should draw the curve"
[ -s logs/events.out.tfevents.* ] || fail "should leave a log for TensorBoard"
head -1 logs/history.csv | grep -q '^epoch,loss,accuracy,validation_loss,validation_accuracy,rate$' || fail "should name the columns"
run net eval ring.safetensors ring.csv --json; exits 0; says_nothing; json 1
awk -F'"accuracy":' '{ exit !($2 + 0 > 0.93) }' "$T/out" || fail "should have learnt the ring"

# What it takes rows for, and how it comes to that.
run net predict ring.safetensors 0.1,0.2 -- '-0.9; 0.8'; exits 0; says_nothing; prints '-0.9; 0.8'; lines 6
[ "$(grep -A1 -F 0.1,0.2 "$T/out" | grep -c inside)" = 1 ] || fail "should find the first inside"
[ "$(grep -A1 -F -e '-0.9' "$T/out" | grep -c outside)" = 1 ] || fail "should find the second outside"
printf '0.1,0.2\0-0.9 0.8\0' | run net predict ring.safetensors --stdin -0 --json -n 1; exits 0; json 2
prints '{"row":"0.1,0.2","labels":[{"label":"inside"'
run net predict ring.safetensors 0.1,0.2,0.3 0.1,one; exits 3; prints_nothing
says "holds 3 numbers; a row for this model has 2"; says "'one' is no number"
cp ring.safetensors before.safetensors
run net explain ring.safetensors 0.1,0.2 --label outside --lang en; exits 0; says_nothing
prints 'ring.safetensors looks at 0.1,0.2'; prints 'wrong, it is outside'; prints 'logits.weight['; prints ' - 0.01 x '
prints 'kept: drops some numbers'; prints 'Throw   3   outside'
sed -n '/ 1   /,$p' "$T/out" | awk '$1 == "Throw" { n++; if (n > 1 && $NF >= last) bad = 1; last = $NF } END { exit !(n == 3 && !bad) }' ||
  fail "should tell of 3 throws with falling errors"
cmp -s ring.safetensors before.safetensors || fail "should leave the model as it is"
run net predict ring.safetensors 0.1,0.2 --json -n 1
p=$(sed 's/.*"probability"://; s/}.*//' "$T/out")
run net explain ring.safetensors 0.1,0.2 --throws 1 --json; exits 0; json 1; prints '"answer":"inside"'; prints "\"guess\":[$p,"
LC_ALL=vi_VN.UTF-8 run net explain ring.safetensors 0.1,0.2; exits 0; prints 'Không có đáp án'
run net explain ring.safetensors 0.1,0.2 --label outsid; exits 2; says_one_line 'did you mean outside?'
run net explain ring.safetensors 0.1; exits 2; says_one_line 'a row for this model has 2'

# For other programs.
run net export ring.safetensors -o ring.onnx; exits 0; says_nothing; prints_nothing
grep -q 'inside' ring.onnx || fail "should hold the classes' names"
run net export ring.safetensors; exits 2; says_one_line '-o model.onnx'
run net export ring.csv -o no.onnx; exits 4; says_one_line 'ring.csv'; [ ! -e no.onnx ] || fail "should write nothing"

# The same seed gives the same bits, with two threads and after a stop; another one others.
run net train ring.csv -o two.safetensors --epochs 60 --batch 32 --threads 2 -q; exits 0; says_nothing
cmp -s ring.safetensors two.safetensors || fail "should be the same with two threads"
run net train ring.csv -o other.safetensors --epochs 60 --batch 32 --seed 2 -q; exits 0
! cmp -s ring.safetensors other.safetensors || fail "should be another with another seed"
run net train ring.csv -o warm.safetensors --epochs 60 --batch 32 --warmup 2.5 --schedule cosine -q --log warm; exits 0
awk -F, 'NR > 1 { r[NR - 1] = $6 } END { exit !(r[1] < r[2] && r[2] < r[3] && r[3] > r[4] && r[60] < r[3] / 100) }' warm/history.csv ||
  fail "should warm the rate up, then let it fall"
run net train ring.csv -o x.safetensors --erase 2 -q; exits 2; says_one_line '--erase is a number from 0 to 1'
timeout -s INT 0.3 "$LANTOA" net train ring.csv -o stop.safetensors --epochs 60 --batch 32 -q >/dev/null 2>"$T/err"
run net train ring.csv -o stop.safetensors --epochs 60 --batch 32 -q --resume; exits 0
cmp -s ring.safetensors stop.safetensors || fail "should be the same after a stop"

# What cannot be.
run net train ring.csv; exits 2; says_one_line 'net train wants -o FILE'
run net train; exits 2; says_one_line 'net train wants data'
run net train nowhere -o x.safetensors -q; [ "$code" -ne 0 ] || fail "should fail"; says_one_line 'nowhere'
run net train ring.csv -o x.safetensors --model ring.txt; exits 2; says_one_line "there is no model 'ring.txt'"
echo 'y = dense(z, units=classes)' >net.txt
run net train ring.csv -o x.safetensors --model net.txt -q; [ "$code" -ne 0 ] || fail "should fail"; says_one_line "line 1"
says "nothing above is called 'z'"
run net train ring.csv -o x.safetensors --rate 900 --optimizer sgd -q; exits 2; says_one_line 'not a finite number'
[ ! -e x.safetensors ] || fail "should leave no model"
run net eval ring.csv ring.csv; [ "$code" -ne 0 ] || fail "should fail"; says_one_line 'ring.csv'
run net predict ring.safetensors ring.csv; exits 3; says_one_line "'ring.csv' is no number; a row for this model is 2 of them"

# What nets are made of.
run net show lenet --side 28 --classes 10; exits 0; says_nothing; prints 'conv1'; prints '121,182 parameters that learn'
run net show resnet20 --json; exits 0; json 1; prints '"parameters":272474'
run net show ring.safetensors; exits 0; prints 'hidden = dense(flat, units='
printf 'f = reshape(x)\ny = dense(f, units=classes)\n' >net.txt
run net show net.txt --side 4; exits 0; prints '490 parameters that learn'
claim='{"__metadata__":{"lantoa.format":"1","lantoa.model":"f = reshape(x)\ny = dense(f, units=9000000)","lantoa.classes":"a\nb","lantoa.example":"3 900 900"}}'
printf "\\$(printf %o ${#claim})\\0\\0\\0\\0\\0\\0\\0%s" "$claim" >claim.safetensors
run net show claim.safetensors; exits 4; says_one_line 'claim.safetensors'; says 'cannot have the shape'
run net show nothing; exits 2; says_one_line 'nothing'
finish
