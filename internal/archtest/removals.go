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

var headed = regexp.MustCompile(`^Row: (.+)\nTest: (\S+)\n`)

// Removable is the rule that every row of SECURITY.md has a removal that says which
// row it is of, by the beginning of its attack, and which of the row's tests is red.
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
		of := -1
		for i, r := range rows {
			if strings.HasPrefix(r.attack, head[1]) && slices.Contains(r.tests, head[2]) {
				of, removed[i] = i, true
			}
		}
		if of < 0 {
			found = append(found, fmt.Sprintf("%s: %s has no row that begins with %q and names %s", name, defences[0], head[1], head[2]))
		}
	}
	for i, r := range rows {
		if !removed[i] {
			found = append(found, fmt.Sprintf("%s:%d: nothing in %s takes away what is done about %q", defences[0], r.line, removals, r.attack))
		}
	}
	return found, nil
}
