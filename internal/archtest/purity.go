package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// banned are the imports that would tie the simulator to a machine or a moment.
var banned = []string{"os", "net", "golang.org/x/sys", "crypto/rand", "github.com/prometheus/procfs"}

// clocks are the functions of package time that look at or wait for a clock.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// seeded are the names of math/rand that do not draw from the global, randomly
// seeded source.
var seeded = []string{"New", "NewSource", "NewZipf", "NewPCG", "NewChaCha8", "Rand", "Source", "Source64", "Zipf", "PCG", "ChaCha8"}

// Purity is the rule that keeps sim deterministic: no operating system, no
// clock, no dice that it did not seed. Tests may use them.
func Purity(tree fs.FS) (found []string, err error) {
	err = each(tree, []string{".go"}, func(name string, text []byte) error {
		if !strings.HasPrefix(name, "sim/") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			return err
		}
		found = append(found, impurities(name, file)...)
		return nil
	})
	return found, err
}

func impurities(name string, file *ast.File) (found []string) {
	local := map[string]string{} // a package's name in this file → its path
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		for _, b := range banned {
			if imported == b || strings.HasPrefix(imported, b+"/") {
				found = append(found, fmt.Sprintf("%s: sim must not import %s: a run depends on its scenario alone", name, imported))
			}
		}
		as := path.Base(imported)
		if as == "v2" {
			as = path.Base(path.Dir(imported))
		}
		if spec.Name != nil {
			as = spec.Name.Name
		}
		local[as] = imported
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		switch imported := local[pkg.Name]; {
		case imported == "time" && slices.Contains(clocks, sel.Sel.Name):
			found = append(found, fmt.Sprintf("%s: sim must not call time.%s: its time is virtual", name, sel.Sel.Name))
		case strings.HasPrefix(imported, "math/rand") && !slices.Contains(seeded, sel.Sel.Name):
			found = append(found, fmt.Sprintf("%s: sim must not use the global rand.%s: seed a source of its own", name, sel.Sel.Name))
		}
		return true
	})
	return found
}
