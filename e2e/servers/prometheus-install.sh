#!/bin/sh
# Unpacks Debian's Prometheus with promtool into .cache/prometheus, where the scenarios find it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../.." && pwd)/.cache/prometheus
[ -x "$target/usr/bin/promtool" ] && exit 0
exec sh "$here/unpack-own.sh" "$target" prometheus
