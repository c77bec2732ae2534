package sweep

import (
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// Name tells the series in words, all of it.
func (s Series) Name() string { return strings.Join(append([]string{s.Path}, s.words()...), ", ") }

// words are what stays the same along the series, the path apart.
func (s Series) words() []string {
	out := []string{"measured"}
	if s.Side == trace.Sim {
		out[0] = "model " + string(s.Model)
	}
	out = append(out, string(s.Cache), string(s.Net))
	if s.DMA != nil && s.Net == lab.NIC {
		out = append(out, "SG "+lab.OnOff(*s.SG))
	}
	if s.DMA != nil && !*s.DMA {
		out = append(out, "no DMA")
	}
	return out
}

// variants tells the series of a path apart in as few words as do: what all
// series share is left out.
func variants(series []Series) []string {
	common := shared(series)
	out := make([]string, len(series))
	for i, s := range series {
		out[i] = strings.Join(slices.DeleteFunc(s.words(), func(w string) bool { return slices.Contains(common, w) }), ", ")
	}
	return out
}

// shared are the words that are true of every series.
func shared(series []Series) []string {
	out := series[0].words()
	for _, s := range series[1:] {
		words := s.words()
		out = slices.DeleteFunc(out, func(w string) bool { return !slices.Contains(words, w) })
	}
	return out
}

// caption says in two lines what was run and on what machine, as far as it is
// the same along all curves.
func (r *Report) caption() []string {
	p := r.Series[0].Points[0]
	var what []string
	if r.Parameter != Size {
		what = append(what, lab.FormatSize(p.Bytes)+" a run")
	}
	if r.Parameter != Chunk {
		what = append(what, lab.FormatSize(p.Chunk)+" chunks")
	}
	if r.Parameter != Connections {
		what = append(what, humanize.Comma(int64(p.Connections))+" "+plural(p.Connections, "connection"))
	}
	for _, w := range shared(r.Series) {
		switch w {
		case string(r.Series[0].Cache):
			w += " cache"
		case string(r.Series[0].Net):
			w = "net " + w
		}
		what = append(what, w)
	}
	var where []string
	for _, s := range r.Series {
		if m := "modelled machine: profile " + s.Profile; s.Side == trace.Sim && !slices.Contains(where, m) {
			where = append(where, m)
		}
	}
	if r.host != "" {
		where = append(where, "measured on "+r.host)
	}
	return []string{strings.Join(what, " · "), strings.Join(append(where, "1 GB is 10⁹ bytes"), " · ")}
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
