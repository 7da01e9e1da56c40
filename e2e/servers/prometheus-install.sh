#!/bin/sh
# Unpacks Debian's Prometheus with promtool into .cache/prometheus, where the scenarios find it. Nothing is installed on the
# machine, and no root is needed. Needs apt with package lists (`apt-get update`) and network.
set -eu
target=$(cd "$(dirname "$0")/../.." && pwd)/.cache/prometheus
[ -x "$target/usr/bin/promtool" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq prometheus
for package in *.deb; do dpkg-deb -x "$package" root; done
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv root "$target"
