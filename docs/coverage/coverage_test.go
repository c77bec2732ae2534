package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/lesson"
)

// root is the project's, from here.
const root = "../.."

func TestCoverageIsFresh(t *testing.T) {
	want, errs := document()
	for _, err := range errs {
		t.Error(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "docs", "coverage.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/coverage.md is stale: run make generate")
	}
}

// Every test that a row names is there.
func TestCoverageNamesTests(t *testing.T) {
	rows, _ := lesson.Coverage(lesson.Shipped())
	tests := map[string][]string{} // by file
	for _, r := range rows {
		file, name, _ := strings.Cut(r.Test, " ")
		if _, known := tests[file]; !known {
			tests[file] = testsIn(t, filepath.Join(root, filepath.FromSlash(file)))
		}
		if !slices.Contains(tests[file], name) {
			t.Errorf("%s: %s has no test %q; it has %v", r.Says, file, name, tests[file])
		}
	}
}

// Every lesson and every claim is in a row.
func TestCoverageHasEveryLessonAndClaim(t *testing.T) {
	rows, _ := lesson.Coverage(lesson.Shipped())
	all := lesson.Shipped()
	has := func(prefix string) bool {
		return slices.ContainsFunc(rows, func(r lesson.Found) bool { return strings.HasPrefix(r.In+" ", prefix+" ") })
	}
	for _, l := range all.Lessons {
		if !has(l.Name) {
			t.Errorf("no row is taught by the lesson %s", l.Name)
		}
	}
	for _, c := range all.Cards {
		if !has("claim " + c.Name) {
			t.Errorf("no row is the claim %s", c.Name)
		}
	}
}

func testsIn(t *testing.T, file string) (names []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Errorf("%v", err)
		return nil
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
			names = append(names, f.Name.Name)
		}
	}
	return names
}
