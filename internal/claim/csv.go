package claim

import (
	"encoding/csv"
	"io"
	"strconv"
)

// WriteCSV writes a line for each round of each figure, so that nothing is
// summarised that somebody may want to look at: the table, what the row is of, the
// figure, its unit, how it is known, the round from 1 on and the value. A figure
// that there is none of has one line, with the reason. Columns are stable.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"claim", "table", "row", "figure", "unit", "provenance", "round", "value", "reason"}); err != nil {
		return err
	}
	for _, t := range r.Tables {
		for _, row := range t.Rows {
			for i, f := range row.Figures {
				line := []string{r.Claim, t.Name, rowName(t, row), t.Columns[i].Name, t.Columns[i].Unit, string(f.Provenance)}
				if !f.Known() {
					if err := out.Write(append(line, "", "", f.Reason)); err != nil {
						return err
					}
				}
				for round, v := range f.Samples {
					if err := out.Write(append(line[:6:6], strconv.Itoa(round+1), strconv.FormatFloat(v, 'f', -1, 64), "")); err != nil {
						return err
					}
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// rowName is the labels as key=value.
func rowName(t Table, row Row) (out string) {
	for i, label := range row.Labels {
		if i > 0 {
			out += ","
		}
		out += t.Keys[i] + "=" + label
	}
	return out
}
