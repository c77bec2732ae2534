// Command notices writes THIRD_PARTY_NOTICES.md: the licenses of everything
// that is linked into the copyscope binary, on any of the platforms that it is
// built for, and of the scripts that its pages use. It reads what
// `go list -deps` says is linked, the license files that lie beside those
// packages, and static/vendor.
//
//	go run ./internal/notices -o THIRD_PARTY_NOTICES.md
//	go run ./internal/notices -check THIRD_PARTY_NOTICES.md
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

// binary is the package whose dependencies are shipped.
const binary = "./cmd/copyscope"

// platforms are the GOOS that CI builds for; each links a module or two that
// the others do not.
var platforms = []string{"linux", "darwin", "windows"}

func main() {
	out := flag.String("o", "", "write the notices to this file")
	check := flag.String("check", "", "fail unless this file holds the notices")
	flag.Parse()
	if err := run(*out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func run(out, check string) error {
	works, err := linked(binary, platforms)
	if err != nil {
		return err
	}
	scripts, err := vendored(pages)
	if err != nil {
		return err
	}
	text, err := render(append(works, scripts...))
	switch {
	case err != nil:
		return err
	case out != "":
		return os.WriteFile(out, text, 0o644)
	case check != "":
		have, err := os.ReadFile(check)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, text) {
			return fmt.Errorf("%s does not match what is linked; run make notices and read the difference", check)
		}
		return nil
	}
	_, err = os.Stdout.Write(text)
	return err
}
