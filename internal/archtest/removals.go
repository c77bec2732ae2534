package archtest

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// removals are patches that take a defence away; docs/bench/defences.sh sees for each
// that its test is red without it.
const removals = "docs/bench/defences"

var headed = regexp.MustCompile(`^((?:Row: .+\n)+)Test: (\S+)\n`)

// Removable is the rule that every row of SECURITY.md has a removal that says which
// row or rows it is of, by the beginnings of their attacks, and which of their tests
// is red.
func Removable(tree fs.FS) (found []string, err error) {
	text, err := fs.ReadFile(tree, defences[0])
	if err != nil {
		return nil, err
	}
	rows := attacks(string(text))
	removed := make([]bool, len(rows))
	names, err := fs.Glob(tree, removals+"/*.patch")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		patch, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		head := headed.FindStringSubmatch(string(patch))
		if head == nil {
			found = append(found, name+`: it does not begin with "Row: the attack" and "Test: the test"`)
			continue
		}
		for row := range strings.Lines(head[1]) {
			begin := strings.TrimSpace(strings.TrimPrefix(row, "Row: "))
			fits := 0
			for i, r := range rows {
				if strings.HasPrefix(r.attack, begin) && slices.Contains(r.tests, head[2]) {
					fits++
					removed[i] = true
				}
			}
			if fits != 1 {
				found = append(found, fmt.Sprintf("%s: %d rows of %s begin with %q and name %s, want one", name, fits, defences[0], begin, head[2]))
			}
		}
	}
	for i, r := range rows {
		if !removed[i] {
			found = append(found, fmt.Sprintf("%s:%d: nothing in %s takes away what is done about %q", defences[0], r.line, removals, r.attack))
		}
	}
	return found, nil
}
