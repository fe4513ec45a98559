#!/bin/sh
# Installs the npm package that the store is compared with. Needs Node.js 20 or newer.
set -eu
cd "$(dirname "$0")"
exec npm ci --no-audit --no-fund --loglevel=error
