#!/bin/sh
# make check: the whole gate. Format, vet, staticcheck, all tests (the architecture test is
# one of them), and the race detector on the packages changed since the given commit.
set -eu
cd "$(dirname "$0")/.."
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not formatted: $unformatted" >&2; exit 1; }
go vet ./...
(cd tools && go build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck)
bin/staticcheck ./...
scripts/test.sh
base=${BASE:-$(git rev-parse -q --verify origin/main || git rev-parse -q --verify HEAD~1 || git rev-parse HEAD)}
changed=$(git diff --name-only "$base" -- '*.go' | xargs -r -n 1 dirname | sort -u | sed 's|^|./|' | while read -r d; do [ -d "$d" ] && echo "$d"; done)
if [ -n "$changed" ] && command -v gcc >/dev/null 2>&1; then
	# shellcheck disable=SC2086
	CGO_ENABLED=1 go test -race -short -timeout 40m $changed
fi
