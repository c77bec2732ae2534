package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// storyColumns are the figures by which the articles compare paths.
var storyColumns = []struct {
	title string
	of    trace.CountName
}{
	{"by CPU", trace.CPUCopies}, {"by DMA", trace.DMATransfers}, {"mode switches", trace.ModeSwitches},
	{"syscalls", trace.Syscalls}, {"descriptors", trace.Descriptors}, {"user buffer", trace.UserBufferBytes},
}

// storyChanges are the figures of which the articles say by how much each path
// saves against read-write; copies, which are no count but a sum, come first.
var storyChanges = []struct {
	title string
	of    trace.CountName
}{{"Δ CPU copies", trace.CPUCopies}, {"Δ switches", trace.ModeSwitches}, {"Δ syscalls", trace.Syscalls}}

// storyNote says what Δ is.
const storyNote = "Δ: how much more or less than read-write on the same machine"

// storyRows is the table as the articles draw it: a row for each path. The last
// columns need read-write in the group.
func storyRows(group []lab.RunReport) [][]string {
	header := []string{storyTitle, "copies"}
	for _, c := range storyColumns {
		header = append(header, c.title)
	}
	base := baseOf(group)
	if base != nil {
		header = append(header, "Δ copies")
		for _, c := range storyChanges {
			header = append(header, c.title)
		}
	}
	rows := [][]string{header}
	for _, r := range group {
		row := []string{r.Path, humanize.Comma(copies(r))}
		for _, c := range storyColumns {
			row = append(row, formatValue(trace.UnitOf(c.of), r.Counts[c.of].Value))
		}
		if base != nil && r.Path != base.Path {
			whole := copies(*base)
			row = append(row, formatChange(100*float64(whole-copies(r))/float64(whole), whole > 0))
			for _, c := range storyChanges {
				less, ok := r.ReductionPercent[c.of]
				row = append(row, formatChange(less, ok))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

const storyTitle = "as taught"

// tellsStory says whether a group is one that the articles' table is about:
// whole runs of their model.
func tellsStory(group []lab.RunReport) bool {
	return group[0].Side == trace.Sim && group[0].Model == lab.Textbook && group[0].Steps == 0
}

// baseOf is the group's read-write, or nil.
func baseOf(group []lab.RunReport) *lab.RunReport {
	i := slices.IndexFunc(group, func(r lab.RunReport) bool { return r.Path == "read-write" })
	if i < 0 {
		return nil
	}
	return &group[i]
}

// copies are those by the CPU and those by devices.
func copies(r lab.RunReport) int64 {
	return int64(r.Counts[trace.CPUCopies].Value + r.Counts[trace.DMATransfers].Value)
}

// formatChange writes a reduction as the change that it is.
func formatChange(less float64, ok bool) string {
	switch {
	case !ok:
		return "–"
	case less == 0:
		return "0 %"
	case less > 0:
		return "−" + strconv.FormatFloat(less, 'f', 0, 64) + " %"
	}
	return fmt.Sprintf("+%.0f %%", -less)
}
