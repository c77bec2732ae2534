package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	mapFile    = "docs/architecture.md"
	mapHeading = "## File map"
)

// mapped are the folders below which every package has a line in the map.
var mapped = []string{".", "internal", "broker"}

// mapNames are the folders that a line of the map begins with.
var mapNames = regexp.MustCompile(`^( *)((?:[\w./-]+/ )+)`)

// Mapped is the rule that the file map of docs/architecture.md names folders that
// there are, each once, and every package of the first level, of internal and of
// broker.
func Mapped(tree fs.FS) (found []string, err error) {
	source, err := fs.ReadFile(tree, mapFile)
	if err != nil {
		return nil, err
	}
	_, block, _ := strings.Cut(string(source), mapHeading)
	_, block, _ = strings.Cut(block, "```\n")
	block, _, closed := strings.Cut(block, "```")
	if !closed {
		return []string{mapFile + ": there is no block under " + mapHeading}, nil
	}
	var named []string
	above := "" // the folder of the lines that are indented
	for line := range strings.Lines(block) {
		m := mapNames.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		names := strings.Fields(m[2])
		if m[1] == "" {
			above = ""
		}
		for _, name := range names {
			name = path.Join(above, name)
			if slices.Contains(named, name) {
				found = append(found, fmt.Sprintf("%s: the map names %s twice", mapFile, name))
			}
			named = append(named, name)
			if _, err := fs.Stat(tree, name); err != nil {
				found = append(found, fmt.Sprintf("%s: the map names %s, which there is not", mapFile, name))
			}
		}
		if m[1] == "" {
			above = path.Clean(names[0])
		}
	}
	packages := map[string]bool{}
	if err := each(tree, []string{".go"}, func(name string, _ []byte) error {
		packages[path.Dir(name)] = true
		return nil
	}); err != nil {
		return nil, err
	}
	for folder := range packages {
		if folder != "." && slices.Contains(mapped, path.Dir(folder)) && !slices.Contains(named, folder) {
			found = append(found, fmt.Sprintf("%s: the map lacks %s", mapFile, folder))
		}
	}
	slices.Sort(found)
	return found, nil
}

var (
	askedTarget = regexp.MustCompile("`(?:sudo )?make ([a-z]+[a-z ]*)")
	madeTarget  = regexp.MustCompile(`(?m)^([a-z]+):(.*)$`)
)

// Made is the rule that every target of the Makefile says what it is for, so that make
// help lists it, and that every target which a document names is there.
func Made(tree fs.FS) (found []string, err error) {
	source, err := fs.ReadFile(tree, "Makefile")
	if err != nil {
		return nil, err
	}
	targets := map[string]bool{}
	for _, m := range madeTarget.FindAllStringSubmatch(string(source), -1) {
		targets[m[1]] = true
		if !strings.Contains(m[2], " ## ") {
			found = append(found, fmt.Sprintf("Makefile: the target %s does not say after ## what it is for", m[1]))
		}
	}
	err = each(tree, []string{".md"}, func(name string, text []byte) error {
		for _, m := range askedTarget.FindAllSubmatch(text, -1) {
			for _, target := range strings.Fields(string(m[1])) {
				if !targets[target] {
					found = append(found, fmt.Sprintf("%s: there is no make %s", name, target))
				}
			}
		}
		return nil
	})
	return found, err
}
