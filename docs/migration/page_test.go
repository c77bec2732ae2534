//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/kafkajars"
)

// Every block of the page is run in some direction, and every step that runs blocks
// finds them: nothing on the page is untried.
func TestEveryBlockIsRun(t *testing.T) {
	found, err := blocks("../migration.md")
	if err != nil {
		t.Fatal(err)
	}
	run := []string{namesBlock}
	for _, d := range directions {
		for _, s := range d.steps {
			run = append(run, s.blocks...)
		}
	}
	for name, text := range found {
		if !slices.Contains(run, name) {
			t.Errorf("no direction runs the step %q", name)
		}
		if strings.TrimSpace(text) == "" {
			t.Errorf("the step %q is empty", name)
		}
	}
	for _, name := range run {
		if _, ok := found[name]; !ok {
			t.Errorf("the page has no step %q", name)
		}
	}
}

// The page uses no tool of Kafka's that the runner has no class for: it would be one
// of this machine.
func TestEveryToolIsKafkas(t *testing.T) {
	found, err := blocks("../migration.md")
	if err != nil {
		t.Fatal(err)
	}
	used := 0
	for name, text := range found {
		for _, word := range strings.Fields(text) {
			if strings.HasSuffix(word, ".sh") {
				used++
				if _, ok := kafkajars.Tools[word]; !ok {
					t.Errorf("%s: there is no class for %s", name, word)
				}
			}
		}
	}
	if used == 0 {
		t.Error("the page uses none")
	}
}

func TestBlocksThatNothingWouldRunAreRefused(t *testing.T) {
	for name, r := range map[string]struct{ text, want string }{
		"without a name":  {"```sh\nls\n```\n", "not run by anything"},
		"two of a name":   {"<!-- step: a -->\n```sh\nls\n```\n<!-- step: a -->\n```sh\nls\n```\n", `two steps "a"`},
		"without an end":  {"<!-- step: a -->\n```sh\nls\n", "does not end"},
		"one that is run": {"1. One:\n\n   <!-- step: a -->\n   ```sh\n   ls\n   ```\n", ""},
	} {
		file := filepath.Join(t.TempDir(), "page.md")
		if err := os.WriteFile(file, []byte(r.text), 0o644); err != nil {
			t.Fatal(err)
		}
		found, err := blocks(file)
		switch {
		case r.want == "" && (err != nil || found["a"] != "ls\n"):
			t.Errorf("%s: %q, %v", name, found, err)
		case r.want != "" && (err == nil || !strings.Contains(err.Error(), r.want)):
			t.Errorf("%s: %v, want %q", name, err, r.want)
		}
	}
}

// The page names the versions that are run.
func TestVersionsAreThoseThatRun(t *testing.T) {
	page, err := os.ReadFile("../migration.md")
	if err != nil {
		t.Fatal(err)
	}
	for module, name := range map[string]string{kafkajars.Current: "Apache Kafka ", kafkajars.Mirror: "MirrorMaker "} {
		pom, err := os.ReadFile(filepath.Join("../../clients/java", module, "pom.xml"))
		if err != nil {
			t.Fatal(err)
		}
		_, version, _ := strings.Cut(string(pom), "<kafka.version>")
		version, _, found := strings.Cut(version, "</kafka.version>")
		if !found {
			t.Fatalf("%s: no version of Kafka", module)
		}
		if !strings.Contains(string(page), name+version) {
			t.Errorf("the page does not say %s%s", name, version)
		}
	}
}
