#!/bin/bash
# make lab: everything that takes too long for every change. Each part runs whether or not the
# one before it passed; results go into docs/performance, and the end lists what failed.
#
#   scripts/lab.sh [PART...]      corpora durability bare quality cost aws   (all, in this order)
#
# Switches that the tests read and that are set here:
#   CHARTLAKE_SHARED   folder with data/ of development documents (default ../shared)
#   CHARTLAKE_ALL      whole corpora instead of a seeded sample: rest, fhir/validate
#   CHARTLAKE_LAB      every crash point, every example, many thousand random queries: store/sqlite, store/postgres
# Others: CHARTLAKE_PYICEBERG=PYTHON (one with pyiceberg and pyarrow, which reads the tables as Iceberg in
# the tests of analytics/live), CHARTLAKE_LAB_KILLS=N (kills in the tests of cmd/chartlake-lab, 10), CHARTLAKE_SHOTS=DIR
# (pictures of the console while its tests run), CHARTLAKE_BENCH_BUNDLES=N and
# CHARTLAKE_BENCH_FOLDER=DIR (benchmarks of store/sqlite).
#
# CHARTLAKE_LAB_CYCLES (100) is the number of kills, and of power cuts on each file system.
# CHARTLAKE_LAB_PAGES is the folder of the results (docs/performance).
# The part `bare` also reads the variables of scripts/lab/bare.sh.
#
# Needs what make test needs; power cuts and bare systems also root, mkfs.ext4, mkfs.xfs, debootstrap.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh
go_ready || exit 1

export CHARTLAKE_SHARED=${CHARTLAKE_SHARED:-$(cd .. && pwd)/shared}
cycles=${CHARTLAKE_LAB_CYCLES:-100}
work=$(mktemp -d "${TMPDIR:-/tmp}/chartlake-lab-XXXXXX")
trap 'rm -rf "$work"' EXIT
pages=${CHARTLAKE_LAB_PAGES:-docs/performance}
# The figures belong to the commit that was there at the start.
export CHARTLAKE_LAB_COMMIT=${CHARTLAKE_LAB_COMMIT:-$(git rev-parse --short HEAD)}
passed=() failed=() left=()

# part NAME COMMAND...: one heading, one outcome; its output is shown, and stdout kept in $work/NAME.
part() {
	local name=$1
	shift
	printf '\n==== %s: %s\n' "$name" "$*"
	"$@" | tee "$work/$name"
	if [ "${PIPESTATUS[0]}" -eq 0 ]; then
		passed+=("$name")
	else
		printf '==== %s: FAILED\n' "$name"
		failed+=("$name")
	fi
}

# leave NAME WHY: a part that cannot run here is neither passed nor failed, and is said so.
leave() {
	printf '\n==== %s: left out: %s\n' "$1" "$2"
	left+=("$1 ($2)")
}

lab_corpora() {
	[ -d "$CHARTLAKE_SHARED/data" ] || { leave corpora "no development data at CHARTLAKE_SHARED"; return; }
	if command -v npm >/dev/null 2>&1 && npm install --silent --no-audit --no-fund --prefix "$work/npm" amazon-textract-response-parser@0.4.3; then
		export CHARTLAKE_TEXTRACT_PARSER=$work/npm
	fi
	CHARTLAKE_ALL=1 CHARTLAKE_LAB=1 part corpora \
		go test -count=1 -p 2 -timeout 120m ./rest/... ./fhir/... ./clinical/... ./eval/... ./store/... ./search/... ./reader/... ./document/...
	grep -E '^(ok|FAIL|---)' "$work/corpora" | sed 's/\t/  /g' | scripts/lab/note.sh $pages/corpora.md corpora 'scripts/lab.sh corpora'
}

# Kills, failing syncs and power cuts; with the controls, which must find losses.
lab_durability() {
	[ "$(id -u)" = 0 ] || leave durability-power "loop mounts need root; kills are run"
	KILLS=$cycles CUTS=$cycles part durability scripts/durability.sh
	grep -E '^(PASSED|FAILED|durability:|  )' "$work/durability" | scripts/lab/note.sh $pages/durability.md durability 'scripts/lab.sh durability'
}

lab_bare() {
	[ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null 2>&1 || { leave bare "needs root and debootstrap"; return; }
	part bare sh -c 'scripts/lab/bare.sh 2>&1'
	grep -E '^(==|FAILED|root |user |[0-9]+ of )' "$work/bare" | scripts/lab/note.sh $pages/first-run.md bare 'scripts/lab/bare.sh'
}

# quality NAME DIR: the table of one folder of documents.
quality() {
	part "quality-$1" bin/chartlake eval documents "$2"
	# The page keeps the totals; the whole table is what was shown.
	awk '/^[^ ]/ { groups++ } groups <= 1' "$work/quality-$1" |
		scripts/lab/note.sh $pages/documents.md "$1" "chartlake eval documents, $1"
}

lab_quality() {
	if [ -d "$CHARTLAKE_SHARED/data/documents" ]; then
		quality real "$CHARTLAKE_SHARED/data/documents"
	else
		leave quality-real "no development data at CHARTLAKE_SHARED"
	fi
	bin/chartlake eval generate "$work/clean" --apart --seed 7001 -n 3 --condition pdf,scan200,scan300,tiff
	quality apart-clean "$work/clean"
	bin/chartlake eval generate "$work/faxed" --apart --seed 7101 -n 6 --condition faxed
	quality apart-faxed "$work/faxed"
}

lab_cost() {
	part cost bin/chartlake bench ingest
	scripts/lab/note.sh $pages/ingest.md cost 'chartlake bench ingest' <"$work/cost"
}

# Events of 10,000 uploads, each delivered one to five times; Amazon's command line; the whole Guidance; a cold start of the zip.
lab_aws() {
	if command -v npm >/dev/null 2>&1 && npm install --silent --no-audit --no-fund --prefix "$work/npm" amazon-textract-response-parser@0.4.3; then
		export CHARTLAKE_TEXTRACT_PARSER=$work/npm
	fi
	CHARTLAKE_LAB=1 part aws go test -count=1 -timeout 60m ./aws/... ./deploy/...
	if scripts/aws-test.sh fetch; then
		part aws-guidance scripts/aws-test.sh
	else
		leave aws-guidance "versitygw cannot be fetched"
	fi
	if command -v zip >/dev/null 2>&1 && command -v unzip >/dev/null 2>&1 && scripts/lambda.sh; then
		unzip -q "bin/chartlake-lambda-$(go env GOARCH).zip" -d "$work/lambda"
		CHARTLAKE_LAMBDA_ROOT=$work/lambda part aws-start go test ./cmd/chartlake-lambda -run XXX -bench Cold -benchtime 3x
	else
		leave aws-start "zip and unzip are not installed"
	fi
}

[ $# -gt 0 ] || set -- corpora durability bare quality cost aws
scripts/build.sh && bin/chartlake warm || exit 1
for p in "$@"; do
	case $p in
	corpora | durability | bare | quality | cost | aws) "lab_$p" ;;
	*) say "no part $p; parts are corpora durability bare quality cost aws"; exit 2 ;;
	esac
done

printf '\n==== summary\n'
printf 'passed:   %s\n' "${passed[*]:-none}"
for l in "${left[@]}"; do printf 'left out: %s\n' "$l"; done
if [ ${#failed[@]} -gt 0 ]; then
	printf 'FAILED:   %s\n' "${failed[*]}"
	exit 1
fi
