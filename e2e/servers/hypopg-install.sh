#!/bin/sh
# Unpacks Debian's hypopg for PostgreSQL 15 beside the PostgreSQL 15 in .cache/postgres that `npm run setup:postgres` brings.
# Nothing is installed on the machine, and no root is needed. Needs apt with package lists (`apt-get update`) and network.
set -eu
target=$(cd "$(dirname "$0")/../.." && pwd)/.cache/postgres/15/native
[ -x "$target/bin/postgres" ] || { echo "PostgreSQL 15 is not in $target" >&2; exit 1; }
[ -f "$target/share/postgresql/extension/hypopg.control" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq postgresql-15-hypopg
for package in *.deb; do dpkg-deb -x "$package" root; done
cp root/usr/lib/postgresql/15/lib/hypopg.so "$target/lib/postgresql/"
# The control file, which tells that it is there, comes last.
cp root/usr/share/postgresql/15/extension/hypopg--*.sql "$target/share/postgresql/extension/"
cp root/usr/share/postgresql/15/extension/hypopg.control "$target/share/postgresql/extension/"
