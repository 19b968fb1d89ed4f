#!/bin/bash
# Chartlake on a bare system: debootstrap makes a Debian 12 with nothing but make, curl, git and
# Go, and a stranger follows docs/guide/first-five-minutes.md word for word.
#
#   scripts/lab/bare.sh [CASE...]
#
#   root     `make run` with every cache cold, the guide, its values and evidence boxes; then a
#            second `make run` beside it, and the printed `serve --data` line
#   user     the same guide as a plain user on a system that has Tesseract
#   nothing  a plain user without rights on a system without Tesseract: a PDF with a text layer
#   go       what is said where Go is missing or too old
#
# Needs root, debootstrap, unshare. Environment: CHARTLAKE_LAB_BASE, a debootstrap root to copy
# instead of making one; CHARTLAKE_LAB_WARM=1, take this machine's Go module cache (the figures
# are then not those of a fresh machine); CHARTLAKE_LAB_COMMIT, the commit to test (HEAD);
# CHARTLAKE_LAB_KEEP=1, keep the folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
guide=docs/guide/first-five-minutes.md
cases=("$@")
[ $# -gt 0 ] || cases=(root user nothing go)

say() { printf '\n== %s\n' "$*" >&2; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "a bare root needs root (mounts); nothing was tested"
for tool in debootstrap unshare pivot_root; do command -v $tool >/dev/null || fail "$tool is not installed; nothing was tested"; done

lab=$(mktemp -d "${TMPDIR:-/tmp}/chartlake-bare-XXXXXX")
sessions=()
finish() {
	for s in "${sessions[@]}"; do kill -KILL -- "-$s" 2>/dev/null || true; done
	wait 2>/dev/null || true
	[ -n "${CHARTLAKE_LAB_KEEP:-}" ] && { echo "kept: $lab" >&2; return; }
	rm -rf --one-file-system "$lab"
}
trap finish EXIT

# mirror: the Debian archive that this machine itself installs from.
mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		awk '$1 == "URIs:" { print $2 } $1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z+]+:\/\//) { print $i; break } }' |
		grep -E '/debian/?$' | head -n 1
}

base() {
	if [ -n "${CHARTLAKE_LAB_BASE:-}" ]; then
		cp -a "$CHARTLAKE_LAB_BASE" "$lab/base"
	else
		say "debootstrap: Debian 12, minbase with make, curl and git"
		debootstrap --variant=minbase --include=make,curl,git bookworm "$lab/base" "$(mirror)" >"$lab/debootstrap.log" 2>&1 ||
			{ tail -n 5 "$lab/debootstrap.log" >&2; fail debootstrap; }
	fi
	cp /etc/resolv.conf /etc/hosts "$lab/base/etc/"
	# How this machine reaches its archive (proxy, clock checks), not what it installed.
	apt-config dump | grep -E '^Acquire::(http|https|Check)' >"$lab/base/etc/apt/apt.conf.d/90lab" || true
	mkdir -p "$lab/base/usr/local/go" "$lab/base/home/ada" "$lab/base/.old"
	[ -z "${SSL_CERT_FILE:-}" ] || cp "$SSL_CERT_FILE" "$lab/base/opt/ca.pem"
	echo 'ada:x:1000:1000::/home/ada:/bin/sh' >>"$lab/base/etc/passwd"
	chown 1000:1000 "$lab/base/home/ada"
}

# enter ROOT USER COMMAND: a shell command inside, with namespaces of its own for mounts and
# processes; the network is this machine's. pivot_root rather than chroot, so that the kernel
# treats it as a system and not as a jail (user namespaces are refused in a chroot).
enter() {
	local root=$1 user=$2 home=/root as=()
	shift 2
	if [ "$user" != root ]; then
		home=/home/$user
		as=(setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs)
	fi
	local keep=(PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "HOME=$home" "USER=$user" TERM=dumb)
	local name
	for name in GOPROXY GONOSUMDB GONOSUMCHECK GOFLAGS GOSUMDB HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
		[ -z "${!name:-}" ] || keep+=("$name=${!name}")
	done
	[ -z "${SSL_CERT_FILE:-}" ] || keep+=(SSL_CERT_FILE=/opt/ca.pem)
	for name in GOPROXY GOSUMDB GOFLAGS; do keep+=("$name=$(go env "$name")"); done
	[ -z "${INSIDE:-}" ] || keep+=("$INSIDE")
	unshare --mount --pid --fork --kill-child --propagation private -- sh -euc '
		root=$1 goroot=$2; shift 2
		mount --bind "$root" "$root"
		mount --bind "$goroot" "$root/usr/local/go"
		mount -o remount,bind,ro "$root/usr/local/go"
		mount -t proc proc "$root/proc"
		mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || true
		mkdir -p "$root/dev/shm"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		cd "$root"
		pivot_root . .old
		umount -l /.old
		exec "$@"' enter "$root" "$(go env GOROOT)" env -i "${keep[@]}" "${as[@]}" sh -c "$*"
}

# bring ROOT USER: a clone of this repository, as a stranger would have it.
bring() {
	local to=$1/home/ada/chartlake
	[ "$2" = root ] && to=$1/root/chartlake
	git clone -q --no-hardlinks "$lab/source" "$to"
	if [ "$2" != root ]; then chown -R 1000:1000 "$1/home/ada"; fi
}

# start LOG ROOT USER COMMAND: in the background, in a session of its own; waits for the address.
start() {
	local log=$1 root=$2 user=$3 began
	shift 3
	began=$(date +%s)
	export -f enter
	setsid bash -c 'enter "$@"' enter "$root" "$user" "$@" >"$log.out" 2>"$log.err" </dev/null &
	session=$!
	sessions+=("$session")
	until port=$(sed -n 's#.* \(is at\|serves\) http://127\.0\.0\.1:\([0-9]*\).*#\2#p' "$log.out" "$log.err" | head -n 1) && [ -n "$port" ]; do
		kill -0 "$session" 2>/dev/null || { tail -n 20 "$log.out" "$log.err" >&2; fail "$* ended before it gave an address"; }
		[ $(($(date +%s) - began)) -lt 1800 ] || fail "$*: no address in 30 minutes"
		sleep 1
	done
	took=$(($(date +%s) - began))
}

# stop SESSION: what Ctrl-C does, to the program that this script started.
stop() {
	local pid
	pid=$(ps -s "$1" -o pid=,comm= | awk '$2 == "chartlake" { print $1; exit }')
	[ -z "$pid" ] || kill -INT "$pid"
	local n=0
	while kill -0 "$1" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 40 ] || fail "the server did not stop in 20 s"
		sleep 0.5
	done
}

