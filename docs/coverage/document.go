package main

import (
	"bytes"
	"fmt"
	"strings"

	"copyscope/internal/lesson"
)

// mostWords bounds how much of a step's text the table shows, in characters.
const mostWords = 90

// document is docs/coverage.md.
func document() ([]byte, []error) {
	rows, wrong := lesson.Coverage(lesson.Shipped())
	var errs []error
	for _, err := range wrong {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What is taught, and where\n\nEvery sentence of the story that articles tell, every subject of the lessons and every claim, with the step that teaches it, the scenario that plays it and the test that holds it: %d rows. Written by `go run ./docs/coverage` from `internal/lesson/coverage.yaml`; a row that refers to nothing, or a missing cell, fails a test.\n", len(rows))
	part := ""
	for _, r := range rows {
		if r.Part != part {
			part = r.Part
			fmt.Fprintf(&b, "\n## %s\n\n| what | where | scenario | test |\n| --- | --- | --- | --- |\n", part)
		}
		fmt.Fprintf(&b, "| %s | %s: %s | %s | `%s` |\n", cell(r.Says), cell(r.Where), cell(begin(r.Text.En)), code(r.Scenario), r.Test)
	}
	return b.Bytes(), nil
}

// begin is the begin of a text, on one line.
func begin(text string) string {
	words := []rune(strings.Join(strings.Fields(text), " "))
	if len(words) <= mostWords {
		return string(words)
	}
	return strings.TrimSpace(string(words[:mostWords])) + "…"
}

// cell is a text within a table.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "**", "", "\n", " ").Replace(text)
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "|", "\\|") + "`" }
