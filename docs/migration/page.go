//go:build linux

package main

import (
	"fmt"
	"os"

	"copyscope/internal/codeblocks"
)

// page is the note whose blocks are run; the working directory is the repository.
const page = "docs/migration.md"

// blocks reads the note's blocks of commands, by the names in the comments before
// them. A block of shell without a name is an error: nothing would run it.
func blocks(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	all, err := codeblocks.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	found := map[string]string{}
	for _, b := range all {
		name, ok := b.Comment("step")
		if !ok {
			return nil, fmt.Errorf("%s:%d: a block without a step's name before it is not run by anything", file, b.Line)
		}
		if _, twice := found[name]; twice {
			return nil, fmt.Errorf("%s:%d: there are two steps %q", file, b.Line, name)
		}
		found[name] = b.Text
	}
	return found, nil
}
