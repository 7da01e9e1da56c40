#!/bin/sh
# Unpacks packages of the machine's own archive, and nothing that they need, into a folder:
#   unpack-own.sh FOLDER PACKAGE…
# Nothing is installed on the machine, and no root is needed. Needs apt with package lists (`apt-get update`) and network.
set -eu
target=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq "$@"
for package in *.deb; do dpkg-deb -x "$package" root; done
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv root "$target"
