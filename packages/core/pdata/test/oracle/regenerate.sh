#!/bin/sh
# Makes opentelemetry.binpb: a FileDescriptorSet of the official OTLP .proto files, without source information.
# The files come from the Maven artefact io.opentelemetry.proto:opentelemetry-proto (Apache-2.0), the compiler from
# the PyPI package grpcio-tools. Usage: sh regenerate.sh [VERSION]
set -eu
version=${1:-1.11.0-alpha}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mvn -q dependency:copy -Dartifact="io.opentelemetry.proto:opentelemetry-proto:$version" -DoutputDirectory=.
unzip -q "opentelemetry-proto-$version.jar" 'opentelemetry/*.proto'
python3 -m venv tools
tools/bin/pip -q install grpcio-tools
tools/bin/python -m grpc_tools.protoc -I. --include_imports --descriptor_set_out="$here/opentelemetry.binpb" \
  opentelemetry/proto/collector/logs/v1/logs_service.proto \
  opentelemetry/proto/collector/metrics/v1/metrics_service.proto \
  opentelemetry/proto/collector/trace/v1/trace_service.proto
