package templates

import "strings"

// FidelityRow is one line of the fidelity table: one thing that computers do,
// and how far each model goes. Its words are the messages model.ID and
// model.ID.note; the levels are full, partial and "not modelled".
type FidelityRow struct {
	ID              string
	Area            string
	Textbook, Linux string
	// Kernel is the version that the linux model follows, Source where the rule
	// stands.
	Kernel, Source string
}

// FidelityArea is the rows about one part of the machine.
type FidelityArea struct {
	Name string
	Rows []FidelityRow
}

func levelClass(level string) string { return "level-" + strings.ReplaceAll(level, " ", "-") }
