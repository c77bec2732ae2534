// Command profiles writes the table of the shipped profiles' costs, and where
// each is from, into docs/profiles.md; the rest of the document it leaves alone.
//
//	go run ./docs/profiles -w docs/profiles.md
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"copyscope/internal/lab"
)

func main() {
	name := flag.String("w", "docs/profiles.md", "the document whose table is written anew")
	kept := flag.String("kept", "docs/bench/prediction/profile.json", "the calibration beside the shipped figures")
	flag.Parse()
	if err := rewrite(*name, *kept); err != nil {
		fmt.Fprintln(os.Stderr, "profiles:", err)
		os.Exit(1)
	}
}

func rewrite(name, kept string) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	calibration, err := read(kept)
	if err != nil {
		return err
	}
	text, err := renewed(old, calibration)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, text, 0o644)
}

// read reads a profile that copyscope calibrate wrote.
func read(name string) (*lab.ProfileFile, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := &lab.ProfileFile{}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
