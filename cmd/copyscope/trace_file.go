package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// writeTrace writes a run as trace JSON to the file that a flag names, compressed if
// its name ends so; - is the standard output.
func writeTrace(stdout io.Writer, flag, name string, run *trace.Run) error {
	if name == "-" {
		return encodeTrace(stdout, false, run)
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if err := cmp.Or(encodeTrace(file, strings.HasSuffix(name, ".gz"), run), file.Close()); err != nil {
		removePart(file, name)
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

// removePart closes a file that could not be written, and removes what is there of it:
// half of a trace is read by nobody. A device or a pipe stays.
func removePart(file *os.File, name string) {
	at, err := file.Stat()
	file.Close() // again, where that is what failed
	if err == nil && !at.Mode().IsRegular() {
		return
	}
	if at, err = os.Stat(name); err == nil && at.Mode().IsRegular() {
		os.Remove(name)
	}
}

// encodeTrace writes a run as trace JSON.
func encodeTrace(w io.Writer, compressed bool, run *trace.Run) error {
	b := bufio.NewWriter(w)
	if !compressed {
		return cmp.Or(encodeEvents(b, run), b.Flush()) // a buffer tells its error again
	}
	z, err := gzip.NewWriterLevel(b, gzip.BestCompression)
	if err != nil {
		return err
	}
	return cmp.Or(encodeEvents(z, run), z.Close(), b.Flush())
}

// encodeEvents writes the events one by one: of a million of them the document is
// not to stand in memory.
func encodeEvents(w io.Writer, run *trace.Run) error {
	head := *run
	head.Events = []trace.Event{}
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	text, ok := bytes.CutSuffix(text, []byte("]}"))
	if !ok {
		return errors.New("the events are not the last field of a run")
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	for i := range run.Events {
		text, err := json.Marshal(&run.Events[i])
		if err != nil {
			return err
		}
		if i > 0 {
			text = append([]byte(",\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "]}\n")
	return err
}

// traceOut is where `run --trace-out` puts the events of its runs: one file, or a
// folder with a file for each; empty for nowhere.
type traceOut string

// single says whether it names a file.
func (o traceOut) single() bool {
	return strings.HasSuffix(string(o), ".json") || strings.HasSuffix(string(o), ".json.gz")
}

// check says, before anything runs, what of it cannot be.
func (o traceOut) check(scenarios []lab.Scenario) error {
	switch {
	case o == "":
		return nil
	case !o.single():
		return os.MkdirAll(string(o), 0o755)
	case len(scenarios) != 1:
		return fmt.Errorf("--trace-out %q: one file for %d runs; name a folder", string(o), len(scenarios))
	}
	return checkOutput("--trace-out", string(o))
}

// keep lets a run keep its events.
func (o traceOut) keep(options lab.Options) lab.Options {
	if o != "" {
		options.MaxEvents = max(options.MaxEvents, keptEvents)
	}
	return options
}

// write writes the events of the results, and returns what of them it had to leave out.
func (o traceOut) write(results []*lab.Result) (notes []string, err error) {
	if o == "" {
		return nil, nil
	}
	for _, r := range results {
		name := string(o)
		if !o.single() {
			name = filepath.Join(name, traceName(r.Scenario)+".json.gz")
		}
		if err := writeTrace(nil, "--trace-out", name, r.Run); err != nil {
			return notes, err
		}
		if n := len(r.Run.Events); n < r.TotalEvents {
			notes = append(notes, fmt.Sprintf("%s has the first %d of %d events", name, n, r.TotalEvents))
		}
	}
	return notes, nil
}

// traceName is the name of a scenario's file, without its ending.
func traceName(s lab.Scenario) string {
	return strings.NewReplacer(",", "_", "=", "-", "/", "-", "@", "-").Replace(s.String())
}
