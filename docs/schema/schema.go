// Package schema has the JSON Schemas of the files that copyscope reads and
// writes, as the command prints them for editors and checkers.
package schema

import (
	"embed"
	"io/fs"
	"strings"
)

// ending is that of a schema's file, after its name.
const ending = ".schema.json"

//go:embed *.schema.json
var files embed.FS

// Files are the schemas, each under [File] of its name.
func Files() fs.FS { return files }

// File is the name of a schema's file. Schemas refer to each other by it.
func File(name string) string { return name + ending }

// Text is the schema of a name.
func Text(name string) ([]byte, error) { return files.ReadFile(File(name)) }

// Names lists the schemas, sorted.
func Names() []string {
	all, _ := files.ReadDir(".") // what is embedded can be read
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = strings.TrimSuffix(f.Name(), ending)
	}
	return names
}
