#!/bin/sh
# make console: rebuild the embedded web bundle from console/web. Commit web and dist together.
set -eu
cd "$(dirname "$0")/../console/web"
npm ci --no-audit --no-fund
npm run build
