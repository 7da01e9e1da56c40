#!/bin/sh
# Unpacks the MySQL server of Debian unstable into .cache/mysql, where the tests find it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../../.cache/mysql
[ -x "$target/usr/sbin/mysqld" ] && exit 0
key=/usr/share/keyrings/debian-archive-keyring.gpg
exec sh "$here/unpack.sh" "$target" mysql-server-core "" \
  "deb [signed-by=$key] http://deb.debian.org/debian unstable main"
