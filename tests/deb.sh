#!/bin/sh
# Installs the Debian packages in a bare Debian 12, uses them there, and removes them. Needs root and debootstrap; a
# minute or two. Not part of `make check`.
#
#     tests/deb.sh       after `make deb`
set -eu

[ "$(id -u)" -eq 0 ] || { echo "$0 needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "$0 needs debootstrap" >&2; exit 2; }
repository=$(cd "$(dirname "$0")/.." && pwd)
ls "$repository"/build-deb/*.deb >/dev/null || { echo "make deb first" >&2; exit 2; }
system=$(mktemp -d)
chmod 755 "$system" # as / is
mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -v security | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian/}

finish() {
  umount -l "$system/proc" 2>/dev/null || true
  rm -rf --one-file-system "$system"
}
trap finish EXIT
trap 'exit 1' INT TERM

debootstrap --variant=minbase --include=ca-certificates bookworm "$system" "$mirror" >/dev/null
# As apt reaches Debian here.
apt-config dump Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until \
  Acquire::Check-Date > "$system/etc/apt/apt.conf.d/99from-host" 2>/dev/null || true
echo "deb $mirror bookworm main" > "$system/etc/apt/sources.list"
rm -f "$system/etc/dpkg/dpkg.cfg.d/docker"
cp -L /etc/resolv.conf "$system/etc/resolv.conf"
cp -L /etc/hosts "$system/etc/hosts"
mount -t proc proc "$system/proc"
mkdir "$system/debs"
cp "$repository"/build-deb/*.deb "$system/debs"
cp -r "$repository/examples" "$system/root/examples"

run() {
  echo "== $*"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    chroot "$system" sh -c "$1"
}

run 'apt-get update -q >/dev/null && apt-get install -q -y --no-install-recommends /debs/*.deb man-db curl gcc libc6-dev pkg-config >/dev/null'
run 'lantoa --version'
run 'lantoa related "Cà phê" --vault /root/examples/vault | grep "Quán cà phê"'
run 'lantoa recall --image /root/examples/pictures/coffee.png --model /root/examples/pictures/doodles.safetensors --vault /root/examples/vault | grep "Cà phê"'
run 'for page in lantoa lantoa-serve lantoa-net-train; do man -w $page; done'
run 'test -s /usr/share/bash-completion/completions/lantoa && test -s /usr/share/zsh/vendor-completions/_lantoa && test -s /usr/share/fish/vendor_completions.d/lantoa.fish'
run 'grep -q "ExecStart=/usr/bin/lantoa serve" /usr/lib/systemd/user/lantoa@.service'
run 'lantoa serve --socket /tmp/s --vault /root/examples/vault > /tmp/out & server=$!
  until grep -q Listening /tmp/out; do :; done
  curl -sf --unix-socket /tmp/s -H "Authorization: Bearer $(cat /root/.local/state/lantoa/token)" http://localhost/api/v1/status &&
  curl -sf --unix-socket /tmp/s http://localhost/ | grep "app.js"
  good=$?
  kill $server && wait $server && exit $good'
run 'cc /root/examples/related.c -o /tmp/related $(pkg-config --cflags --libs lantoa) && /tmp/related /root/examples/vault "Cà phê" | grep "Quán"'
run 'apt-get purge -q -y lantoa liblantoa0 liblantoa-dev >/dev/null && ! command -v lantoa && ! ls /usr/share/doc/lantoa 2>/dev/null && ! find /usr -name "*lantoa*" | grep .'
echo "== the packages in a bare Debian $(cat "$system/etc/debian_version"): passed"
