# What Chartlake needs from the system, and how to get it. Sourced by run.sh and test.sh.
# Debian 12 and Ubuntu 22.04/24.04 package names. No compiler, no Node, no database for
# `make run`; the tests also use Chromium and PostgreSQL.

say() { printf '%s\n' "$*" >&2; }

# go_ready checks that Go is there and as new as go.mod asks.
go_ready() {
	want=$(awk '$1 == "go" { print $2; exit }' go.mod)
	if ! command -v go >/dev/null 2>&1; then
		say "Go $want or newer is needed to build Chartlake and was not found."
		say "Get it from https://go.dev/dl/ (unpack to /usr/local and put /usr/local/go/bin on PATH), then run make again."
		return 1
	fi
	have=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
	if [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" != "$want" ]; then
		say "Go $have is older than the $want that go.mod asks for."
		say "Get a newer one from https://go.dev/dl/, then run make again."
		return 1
	fi
}

# tesseract_ready: version 5 or newer, with English.
tesseract_ready() {
	command -v tesseract >/dev/null 2>&1 || return 1
	major=$(tesseract --version 2>&1 | sed -n '1s/^tesseract v\{0,1\}\([0-9]*\).*/\1/p')
	[ "${major:-0}" -ge 5 ] && tesseract --list-langs 2>/dev/null | grep -qx eng
}

certificates_ready() { [ -s "${SSL_CERT_FILE:-/nonexistent}" ] || [ -s /etc/ssl/certs/ca-certificates.crt ] || [ -s /etc/pki/tls/certs/ca-bundle.crt ]; }

# as_root prints the prefix that runs a command as root without asking, or fails.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		echo env
	elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		echo "sudo -n env"
	else
		return 1
	fi
}

# install_packages installs by apt, quietly; false where that is not possible.
install_packages() {
	command -v apt-get >/dev/null 2>&1 || { say "  no apt-get here; install by hand: $*"; return 1; }
	root=$(as_root) || { say "  no rights to install $* (not root, no sudo without a password)"; return 1; }
	log=$(mktemp)
	say "  installing: $*"
	if ! { $root apt-get update -q && $root DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } >"$log" 2>&1; then
		say "  apt-get failed; its last lines:"
		tail -n 5 "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}
