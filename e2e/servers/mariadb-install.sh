#!/bin/sh
# Unpacks Debian's MariaDB server with its libraries into .cache/mariadb, where the tests find it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../.." && pwd)/.cache/mariadb
[ -x "$target/usr/sbin/mariadbd" ] && exit 0
exec sh "$here/unpack-own.sh" "$target" mariadb-server mariadb-server-core libaio1 libnuma1 liburing2
