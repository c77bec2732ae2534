#!/usr/bin/env bash
# Calibrates the model on this host, holds its predictions against this host's
# kernel, and writes docs/bench/prediction.md and the profile beside it. Takes
# about five minutes; a busy machine spoils the times, not the counts.
#
# Usage: docs/bench/prediction.sh [ROUNDS [NETS]]     (default 3 loopback)
set -euo pipefail
cd "$(dirname "$0")/../.."
out=docs/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go build -o "$work/copyscope" ./cmd/copyscope
go build -o "$work/prediction" ./docs/bench/prediction
"$work/copyscope" calibrate -o "$work/profile.json"
failed=0
"$work/prediction" -profile "$work/profile.json" -rounds "${1:-3}" -nets "${2:-loopback}" >"$work/prediction.md" || failed=1
[ -s "$work/prediction.md" ] || exit 1
mkdir -p "$out/prediction"
mv "$work/profile.json" "$out/prediction/profile.json"
mv "$work/prediction.md" "$out/prediction.md"
go run ./docs/profiles # its table shows the calibration
cat "$out/prediction.md"
exit $failed
