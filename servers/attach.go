//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"copyscope/internal/process"
)

// report is what the rows read of the document that `copyscope attach --json`
// prints; docs/schema/attach.schema.json describes all of it.
type report struct {
	Processes []seenProcess        `json:"processes"`
	Lost      int64                `json:"lost"`
	Calls     map[string]seenCalls `json:"calls"`
	Paths     []seenPath           `json:"paths"`
	Verdict   seenVerdict          `json:"verdict"`
	Sentence  string               `json:"sentence"`
	Advice    string               `json:"advice"`
	Notes     []string             `json:"notes"`
	met       bool                 // its exit code said that the expectation held
}

type seenProcess struct {
	Mapped []string `json:"mapped_files"`
}

type seenCalls struct {
	Calls int64 `json:"calls"`
	Bytes int64 `json:"bytes"`
}

type seenVerdict struct {
	Technique string `json:"technique"`
}

type seenEnd struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// count is null where it is unavailable.
type count struct {
	Value  *float64 `json:"value"`
	Reason string   `json:"reason"`
}

type seenPath struct {
	From             seenEnd          `json:"from"`
	To               seenEnd          `json:"to"`
	Technique        string           `json:"technique"`
	Calls            map[string]int64 `json:"calls"`
	Bytes            count            `json:"bytes"`
	SourceBytes      count            `json:"source_bytes"`
	CPUCopiesPerByte count            `json:"cpu_copies_per_byte"`
	Sentence         string           `json:"sentence"`
	Blocker          string           `json:"blocker"`
	Advice           string           `json:"advice"`
}

// says is all that a person reads of a report.
func (r report) says() string {
	parts := []string{r.Sentence, r.Advice}
	for _, p := range r.Paths {
		parts = append(parts, p.Sentence, p.Blocker, p.Advice)
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// expected is what every row has attach expect: its exit code must say whether
// the row is of that technique.
const expected = "sendfile"

// underAttach runs a load while copyscope watches what the arguments name.
func underAttach(ctx context.Context, binary, dir string, who []string, load func(context.Context) (amount, error)) (r report, a amount, err error) {
	c := exec.Command(binary, append([]string{"attach", "--for", rowLimit.String(), "--json", "--expect", expected}, who...)...)
	var out bytes.Buffer
	c.Stdout = &out
	p, err := process.Begin(filepath.Join(dir, "attach.log"), c)
	if err != nil {
		return r, a, err
	}
	if err := p.Says(ctx, "watching "); err != nil {
		return r, a, err
	}
	a, err = load(ctx)
	ended, stopErr := p.Finish(syscall.SIGINT)
	for _, failure := range []error{err, stopErr} {
		if failure != nil {
			return r, a, fmt.Errorf("%w\n%s", failure, process.End(p.Said()))
		}
	}
	// Exit code 1 says that the expectation did not hold, and comes with a report.
	var exit *exec.ExitError
	if ended != nil && (!errors.As(ended, &exit) || exit.ExitCode() != 1) {
		return r, a, fmt.Errorf("%w\n%s", ended, process.End(p.Said()))
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return r, a, fmt.Errorf("its report: %w\n%s", err, process.End(out.String()+p.Said()))
	}
	r.met = ended == nil
	return r, a, nil
}

// byPID and byPort are the ways to name a server to attach.
func byPID(s *server) []string { return []string{"--pid", strconv.Itoa(s.pid)} }

func byPort(s *server) []string {
	_, port, _ := net.SplitHostPort(s.addr)
	return []string{"--port", port}
}

// compare holds a report to what the row looks at, to the load as who loaded
// counted it, and to what strace saw of the same load in its own run.
func (w want) compare(r report, a amount, s straced) (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("attach: "+format, args...)) }
	if r.Lost != 0 {
		wrong("%d records were lost", r.Lost)
	}
	if !regexp.MustCompile(w.technique).MatchString(r.Verdict.Technique) {
		wrong("the technique is %q, it should match %s", r.Verdict.Technique, w.technique)
	}
	if should := regexp.MustCompile(w.technique).MatchString(expected); r.met != should {
		wrong("--expect %s held: %t, it should: %t", expected, r.met, should)
	}
	for _, l := range w.legs {
		if err := w.compareLeg(l, r, a, s); err != nil {
			errs = append(errs, err)
		}
	}
	if err := w.comparePath(r, a); err != nil {
		errs = append(errs, err)
	}
	said := r.says()
	for _, pattern := range w.says {
		if !regexp.MustCompile(pattern).MatchString(said) {
			wrong("%q is not in what it says: %s", pattern, said)
		}
	}
	for _, pattern := range w.never {
		if regexp.MustCompile(pattern).MatchString(said) {
			wrong("%q is in what it says, and does not hold here: %s", pattern, said)
		}
	}
	var mapped []string
	for _, p := range r.Processes {
		mapped = append(mapped, p.Mapped...)
	}
	for _, suffix := range w.mapped {
		if !slices.ContainsFunc(mapped, func(name string) bool { return strings.HasSuffix(name, suffix) }) {
			wrong("no mapped file %s is named, but %q", suffix, mapped)
		}
	}
	return errs
}

