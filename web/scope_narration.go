package web

import (
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// narrator tells the events of a run, one sentence each, in one language. It
// counts along, so that a sentence can say which copy it is.
type narrator struct {
	t       *locale.Translator
	counter *trace.Counter
	known   map[string]bool
}

func newNarrator(t *locale.Translator, run *trace.Run) *narrator {
	n := &narrator{t: t, counter: run.Counter(), known: map[string]bool{}}
	for _, id := range locale.IDs(locale.English) {
		n.known[id] = true
	}
	return n
}

// tell is the sentence for the next event.
func (n *narrator) tell(e trace.Event) string {
	n.counter.Add(e)
	return n.t.T(n.message(e),
		"From", n.place(e.From), "To", n.place(e.To), "Bytes", templates.Size(e.Bytes), "Count", e.Units(),
		"Call", e.Syscall, "Ret", e.Ret, "Errno", e.Errno,
		"Nth", int64(n.counter.Count(trace.CPUCopies).Value))
}

// message is the most particular sentence that the catalogue has for an event.
func (n *narrator) message(e trace.Event) string {
	kind := "narrate." + string(e.Kind)
	ids := []string{kind + "." + e.Detail, kind + "." + string(e.From), kind}
	if e.Errno != "" {
		ids = append([]string{kind + ".failed"}, ids...)
	}
	if e.Kind == trace.Syscall && e.Phase != trace.Transfer {
		ids = append([]string{kind + "." + string(e.Phase)}, ids...)
	}
	if e.Endpoint != trace.Sender {
		ids = append([]string{kind + "." + string(e.Endpoint)}, ids...)
	}
	for _, id := range ids {
		if n.known[id] {
			return id
		}
	}
	return kind
}

func (n *narrator) place(p trace.Place) string {
	if p == "" {
		return ""
	}
	return n.t.Term("place", string(p))
}
