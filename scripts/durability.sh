#!/bin/sh
# Kills and power cuts on the real server, with their negative controls (which must find
# losses). Prints one line a run; docs/performance/durability.md holds dated results.
#
#   KILLS   kill -9 cycles                      (100)
#   CUTS    power cuts on each file system      (50)
#   POINTS  lives whose k-th sync fails or kills (20)
#   BIN     where the programs are built        (a temporary folder)
set -eu
cd "$(dirname "$0")/.."
KILLS=${KILLS:-100}
CUTS=${CUTS:-50}
POINTS=${POINTS:-20}
if [ -z "${BIN:-}" ]; then
	BIN=$(mktemp -d)
	trap 'rm -rf "$BIN"' EXIT
fi

CGO_ENABLED=0 go build -tags lab -o "$BIN/chartlake-lab-server" ./cmd/chartlake
CGO_ENABLED=0 go build -o "$BIN/chartlake-lab" ./cmd/chartlake-lab
"$BIN/chartlake-lab-server" warm

failed=0
lab() { "$BIN/chartlake-lab" --server "$BIN/chartlake-lab-server" "$@" || failed=1; }

lab --fault kill --cycles "$KILLS"
if command -v strace >/dev/null; then
	lab --fault eio --cycles "$POINTS" --uploaders 2
	lab --fault point --cycles "$POINTS" --uploaders 2
else
	echo "durability: strace is not installed; points of failure not run"
fi
if [ "$(id -u)" != 0 ] || [ ! -e /dev/loop-control ]; then
	echo "durability: power cuts need root and loop mounts; not run"
	exit "$failed"
fi
for fs in ext4 xfs; do
	command -v "mkfs.$fs" >/dev/null || { echo "durability: mkfs.$fs is not installed; $fs not run"; continue; }
	lab --fault power --fs "$fs" --control store --cycles 10
	lab --fault power --fs "$fs" --control blob --cycles 10
	lab --fault power --fs "$fs" --cycles "$CUTS"
done
exit "$failed"
