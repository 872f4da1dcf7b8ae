#!/bin/sh
# lantoa net: its commands and their pages, the gradient check.
. "$(dirname "$0")/lib.sh"
make_vault

for command in check explain; do
  run help net "$command"
  exits 0
  prints "usage: lantoa net $command"
  says_nothing
  [ "$(wc -l <"$T/out")" -le 24 ] || fail "should fit a screen"
  [ "$(wc -L <"$T/out")" -le 80 ] || fail "should fit 80 columns"
  cp "$T/out" "$T/page"
  run net "$command" --help
  cmp -s "$T/out" "$T/page" || fail "should be the same page"
  run --help net "$command"
  cmp -s "$T/out" "$T/page" || fail "should be the same page"
  run help net
  prints "  $command "
done
run net; exits 2; prints_nothing; says_one_line 'net wants a command'
run net chek; exits 2; says_one_line 'there is no command net chek; did you mean check?'
run net xyzzyxyzzy; exits 2; says_one_line 'see: lantoa help net'
run help net chek; exits 2; says_one_line 'did you mean check?'
run help status net; exits 2; says_one_line 'status has no commands of its own'
run net check --why; exits 2; says_one_line 'net check takes no --why; see: lantoa help net check'
run net --json; exits 2; says_one_line 'net takes no --json'

# Every gradient is right, and each kind of layer is there.
run net check; exits 0; says_nothing; prints 'checks, all right'; prints_not WRONG
for kind in dense conv2d batch_norm attention gru propagate listwise huber; do prints "$kind "; done
# Each case with the portable kernels, and once more where this build has faster ones for a part of it.
run net check gru; exits 0; n=$(grep -c '^gru ' "$T/out"); [ "$n" -ge 4 ] || fail "should check 4 cases at least"
run --json net check gru; exits 0; json "$n"; prints '{"kind":"gru","case":"one step","kernel":"reference",'
run net check grru; exits 2; prints_nothing; says_one_line "there is no layer of kind 'grru'"
run net check gru lstm; exits 2; says_one_line 'net check wants no "lstm"'

# The lesson, in both languages; the error falls from throw to throw.
unset LC_ALL LC_MESSAGES
for lang in vi en; do
  run net explain --lang $lang; exits 0; says_nothing
  prints 'dense1.weight[2,1]'; prints 'dense2.bias[1]'; prints ' x    0.741 ='
  cp "$T/out" "$T/$lang"
  sed -n '/ 1   /,$p' "$T/out" | awk '$3 ~ /^[0-9]+$/ || $2 ~ /^[0-9]+$/ { n++; if (n > 1 && $NF >= last) bad = 1; last = $NF }
    END { exit !(n == 10 && !bad && last < 0.2) }' || fail "should tell of 10 throws with falling errors"
done
awk '/^  dense.* - 0\.2 x / { n++; d = $2 - 0.2 * $6 - $8; if (d * d > 4e-6) bad = 1 } END { exit !(n == 17 && !bad) }' \
  "$T/out" || fail "should compute each of 17 weights right"
prints 'Forward: the ball flies'; prints 'wrong, it is a cat'; prints_not 'bóng'
grep -qF 'Lan truyền ngược: nghĩ lại' "$T/vi" || fail "should speak Vietnamese"
LANG=vi_VN.UTF-8 run net explain; cmp -s "$T/out" "$T/vi" || fail "should speak the locale's language"
LC_ALL=vi_VN.UTF-8 LANG=en_US.UTF-8 run net explain; cmp -s "$T/out" "$T/vi" || fail "should heed LC_ALL first"
LC_ALL=C run net explain; cmp -s "$T/out" "$T/en" || fail "should speak English"
run net explain --throws 3 --rate 0.5 --json; exits 0; json 3
prints '{"throw":1,"error":1.34'; prints '{"name":"tanh1","kind":"tanh","value":['; prints '{"name":"dense2.weight","before":['
run net explain --throws 0; exits 2; says_one_line '--throws is a whole number from 1'
run net explain --rate 0; exits 2; says_one_line '--rate is a number from'
run net explain --lang fr; exits 2; says_one_line '--lang is vi or en, not "fr"'
run net explain cat.jpg; exits 2; says_one_line 'net explain wants an example after the model'
run net explain --label cat; exits 2; says_one_line "--label is for a model's example"
run net explain nowhere.safetensors cat.jpg; exits 4; says_one_line 'nowhere.safetensors'
finish
