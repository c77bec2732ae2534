#!/usr/bin/env bash
# Holds the program, with the standard library of the toolchain that go.mod names,
# against the Go vulnerability database (https://go.dev/security/vuln/database): what
# is called of a module or of that library must have no known vulnerability. The
# toolchain is not fetched: what is installed does the checking, and is told if it is
# another one.
#
# Where vuln.go.dev cannot be reached, its entries come by the Go module proxy,
# as golang.org/x/vulndb, whose own command makes a database of them.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'vulncheck: %s\n' "$*" >&2; exit 1; }

toolchain=$(sed -n 's/^toolchain //p' go.mod)
[ -n "$toolchain" ] || die 'go.mod names no toolchain; releases are built with the one that it names: add it, with go mod edit -toolchain=go1.X.Y'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

database=https://vuln.go.dev
if curl -fsS -o /dev/null --max-time 10 $database/index/db.json 2>/dev/null; then
  entries=$database
else
  (cd "$scratch" && go mod download -json golang.org/x/vulndb@latest >vulndb.json) ||
    die "there is no vulnerability database: neither $database nor golang.org/x/vulndb at $(go env GOPROXY) can be reached; without one nothing is known, so this fails"
  field() { sed -n "s/^\t\"$1\": \"\(.*\)\",\?$/\1/p" "$scratch/vulndb.json"; }
  entries="golang.org/x/vulndb $(field Version), as $database cannot be reached"
  (cd "$scratch" && go run "golang.org/x/vulndb/cmd/indexdb@$(field Version)" -vulns "$(field Dir)/data/osv" -out "$scratch/db") ||
    die 'golang.org/x/vulndb/cmd/indexdb made no database of the entries; run it by hand to see why'
  database=file://$scratch/db
fi
echo "$toolchain; entries of $entries"
installed=$(go env GOVERSION)
[ "$installed" = "$toolchain" ] ||
  echo "what is built here has the library of $installed; build releases with $toolchain or a newer one"
GOVERSION=$toolchain go tool govulncheck -db "$database" ./...
