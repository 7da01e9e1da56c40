#!/bin/sh
# Unpacks Debian's sysbench, with the libraries this machine lacks, into .cache/sysbench, where the tests find it. Nothing
# is installed on the machine, and no root is needed. Needs apt with package lists (`apt-get update`) and network.
set -eu
target=$(cd "$(dirname "$0")/../.." && pwd)/.cache/sysbench
if [ -x "$target/usr/bin/sysbench" ] || command -v sysbench >/dev/null; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# What an installation would bring, which is only simulated.
packages=$(apt-get install -qq --simulate --no-install-recommends sysbench | awk '$1 == "Inst" { print $2 }')
# The list is split into its words on purpose.
# shellcheck disable=SC2086
apt-get download -qq $packages
for package in *.deb; do dpkg-deb -x "$package" root; done
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv root "$target"
