#!/bin/sh
# Builds the OpenTelemetry Collector of manifest.yaml with its own builder into .cache/otelcol/otelcol.
# Needs Go (the version that its modules ask for) and the Go module proxy; takes minutes the first time and nothing
# when the manifest has not changed since.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../../.." && pwd)/.cache/otelcol
mkdir -p "$out"

if [ -x "$out/otelcol" ] && cmp -s "$here/manifest.yaml" "$out/manifest.yaml"; then
  echo "$out/otelcol"
  exit 0
fi
command -v go >/dev/null || { echo "build.sh: no Go on the PATH: install it from https://go.dev/dl/" >&2; exit 1; }

export CGO_ENABLED=0
[ -x "$out/builder" ] || GOBIN="$out" go install go.opentelemetry.io/collector/cmd/builder@v0.157.0

rm -f "$out/manifest.yaml"
cp "$here/manifest.yaml" "$out/manifest.building.yaml"
cd "$out"
./builder --config=manifest.building.yaml >&2
mv _build/otelcol otelcol
rm -rf _build
mv manifest.building.yaml manifest.yaml
echo "$out/otelcol"
