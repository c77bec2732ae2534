package sweep

import (
	"encoding/csv"
	"io"
	"strconv"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// WriteCSV writes a line for each point: what was run, then each figure, and how
// it is known. An unknown figure is empty. Columns are stable.
func (r *Report) WriteCSV(w io.Writer) error {
	header := []string{"parameter", "value", "path", "side", "model", "cache", "net", "dma", "sg", "profile", "bytes", "chunk", "connections"}
	for _, name := range FigureNames() {
		header = append(header, string(name), string(name)+"_provenance")
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, s := range r.Series {
		for i, p := range s.Points {
			line := []string{string(r.Parameter), whole(r.Values[i]), s.Path, string(s.Side), string(s.Model), string(s.Cache), string(s.Net),
				onOff(s.DMA), onOff(s.SG), s.Profile, whole(p.Bytes), whole(p.Chunk), strconv.Itoa(p.Connections)}
			for _, name := range FigureNames() {
				line = append(line, number(p.Figures[name]), string(p.Figures[name].Provenance))
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func onOff(b *bool) string {
	if b == nil {
		return ""
	}
	return lab.OnOff(*b)
}

func number(c trace.Count) string {
	if !c.Known() {
		return ""
	}
	return strconv.FormatFloat(c.Value, 'f', -1, 64)
}
