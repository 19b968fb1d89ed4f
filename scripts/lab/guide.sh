#!/bin/sh
# Run the commands of a guide word for word: the fenced sh blocks of a Markdown file.
#
#   guide.sh FILE              how many blocks
#   guide.sh FILE N            print block N (from 1)
#   guide.sh FILE FROM TO DIR  run blocks FROM to TO, each by its own sh; stdout goes to
#                              DIR/N.out, and the first that fails ends the run
#
# Where the demo had to take another port, CHARTLAKE_PORT says which; it is put in place of
# 8080, as the guide tells its reader to do.
set -eu

block() {
	awk -v want="$2" '
		/^```sh$/  { n++; inside = 1; next }
		/^```$/    { inside = 0; next }
		inside && n == want
	' "$1"
}

if [ $# -eq 1 ]; then
	grep -c '^```sh$' "$1"
	exit
elif [ $# -eq 2 ]; then
	block "$1" "$2"
	exit
fi

port=${CHARTLAKE_PORT:-8080}
if [ "$port" != 8080 ]; then
	CHARTLAKE_SERVER=http://127.0.0.1:$port
	export CHARTLAKE_SERVER
fi
n=$2
while [ "$n" -le "$3" ]; do
	commands=$(block "$1" "$n" | sed "s/127\.0\.0\.1:8080/127.0.0.1:$port/g")
	[ -n "$commands" ] || { echo "the guide has no block $n" >&2; exit 1; }
	printf '%s\n' "$commands" | sed 's/^/  $ /' >&2
	sh -euc "$commands" >"$4/$n.out" || { echo "block $n failed" >&2; exit 1; }
	n=$((n + 1))
done
