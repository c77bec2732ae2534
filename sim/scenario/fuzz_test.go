package scenario_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"copyscope/sim/scenario"
)

// seeds are the shipped scenarios, files that are hard to parse, and steps that
// the shipped ones do not have.
func seeds(f *testing.F) {
	for _, name := range scenario.Shipped() {
		text, err := os.ReadFile(filepath.Join("..", "scenarios", name+".yaml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range worst() {
		f.Add([]byte(text))
	}
	for _, do := range []string{
		"repeat: {times: 2, do: [append: {file: f, bytes: 9KB, batch: 4KB, engine: mmap, flush: messages, messages: 3}, think: 1ms]}",
		"read: {file: f, pattern: stride, stride: 40KiB, chunk: 4KiB, bytes: 2MiB}",
		"send: {path: tee, file: f, from: 1KiB, bytes: 1MiB, follow: on, reader: 10MB/s}\n  - {name: p, count: 2, every: 1s, do: [append: {file: f, bytes: 1MiB, flush: interval, interval: 1ms}]}",
		"send: {path: io-uring, file: f, zerocopy: on}",
	} {
		f.Add([]byte(strings.Replace(good, send, do, 1)))
	}
}

// Any bytes are a scenario or an error, within a time that does not depend on
// what they are.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			if s, err := scenario.Parse("fuzz.yaml", text); err == nil && s.Estimate() > s.Limits.Events {
				t.Error("more events than it may have")
			}
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("it takes too long")
		}
	})
}

// Any scenario of few events runs to its end, or says what it waits for.
func FuzzRun(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := scenario.Parse("fuzz.yaml", text)
		if err != nil || s.Estimate() > 5000 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = s.Run(ctx, scenario.Options{})
		if err == nil || strings.Contains(err.Error(), "by now") || strings.Contains(err.Error(), "waits for something") {
			return
		}
		t.Error(err)
	})
}
