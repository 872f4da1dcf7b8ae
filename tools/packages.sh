#!/bin/sh
# Installs the Debian packages that building, testing or fuzzing needs; only those that are missing.
#
#     tools/packages.sh build|test|deb|page|plugin|ci|fuzz...
set -eu

build="gcc libc6-dev meson ninja-build pkg-config libsqlite3-dev libyaml-dev libmd4c-dev libjansson-dev libevent-dev libutf8proc-dev libjpeg62-turbo-dev libspng-dev libwebp-dev zlib1g-dev scdoc esbuild"
# Optional for the build, where the architecture has it: the fast kernels.
case $(uname -m) in x86_64) build="$build libdnnl-dev" ;; esac
test="libcmocka-dev"
deb="dpkg-dev git"
page="chromium node-typescript"
# Node.js from elsewhere does as well.
command -v npm >/dev/null || page="$page nodejs npm"
# The memory as WebAssembly.
plugin="clang lld wasi-libc libclang-rt-dev-wasm32 binaryen"
# The shells whose completions are tried, and what reads manual pages and units.
ci="clang zsh fish man-db groff-base systemd"
fuzz="clang libclang-rt-14-dev"

wanted=
for group; do
  case $group in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $build $test" ;;
    deb) wanted="$wanted $build $deb" ;;
    page) wanted="$wanted $page" ;;
    plugin) wanted="$wanted $build $plugin" ;;
    ci) wanted="$wanted $build $test $plugin $ci" ;;
    fuzz) wanted="$wanted $build $fuzz" ;;
    *) echo "$0: no group '$group' (build, test, deb, page, plugin, ci, fuzz)" >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "This is no Debian: see to it that you have what these packages hold:" >&2
  echo " $wanted" >&2
  exit 0 # the build says what is missing, if anything is
fi

missing=
for package in $wanted; do
  case " $missing " in *" $package "*) continue ;; esac
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Please install as root, then try again:  apt-get install$missing" >&2
    exit 1
  fi
  root=sudo
fi
echo "Installing:$missing"
# $root and $missing are lists of words.
# shellcheck disable=SC2086
{
  $root apt-get update -q
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}
