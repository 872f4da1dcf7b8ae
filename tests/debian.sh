#!/bin/sh
# Does what the README says, in a bare Debian 12: a new system with nothing but git, make and a
# network to Debian's packages. Needs root, debootstrap and some 2 GB. Not part of `make check`.
#
#     tests/debian.sh [FOLDER]    FOLDER: where the system is put (it is kept); default: a new one
#                                 below /tmp, removed at the end
#     tests/debian.sh FOLDER COMMAND...   other commands than `make demo` and `make check`
#
# What is tested is the last commit. This machine's ways of reaching Debian (mirror, proxy,
# resolver) are handed to the new system when it runs, and kept nowhere.
set -eu

[ "$(id -u)" -eq 0 ] || { echo "$0 needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "$0 needs debootstrap" >&2; exit 2; }
repository=$(cd "$(dirname "$0")/.." && pwd)
system=${1-}
keep=yes
if [ -z "$system" ]; then
  system=$(mktemp -d)
  chmod 755 "$system" # as / is
  keep=no
else
  shift
fi

mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -v security | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian/}

finish() {
  for place in dev/pts dev/shm proc; do
    umount -l "$system/$place" 2>/dev/null || true
  done
  [ "$keep" = yes ] || rm -rf --one-file-system "$system"
}
trap finish EXIT
trap 'exit 1' INT TERM

if [ ! -e "$system/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$system" "$mirror"
fi

# As apt reaches Debian here. What else is set here (hooks, other suites) stays here.
apt-config dump Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until \
  Acquire::Check-Date > "$system/etc/apt/apt.conf.d/99from-host" 2>/dev/null || true
echo "deb $mirror bookworm main" > "$system/etc/apt/sources.list"
cp -L /etc/resolv.conf "$system/etc/resolv.conf"
cp -L /etc/hosts "$system/etc/hosts"

mkdir -p "$system/proc" "$system/dev/shm" "$system/dev/pts"
mount -t proc proc "$system/proc"
mount -t tmpfs tmpfs "$system/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$system/dev/pts"

rm -rf "$system/root/lantoa"
git clone -q --no-hardlinks "$repository" "$system/root/lantoa"

run() {
  echo "== $*"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    chroot "$system" sh -c 'cd /root/lantoa && exec "$@"' sh "$@"
}

if [ $# -gt 0 ]; then
  run "$@"
else
  run make demo
  run make check
fi
echo "== a bare Debian $(cat "$system/etc/debian_version"): passed"