// compareLeg holds attach's count of a call to strace's: as the leg says that
// they agree.
func (w want) compareLeg(l leg, r report, a amount, s straced) error {
	var seen tally
	var straced int64
	for _, name := range l.names() {
		seen.add(tally{r.Calls[name].Calls, r.Calls[name].Bytes})
		straced += s.calls[name]
	}
	if l.agree == equalOnPath {
		seen.calls, straced = 0, s.of(l).calls
		if p := w.path(r); p != nil {
			for _, name := range l.names() {
				seen.calls += p.Calls[name]
			}
		}
	}
	switch {
	case l.agree != fit && seen.calls != straced:
		return fmt.Errorf("attach: %d calls of %s, strace counted %d for the same load", seen.calls, l.call, straced)
	case seen.bytes < l.bytes(a):
		return fmt.Errorf("attach: %s moved %d bytes in %d calls, the load was %d", l.call, seen.bytes, seen.calls, l.bytes(a))
	case l.agree == fit && (seen.calls*l.most < l.bytes(a) || seen.calls*l.least > seen.bytes):
		return fmt.Errorf("attach: %s took %d calls for %d bytes, a call carries %d to %d", l.call, seen.calls, seen.bytes, l.least, l.most)
	}
	return nil
}

// path is the path of the payload, from its first leg's beginning to its last
// leg's end; nil if there is none.
func (w want) path(r report) *seenPath {
	from, to := w.ends()
	for i, p := range r.Paths {
		if from.isSeen(p.From) && to.isSeen(p.To) {
			return &r.Paths[i]
		}
	}
	return nil
}

func (w want) ends() (from, to place) {
	from, to = w.legs[0].from, w.legs[len(w.legs)-1].to
	if w.from != "" {
		from = w.from
	}
	return from, to
}

func (w want) comparePath(r report, a amount) error {
	p, last := w.path(r), w.legs[len(w.legs)-1]
	if p == nil {
		from, to := w.ends()
		return fmt.Errorf("attach: no path from %s to %s among %s", from, to, named(r.Paths))
	}
	got, n := p.Bytes, last.bytes(a)+last.less
	switch {
	case got.Value == nil:
		return fmt.Errorf("attach: the path's bytes are unavailable: %s", got.Reason)
	case *got.Value < float64(n)*(1-last.strays) || *got.Value > float64(n)*(1+last.over)+headLimit:
		return fmt.Errorf("attach: %.0f bytes went from %s to %s, the load was %d", *got.Value, p.From.Name, p.To.Name, n)
	case w.copies >= 0 && (p.CPUCopiesPerByte.Value == nil || *p.CPUCopiesPerByte.Value < w.copies-copiesOff || *p.CPUCopiesPerByte.Value > w.copies+copiesOff):
		return fmt.Errorf("attach: CPU copies per byte from %s to %s are %s, they are %g", p.From.Name, p.To.Name, p.CPUCopiesPerByte, w.copies)
	}
	return nil
}

// copiesOff is how far copies per byte may be off: the heads of answers are
// copied too.
const copiesOff = 0.02

func (c count) String() string {
	if c.Value == nil {
		return "unavailable (" + c.Reason + ")"
	}
	return strconv.FormatFloat(*c.Value, 'f', -1, 64)
}

func (p place) isSeen(e seenEnd) bool {
	if p.file() {
		return e.Kind == "file" && strings.HasSuffix(e.Name, string(p))
	}
	return e.Kind == string(p)
}

func named(paths []seenPath) string {
	var names []string
	for _, p := range paths {
		names = append(names, fmt.Sprintf("%s %q → %s %q by %s, %s of %s bytes, %v",
			p.From.Kind, p.From.Name, p.To.Kind, p.To.Name, p.Technique, p.Bytes, p.SourceBytes, p.Calls))
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}
