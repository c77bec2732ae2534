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
	told    map[trace.Place]bool // terms that have been explained
}

func newNarrator(t *locale.Translator, run *trace.Run) *narrator {
	return narratorAt(t, run.Counter(), map[trace.Place]bool{})
}

// narratorAt goes on within a run: with the counts until there, and the terms
// that have been explained.
func narratorAt(t *locale.Translator, counter *trace.Counter, told map[trace.Place]bool) *narrator {
	n := &narrator{t: t, counter: counter, known: map[string]bool{}, told: told}
	for _, id := range locale.IDs(locale.English) {
		n.known[id] = true
	}
	return n
}

// tell is the sentence for the next event. A term that articles call by other
// names has these with it where it is first used.
func (n *narrator) tell(e trace.Event) string {
	n.counter.Add(e)
	say := n.t.T(n.message(e),
		"From", n.place(e.From), "To", n.place(e.To), "Bytes", templates.Size(e.Bytes), "Count", e.Units(),
		"Call", e.Syscall, "Ret", e.Ret, "Errno", e.Errno,
		"Nth", int64(n.counter.Count(trace.CPUCopies).Value))
	if namesPageCache(e) && n.first(trace.PageCache) {
		return n.t.T("narrate.term.page-cache", "Say", say)
	}
	return say
}

// namesPageCache and namesKernelMode say whether the sentence of an event uses
// the term.
func namesPageCache(e trace.Event) bool {
	return e.Kind != trace.Syscall && e.Kind != trace.PageFault && (e.From == trace.PageCache || e.To == trace.PageCache)
}

func namesKernelMode(e trace.Event) bool {
	return e.Kind == trace.ModeSwitch && e.Phase == trace.Transfer
}

// first says whether a term is used for the first time.
func (n *narrator) first(term trace.Place) bool {
	told := n.told[term]
	n.told[term] = true
	return !told
}

// message is the most particular sentence that the catalogue has for an event.
func (n *narrator) message(e trace.Event) string {
	kind := "narrate." + string(e.Kind)
	from := string(e.From)
	ids := []string{kind + "." + e.Detail + "." + from, kind + "." + e.Detail,
		kind + "." + from + "." + string(e.To), kind + "." + from, kind}
	if e.Kind == trace.DeviceCommand && e.Units() > 1 {
		ids = append([]string{kind + "." + e.Detail + ".each"}, ids...)
	}
	if e.Kind == trace.Syscall && e.Bytes > 0 {
		ids = append([]string{kind + ".bytes"}, ids...)
	}
	if e.Kind == trace.Syscall {
		ids = append([]string{kind + "." + e.Syscall}, ids...)
	}
	if e.Errno != "" {
		ids = append([]string{kind + ".failed"}, ids...)
	}
	if namesKernelMode(e) && n.first(trace.KernelMode) {
		ids = append([]string{kind + "." + e.Detail + ".first"}, ids...)
	}
	if e.Phase != trace.Transfer {
		phase := kind + "." + string(e.Phase)
		ids = append([]string{kind + "." + e.Detail + "." + string(e.Phase), phase + "." + e.Syscall, phase}, ids...)
	}
	if e.Endpoint == trace.Receiver {
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
	if id := "scope.place." + string(p); n.known[id] {
		return n.t.T(id) // as its box is called
	}
	return n.t.Term("place", string(p))
}

// Narrate tells every event of a run, as the scope page does.
func Narrate(lang locale.Lang, run *trace.Run) []string {
	n := newNarrator(locale.New(lang), run)
	out := make([]string, len(run.Events))
	for i, e := range run.Events {
		out[i] = n.tell(e)
	}
	return out
}
