# The thin front door. Everything is done by meson; see CONTRIBUTING.md.
#
#   make          builds the program: build/src/cli/lantoa
#   make demo     installs what is missing, builds, and shows what it is for
#   make check    installs what tests need, and runs them, also under the sanitizers
#   make deb      Debian packages, in build-deb/
#   make plugin   the Obsidian plugin, in build-plugin/
#   make install  PREFIX=/usr/local, DESTDIR=
#   make bench    measures, beside its peers
#   make fuzz     runs each fuzz target for FUZZ_SECONDS=60
#   make clean    removes what was built

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
LANTOA = build/src/cli/lantoa
VAULT = examples/vault
# The demonstration leaves nothing outside of build/.
DEMO = XDG_CACHE_HOME=$(CURDIR)/build/demo XDG_DATA_HOME=$(CURDIR)/build/demo $(LANTOA)

.PHONY: all demo check deb plugin install bench fuzz clean

all: build/build.ninja
	ninja -C build

build/build.ninja:
	tools/packages.sh build
	meson setup build --prefix=$(PREFIX) -Dtests=false

demo: all
	@echo
	@echo '$$ lantoa related "Cà phê" --vault $(VAULT)       # what does the note call to mind?'
	@$(DEMO) related 'Cà phê' -n 8 --vault $(VAULT)
	@echo
	@echo '$$ lantoa related "Nhân sự" --vault $(VAULT)'
	@$(DEMO) related 'Nhân sự' -n 8 --vault $(VAULT)
	@echo
	@echo '$$ lantoa related "Cà phê" --why -n 2 --vault $(VAULT)       # why?'
	@$(DEMO) related 'Cà phê' --why -n 2 --vault $(VAULT)
	@echo
	@echo '$$ lantoa recall "uong gi buoi sang" --vault $(VAULT)       # a few words, without accents'
	@$(DEMO) recall 'uong gi buoi sang' -n 6 --vault $(VAULT)
	@echo
	@echo '$$ lantoa recall --image examples/pictures/coffee.png --model examples/pictures/doodles.safetensors --vault $(VAULT)'
	@$(DEMO) recall --image examples/pictures/coffee.png --model examples/pictures/doodles.safetensors -n 4 --vault $(VAULT)
	@echo
	@echo 'Your own notes:  $(LANTOA) related NOTE --vault FOLDER'
	@echo 'The page:        $(LANTOA) serve --open --vault $(VAULT) --model examples/pictures/doodles.safetensors'

# gcc's sanitizers make it see variables that "may be used uninitialized" where none are: only the
# first build takes warnings for errors.
check:
	tools/packages.sh test
	[ -e build-check/build.ninja ] || meson setup build-check --werror
	ninja -C build-check
	meson test -C build-check --print-errorlogs
	[ -e build-sanitized/build.ninja ] || \
	  meson setup build-sanitized --buildtype=debugoptimized -Db_sanitize=address,undefined
	ninja -C build-sanitized
	meson test -C build-sanitized --print-errorlogs --timeout-multiplier 4

plugin:
	tools/packages.sh plugin
	tools/plugin.sh build-plugin

deb:
	tools/packages.sh deb
	packaging/deb.sh

install: all
	meson install -C build --no-rebuild

bench:
	tools/packages.sh build
	[ -e build-bench/build.ninja ] || meson setup build-bench -Dtests=false -Dbenchmarks=true
	ninja -C build-bench
	meson test -C build-bench --benchmark --verbose

fuzz:
	tools/packages.sh fuzz
	[ -e build-fuzz/build.ninja ] || \
	  CC=clang meson setup build-fuzz -Dtests=false -Dfuzzers=true -Db_lundef=false
	ninja -C build-fuzz
	fuzz/run build-fuzz $(FUZZ_SECONDS)

clean:
	rm -rf build build-check build-sanitized build-bench build-fuzz build-gcc build-clang build-deb build-page build-plugin
