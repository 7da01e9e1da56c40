#!/bin/sh
# Unpacks older and newer servers than the tests take by default, from two releases of Ubuntu: MySQL 8.0 into
# .cache/mysql-8.0, MariaDB 11.8 into .cache/mariadb-11.8. `npm run test:other-versions` runs on them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$here/../../.cache
archive=http://archive.ubuntu.com/ubuntu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The keys that Ubuntu signs with. Debian 12 has no package of them.
keyring=pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb
curl -fsS --retry 2 -o "$work/keyring.deb" "$archive/$keyring"
echo "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8  $work/keyring.deb" | sha256sum -c --quiet
dpkg-deb -x "$work/keyring.deb" "$work"
key=$work/usr/share/keyrings/ubuntu-archive-keyring.gpg

# bring FOLDER PROGRAM PACKAGE RELEASE ALONE
bring() {
  [ -x "$cache/$1/usr/sbin/$2" ] && return
  sh "$here/unpack.sh" "$cache/$1" "$3" "$5" "deb [signed-by=$key] $archive $4 main universe" \
    "deb [signed-by=$key] $archive $4-updates main universe"
}
bring mysql-8.0 mysqld mysql-server-core-8.0 noble ""
# Its plugins are in the other package.
bring mariadb-11.8 mariadbd mariadb-server-core resolute mariadb-server
