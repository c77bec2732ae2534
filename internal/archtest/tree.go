package archtest

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Rule finds what is wrong in a source tree, one sentence each.
type Rule func(tree fs.FS) ([]string, error)

// skipped folders hold nothing that we wrote.
var skipped = []string{".git", "bin", "dist", "node_modules", "testdata", "vendor"}

// each visits every file of the tree that has one of the endings.
func each(tree fs.FS, endings []string, visit func(name string, text []byte) error) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(skipped, d.Name()):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.Contains(endings, ending(name)):
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return visit(name, text)
	})
}

// ending is a file's extension, or its whole name where it has none.
func ending(name string) string {
	if ext := path.Ext(name); ext != "" {
		return ext
	}
	return path.Base(name)
}

// generated says whether a file carries the mark of go.dev/s/generatedcode.
func generated(text []byte) bool {
	for line := range bytes.Lines(text) {
		line := strings.TrimSpace(string(line))
		if strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(line, " DO NOT EDIT.") {
			return true
		}
		if strings.HasPrefix(line, "package ") {
			break
		}
	}
	return false
}
