package main

import (
	"fmt"
	"io"

	"copyscope/internal/sweep"
)

// warnOfRows tells, before a sweep runs, that its drawing will not have all
// series in the same panels, and what to leave out so that it has.
func warnOfRows(stderr io.Writer, svg string, series int) {
	if svg == "" || series <= sweep.DrawnTogether {
		return
	}
	tell(stderr, []string{fmt.Sprintf("--svg %q: %d series are drawn in rows of at most %d, all rows with the same axes; to see them in the same panels, name fewer paths, or fewer values of --side, --model, --cache, --net, --dma, --sg",
		svg, series, sweep.DrawnTogether)})
}
