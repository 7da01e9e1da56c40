#!/bin/sh
# Unpacks packages of a Debian or Ubuntu archive, with all libraries and the loader that they need, into a folder:
#   unpack.sh FOLDER PACKAGE ALONE SOURCE…
# where each SOURCE is a line of sources.list, and ALONE a package whose files are wanted without what it needs, or nothing.
# Nothing is installed on the machine, and no root is needed: apt gets a state of
# its own in a temporary folder, in which nothing is installed, so that it resolves all libraries, and checks signatures and
# hashes as it always does. Needs Debian's apt and network.
set -eu
target=$1
package=$2
alone=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
printf '%s\n' "$@" >"$work/sources"
cd "$work"
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
apt-get install -qq -y --download-only "$package"
[ -z "$alone" ] || (cd archives && apt-get download -qq "$alone")
for file in archives/*.deb; do dpkg-deb -x "$file" root; done
# Tools beside the server, and character sets of the C library, that no test uses.
rm -rf root/usr/bin root/usr/lib/*/gconv
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv root "$target"
