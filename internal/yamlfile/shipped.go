package yamlfile

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Shipped is a directory that is compiled in, of files of which each is a What.
type Shipped struct {
	Files fs.FS
	Dir   string
	What  string
}

// Names are the files' names without their ending, sorted.
func (s Shipped) Names() []string {
	entries, err := fs.ReadDir(s.Files, s.Dir)
	if err != nil {
		panic(err) // they are compiled in
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
	}
	return names
}

// Text is the file of a name, and the text in it. The name is looked up: whoever asks
// may have it from a stranger, and it is no path. The error lists the names.
func (s Shipped) Text(name string) (file string, text []byte, err error) {
	names := s.Names()
	if !slices.Contains(names, name) {
		return "", nil, fmt.Errorf("%s %q is none of those shipped: %s", s.What, name, strings.Join(names, ", "))
	}
	file = name + ".yaml"
	text, err = fs.ReadFile(s.Files, path.Join(s.Dir, file))
	return file, text, err
}
