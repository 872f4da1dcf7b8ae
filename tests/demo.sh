#!/bin/sh
# Shows what the sample vault calls to mind. usage: demo.sh LANTOA VAULT
set -eu
lantoa=$1 vault=$2

say() { printf '\n$ lantoa %s\n' "$*"; }

say related '"Cà phê"'
"$lantoa" related "Cà phê" -n 6 --vault "$vault"
say related '"Nhân sự"' -n 5
"$lantoa" related "Nhân sự" -n 5 --vault "$vault"
say recall '"ca phe buoi sang"' -n 4
"$lantoa" recall "ca phe buoi sang" -n 4 --vault "$vault"
say path '"Cà phê"' '"Bảo hiểm"' -n 2
"$lantoa" path "Cà phê" "Bảo hiểm" -n 2 --vault "$vault"
printf '\nNow with your own notes: %s related "A NOTE" --vault DIR\n' "$lantoa"
