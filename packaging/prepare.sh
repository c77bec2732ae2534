#!/usr/bin/env bash
# Makes, in bin/prepared, what a release has beside the binary of each platform: the
# manual page, shells' completions, and the unit with the place where packages put a
# program.
set -euo pipefail
cd "$(dirname "$0")/.."

out=bin/prepared
rm -rf "$out"
mkdir -p "$out/completions"

# For this machine, whatever platform is built for.
env -u GOOS -u GOARCH make --no-print-directory build BIN="$out/copyscope"
while read -r shell name; do
  "$out/copyscope" completion "$shell" >"$out/completions/$name"
done <<'SHELLS'
bash copyscope.bash
zsh _copyscope
fish copyscope.fish
powershell copyscope.ps1
SHELLS

"$out/copyscope" man >"$out/copyscope.1"
gzip -9nc "$out/copyscope.1" >"$out/copyscope.1.gz"
sed 's,^ExecStart=/usr/local/bin/,ExecStart=/usr/bin/,' packaging/copyscope.service >"$out/copyscope.service"
