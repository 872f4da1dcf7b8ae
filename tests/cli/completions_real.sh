#!/bin/bash
# The completions as the shells themselves understand them: completions_real.sh FOLDER SHELL
# 77, "skipped", where the shell is not to be had.
. "$(dirname "$0")/lib.sh"
folder=$1 shell=$2
here=$(cd "$(dirname "$0")" && pwd)
command -v "$shell" >/dev/null || exit 77
: >"$T/out" >"$T/err"
code=0
make_vault
cd "$V" || exit 1
export T

asked=() # each line, and what must be offered for it; "=" before that: nothing else
wanted=()
want() { asked+=("$1") wanted+=("$2"); }

want 'lantoa rel' '=related'
want 'lantoa net ch' '=check'
want 'lantoa help st' '=status'
want 'lantoa help net ch' '=check'
want 'lantoa related --linked=o' 'only'
want 'lantoa simulate x --preset=s' 'spreadr'
want 'lantoa related Qu' 'Quán cà phê.md'
want 'lantoa --vault=x related --li' '--linked'
for command in $("$LANTOA" help | grep -oE '^  [a-z]+' | tr -d ' ' | sort -u); do
  [ "$command" = net ] || want "lantoa $(echo "$command" | cut -c 1-3)" "$command"
done
for command in related recall path suggest doctor index status opened feedback history forget export import learn eval serve mcp simulate 'net check' 'net eval' 'net explain' 'net export' 'net predict' 'net show' 'net train'; do
  for option in $("$LANTOA" help $command | grep -o -- '--[a-z0-9][a-z0-9-]*' | sort -u); do
    want "lantoa $command $option" "$option"
  done
done
printf '%s\n' "${asked[@]}" >"$T/lines"

case $shell in
  fish) fish --no-config "$here/completions.fish" "$folder/lantoa.fish" "$T/lines" >"$T/all" 2>"$T/err" ;;
  zsh) zsh -f "$here/completions.zsh" "$folder" "$T/lines" >"$T/all" 2>"$T/err" ;;
esac
says_nothing
i=0
: >"$T/out"
while IFS= read -r line; do
  if [ "$line" != . ]; then
    printf '%s\n' "$line" | sed 's/\t.*//; s/\\ / /g; s/^--linked=//; s/^--preset=//; s/=$//' >>"$T/out"
    continue
  fi
  ran="$shell: ${asked[i]}"
  grep -qxF -- "${wanted[i]#=}" "$T/out" || fail "should offer ${wanted[i]}"
  case ${wanted[i]} in =*) lines 1 ;; esac
  i=$((i + 1))
  : >"$T/out"
done <"$T/all"
ran="$shell"
[ "$i" -eq "${#asked[@]}" ] || fail "answered $i of ${#asked[@]} lines"
finish
