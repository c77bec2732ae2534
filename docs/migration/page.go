//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// page is the note whose blocks are run; the working directory is the repository.
const page = "docs/migration.md"

const (
	mark  = "<!-- step: "
	fence = "```"
)

// blocks reads the note's blocks of commands, by the names in the comments before
// them. A block of shell without a name is an error: nothing would run it.
func blocks(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	name, inside := "", false
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case inside && line == fence:
			name, inside = "", false
		case inside:
			found[name] += line + "\n"
		case strings.HasPrefix(line, mark):
			name = strings.TrimSuffix(strings.TrimPrefix(line, mark), " -->")
			if _, twice := found[name]; twice {
				return nil, fmt.Errorf("%s:%d: there are two steps %q", file, i+1, name)
			}
		case strings.HasPrefix(line, fence):
			if name == "" {
				return nil, fmt.Errorf("%s:%d: a block without a step's name before it is not run by anything", file, i+1)
			}
			found[name], inside = "", true
		}
	}
	if inside {
		return nil, fmt.Errorf("%s: the block %q does not end", file, name)
	}
	return found, nil
}
