package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
)

// Blocking is the rule that the real kernel is entered through the scheduler:
// internal/host uses no RawSyscall of any kind, and takes none by linkname. A
// raw call that blocks keeps the processor from every other goroutine, the
// receiver's among them. Tests may use them.
func Blocking(tree fs.FS) (found []string, err error) {
	err = each(tree, []string{".go"}, func(name string, text []byte) error {
		if !strings.HasPrefix(name, "internal/host/") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && (strings.HasPrefix(id.Name, "RawSyscall") || strings.HasPrefix(id.Name, "RawVfork")) {
				found = append(found, fmt.Sprintf("%s: internal/host must not call %s: a blocking call must let the scheduler know", name, id.Name))
			}
			return true
		})
		for _, group := range file.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname ") {
					found = append(found, fmt.Sprintf("%s: internal/host must not use %s", name, c.Text))
				}
			}
		}
		return nil
	})
	return found, err
}
