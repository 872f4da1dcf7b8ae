# What fish offers for each line of a file, and "." after each: completions.fish LANTOA.FISH LINES
source $argv[1]
while read -l line
    complete -C "$line"
    echo .
end <$argv[2]
