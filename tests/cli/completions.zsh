# What zsh offers for each line of a file, and "." after each: completions.zsh FOLDER LINES
# A zsh of its own at a terminal of its own: completion works nowhere else. What is added is noted instead of shown.
zmodload zsh/zpty
zpty inner zsh -f -i
expect() { # expect TEXT: reads until the inner zsh prints it
  local got
  zpty -r inner got "*$1*" || { print -u2 "the inner zsh ended"; exit 1 }
}
zpty -w inner "PS1= PS2= RPS1= fpath=(${(q)1} \$fpath); setopt no_beep no_always_last_prompt; unsetopt prompt_cr prompt_sp"
zpty -w inner 'autoload -Uz compinit && compinit -u -D; zstyle ":completion:*" format ""
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)* ]]; then
    builtin compadd "$@"
    return
  fi
  typeset -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits >>$NOTED
  builtin compadd "$@"
}
note() { zle list-choices; zle kill-whole-line; print . >>$NOTED; print "<""noted"">" }
zle -N note; bindkey "^I" note; bindkey "^[x" note'
zpty -w inner "NOTED=${(q)T}/noted; : >\$NOTED; print '<''ready''>'"
expect '<ready>'
while IFS= read -r line; do
  zpty -n -w inner "$line"$'\t'
  expect '<noted>'
done <$2
cat $T/noted
