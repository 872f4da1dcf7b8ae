# fish completion for lantoa

set -l commands related recall path suggest doctor index status learn eval simulate net help
set -l nets train eval predict show check explain
set -l asks related recall path suggest
set -l notes related path suggest

complete -c lantoa -f
complete -c lantoa -s h -l help -d 'Show help'
complete -c lantoa -s V -l version -d 'Show the version'
complete -c lantoa -l color -x -a 'auto always never' -d Colours
complete -c lantoa -s q -l quiet -d 'No progress and no warnings'
complete -c lantoa -n "not __fish_seen_subcommand_from simulate net help" -l vault -x -a '(__fish_complete_directories)' -d 'The vault'
complete -c lantoa -n "not __fish_seen_subcommand_from simulate net help" -l exclude -x -d 'Leave out paths'
complete -c lantoa -n "not __fish_seen_subcommand_from simulate net help" -l cache-dir -x -a '(__fish_complete_directories)' -d 'Keep the index there'
complete -c lantoa -n "not __fish_seen_subcommand_from simulate net help" -l no-cache -d 'Keep no index'

complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a related -d 'What opening a note calls to mind'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a recall -d 'What a phrase or a question calls to mind'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a path -d 'How activation flows from one note to another'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a suggest -d 'Links that are missing'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'What is wrong with the vault'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a index -d 'Read the vault now'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a status -d 'What the memory holds, and where'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a learn -d 'Tune the memory to your own vault'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a eval -d 'How well hidden links come back'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a simulate -d 'Spread activation over any edge list'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a net -d 'Neural networks'
complete -c lantoa -n "not __fish_seen_subcommand_from $commands" -a help -d 'The list of commands, or the page of one'
complete -c lantoa -n "__fish_seen_subcommand_from help" -a "$commands"

complete -c lantoa -n "__fish_seen_subcommand_from $asks doctor simulate" -s n -l limit -x -d 'At most so many'
complete -c lantoa -n "__fish_seen_subcommand_from $asks doctor index status learn eval simulate" -l json -d JSON
complete -c lantoa -n "__fish_seen_subcommand_from $asks" -l stdin -d 'Queries from standard input'
complete -c lantoa -n "__fish_seen_subcommand_from $asks" -s 0 -l null -d 'NUL ends what a newline would'
complete -c lantoa -n "__fish_seen_subcommand_from related recall" -l why -d 'Unfold the reasons'
complete -c lantoa -n "__fish_seen_subcommand_from related" -l linked -x -a 'yes no only' -d 'Linked notes too'
complete -c lantoa -n "__fish_seen_subcommand_from learn eval" -l seed -x -d 'Hide other links'
complete -c lantoa -n "__fish_seen_subcommand_from index" -l rebuild -d 'Read every note anew'
complete -c lantoa -n "__fish_seen_subcommand_from $notes" -a '(__fish_complete_suffix .md)'
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -F
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l from -x -d 'A node that begins active'
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l undirected -d 'Edges go both ways'
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l preset -x -a 'spreadr ppr actr heat memory' -d 'The model'
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l retention -x -d 'Share that a node keeps'
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l decay -x -d 'Share that is lost'
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l suppress -x -d 'Less than this becomes 0'
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l time -x -d Steps
complete -c lantoa -n "__fish_seen_subcommand_from simulate" -l include-t0 -d 'Also time 0'
complete -c lantoa -n "__fish_seen_subcommand_from net; and not __fish_seen_subcommand_from $nets" -a train -d 'Learn to tell classes apart'
complete -c lantoa -n "__fish_seen_subcommand_from net; and not __fish_seen_subcommand_from $nets" -a eval -d 'How many a model gets right'
complete -c lantoa -n "__fish_seen_subcommand_from net; and not __fish_seen_subcommand_from $nets" -a predict -d 'What is on pictures'
complete -c lantoa -n "__fish_seen_subcommand_from net; and not __fish_seen_subcommand_from $nets" -a show -d 'Layers, parameters, operations'
complete -c lantoa -n "__fish_seen_subcommand_from train eval predict show" -F
complete -c lantoa -n "__fish_seen_subcommand_from train" -s o -l output -r -d 'The model'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l model -r -a 'mlp lenet resnet20 cnn' -d 'What is trained'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l optimizer -x -a 'sgd adam adamw rmsprop' -d 'The optimiser'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l schedule -x -a 'one-cycle cosine steps plateau constant' -d 'Of the rate'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l flip -x -a 'yes no' -d 'Mirror pictures'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l log -r -d 'Folder of the log'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l resume -d 'Go on after a stop'
complete -c lantoa -n "__fish_seen_subcommand_from show" -l classes -x -d 'How many classes'
complete -c lantoa -n "__fish_seen_subcommand_from predict" -s n -l limit -x -d 'Classes of each'
complete -c lantoa -n "__fish_seen_subcommand_from predict" -l stdin -d 'Names from standard input'
complete -c lantoa -n "__fish_seen_subcommand_from predict" -s 0 -l null -d 'NUL ends names'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l batch -x -d 'Examples in a step'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l checkpoint-every -x -d 'Seconds between checkpoints'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l clip -x -d 'Most of the gradients norm'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l epochs -x -d 'How often each example is seen'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l label -x -d 'Column of labels'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l mixup -x -d 'Blend examples'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l patience -x -d 'Epochs without a better one'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l rate -x -d 'The learning rate'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l seed -x -d 'Of all that is drawn'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l shift -x -d 'Pixels that pictures are moved by'
complete -c lantoa -n "__fish_seen_subcommand_from train show" -l side -x -d 'Size of pictures'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l smoothing -x -d 'Of the targets'
complete -c lantoa -n "__fish_seen_subcommand_from train eval" -l threads -x -d 'Threads'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l validation -x -d 'Share held back'
complete -c lantoa -n "__fish_seen_subcommand_from train" -l weight-decay -x -d 'Weight decay'
complete -c lantoa -n "__fish_seen_subcommand_from net; and not __fish_seen_subcommand_from $nets" -a check -d 'Check the gradients of every kind of layer'
complete -c lantoa -n "__fish_seen_subcommand_from net; and not __fish_seen_subcommand_from $nets" -a explain -d 'How a network learns, step by step'
complete -c lantoa -n "__fish_seen_subcommand_from check explain train eval predict show" -l json -d JSON
complete -c lantoa -n "__fish_seen_subcommand_from explain" -l lang -x -a 'vi en' -d 'The language'
complete -c lantoa -n "__fish_seen_subcommand_from explain" -l throws -x -d 'How often it tries'
complete -c lantoa -n "__fish_seen_subcommand_from explain" -l rate -x -d 'The learning rate'
