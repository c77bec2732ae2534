package reference

import (
	"fmt"
	"strings"

	"copyscope/internal/docsite"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// paths is the page of the transfer programs and the system calls that they make.
func paths() docsite.Document {
	t := locale.New(locale.English)
	var b strings.Builder
	b.WriteString("# Paths and their system calls\n\n" + Generated("the registry of transfer programs (`transfer.Programs`) and the message catalogues"))
	b.WriteString("A path is a small program that moves bytes. Each is written once and runs on the modelled kernel, on this host's, and, where the broker may use it, in the broker. `copyscope run --list` says which of them this host runs for real, and why not the others. The lines are the program in the C of the man pages: the names of functions are the system calls that are counted.\n")
	for _, g := range transfer.Groups() {
		fmt.Fprintf(&b, "\n## %s\n", Plain(t.T("scope.paths.group."+string(g))))
		for _, p := range transfer.Programs() {
			if p.Group != g {
				continue
			}
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n```c\n", p.Path, Plain(t.T("path."+p.Path)))
			for _, l := range p.Listing {
				b.WriteString(l.Text + "\n")
			}
			b.WriteString("```\n\n")
			fmt.Fprintf(&b, "- %s\n", transferred(p))
			if p.Beside != "" {
				fmt.Fprintf(&b, "- Compare it with [`%s`](#%[1]s).\n", p.Beside)
			}
			if p.Serves {
				fmt.Fprintf(&b, "- The topic config `copyscope.fetch.path` takes it ([settings](broker-settings.md#configs-of-topics)).\n")
			}
		}
	}
	return docsite.Document{Name: "reference/paths", Text: []byte(b.String())}
}

// transferred says between what a program moves bytes, and whether they pass through
// user memory.
func transferred(p transfer.Program) string {
	from, to := "a file", "a socket"
	if p.Source == transfer.FromSocket {
		from = "a socket"
	}
	switch p.Sinks {
	case 0:
		to = "user memory"
	case 2:
		to = "two sockets"
	}
	text := "From " + from + " to " + to
	if p.UserMemory && p.Sinks > 0 {
		text += ", where user code can touch the bytes on the way"
	}
	if p.Reshapes {
		text += "; other bytes than the file's are on the wire, of which the receiver makes the file's again"
	}
	return text + "."
}

// events is the page of the words of traces and reports.
func events() docsite.Document {
	var b strings.Builder
	b.WriteString("# Words of events and counts\n\n" + Generated("the vocabulary of traces (`internal/trace`) and the message catalogues of both languages"))
	b.WriteString("A run is a list of events, and every figure is counted from them. The words stand in traces, in what `--json` prints, in scenarios and lessons; the pages show them in the reader's language. [Formats](../trace-format.md) says what each field of an event is, and which kind counts towards what.\n")
	words(&b, "Kinds of events", "What happened.", "kind", trace.Kinds())
	words(&b, "Actors", "Who did it. Each has a track of its own on the timeline.", "actor", trace.Actors())
	words(&b, "Places", "Where bytes, references or signals are.", "place", trace.Places())
	words(&b, "Endpoints", "The machine's role in the transfer.", "endpoint", []trace.Endpoint{trace.Sender, trace.Receiver, trace.Relay})
	words(&b, "Phases", "Only the transfer itself is counted; set-up and tear-down are listed apart.", "phase", []trace.Phase{trace.SetUp, trace.Transfer, trace.TearDown})
	words(&b, "Provenance", "How a number came to be known, from the strongest to the weakest. A count is as weak as its weakest event.", "provenance",
		[]trace.Provenance{trace.Measured, trace.Recorded, trace.Derived, trace.Modelled, trace.Unavailable})
	words(&b, "Verdicts", "What a comparison of predicted and measured says.", "verdict", []trace.Verdict{trace.Equal, trace.EqualByRule, trace.Within, trace.Differs, trace.NotMeasurable})
	en, zh := locale.New(locale.English), locale.New(locale.Chinese)
	b.WriteString("\n## Counts\n\nWhat is counted of a run, in the order in which it is shown.\n\n")
	t := NewTable("count", "unit", "English", "中文")
	for _, c := range trace.CountNames() {
		t.Row(Code(string(c)), Plain(en.Term("unit", string(trace.UnitOf(c)))), Plain(en.Term("count", string(c))), zh.Term("count", string(c)))
	}
	b.Write(t.Bytes())
	return docsite.Document{Name: "reference/events", Text: []byte(b.String())}
}

// words writes a list of the vocabulary with its terms.
func words[T ~string](b *strings.Builder, title, what, area string, all []T) {
	en, zh := locale.New(locale.English), locale.New(locale.Chinese)
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", title, what)
	t := NewTable("word", "English", "中文")
	for _, w := range all {
		t.Row(Code(string(w)), Plain(en.Term(area, string(w))), zh.Term(area, string(w)))
	}
	b.Write(t.Bytes())
}
