#!/bin/sh
# Installs the npm packages that the comparison with the published patch engine needs. Needs Node.js 20 or newer.
set -eu
cd "$(dirname "$0")"
exec npm ci --no-audit --no-fund --loglevel=error
