#!/bin/sh
# make test: get what the tests need, then run them. Without rights to install, tests whose
# tool is missing skip with one line that says so.
set -eu
cd "$(dirname "$0")/.."
. scripts/needs.sh
go_ready || exit 1

missing=
certificates_ready || missing="$missing ca-certificates"
tesseract_ready || missing="$missing tesseract-ocr tesseract-ocr-eng"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
if ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
	if [ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}")" = ubuntu ]; then
		say "  Ubuntu's chromium package is a snap stub: browser tests will skip unless a chromium is on PATH"
	else
		missing="$missing chromium"
	fi
fi
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
	# No cluster of the system's: the tests start their own, as a plain user, in a temp folder.
	if root=$(as_root) && command -v apt-get >/dev/null 2>&1; then
		$root sh -c 'mkdir -p /etc/postgresql-common && [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf'
	fi
	missing="$missing postgresql"
fi
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086
	install_packages $missing || say "  going on without: $missing"
fi

# Two packages at a time: OCR and browser tests are heavy, and the machine may have two cores.
exec go test -p 2 -timeout 40m "$@" ./...
