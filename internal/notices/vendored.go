package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// pages is the folder of what others wrote and the pages use. It is embedded in
// the binary, so it is shipped as what is linked is.
const pages = "static/vendor"

// vendored finds the works below a folder: each has a folder of its own with its
// license, and the package.json that says its name and version.
func vendored(folder string) ([]work, error) {
	found, err := filepath.Glob(filepath.Join(folder, "*", "package.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(found)
	var works []work
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var p struct{ Name, Version string }
		if err := json.Unmarshal(text, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		licenses, err := licensesOf(filepath.Dir(file), nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		works = append(works, work{path: p.Name + " (" + filepath.ToSlash(filepath.Dir(file)) + ")", version: p.Version, licenses: licenses})
	}
	return works, nil
}
