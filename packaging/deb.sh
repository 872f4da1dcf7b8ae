#!/bin/sh
# Builds Debian packages of the last commit's version into build-deb/: lantoa (the program), liblantoa0 (the library),
# liblantoa-dev (headers, pkg-config, static library). The same commit gives the same bytes.
#
#     packaging/deb.sh       needs dpkg-dev; `make deb` installs what is missing
set -eu
cd "$(dirname "$0")/.."

version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y meson.build)
export SOURCE_DATE_EPOCH
arch=$(dpkg --print-architecture)
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
out=build-deb
maintainer='The Lantoa authors <lantoa@users.noreply.github.com>'

rm -rf "$out"
meson setup "$out/build" --prefix=/usr --libdir="lib/$triplet" --sysconfdir=/etc --localstatedir=/var \
  --buildtype=release --strip -Dtests=false
ninja -C "$out/build"
DESTDIR="$PWD/$out/all" meson install -C "$out/build" --no-rebuild --quiet

move() { # move PACKAGE PATH...: from what was installed into the package
  package=$1
  shift
  for path; do
    for found in "$out/all/"$path; do
      to=$out/$package/${found#"$out/all/"}
      mkdir -p "$(dirname "$to")"
      mv "$found" "$to"
    done
  done
}

describe() { # describe PACKAGE SECTION DEPENDS SUMMARY, the long description from standard input
  doc=$out/$1/usr/share/doc/$1
  mkdir -p "$out/$1/DEBIAN" "$doc"
  cp packaging/copyright "$doc/copyright"
  {
    echo "lantoa ($version) bookworm; urgency=medium"
    echo
    echo "  * See CHANGELOG.md of the source."
    echo
    echo " -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
  } | gzip -9n > "$doc/changelog.gz"
  {
    echo "Package: $1"
    echo "Source: lantoa"
    echo "Version: $version"
    echo "Architecture: $arch"
    echo "Section: $2"
    echo "Priority: optional"
    echo "Maintainer: $maintainer"
    echo "Installed-Size: $(du -k -s --apparent-size "$out/$1" | cut -f1)"
    echo "Depends: $3"
    echo "Description: $4"
    sed 's/^$/./; s/^/ /'
  } > "$out/$1/DEBIAN/control"
  (cd "$out/$1" && find usr -type f | LC_ALL=C sort | xargs -d '\n' md5sum) > "$out/$1/DEBIAN/md5sums"
}

libraries() { # libraries FILE: the packages whose libraries it needs
  mkdir -p "$out/debian"
  : > "$out/debian/control"
  (cd "$out" && dpkg-shlibdeps --ignore-missing-info -O "$1" 2>/dev/null) | sed 's/^shlibs:Depends=//'
}

pack() {
  find "$out/$1" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0r touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
  dpkg-deb --root-owner-group --build "$out/$1" "$out/$1_${version}_$arch.deb"
}

find "$out/all/usr/share/man" -type f -exec gzip -9n {} +
move lantoa usr/bin/lantoa 'usr/share/man/man1/*' 'usr/share/bash-completion/completions/*' 'usr/share/zsh/site-functions/*' \
  'usr/share/fish/vendor_completions.d/*' 'usr/lib/systemd/user/*'
mv "$out/lantoa/usr/share/zsh/site-functions" "$out/lantoa/usr/share/zsh/vendor-completions"
move liblantoa0 "usr/lib/$triplet/liblantoa.so.*"
move liblantoa-dev "usr/lib/$triplet/*" 'usr/include/*'
left=$(find "$out/all" -type f)
[ -z "$left" ] || { echo "in no package: $left" >&2; exit 1; }

describe lantoa utils "$(libraries lantoa/usr/bin/lantoa)" "associative memory for a folder of Markdown notes" <<'T'
Open a note of an Obsidian vault, ask with a few words or show a picture:
activation spreads over the network of notes, and what is related comes up,
best first, with the reason. What is opened teaches it. On the command line,
as a page in the browser, and as tools for AI assistants; notes are only
read, and nothing leaves the machine.
T
describe liblantoa0 libs "$(libraries "liblantoa0/usr/lib/$triplet/liblantoa.so.$version")" "associative memory for notes, library" <<'T'
The library behind lantoa: spreading activation over typed networks, neural
networks that are trained by backpropagation, and the memory of a vault.
T
echo "liblantoa 0 liblantoa0 (>= $version)" > "$out/liblantoa0/DEBIAN/shlibs"
echo "activate-noawait ldconfig" > "$out/liblantoa0/DEBIAN/triggers"
# What pkg-config's file requires, also for static linking.
static="libsqlite3-dev, libyaml-dev, libmd4c-dev, libjansson-dev, libjpeg62-turbo-dev, libspng-dev, libwebp-dev, zlib1g-dev"
describe liblantoa-dev libdevel "liblantoa0 (= $version), $static" "associative memory for notes, headers" <<'T'
Headers, pkg-config file and static library for programs that use liblantoa.
T
for package in lantoa liblantoa0 liblantoa-dev; do pack $package; done
rm -rf "$out/all" "$out/debian"
