#!/bin/bash
# Completions know every command, and every option that its page names: completions.sh FOLDER
. "$(dirname "$0")/lib.sh"
folder=$1
: >"$T/out" >"$T/err"
code=0
. "$folder/lantoa.bash"

# complete_words WORD ...: what bash offers for the last word
complete_words() {
  ran="completion of: $*"
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  compopt() { :; }
  _lantoa
  printf '%s\n' "${COMPREPLY[@]}" >"$T/out"
}

complete_words lantoa rel; prints related; lines 1
complete_words lantoa ''; for c in related recall path suggest doctor index status opened feedback history forget export import learn eval serve mcp simulate net help; do prints "$c"; done
complete_words lantoa net ch; prints check; lines 1
complete_words lantoa help net ch; prints check; lines 1
complete_words lantoa help st; prints status; lines 1
complete_words lantoa related --linked ''; prints only; lines 3
complete_words lantoa --vault x related --li; prints --limit; prints --linked; lines 2
complete_words lantoa simulate x --preset s; prints spreadr; lines 1
make_vault
cd "$V" || exit 1
complete_words lantoa related 'Qu'; prints 'Quán cà phê.md'; lines 1

for command in related recall path suggest doctor index status opened feedback history forget export import learn eval serve mcp simulate 'net check' 'net eval' 'net explain' 'net export' 'net predict' 'net show' 'net train'; do
  for option in $("$LANTOA" help $command | grep -o -- '--[a-z0-9][a-z0-9-]*' | sort -u); do
    complete_words lantoa $command "$option"
    prints "$option"
    ran="$option of $command"
    grep -q -- "$option" "$folder/_lantoa" || fail "should be in _lantoa"
    grep -q -- "-l ${option#--}" "$folder/lantoa.fish" || fail "should be in lantoa.fish"
  done
done
finish
