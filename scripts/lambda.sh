#!/bin/sh
# Build the Lambda function for both architectures, without cgo: bin/chartlake-lambda-ARCH.zip,
# each with the executable bootstrap that provided.al2023 starts.
set -eu
cd "$(dirname "$0")/.."
command -v zip >/dev/null || { echo "zip is needed: apt-get install zip" >&2; exit 1; }
version=$(git describe --tags --always --dirty 2>/dev/null || echo devel)
for arch in arm64 amd64; do
	dir=$(mktemp -d)
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$dir/bootstrap" ./cmd/chartlake-lambda
	rm -f "bin/chartlake-lambda-$arch.zip"
	zip -q -j -X "bin/chartlake-lambda-$arch.zip" "$dir/bootstrap"
	rm -r "$dir"
	ls -l "bin/chartlake-lambda-$arch.zip"
done
