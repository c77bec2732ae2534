package main

import (
	"fmt"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// shortCounts are the figures that answer what somebody runs paths for.
var shortCounts = []struct {
	title string
	of    trace.CountName
}{
	{"CPU copies per byte", trace.CPUCopiesPerByte}, {"mode switches", trace.ModeSwitches},
	{"syscalls", trace.Syscalls}, {"CPU time", trace.CPUTime},
}

// shortRows is the answer in a row for each run that was not simulated: the tables
// above it have all of it, and are long.
func shortRows(runs []lab.RunReport) [][]string {
	header := []string{"in short"}
	for _, c := range shortCounts {
		header = append(header, c.title)
	}
	rows := [][]string{append(header, "a later change of the file")}
	for _, r := range runs {
		if r.Side == trace.Sim {
			continue
		}
		row := []string{r.Path}
		for _, c := range shortCounts {
			row = append(row, formatCount(c.of, r.Counts[c.of]))
		}
		rows = append(rows, append(row, aliasWords[r.Alias]))
	}
	return rows
}

// aliasWords say what the alias probe saw.
var aliasWords = map[string]string{
	"":     "–",
	"copy": "does not arrive: copied",
	"lend": "arrives: lent",
}

// bounds says whether a prediction held by a tolerance that is at least as large as the
// figure itself: it bounds the measurement, and hardly anything would miss it.
func bounds(c trace.Comparison) bool {
	predicted, ok := c.Predicted.(float64)
	return ok && c.Verdict == trace.Within && c.Bound >= predicted
}

// outcome says of how many predictions the result is known, and what it is.
func outcome(rows []trace.Comparison) string {
	of := map[trace.Verdict]int{}
	loose := 0
	for _, c := range rows {
		of[c.Verdict]++
		if bounds(c) {
			loose++
		}
	}
	made := len(rows) - of[trace.NotPredicted] - of[trace.NotMeasurable]
	says := fmt.Sprintf("all %d predictions held", made)
	switch failed := of[trace.Differs]; {
	case failed > 0:
		says = fmt.Sprintf("%d of %d predictions did not hold", failed, made)
	case made == 0:
		says = "no prediction could be held against this host"
	case loose > 0:
		says += fmt.Sprintf(" (%d of them only within a tolerance as large as the figure)", loose)
	}
	if n := of[trace.NotPredicted]; n > 0 {
		says += fmt.Sprintf("; %d not predicted", n)
	}
	if n := of[trace.NotMeasurable]; n > 0 {
		says += fmt.Sprintf("; %d not measurable here", n)
	}
	return says
}
