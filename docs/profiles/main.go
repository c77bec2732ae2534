// Command profiles writes the table of the shipped profiles' costs, and where
// each is from, into docs/profiles.md; the rest of the document it leaves alone.
//
//	go run ./docs/profiles -w docs/profiles.md
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	name := flag.String("w", "docs/profiles.md", "the document whose table is written anew")
	flag.Parse()
	if err := rewrite(*name); err != nil {
		fmt.Fprintln(os.Stderr, "profiles:", err)
		os.Exit(1)
	}
}

func rewrite(name string) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err := renewed(old)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, text, 0o644)
}
