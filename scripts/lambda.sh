#!/bin/sh
# Build the Lambda function for both architectures, without cgo: bin/chartlake-lambda-ARCH.zip,
# each with the executable bootstrap that provided.al2023 starts. The zip of this machine's architecture
# brings the PDF engine's compiled code, which spares a cold start four CPU seconds; the other one compiles
# at its first document, so build it on a machine of its own where that matters.
set -eu
cd "$(dirname "$0")/.."
command -v zip >/dev/null || { echo "zip is needed: apt-get install zip" >&2; exit 1; }
version=$(git describe --tags --always --dirty 2>/dev/null || echo devel)
here=$(go env GOARCH)
cache=$(mktemp -d)
chmod 700 "$cache"
trap 'rm -rf "$cache"' EXIT
go run ./cmd/chartlake --cache-dir "$cache" warm
mkdir -p bin
for arch in arm64 amd64; do
	dir=$(mktemp -d)
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$dir/bootstrap" ./cmd/chartlake-lambda
	rm -f "bin/chartlake-lambda-$arch.zip"
	[ "$arch" != "$here" ] || cp -r "$cache" "$dir/pdfium"
	archive=$(pwd)/bin/chartlake-lambda-$arch.zip
	(cd "$dir" && chmod -R go+rX . && zip -q -r -X "$archive" .)
	rm -r "$dir"
	ls -l "bin/chartlake-lambda-$arch.zip"
done
