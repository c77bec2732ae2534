package web

import (
	"context"
	"math"
	"strconv"
	"time"

	"copyscope/internal/attach"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/templates"
)

// Bounds of the run that is put beside a watch.
const (
	besideSize = 16 << 20 // bytes
	besideTime = 5 * time.Second
	// besideCopies is how far apart two figures of copies for each byte may be and still
	// be the same: headers are copied too.
	besideCopies = 0.05
	// besideSwitches is the same for mode switches, as a part: calls that found no room
	// (EAGAIN) are among the measured ones.
	besideSwitches = 0.2
)

// seenOfFiles is what a watch saw go from files to sockets, together.
type seenOfFiles struct {
	bytes, copied, switches, calls float64
	copiesKnown, switchesKnown     bool
}

func sumOf(r *attach.Report) seenOfFiles {
	s := seenOfFiles{copiesKnown: true, switchesKnown: true}
	for _, p := range r.Answer() {
		s.bytes += p.Bytes.Value
		s.copied += p.CPUCopiesPerByte.Value * p.Bytes.Value
		s.switches += p.ModeSwitches.Value
		s.copiesKnown = s.copiesKnown && p.CPUCopiesPerByte.Known()
		s.switchesKnown = s.switchesKnown && p.ModeSwitches.Known()
		for _, n := range p.Calls {
			s.calls += float64(n)
		}
	}
	return s
}

// twinOfWatch is the scenario of the path that a watch saw: warm, over loopback, with as many
// bytes a call. Not ok where there is none of a path that the simulation has.
func twinOfWatch(r *attach.Report, s seenOfFiles) (lab.Scenario, bool) {
	program, ok := transfer.Lookup(string(r.Verdict.Technique))
	if !ok || r.Verdict.Kind != attach.FileToSocket || s.bytes == 0 || s.calls == 0 {
		return lab.Scenario{}, false
	}
	c := lab.Default()
	c.Path = program.Path
	calls := s.calls
	if c.Path != "sendfile" && c.Path != "mmap-write" {
		calls /= 2 // one takes the bytes in, one sends them
	}
	const page = 4 << 10
	c.Chunk = min(besideSize, max(page, int64(s.bytes/calls)/page*page))
	c.Size = besideSize
	c = c.Normal()
	return c, c.Validate() == nil
}

// beside runs the simulation of the path that a watch saw, for the same figures; nil
// where there is nothing to hold against it.
func (d *attachDesk) beside(ctx context.Context, r *attach.Report) (*templates.AttachBeside, error) {
	simulation := d.server.config.Lab
	if simulation == nil || r == nil {
		return nil, nil
	}
	seen := sumOf(r)
	scenario, ok := twinOfWatch(r, seen)
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, besideTime)
	defer cancel()
	result, err := simulation.Run(ctx, scenario, lab.Options{AsThisHost: true})
	if err != nil {
		return nil, err
	}
	predicted := func(name trace.CountName) float64 { return result.Counter.Count(name).Value }
	const mib = 1 << 20
	b := &templates.AttachBeside{
		Of: inEveryLanguage(func(t *locale.Translator) string {
			return t.T("attach.beside.of", "Path", scenario.Path, "Chunk", templates.Size(scenario.Chunk))
		}),
		Lane: scenario.String(),
	}
	b.Rows = append(b.Rows,
		besideRow("attach.copies", trace.PerByte, seen.copied/seen.bytes, seen.copiesKnown, predicted(trace.CPUCopiesPerByte), func(a, b float64) bool { return math.Abs(a-b) <= besideCopies }),
		besideRow("live.load.switches", "", seen.switches/(seen.bytes/mib), seen.switchesKnown, predicted(trace.ModeSwitches)/(besideSize/mib), func(a, b float64) bool { return math.Abs(a-b) <= besideSwitches*b }),
	)
	return b, nil
}

// besideRow is a measured figure beside the predicted one.
func besideRow(what string, unit trace.Unit, measured float64, known bool, predicted float64, same func(a, b float64) bool) templates.AttachBesideRow {
	text := func(v float64) string {
		if unit == "" {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return templates.Quantity(v, unit)
	}
	row := templates.AttachBesideRow{
		What:      inEveryLanguage(func(t *locale.Translator) string { return t.T(what) }),
		Measured:  templates.AttachNumber{Text: "–", Provenance: string(trace.Unavailable)},
		Predicted: templates.AttachNumber{Text: text(predicted), Provenance: string(trace.Modelled)},
	}
	verdict := "attach.beside.unknown"
	if known {
		row.Measured = templates.AttachNumber{Text: text(measured), Provenance: string(trace.Derived)}
		if verdict = "attach.beside.differs"; same(measured, predicted) {
			verdict = "attach.beside.same"
		}
	}
	row.Verdict = inEveryLanguage(func(t *locale.Translator) string { return t.T(verdict) })
	return row
}
