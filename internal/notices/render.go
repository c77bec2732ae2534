package main

import (
	"bytes"
	"fmt"
	"strings"
)

// kinds tell a license by words that only it has; the first that fits counts.
// What fits none, or is not compatible with shipping a binary under
// Apache-2.0, is an error: a person must look at it.
var kinds = []struct{ name, words string }{
	{"Apache-2.0", "Apache License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"BSD-3-Clause", "may be used to endorse or promote products derived from"},
	{"BSD-2-Clause", "Redistribution and use in source and binary forms"},
	{"CC0-1.0", "CC0 1.0 Universal"},
}

// kindOf names a license's kind, or "" for a notice that goes with one.
func kindOf(l license) (string, error) {
	words := strings.Join(strings.Fields(l.text), " ")
	if strings.Contains(words, "GNU GENERAL PUBLIC LICENSE") || strings.Contains(words, "GNU AFFERO") {
		return "", fmt.Errorf("%s is a GPL: it cannot be linked into an Apache-2.0 binary", l.name)
	}
	for _, k := range kinds {
		if strings.Contains(words, k.words) {
			return k.name, nil
		}
	}
	if strings.Contains(strings.ToLower(l.name), "notice") {
		return "", nil
	}
	return "", fmt.Errorf("%s is of no kind that this program knows; read it and add it to kinds", l.name)
}

const preamble = `# Third-party notices

The copyscope binary contains the works below, each under its own terms. This
file is generated from what is linked on Linux, macOS and Windows, and from
static/vendor: run ` + "`make notices`" + ` after a change of dependencies.

| work | version | license |
| --- | --- | --- |
`

// render writes the notices: a table, then every text in full.
func render(works []work) ([]byte, error) {
	table, texts := bytes.NewBufferString(preamble), &bytes.Buffer{}
	for _, w := range works {
		var names []string
		fmt.Fprintf(texts, "\n## %s\n", strings.TrimSpace(w.path+" "+w.version))
		for _, l := range w.licenses {
			kind, err := kindOf(l)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", w.path, w.version, err)
			}
			if kind != "" && !strings.Contains(strings.Join(names, ", "), kind) {
				names = append(names, kind)
			}
			fmt.Fprintf(texts, "\n%s:\n\n%s", l.name, indented(l.text))
		}
		fmt.Fprintf(table, "| %s | %s | %s |\n", w.path, w.version, strings.Join(names, ", "))
	}
	return append(table.Bytes(), texts.Bytes()...), nil
}

// indented makes a text a code block of Markdown, whatever it contains.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		if line = strings.TrimRight(line, " \t\n"); line != "" {
			line = "    " + line
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
