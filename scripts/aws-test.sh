#!/bin/sh
# make aws-test: Amazon's Guidance from the bucket to the board, without AWS (deploy/guidance). The bucket is
# versitygw, a real S3 server; it is built once, outside of this module, into bin/tools.
#
#   scripts/aws-test.sh [FLAGS of go test]
#   scripts/aws-test.sh fetch     builds the S3 server alone; an error where that cannot be done
#
#   CHARTLAKE_VERSITYGW   a versitygw that is there already
set -eu
cd "$(dirname "$0")/.."
. scripts/needs.sh
go_ready || exit 1
version=v1.8.0
gateway=${CHARTLAKE_VERSITYGW:-$(pwd)/bin/tools/versitygw-$version}
if [ ! -x "$gateway" ]; then
	say "building versitygw $version (some minutes, once)"
	mkdir -p bin/tools
	if GOBIN=$(pwd)/bin/tools go install "github.com/versity/versitygw/cmd/versitygw@$version"; then
		mv bin/tools/versitygw "$gateway"
	else
		say "aws-test is skipped: versitygw $version cannot be fetched or built here; CHARTLAKE_VERSITYGW names one that is there"
		[ "${1:-}" != fetch ] && exit 0 || exit 1
	fi
fi
[ "${1:-}" != fetch ] || exit 0
CHARTLAKE_VERSITYGW=$gateway exec go test -count=1 -timeout 20m -v ./deploy/guidance "$@"
