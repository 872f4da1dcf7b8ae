#!/bin/sh
# lantoa net: its commands and their pages, the gradient check.
. "$(dirname "$0")/lib.sh"
make_vault

for command in check; do
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
run net check gru; exits 0; lines 5
run --json net check gru; exits 0; json 4; prints '{"kind":"gru","case":"one step","kernel":"reference",'
run net check grru; exits 2; prints_nothing; says_one_line "there is no layer of kind 'grru'"
run net check gru lstm; exits 2; says_one_line 'net check wants no "lstm"'
finish
