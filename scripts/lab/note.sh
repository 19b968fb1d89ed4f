#!/bin/bash
# Put a result into a performance page: the block between its markers is replaced, or added at
# the end. Reads the result from standard input.
#
#   note.sh FILE NAME COMMAND < RESULT
set -euo pipefail
page=$1 name=$2 command=$3
block=$(mktemp)
trap 'rm -f "$block"' EXIT
{
	echo "<!-- lab:$name -->"
	printf '`%s`, %s, commit %s, %s cores, %s GB, Linux %s:\n\n```\n' "$command" "$(date -u +%F)" \
		"${CHARTLAKE_LAB_COMMIT:-$(git rev-parse --short HEAD)}" \
		"$(nproc)" "$(awk '/MemTotal/ { printf "%.0f", $2 / 1e6 }' /proc/meminfo)" "$(uname -r | cut -d . -f 1,2)"
	cat
	printf '```\n<!-- end -->\n'
} >"$block"
[ -e "$page" ] || printf '# %s\n' "$name" >"$page"
if grep -q "^<!-- lab:$name -->$" "$page"; then
	awk -v start="<!-- lab:$name -->" -v block="$block" '
		$0 == start { while ((getline line < block) > 0) print line; skip = 1 }
		!skip
		skip && $0 == "<!-- end -->" { skip = 0 }' "$page" >"$page.new"
	mv "$page.new" "$page"
else
	{ echo; cat "$block"; } >>"$page"
fi
