#!/bin/sh
# Unpacks Debian's PgBouncer with its libraries into .cache/pgbouncer, where the tests find it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../.." && pwd)/.cache/pgbouncer
[ -x "$target/usr/sbin/pgbouncer" ] && exit 0
exec sh "$here/unpack-own.sh" "$target" pgbouncer libc-ares2 libevent-2.1-7
