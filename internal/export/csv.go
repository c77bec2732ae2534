package export

import (
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strconv"

	"copyscope/internal/trace"
)

// header are the columns, named as the fields of the trace format.
var header = []string{"seq", "at_ns", "dur_ns", "cpu_ns", "endpoint", "phase", "kind", "actor", "from", "to", "bytes", "n", "offset",
	"call", "syscall", "thread", "line", "ret", "errno", "detail", "provenance"}

// CSV writes a row for each event (RFC 4180), below a row of the fields' names.
// Numbers are whole, without separators.
func CSV(w io.Writer, run *trace.Run) error { return csvOf(w, run, slices.Values(run.Events)) }

func csvOf(w io.Writer, _ *trace.Run, events iter.Seq[trace.Event]) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true // RFC 4180, section 2
	if err := c.Write(header); err != nil {
		return err
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	for e := range events {
		err := c.Write([]string{n(int64(e.Seq)), n(int64(e.At)), n(int64(e.Dur)), n(int64(e.CPU)), string(e.Endpoint), string(e.Phase), string(e.Kind),
			string(e.Actor), string(e.From), string(e.To), n(e.Bytes), n(e.Units()), n(e.Offset), n(int64(e.Call)), e.Syscall, n(int64(e.Thread)),
			e.Line, n(e.Ret), e.Errno, e.Detail, string(e.Provenance)})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