# first_read PORT: waits until one document has settled.
first_read() {
	local n=0
	until curl -sS "http://127.0.0.1:$1/documents?state=filed,needs_review,held" | grep -q '"sha256"'; do
		n=$((n + 1))
		[ $n -lt 600 ] || fail "no document was read in 10 minutes"
		sleep 1
	done
}

# follow ROOT USER PORT DIR: blocks 2 to the end of the guide inside, then their answers.
follow() {
	local root=$1 user=$2 dir=$4 inside last
	inside=/root/chartlake
	[ "$user" = root ] || inside=/home/$user/chartlake
	last=$(scripts/lab/guide.sh $guide)
	mkdir -p "$root$inside/../answers"
	[ "$user" = root ] || chown 1000:1000 "$root$inside/../answers"
	INSIDE=CHARTLAKE_PORT=$3 enter "$root" "$user" "cd $inside && scripts/lab/guide.sh $guide 2 $last ../answers"
	cp -r "$root$inside/../answers" "$dir"
	head -n 1 "$dir/3.out" | grep -q ' 202 ' || fail "the upload was not answered with 202"
	grep -Eq ' (filed|needs_review) ' "$dir/4.out" || fail "the report did not settle as filed or needs_review"
	grep -q '"resourceType": "Observation"' "$dir/5.out" || fail "no Observation in the answer"
	# The same seed gives the same bytes, and with them what a careful human would extract.
	"$lab/chartlake" eval specimen --kind lab_report --condition scan300 --seed 42 --expected "$dir/expected.json" "$dir/lab.png"
	cmp "$dir/lab.png" "$root$inside/lab.png" || fail "the specimen is not the one expected"
	go run scripts/lab/evidence.go "$dir/6.out" "$dir/expected.json" || fail "values or evidence boxes are wrong"
}

