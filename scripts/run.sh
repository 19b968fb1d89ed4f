#!/bin/sh
# make run: get what is missing, build, start the demo.
set -eu
cd "$(dirname "$0")/.."
. scripts/needs.sh

say "Chartlake needs: Go (to build), tesseract-ocr 5 with English (to read pictures), CA certificates (to fetch Go modules)."
go_ready || exit 1

missing=
certificates_ready || missing="$missing ca-certificates"
tesseract_ready || missing="$missing tesseract-ocr tesseract-ocr-eng"
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086
	install_packages $missing || true
fi
certificates_ready || say "  CA certificates are missing: Go modules cannot be fetched (ca-certificates, or SSL_CERT_FILE)"
if tesseract_ready; then
	say "  $(tesseract --version 2>&1 | head -n 1): found"
else
	say ""
	say "  ****************************************************************************"
	say "  *  Tesseract 5 with English is missing: Chartlake starts without OCR.      *"
	if command -v tesseract >/dev/null 2>&1; then
		say "  *  (found: $(tesseract --version 2>&1 | head -n 1), languages: $(tesseract --list-langs 2>/dev/null | tail -n +2 | tr '\n' ' '))"
	fi
	say "  *  PDFs with a text layer are read; scans and pictures are not.            *"
	say "  *  To change that: apt-get install tesseract-ocr tesseract-ocr-eng         *"
	say "  ****************************************************************************"
	say ""
fi

say "Building (the first time fetches the Go modules and takes a few minutes) ..."
scripts/build.sh
say "Warming the PDF engine's compilation cache ..."
bin/chartlake warm
exec bin/chartlake demo "$@"
