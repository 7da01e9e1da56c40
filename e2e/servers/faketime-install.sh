#!/bin/sh
# Unpacks Debian's libfaketime into .cache/faketime, where the tests find it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../.." && pwd)/.cache/faketime
[ -d "$target/usr/lib" ] && exit 0
exec sh "$here/unpack-own.sh" "$target" libfaketime
