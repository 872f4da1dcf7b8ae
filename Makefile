# The front door. `make demo` and `make check` are all that a newcomer needs.

BUILD ?= build
DEMO ?= examples/vault
FUZZ_SECONDS ?= 60

# What Debian calls the things that are needed; installed only if missing.
BUILD_PACKAGES = gcc libc6-dev meson ninja-build pkg-config libsqlite3-dev libmd4c-dev libyaml-dev \
                 libjansson-dev libutf8proc-dev scdoc
TEST_PACKAGES = $(BUILD_PACKAGES) libcmocka-dev g++ libasan8 libubsan1
FUZZ_PACKAGES = $(BUILD_PACKAGES) clang llvm libclang-rt-14-dev

.PHONY: all build demo check bench fuzz install clean packages

all: build

# $(call install-packages,LIST): asks for root only if something is missing.
define install-packages
@missing=""; for p in $(1); do \
  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
done; \
if [ -n "$$missing" ]; then \
  echo "Installing what is missing:$$missing"; \
  sudo=""; if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
  $$sudo apt-get update -qq && \
  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
fi
endef

$(BUILD)/build.ninja:
	@if command -v dpkg-query >/dev/null; then $(MAKE) --no-print-directory packages; fi
	meson setup $(BUILD) -Dtests=false >/dev/null

packages:
	$(call install-packages,$(BUILD_PACKAGES))

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

demo: build
	@sh tests/demo.sh $(BUILD)/src/cli/lantoa $(DEMO)

check:
	$(call install-packages,$(TEST_PACKAGES))
	@sh tests/check.sh

bench:
	$(call install-packages,$(BUILD_PACKAGES))
	@sh bench/run.sh

fuzz:
	$(call install-packages,$(FUZZ_PACKAGES))
	@sh fuzz/run.sh $(FUZZ_SECONDS)

install: build
	meson install -C $(BUILD)

clean:
	rm -rf build build-check build-asan build-fuzz build-bench
