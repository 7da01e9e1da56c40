#!/bin/sh
# Unpacks Debian's sysbench, with the libraries this machine lacks, into .cache/sysbench, where the tests find it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../.." && pwd)/.cache/sysbench
if [ -x "$target/usr/bin/sysbench" ] || command -v sysbench >/dev/null; then exit 0; fi
# What an installation would bring, which is only simulated.
packages=$(apt-get install -qq --simulate --no-install-recommends sysbench | awk '$1 == "Inst" { print $2 }')
# The list is split into its words on purpose.
# shellcheck disable=SC2086
exec sh "$here/unpack-own.sh" "$target" $packages
