#!/bin/sh
# The example program, against the shared library: example.sh PROGRAM
. "$(dirname "$0")/lib.sh"
make_vault
LANTOA=$1
run "$V" 'ca phe'; exits 0; says_nothing; prints 'Quán cà phê.md'
head -1 "$T/out" | grep -Eq '^ *[0-9]+\.[0-9]{3}  .*\.md$' || fail "should print score and path"
run "$V" 'nothing of the kind'; exits 1; says 'related: '
run "$T/nowhere" x; exits 1; says "$T/nowhere"
run; exits 2
finish
