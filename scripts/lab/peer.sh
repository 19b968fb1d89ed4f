#!/bin/sh
# Runs `chartlake bench fhir` beside HAPI FHIR's JPA server (R4, pinned in peer/pom.xml) on a
# PostgreSQL of its own, all on this machine and in a folder that is deleted afterwards. Needs Java 17,
# Maven and PostgreSQL's programs. As root the database runs as the user postgres.
#
#     scripts/lab/peer.sh CHARTLAKE BUNDLES.tar [flags of bench fhir]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
chartlake=$1
bundles=$2
shift 2
pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$pg" ] || pg=$(dirname "$(command -v initdb)")
work=$(mktemp -d)
chmod 755 "$work"
as=""
if [ "$(id -u)" = 0 ]; then as="su postgres -c"; else as="sh -c"; fi
java=""
stop() {
	[ -z "$java" ] || kill "$java" 2>/dev/null || true
	$as "$pg/pg_ctl -D $work/pg/data -m immediate stop" >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap stop EXIT INT TERM

mkdir "$work/pg" "$work/classes"
[ "$(id -u)" != 0 ] || chown postgres "$work/pg"
$as "$pg/initdb -D $work/pg/data -U peer -A trust" >/dev/null
$as "$pg/pg_ctl -D $work/pg/data -w -l $work/pg/log -o '-p 55432 -c listen_addresses=127.0.0.1 -c unix_socket_directories=$work/pg -c shared_buffers=1GB -c max_wal_size=4GB' start" >/dev/null

mvn -B -q -Dstyle.color=never -f "$here/peer/pom.xml" dependency:build-classpath -Dmdep.outputFile="$work/classpath"
javac -nowarn -cp "$(cat "$work/classpath")" -d "$work/classes" "$here/peer/src/main/java/lab/Peer.java"
java -Xmx2g -Djava.io.tmpdir="$work" -cp "$work/classes:$(cat "$work/classpath")" lab.Peer 8091 "jdbc:postgresql://127.0.0.1:55432/postgres" peer >"$work/peer.log" 2>&1 &
java=$!
n=0
until grep -qs '^ready' "$work/peer.log"; do
	n=$((n + 1))
	if [ "$n" -gt 120 ] || ! kill -0 "$java" 2>/dev/null; then
		tail -20 "$work/peer.log" >&2
		exit 1
	fi
	sleep 1
done
"$chartlake" bench fhir "$bundles" --peer http://127.0.0.1:8091/fhir "$@"
