#!/bin/sh
# A picture wakes its notes: recall --image.
. "$(dirname "$0")/lib.sh"
make_vault
pictures="$(dirname "$0")/../../examples/pictures"
export LANTOA_VAULT="$pictures/../vault"
model="$pictures/doodles.safetensors"

run recall --image "$pictures/coffee.png" --model "$model"; exits 0; says_nothing; prints 'cà phê '; prints ' 1 '; prints 'Quán cà phê'
run recall --image "$pictures/coffee.png" --model "$model" --json -n 1; exits 0; json 1; prints '"path":"Cà phê.md"'
run recall --image "$pictures/milk-tea.png" --model "$model" --json -n 1; exits 0; prints '"path":"Trà sữa.md"'
run recall --image "$pictures/flan.png" --model "$model" --json -n 1; exits 0; prints '"path":"Recipes/Bánh flan.md"'
run recall --image "$pictures/basketball.png" --model "$model" --json -n 1; exits 0; prints '"path":"Ném bóng rổ.md"'
run recall --image "$pictures/coffee.png"; exits 2; says 'wants --model'
run recall --image "$pictures/coffee.png" --model "$model" words; exits 2; says 'not both'
run recall --image "$pictures/doodles.txt" --model "$model"; exits 4; says 'doodles.txt'
run recall --image "$pictures/coffee.png" --model "$pictures/doodles.txt"; exits 4; says 'doodles.txt'
run recall; exits 2; says 'recall wants words'

# Pictures of the vault are looked at once.
cp "$pictures/coffee.png" "$V/IMG 1.png"
cp "$pictures/flan.png" "$V/IMG 2.png"
echo 'no picture' >"$V/IMG 3.png"
write 'Thứ bảy.md' 'Ở Huế. ![[IMG 1.png]]'
write 'Tối.md' '![[IMG 2.png]] ![[IMG 3.png]]'
export LANTOA_VAULT="$V"
run index --image-model "$model"; exits 3; says 'IMG 3.png'; prints '3 pictures; 3 looked at now'
run index --image-model "$model" --json; exits 0; says_nothing; json 1; prints '"pictures":3,"labelled_now":0'
run recall 'bánh flan' --json -n 1; exits 0; prints '"path":"Tối.md"'
run recall 'bánh flan' -n 1; exits 0; prints 'IMG 2.png shows bánh flan'
run recall --image "$pictures/flan.png" --model "$model" --json -n 1; exits 0; prints '"path":"Tối.md"'
run index --image-model "$pictures/doodles.txt"; exits 4; says 'doodles.txt'
finish
