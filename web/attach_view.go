package web

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/attach"
	"copyscope/internal/host"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// attachTargets puts the processes of one name that listen at the same ports
// together: a server and its workers are watched as one.
func attachTargets(processes []host.Listener) []templates.AttachTarget {
	var out []templates.AttachTarget
	at := map[string]int{}
	for _, p := range processes {
		ports := numbers(p.Ports)
		key := p.Name + "\x00" + ports
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, templates.AttachTarget{Name: p.Name, Ports: ports})
		}
		out[i].Watch = append(out[i].Watch, p.PID)
	}
	for i := range out {
		out[i].PIDs = numbers(out[i].Watch)
	}
	return out
}

// numbers lists them, the first eight at the most.
func numbers(list []int) string {
	var text []string
	for i, n := range list {
		if i == 8 {
			text = append(text, fmt.Sprintf("… (%d)", len(list)))
			break
		}
		text = append(text, strconv.Itoa(n))
	}
	return strings.Join(text, ", ")
}

// processesShown is how many processes a page has of a watch.
const processesShown = 64

// attachView is a report as the page shows it: every text made, in every language.
func attachView(r *attach.Report) *templates.AttachReport {
	v := &templates.AttachReport{
		Sentence: locale.Speak(r.Sentence), Verdict: "open",
		Processes: []templates.AttachProcess{}, Paths: []templates.AttachPath{}, Calls: []templates.AttachCall{}, Notes: []templates.AttachNote{},
		Watched: measured(templates.Duration(r.ForNs)),
		Records: measured(humanize.Comma(r.Hits)), Lost: measured(humanize.Comma(r.Lost)),
		OwnCPU: attachNumber(r.OwnCPU, trace.Nanos), CPU: attachNumber(r.CPU, trace.Nanos), CopyCPU: attachNumber(r.CopyCPU, trace.Nanos),
	}
	if r.Advice != "" {
		v.Advice = locale.Speak(r.Advice)
	}
	if zero := r.Verdict.ZeroCopy; zero != nil {
		v.Verdict = map[bool]string{true: "yes", false: "no"}[*zero]
	}
	if r.Lost > 0 {
		v.Gap = inEveryLanguage(func(t *locale.Translator) string { return t.T("attach.gap.lost", "Count", r.Lost) })
	}
	shown, others := r.Foremost(processesShown)
	for _, p := range shown {
		v.Processes = append(v.Processes, templates.AttachProcess{
			PID: strconv.Itoa(p.PID), Name: p.Name, Runtime: p.Runtime, Threads: humanize.Comma(int64(p.Threads)), Ended: p.Ended,
		})
	}
	if others > 0 {
		v.Others = inEveryLanguage(func(t *locale.Translator) string { return t.T("attach.processes.others", "Count", others) })
	}
	for _, p := range r.Paths {
		v.Paths = append(v.Paths, attachPath(p))
	}
	if n, bytes := r.Rest.Small(); n > 0 {
		v.Rest = inEveryLanguage(func(t *locale.Translator) string {
			return t.T("attach.rest", "Count", n, "Bytes", templates.Size(bytes))
		})
	}
	if n := r.Rest.OtherPaths; n > 0 {
		v.Unknown = inEveryLanguage(func(t *locale.Translator) string {
			return t.T("attach.rest.other", "Count", n, "Bytes", templates.Size(r.Rest.OtherBytes))
		})
	}
	v.Calls = callTable(r.Calls)
	for _, n := range r.Notes {
		v.Notes = append(v.Notes, templates.AttachNote{Text: locale.Speak(n)})
	}
	return v
}

// inEveryLanguage says something of the page's own, for readers of all languages.
func inEveryLanguage(say func(t *locale.Translator) string) locale.Spoken {
	return locale.Spoken{English: say(locale.New(locale.English)), Chinese: say(locale.New(locale.Chinese))}
}

func measured(text string) templates.AttachNumber {
	return templates.AttachNumber{Text: text, Provenance: string(trace.Measured)}
}

func attachNumber(c trace.Count, unit trace.Unit) templates.AttachNumber {
	if c.Provenance == "" { // a report of a watch under way has not all numbers
		c.Provenance = trace.Unavailable
	}
	n := templates.AttachNumber{Text: "–", Provenance: string(c.Provenance)}
	if c.Known() {
		n.Text = templates.Quantity(c.Value, unit)
	}
	if c.Reason != "" {
		n.Reason = locale.Speak(c.Reason)
	}
	return n
}

func attachPath(p attach.Path) templates.AttachPath {
	v := templates.AttachPath{
		From: endName(p.From), FromKind: string(p.From.Kind), FromNote: endNote(p.From),
		To: endName(p.To), ToKind: string(p.To.Kind), ToNote: endNote(p.To),
		Technique: string(p.Technique), Techniques: []templates.AttachShare{},
		ZeroCopy: p.CPUCopiesPerByte.Known() && p.CPUCopiesPerByte.Value < 0.01,
		Bytes:    attachNumber(p.Bytes, trace.Bytes), Source: attachNumber(p.SourceBytes, trace.Bytes),
		Copies: attachNumber(p.CPUCopiesPerByte, trace.PerByte), Switches: attachNumber(p.ModeSwitches, trace.Times),
		Calls: callsText(p.Calls),
	}
	for _, s := range p.Techniques {
		v.Techniques = append(v.Techniques, templates.AttachShare{
			Technique: string(s.Technique), Share: shareText(s.Share), Evidence: locale.Speak(s.Evidence),
		})
	}
	if p.Blocker != "" {
		v.Blocker = locale.Speak(p.Blocker)
	}
	if p.Advice != "" {
		v.Advice = locale.Speak(p.Advice)
	}
	return v
}

// endName is a path as it is, and in every language what stands where there is none.
func endName(e attach.End) locale.Spoken {
	if strings.HasPrefix(e.Name, "/") {
		return locale.Spoken{English: e.Name, Chinese: e.Name}
	}
	return locale.Speak(e.Name)
}

// endNote says how large a file is, who is at the other end of a connection, and how
// many stand together.
func endNote(e attach.End) locale.Spoken {
	return inEveryLanguage(func(t *locale.Translator) string {
		var parts []string
		if e.SizeBytes > 0 {
			parts = append(parts, templates.Size(e.SizeBytes))
		}
		if e.Peer != "" {
			parts = append(parts, t.T("attach.peer", "Peer", e.Peer))
		}
		if e.Descriptors > 1 {
			parts = append(parts, t.T("attach.descriptors", "Count", e.Descriptors))
		}
		return strings.Join(parts, " · ")
	})
}

// shareText is a part of a whole in per cent, never 0 for what is there.
func shareText(share float64) string {
	if share > 0 && share < 0.001 {
		return "< 0.1 %"
	}
	return strings.TrimSuffix(strconv.FormatFloat(100*share, 'f', 1, 64), ".0") + " %"
}

// callTable lists the calls, what moved the most first.
func callTable(calls map[string]*attach.Tally) []templates.AttachCall {
	names := slices.SortedFunc(maps.Keys(calls), func(a, b string) int {
		return cmp.Or(cmp.Compare(calls[b].Bytes, calls[a].Bytes), cmp.Compare(calls[b].Calls, calls[a].Calls), cmp.Compare(a, b))
	})
	out := make([]templates.AttachCall, 0, len(names))
	for _, name := range names {
		c := calls[name]
		out = append(out, templates.AttachCall{Name: name, Calls: humanize.Comma(c.Calls), Errors: humanize.Comma(c.Errors), Bytes: templates.Size(c.Bytes)})
	}
	return out
}
