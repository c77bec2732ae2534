package sim_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Four whole chunks and an odd tail.
const (
	goldenBytes = 256<<10 + 777
	goldenChunk = 64 << 10
)

// goldenMachines are the machines of a golden file, in its order. All send
// through a network card: without one there is nothing to gather.
var goldenMachines = []struct {
	name     string
	warm, sg bool
}{
	{"cold, SG on", false, true}, {"cold, SG off", false, false},
	{"warm, SG on", true, true}, {"warm, SG off", true, false},
}

// Every path in both models is what the golden files say, event by event, so
// that a change of a rule shows where it works and where it should not.
func TestGolden(t *testing.T) {
	wanted := map[string]bool{}
	for _, model := range []sim.Model{sim.Textbook, sim.Linux} {
		for _, path := range transfer.Paths() {
			file := filepath.Join("testdata", "golden", path+"."+string(model)+".txt")
			wanted[file] = true
			t.Run(path+"/"+string(model), func(t *testing.T) { held(t, file, golden(t, path, model)) })
		}
	}
	files, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !wanted[file] {
			t.Errorf("%s belongs to no path: delete it", file)
		}
	}
}

// held holds text to a file, or writes the file.
func held(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	line := 0
	for line < min(len(g), len(w))-1 && g[line] == w[line] {
		line++
	}
	t.Errorf("%s:%d is stale; run make golden, read the difference, commit it if it is meant\n got: %s\nwant: %s", file, line+1, g[line], w[line])
}

// golden writes what a path does in a model: its counts on each machine side by
// side, then each machine's events.
func golden(t *testing.T, path string, model sim.Model) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s model: %d bytes, %d at a time\n\n%-25s", path, model, goldenBytes, goldenChunk, "counts")
	var runs []*trace.Run
	var totals []*trace.Counter
	for _, m := range goldenMachines {
		r := run(t, path, goldenChunk, sim.Config{Model: model, Net: sim.NIC, DMA: true, SG: m.sg, Warm: m.warm, FileBytes: goldenBytes})
		runs, totals = append(runs, r), append(totals, r.CountsAt(len(r.Events)))
		fmt.Fprintf(&b, "  %12s", m.name)
	}
	fmt.Fprintln(&b)
	row := func(name string, value func(c *trace.Counter) string) {
		fmt.Fprintf(&b, "%-25s", name)
		for _, c := range totals {
			fmt.Fprintf(&b, "  %12s", value(c))
		}
		fmt.Fprintln(&b)
	}
	for _, name := range trace.CountNames() {
		row(string(name), func(c *trace.Counter) string { return strconv.FormatFloat(c.Count(name).Value, 'f', -1, 64) })
	}
	for _, calls := range []struct {
		of    string
		names func(*trace.Counter) map[string]int64
	}{{"", (*trace.Counter).SyscallsByName}, {"set-up: ", (*trace.Counter).SetupSyscallsByName}} {
		for _, name := range slices.Sorted(maps.Keys(calls.names(totals[0]))) {
			row("  "+calls.of+name, func(c *trace.Counter) string { return fmt.Sprint(calls.names(c)[name]) })
		}
	}
	for i, r := range runs {
		fmt.Fprintf(&b, "\n== %s: start and duration in ns, (in brackets) where no processor works\n", goldenMachines[i].name)
		for _, e := range r.Events {
			fmt.Fprintln(&b, eventLine(e))
		}
	}
	return b.Bytes()
}

// eventLine tells all of an event, what goes without saying left out.
func eventLine(e trace.Event) string {
	var b strings.Builder
	dur := fmt.Sprint(e.Dur)
	switch e.CPU {
	case e.Dur:
	case 0:
		dur = "(" + dur + ")"
	default:
		dur += fmt.Sprintf("/cpu %d", e.CPU)
	}
	fmt.Fprintf(&b, "%9d %10s  ", e.At, dur)
	if e.Kind == trace.Syscall {
		fmt.Fprintf(&b, "%d %s [%s]", e.Call, e.Syscall, e.Line)
	} else if e.Call > 0 {
		fmt.Fprintf(&b, "%d   %s", e.Call, e.Kind)
	} else {
		fmt.Fprintf(&b, "- %s", e.Kind)
		if e.Line != "" {
			fmt.Fprintf(&b, " [%s]", e.Line)
		}
	}
	if e.Detail != "" {
		b.WriteString(" " + e.Detail)
	}
	if e.From != "" || e.To != "" {
		fmt.Fprintf(&b, " %s→%s", e.From, e.To)
	}
	for _, n := range []struct {
		format string
		value  int64
	}{{" %d B", e.Bytes}, {" ×%d", e.N}, {" @%d", e.Offset}, {" = %d", e.Ret}, {" thread %d", int64(e.Thread)}} {
		if n.value != 0 {
			fmt.Fprintf(&b, n.format, n.value)
		}
	}
	if e.Errno != "" {
		b.WriteString(" " + e.Errno)
	}
	if e.Actor != trace.KernelCode {
		b.WriteString(" by " + string(e.Actor))
	}
	if e.Phase != trace.Transfer {
		b.WriteString(" (" + string(e.Phase) + ")")
	}
	if e.Endpoint != trace.Sender {
		b.WriteString(" at the " + string(e.Endpoint))
	}
	return b.String()
}
