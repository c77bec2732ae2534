package main

import (
	"os"
	"path/filepath"
	"testing"
)

// No text ends the reader; every entry has a line of the file, in order.
func FuzzProperties(f *testing.F) {
	for _, text := range []string{
		"a=b\n", "a : b\\\n  c\r\n#x\\\nd e", "\\u00e9=\\t\\", "=", ":", "\\", "a=${a}\n", "! c\na\\=b=c", "\xff\xfe=1", "\f\t a=\n\n\nb",
	} {
		f.Add(text)
	}
	path := filepath.Join(f.TempDir(), "fuzzed.properties")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := readProperties(path)
		if err != nil {
			return
		}
		last := 0
		for _, p := range file.all {
			if p.line < last || p.line > len(logicalLines(text))+len(text) {
				t.Errorf("%q is in line %d, the one before it in line %d", p.name, p.line, last)
			}
			last = p.line
		}
		file.settings()
	})
}
