#!/bin/sh
# Unpacks the MySQL server of Debian unstable with its libraries and its loader into .cache/mysql, where the tests find
# it. Nothing is installed on the machine, and no root is needed: apt gets a state of its own in a temporary folder, in
# which nothing is installed, so that it resolves all libraries, and checks signatures and hashes as it always does.
# Needs Debian's apt and network.
set -eu
target=$(cd "$(dirname "$0")/../.." && pwd)/.cache/mysql
[ -x "$target/usr/sbin/mysqld" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p lists/partial archives/partial root

echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian unstable main" >sources
# Scripts that come with the server ask for it; the server does not.
cat >status <<END
Package: perl
Status: install ok installed
Version: 999
Architecture: $(dpkg --print-architecture)
Multi-Arch: allowed
Maintainer: none
Description: stands in for perl
END
cat >apt.conf <<END
Dir::State "$work";
Dir::State::lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work";
Dir::Cache::archives "$work/archives";
Dir::Etc::sourcelist "$work/sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
END
export APT_CONFIG="$work/apt.conf"
apt-get update -qq --error-on=any -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
apt-get install -qq -y --download-only mysql-server-core
for package in archives/*.deb; do dpkg-deb -x "$package" root; done
mkdir -p "$(dirname "$target")"
# Tools beside the server, and character sets of the C library, that no test uses.
rm -rf root/usr/bin root/usr/lib/*/gconv
rm -rf "$target"
mv root "$target"
