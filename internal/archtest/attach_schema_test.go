package archtest

import (
	"testing"

	"copyscope/internal/attach"
)

// TestAttachSchema: docs/schema/attach.schema.json tells what `copyscope attach
// --json` prints.
func TestAttachSchema(t *testing.T) {
	s := readSchema(t, "attach.schema.json")
	s.holds(t, "report", attach.Report{})
	for name, written := range map[string]any{
		"process": attach.Process{}, "tally": attach.Tally{}, "end": attach.End{}, "path": attach.Path{},
		"share": attach.Share{}, "rest": attach.Rest{}, "verdict": attach.Verdict{},
	} {
		s.at(t, "$defs", name).holds(t, name, written)
	}
	s.at(t, "$defs", "end", "properties", "kind").lists(t, "kinds", attach.Kinds())
	s.at(t, "$defs", "share", "properties", "technique").lists(t, "techniques", attach.Techniques())
	all := append(attach.Techniques(), attach.Mixed)
	s.at(t, "$defs", "path", "properties", "technique").lists(t, "techniques of a path", all)
	s.at(t, "$defs", "verdict", "properties", "technique").lists(t, "techniques of a verdict", all)
	s.at(t, "$defs", "count", "properties", "provenance").lists(t, "provenances", provenances)
}
