// Package docs has the documents of this folder in the binary, for the pages at
// /docs/ and for `copyscope docs`: the texts and the pictures in them, not the raw
// results of measurements.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed *.md */*.md server.properties
//go:embed bench/*/*.svg
var files embed.FS

// Files are the documents, by their paths below this folder.
func Files() fs.FS { return files }
