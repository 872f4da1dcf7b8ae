# bash completion for lantoa

_lantoa() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local commands='related recall path suggest doctor index status opened feedback history forget export import learn eval serve mcp simulate net help'
  local nets='train eval predict show check explain export'
  local vault='--vault --exclude --cache-dir --no-cache --quiet --weights'
  local command= options= word i
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      --vault | --cache-dir | --exclude | --limit | -n | --color) i=$((i + 1)) ;;
      -*) ;;
      *)
        command+=${command:+ }$word
        [[ $command == net || $command == help || $command == 'help net' ]] || break
        ;;
    esac
  done

  case $prev in
    --vault | --cache-dir)
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    --from) [[ $command == opened ]] || return ;;
    --color) options='auto always never' ;;
    --linked) options='yes no only' ;;
    --lang) options='vi en' ;;
    --model) options='mlp lenet resnet20 cnn' ;;
    --optimizer) options='sgd adam adamw rmsprop' ;;
    --schedule) options='one-cycle cosine steps plateau constant' ;;
    --flip) options='yes no' ;;
    --preset) options='spreadr ppr actr heat memory' ;;
    -n | --limit | --exclude | --since | --until | --retention | --decay | --suppress | --time | --throws | --rate | --batch | --checkpoint-every | --clip | --classes | --epochs | --erase | --jitter | --label | --mixup | \
      --patience | --seed | --shift | --side | --smoothing | --threads | --validation | --warmup | --weight-decay) return ;;
  esac
  if [[ $options ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi

  case $command in
    '') options="$commands --help --version --color $vault" ;;
    related) options="--activity --limit --why --linked --json --stdin --null $vault" ;;
    recall) options="--activity --image --model --limit --why --json --stdin --null $vault" ;;
    path | suggest) options="--limit --json --stdin --null $vault" ;;
    learn|eval) options="--seed --json $vault" ;;
    serve) options="--open --port --address --socket --model --allow-feedback --threads $vault" ;;
    mcp) options="--allow-feedback $vault" ;;
    doctor) options="--limit --json $vault" ;;
    index) options="--rebuild --image-model --json $vault" ;;
    status) options="--json $vault" ;;
    opened) options="--from $vault" ;;
    feedback) options="--good --bad --hide --undo $vault" ;;
    history) options="--limit --since --until --json $vault" ;;
    forget) options="--since --until --all --yes $vault" ;;
    export | import) options=$vault ;;
    simulate)
      options='--from --undirected --preset --retention --decay --suppress --time --include-t0'
      options+=' --limit --json --quiet --learn --learnt --seed'
      ;;
    'net check') options='--json' ;;
    'net train')
      options='--batch --checkpoint-every --clip --epochs --erase --flip --jitter --label --log --mixup --model --optimizer --output'
      options+=' --patience --rate --resume --schedule --seed --shift --side --smoothing --threads --validation'
      options+=' --warmup --weight-decay --json --quiet'
      ;;
    'net eval') options='--threads --json' ;;
    'net predict') options='--limit --stdin --null --json' ;;
    'net show') options='--side --classes --json' ;;
    'net export') options='--output' ;;
    'net explain') options='--label --lang --throws --rate --json' ;;
    help) options=$commands ;;
    net | 'help net') options=$nets ;;
    *) return ;;
  esac
  local names=
  case $command in '' | help | net | 'help net') names=yes ;; esac
  [[ $names ]] || options+=' --color --help'
  if [[ $names || $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
    related | path | suggest | opened | feedback | history | forget)
      mapfile -t COMPREPLY < <(compgen -f -X '!*.md' -- "$cur"; compgen -d -- "$cur")
      compopt -o filenames 2>/dev/null
      ;;
    simulate | export | import | 'net train' | 'net eval' | 'net predict' | 'net show' | 'net export')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      ;;
  esac
}

complete -F _lantoa lantoa
