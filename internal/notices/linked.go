package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// work is one module, or Go itself, with the license files beside its linked
// packages.
type work struct {
	path, version string
	licenses      []license
}

// license is one file.
type license struct {
	// name is the file's path within the work, text its content.
	name, text string
}

// listed is one line of go list: a package's folder and its module.
const listed = `{{if not .Standard}}{{with .Module}}{{if not .Main}}{{$.Dir}}	{{.Dir}}	{{.Path}}	{{.Version}}{{end}}{{end}}{{end}}`

// linked finds every work that is linked into pkg on one of the platforms,
// sorted by path.
func linked(pkg string, platforms []string) ([]work, error) {
	folders := map[string]map[string]bool{} // "root\tpath\tversion" → package folders
	for _, goos := range platforms {
		list := exec.Command("go", "list", "-deps", "-f", listed, pkg)
		list.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
		list.Stderr = os.Stderr
		text, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list -deps %s for %s: %w", pkg, goos, err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			if folder, module, ok := strings.Cut(lines.Text(), "\t"); ok {
				if folders[module] == nil {
					folders[module] = map[string]bool{}
				}
				folders[module][folder] = true
			}
		}
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	goItself, err := licensesOf(strings.TrimSpace(string(root)), nil)
	if err != nil {
		return nil, err
	}
	works := []work{{path: "Go standard library and runtime", licenses: goItself}}
	for module, in := range folders {
		f := strings.Split(module, "\t")
		found, err := licensesOf(f[0], slices.Sorted(maps.Keys(in)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f[1], err)
		}
		works = append(works, work{path: f[1], version: f[2], licenses: found})
	}
	slices.SortFunc(works, func(a, b work) int { return cmp.Compare(a.path, b.path) })
	return works, nil
}

// legal are the names of files that a license or its notice goes by.
var legal = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice)([-._].*)?$`)

// licensesOf reads the license files in root and in every folder between it
// and one of the package folders.
func licensesOf(root string, folders []string) ([]license, error) {
	in := map[string]bool{root: true}
	for _, folder := range folders {
		for ; strings.HasPrefix(folder, root) && folder != root; folder = filepath.Dir(folder) {
			in[folder] = true
		}
	}
	var found []license
	for _, folder := range slices.Sorted(maps.Keys(in)) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() || !legal.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
				continue
			}
			file := filepath.Join(folder, e.Name())
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return nil, err
			}
			found = append(found, license{filepath.ToSlash(name), string(text)})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no license file in %s: find out its terms before shipping it", filepath.Base(root))
	}
	return found, nil
}
