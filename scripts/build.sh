#!/bin/sh
# Build bin/chartlake without cgo, with the version from git where there is one.
set -eu
cd "$(dirname "$0")/.."
version=$(git describe --tags --always --dirty 2>/dev/null || echo devel)
CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=$version" -o bin/chartlake ./cmd/chartlake
