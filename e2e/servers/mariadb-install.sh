#!/bin/sh
# Unpacks Debian's MariaDB server with its libraries into .cache/mariadb, where the tests find it. Nothing is installed
# on the machine, and no root is needed. Needs apt with package lists (`apt-get update`) and network.
set -eu
target=$(cd "$(dirname "$0")/../.." && pwd)/.cache/mariadb
[ -x "$target/usr/sbin/mariadbd" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq mariadb-server mariadb-server-core libaio1 libnuma1 liburing2
for package in *.deb; do dpkg-deb -x "$package" root; done
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv root "$target"
