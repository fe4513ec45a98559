#!/bin/sh
# Installs the clients that the tests of this folder run, exactly as locked.
set -eu
cd "$(dirname "$0")"
npm ci --silent
