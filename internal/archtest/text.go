package archtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"copyscope/internal/trace"
)

// MaxLines is how long a file that people write may be.
const MaxLines = 600

// source are the endings of files that people write as code.
var source = []string{".go", ".java", ".py", ".js", ".css", ".templ", ".html", ".sh", ".run", "run", "Makefile"}

// prose are the endings in which machine paths and open ends hide besides.
var prose = append([]string{".md", ".json", ".toml", ".yml", ".yaml", ".txt", ".svg", ".xml", ".properties"}, source...)

// Short is the rule that a file fits into a head.
func Short(tree fs.FS) (found []string, err error) {
	err = each(tree, source, func(name string, text []byte) error {
		if n := bytes.Count(text, []byte("\n")); n > MaxLines && !generated(text) {
			found = append(found, fmt.Sprintf("%s: %d lines; split it by concept below %d", name, n, MaxLines))
		}
		return nil
	})
	return found, err
}

// vague are package names that say nothing about what is inside.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base"}

// Named is the rule that a package is named by what it holds.
func Named(tree fs.FS) (found []string, err error) {
	err = each(tree, []string{".go"}, func(name string, _ []byte) error {
		if folder := path.Base(path.Dir(name)); slices.Contains(vague, folder) {
			found = append(found, fmt.Sprintf("%s: %q says nothing; name the folder by what it holds", name, folder))
		}
		return nil
	})
	return found, err
}

// machinePaths are folders of some machine, not of the project. The first
// letter stands in brackets so that this line does not match itself.
var machinePaths = regexp.MustCompile(`(^|[\s"'(=:` + "`" + `])/([w]ork|[r]oot|[h]ome|[U]sers)/\w`)

// openEnds are promises instead of code.
var openEnds = regexp.MustCompile(`\b([T]ODO|[F]IXME|[X]XX)\b`)

// Clean is the rule that the tree speaks of the product alone and is finished.
func Clean(tree fs.FS) (found []string, err error) {
	err = each(tree, prose, func(name string, text []byte) error {
		found = append(found, matches(name, text, machinePaths, "a path of some machine")...)
		found = append(found, matches(name, text, openEnds, "an open end")...)
		return nil
	})
	return found, err
}

func matches(name string, text []byte, re *regexp.Regexp, what string) (found []string) {
	for i, line := range strings.Split(string(text), "\n") {
		if m := re.FindString(line); m != "" {
			found = append(found, fmt.Sprintf("%s:%d: %q is %s", name, i+1, strings.TrimSpace(m), what))
		}
	}
	return found
}

// Views is the rule that static/ shows numbers and computes none: no count is
// raised there, no event's bytes are summed, no kind of event is counted, no
// cost is known. All of it is computed by internal/trace and sim.
func Views(tree fs.FS) (found []string, err error) {
	rules := viewRules()
	err = each(tree, []string{".js"}, func(name string, text []byte) error {
		if !strings.HasPrefix(name, "static/") {
			return nil
		}
		for _, r := range rules {
			found = append(found, matches(name, text, r.re, r.what)...)
		}
		return nil
	})
	return found, err
}

type viewRule struct {
	re   *regexp.Regexp
	what string
}

func viewRules() []viewRule {
	counted := "copies|copied|syscalls|switches|faults|interrupts|descriptors|insertions|dmaTransfers"
	for _, name := range trace.CountNames() {
		counted += "|" + string(name) + "|" + camel(string(name))
	}
	var kinds []string
	for _, k := range trace.Kinds() {
		kinds = append(kinds, string(k))
	}
	kind := "['\"`](" + strings.Join(kinds, "|") + ")['\"`]"
	return []viewRule{
		{regexp.MustCompile(`(?i)(\b|_)\w*(` + counted + `)\b['"\])]*\s*(\+\+|--|[-+*/]=)`), "a count that is raised in a view"},
		{regexp.MustCompile(`(?i)(\+\+|--)\s*[\w.\[]*(` + counted + `)\b`), "a count that is raised in a view"},
		{regexp.MustCompile(`\+=?\s*[\w.\[\]]+\.(bytes|cpu_ns)\b`), "a sum of events in a view"},
		{regexp.MustCompile(`reduce\(.*\.(bytes|cpu_ns|n)\b`), "a sum of events in a view"},
		{regexp.MustCompile(`(filter|reduce)\(.*` + kind), "a count of events in a view"},
		{regexp.MustCompile(kind + `.*(\+\+|\+=)`), "a count of events in a view"},
		{regexp.MustCompile(`(?i)\b\w*(cost|nsper|pernanosecond|bytespersecond|bandwidth|latency)\w*\s*[:=]\s*[\d.(]`), "a cost rule in a view"},
	}
}

func camel(snake string) string {
	words := strings.Split(snake, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
