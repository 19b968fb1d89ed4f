#!/bin/sh
# Build bin/chartlake without cgo, with the version from git where there is one.
#   scripts/build.sh full   with DuckDB behind SQL, by cgo
set -eu
cd "$(dirname "$0")/.."
version=$(git describe --tags --always --dirty 2>/dev/null || echo devel)
if [ "${1:-}" = full ]; then
	CGO_ENABLED=1 go build -tags duckdb -ldflags "-s -w -X main.version=$version" -o bin/chartlake ./cmd/chartlake
else
	CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=$version" -o bin/chartlake ./cmd/chartlake
fi
