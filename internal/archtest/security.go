package archtest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// defences are the documents whose tables say what is defended, and by which test.
var defences = []string{"SECURITY.md", "docs/storage.md"}

var (
	namedTest   = regexp.MustCompile("`(?:((?:[a-z]+/)*[a-z]+)\\.)?((?:Test|Fuzz)\\w+)`")
	writtenTest = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// Defended is the rule that every row of a table of defences, whose last column is
// headed test, names tests that exist: as `folder.TestName`, or as `TestName` where
// one of that name is enough.
func Defended(tree fs.FS) (found []string, err error) {
	written := map[string]bool{}
	err = each(tree, []string{".go"}, func(name string, text []byte) error {
		if strings.HasSuffix(name, "_test.go") {
			for _, m := range writtenTest.FindAllSubmatch(text, -1) {
				written["."+string(m[1])], written[path.Dir(name)+"."+string(m[1])] = true, true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, file := range defences {
		text, err := fs.ReadFile(tree, file)
		if errors.Is(err, fs.ErrNotExist) && file != defences[0] {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, undefended(file, string(text), written)...)
	}
	return found, nil
}

// undefended is what is wrong with the tables of one document.
func undefended(file, text string, written map[string]bool) (found []string) {
	rows := attacks(text)
	for _, r := range rows {
		say := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("%s:%d: ", file, r.line)+fmt.Sprintf(format, args...))
		}
		if r.cells != r.columns {
			say("a row has %d cells, not %d as the table's head", r.cells, r.columns)
			continue
		}
		if len(r.tests) == 0 {
			say("no test shows what is done about %q; name one as `folder.TestName`", r.attack)
		}
		for _, test := range r.tests {
			if !written[test] && !written["."+test] {
				say("there is no test %s", test)
			}
		}
	}
	if len(rows) == 0 {
		found = append(found, file+": it has no table whose last column is headed test")
	}
	return found
}

// attack is a row of a table of defences.
type attack struct {
	line, cells, columns int // columns: cells of the table's head
	attack               string
	tests                []string // as they are named, TestName or folder.TestName
}

// attacks are the rows of all tables of a document whose last column is headed test.
// What is attacked stands two columns before, what is done about it one.
func attacks(text string) (rows []attack) {
	columns := 0 // of the table that the line is in; 0: none
	for n, line := range strings.Split(text, "\n") {
		switch cells := strings.Split(strings.Trim(line, "| "), " | "); {
		case !strings.HasPrefix(line, "|"):
			columns = 0
		case strings.HasSuffix(line, "| test |"):
			columns = len(cells)
		case columns == 0 || strings.HasPrefix(line, "| ---"):
		default:
			r := attack{line: n + 1, cells: len(cells), columns: columns}
			if len(cells) == columns {
				r.attack = cells[max(0, columns-3)]
				for _, m := range namedTest.FindAllStringSubmatch(cells[columns-1], -1) {
					r.tests = append(r.tests, strings.TrimPrefix(m[1]+"."+m[2], "."))
				}
			}
			rows = append(rows, r)
		}
	}
	return rows
}
