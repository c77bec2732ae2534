package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// threatModel is the head of the tables in SECURITY.md that say what is defended.
const threatModel = "| asset | attacker | attack | defence | test |"

var (
	namedTest   = regexp.MustCompile("`((?:[a-z]+/)*[a-z]+)\\.((?:Test|Fuzz)\\w+)`")
	writtenTest = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// Defended is the rule that every row of the threat model in SECURITY.md names tests
// that exist, as `folder.TestName`.
func Defended(tree fs.FS) (found []string, err error) {
	text, err := fs.ReadFile(tree, "SECURITY.md")
	if err != nil {
		return nil, err
	}
	written := map[string]bool{}
	err = each(tree, []string{".go"}, func(name string, text []byte) error {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		for _, m := range writtenTest.FindAllSubmatch(text, -1) {
			written[path.Dir(name)+"."+string(m[1])] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, within := 0, false
	for n, line := range strings.Split(string(text), "\n") {
		say := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("SECURITY.md:%d: ", n+1)+fmt.Sprintf(format, args...))
		}
		switch cells := strings.Split(strings.Trim(line, "| "), " | "); {
		case line == threatModel:
			within = true
		case !strings.HasPrefix(line, "|"):
			within = false
		case !within || strings.HasPrefix(line, "| ---"):
		case len(cells) != 5:
			say("a row of the threat model has %d cells, not five: asset, attacker, attack, defence, test", len(cells))
		default:
			rows++
			tests := namedTest.FindAllStringSubmatch(cells[4], -1)
			if len(tests) == 0 {
				say("no test shows the defence against %q; name one as `folder.TestName`", cells[2])
			}
			for _, m := range tests {
				if !written[m[1]+"."+m[2]] {
					say("there is no test %s in %s", m[2], m[1])
				}
			}
		}
	}
	if rows == 0 {
		found = append(found, "SECURITY.md: it has no threat model: no table with the head "+threatModel)
	}
	return found, nil
}
