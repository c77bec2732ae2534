#!/usr/bin/env bash
# Holds what strace(1) sees of fetches against what the broker tells of them, on
# every fetch path and over TLS: docs/bench/strace/main.go says how.
#
# Usage: docs/bench/strace-fetch.sh [BYTES]
set -euo pipefail
cd "$(dirname "$0")/../.."
exec go run ./docs/bench/strace "$@"
