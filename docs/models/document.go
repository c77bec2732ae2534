package main

import (
	"bytes"
	"fmt"
	"slices"

	"copyscope/internal/locale"
	"copyscope/sim"
)

const head = `# The rules of the two models

<!-- Written by make generate from sim/fidelity.go and internal/locale/catalogue/models.en.json; change those. -->

The simulator's machine runs under one of two operating-system models. The **textbook** does what the introductory articles tell, so that each of their sentences can be played. **linux** does what a current kernel does, so that its counts can be held to a measurement. Programs, devices and the event list are the same ([why there are two](decisions/0003-two-operating-system-models.md)).

`

// document is docs/models.md.
func document() []byte {
	t := locale.New(locale.English)
	known := locale.IDs(locale.English)
	var b bytes.Buffer
	b.WriteString(head)
	for _, level := range []sim.Level{sim.Full, sim.Partial, sim.NotModelled} {
		fmt.Fprintf(&b, "- **%s**: %s\n", level, t.Term("models.level", string(level)))
	}
	b.WriteString("\nEvery rule has evidence: a test that runs both models and looks for the events by which the rule shows itself, in exactly those models that claim it (`sim/fidelity_test.go`).\n")
	area := ""
	for _, r := range sim.Fidelity() {
		if r.Area != area {
			area = r.Area
			fmt.Fprintf(&b, "\n## %s\n", t.Term("model.area", area))
		}
		fmt.Fprintf(&b, "\n### %s\n\ntextbook: **%s** · linux: **%s**\n\n%s\n", t.T("model."+r.ID), r.Textbook, r.Linux, t.T("model."+r.ID+".note"))
		if id := "model." + r.ID + ".differs"; slices.Contains(known, id) {
			fmt.Fprintf(&b, "\nWhere they differ: %s\n", t.T(id))
		}
		if r.Source != "" {
			fmt.Fprintf(&b, "\nSource: %s%s\n", version(r.Kernel), r.Source)
		}
	}
	return b.Bytes()
}

// version is what stands before a source of the kernel's.
func version(kernel string) string {
	if kernel == "" {
		return ""
	}
	return "Linux " + kernel + ", "
}