# warm ROOT USER: with CHARTLAKE_LAB_WARM, this machine's modules; else what `root` fetched and built.
warm() {
	local home=$1/root
	[ "$2" = root ] || home=$1/home/ada
	if [ -n "${CHARTLAKE_LAB_WARM:-}" ]; then
		mkdir -p "$home/go/pkg"
		cp -a "$(go env GOMODCACHE)" "$home/go/pkg/mod"
	elif [ "$2" != root ] && [ -d "$lab/root/root/go" ]; then
		cp -a "$lab/root/root/go" "$home/go"
	fi
	if [ "$2" != root ]; then chown -R 1000:1000 "$home"; fi
}

case_root() {
	local root=$lab/root first second load
	cp -a "$lab/base" "$root"
	bring "$root" root
	warm "$root" root
	say "root: $(scripts/lab/guide.sh $guide 1), caches $([ -n "${CHARTLAKE_LAB_WARM:-}" ] && echo "with modules" || echo cold)"
	local began
	load=$(cut -d ' ' -f 1 /proc/loadavg)
	began=$(date +%s)
	start "$lab/root-1" "$root" root "cd /root/chartlake && $(scripts/lab/guide.sh $guide 1)"
	first=$session
	local first_port=$port
	first_read "$port"
	say "root: address after $took s, first document read after $(($(date +%s) - began)) s"
	echo "root address_s=$took first_read_s=$(($(date +%s) - began)) load=$load..$(cut -d ' ' -f 1 /proc/loadavg)" >>"$lab/times"
	follow "$root" root "$port" "$lab/root-answers"
	say "root: a second make run beside the first, over ssh"
	INSIDE=SSH_CONNECTION=1 start "$lab/root-2" "$root" root "cd /root/chartlake && make run"
	second=$session
	[ "$port" != "$first_port" ] || fail "the second demo took the same port"
	grep -q "ssh -L $port:127.0.0.1:$port " "$lab/root-2.out" || fail "no ssh line"
	echo "root second_run_address_s=$took" >>"$lab/times"
	stop "$second"
	stop "$first"
	local line folder
	line=$(sed -n 's/^ *\(.*chartlake serve --data .*\)$/\1/p' "$lab/root-1.out" | head -n 1)
	folder=${line##*--data }
	[ "$(stat -c %a "$root$folder")" = 700 ] || fail "the demo's folder has mode $(stat -c %a "$root$folder")"
	say "root: the printed line: $line"
	start "$lab/root-3" "$root" root "cd /root/chartlake && $line"
	curl -sS "http://127.0.0.1:$port/documents/$(sha256sum <"$lab/root-answers/lab.png" | cut -d ' ' -f 1)" | grep -q '"needs_review"\|"filed"' ||
		fail "the report is not in the kept folder"
	stop "$session"
}

case_user() {
	local root=$lab/root
	if [ ! -e "$root/usr/bin/tesseract" ]; then
		cp -a "$lab/base" "$root"
		enter "$root" root "apt-get update -q && apt-get install -y -q --no-install-recommends ca-certificates tesseract-ocr tesseract-ocr-eng" >"$lab/apt.log" 2>&1 || fail "apt-get"
	fi
	bring "$root" ada
	warm "$root" ada
	say "user: $(scripts/lab/guide.sh $guide 1)"
	local began
	began=$(date +%s)
	start "$lab/user" "$root" ada "cd /home/ada/chartlake && $(scripts/lab/guide.sh $guide 1)"
	first_read "$port"
	echo "user address_s=$took first_read_s=$(($(date +%s) - began))" >>"$lab/times"
	follow "$root" ada "$port" "$lab/user-answers"
	stop "$session"
}

case_nothing() {
	local root=$lab/nothing id
	cp -a "$lab/base" "$root"
	bring "$root" ada
	warm "$root" ada
	if [ -d "$lab/root/home/ada/.cache" ]; then cp -a "$lab/root/home/ada/.cache" "$root/home/ada/"; fi
	say "nothing: a plain user, no rights, no Tesseract"
	start "$lab/nothing-run" "$root" ada "cd /home/ada/chartlake && make run"
	grep -q 'starts without OCR' "$lab/nothing-run.err" || fail "no banner on stderr"
	grep -q 'no rights to install' "$lab/nothing-run.err" || fail "it does not say that it may not install"
	curl -sS "http://127.0.0.1:$port/console/settings" | grep -q '"banner":"[^"]*Tesseract' || fail "no banner in the console"
	enter "$root" ada "cd /home/ada/chartlake && bin/chartlake eval specimen --condition pdf --seed 42 lab.pdf &&
		bin/chartlake ingest --server http://127.0.0.1:$port --wait lab.pdf" ||
		fail "a PDF with a text layer was not read"
	curl -sS "http://127.0.0.1:$port/fhir/Observation?patient.name=Pemberton&category=laboratory&_count=100&_revinclude=Provenance:target" >"$lab/nothing.json"
	"$lab/chartlake" eval specimen --condition pdf --seed 42 --expected "$lab/nothing.expected.json" "$lab/nothing.pdf"
	go run scripts/lab/evidence.go "$lab/nothing.json" "$lab/nothing.expected.json" || fail "values or evidence boxes are wrong"
	"$lab/chartlake" eval specimen --seed 42 "$lab/nothing.png"
	"$lab/chartlake" ingest --server "http://127.0.0.1:$port" --wait "$lab/nothing.png" >"$lab/nothing.png.out" && fail "a picture was read without OCR"
	cat "$lab/nothing.png.out" >&2
	grep -q 'failed' "$lab/nothing.png.out" || fail "the picture did not settle as failed"
	stop "$session"
}

case_go() {
	local root=$lab/go want
	want=$(awk '$1 == "go" { print $2; exit }' go.mod)
	cp -a "$lab/base" "$root"
	bring "$root" root
	say "go: missing"
	INSIDE=PATH=/usr/sbin:/usr/bin:/sbin:/bin enter "$root" root "cd /root/chartlake && make run" >"$lab/go-1" 2>&1 && fail "make run went on without Go"
	cat "$lab/go-1" >&2
	grep -q "Go $want or newer" "$lab/go-1" || fail "it does not say which Go to get"
	say "go: older than go.mod asks for (Debian 12's own)"
	enter "$root" root "apt-get update -q && apt-get install -y -q --no-install-recommends golang-go" >"$lab/apt.log" 2>&1 || fail "apt-get"
	INSIDE=PATH=/usr/sbin:/usr/bin:/sbin:/bin enter "$root" root "cd /root/chartlake && make run" >"$lab/go-2" 2>&1 && fail "make run went on with an old Go"
	cat "$lab/go-2" >&2
	grep -q "older than the $want" "$lab/go-2" || fail "it does not say which Go to get"
}

# One commit is tested throughout, whatever happens to the working tree meanwhile.
git clone -q --no-hardlinks . "$lab/source"
git -C "$lab/source" -c advice.detachedHead=false checkout -q --detach "${CHARTLAKE_LAB_COMMIT:-HEAD}"
cd "$lab/source"
CGO_ENABLED=0 go build -o "$lab/chartlake" ./cmd/chartlake
base
for c in "${cases[@]}"; do "case_$c"; done
say "passed: ${cases[*]}"
cat "$lab/times" 2>/dev/null || true
