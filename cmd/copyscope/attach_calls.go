package main

import (
	"fmt"
	"io"

	"copyscope/internal/attach"
)

// keptCalls is how many calls -o writes, unless --calls says otherwise: a file of
// about 20 MB, which the scope page takes in.
const keptCalls = 20_000

// mostCalls bounds what is kept in memory to 200 MB.
const mostCalls = 2_000_000

// writeCalls writes the calls that were kept to the file that -o names. A watch without
// calls makes no trace, and is said.
func writeCalls(stdout, stderr io.Writer, name string, recent *attach.Recent, report *attach.Report) error {
	if recent == nil {
		return nil
	}
	if recent.Len() == 0 {
		tell(stderr, []string{"-o " + name + ": nothing is written, for no call was seen"})
		return nil
	}
	got, err := recent.Trace(report.Processes)
	if err != nil {
		return fmt.Errorf("-o %s: %w", name, err)
	}
	if recent.Dropped() > 0 {
		tell(stderr, []string{fmt.Sprintf("-o %s has the newest %d of %d calls; --calls keeps more", name, recent.Len(), int64(recent.Len())+recent.Dropped())})
	}
	return writeTrace(stdout, "-o", name, got.Run)
}
