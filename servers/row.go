//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is one server in one setting, under one load.
type row struct {
	server string // as the table names it
	setup  string
	needs  []tool
	quick  bool // it takes seconds
	start  func(ctx context.Context, e *env) (*server, error)
	load   func(ctx context.Context, e *env, s *server) (amount, error)
	who    func(*server) []string // how attach is told what to watch; byPID if nil
	want   want
}

func (r row) String() string { return r.server + ": " + r.setup }

// amount is what a load moved, as who loaded counted it.
type amount struct {
	file int64 // bytes of the file that were asked for, or written
	wire int64 // bytes of payload that came through the socket
}

// want is what a row looks at.
type want struct {
	technique string   // what attach calls the path, a regular expression
	legs      []leg    // the calls that carry the payload: strace must see them, and attach the same
	from      place    // where its path begins, if that is not where the first leg does: a mapping is read by no call
	says      []string // regular expressions that attach's sentence matches
	never     []string // and that it does not
	copies    float64  // CPU copies per byte between kernel and user
	mapped    []string // files that the process has mapped, by the ends of their names
}

// uncounted is a number of copies that is not looked at: it is none that the
// setting fixes.
const uncounted = -1

// leg is one step of the payload. Of several calls, separated by |, each may
// carry a part.
type leg struct {
	call     string
	from, to place
	agree    agreement
	// least and most are how many bytes a call that fits carries, on average.
	least, most int64
	// piece is how many bytes a call carries, where the server fixes it; strace's
	// calls must come to that.
	piece int64
	// over is what the leg may carry on top of the payload, as a part of it:
	// heads of answers, the framing of records.
	over float64
	// less is how many bytes of the payload may go another way.
	less int64
	// strays is the part of the payload whose beginning attach may not know.
	strays float64
}

// agreement is how the calls that strace and attach counted in two runs of the
// same load must agree.
type agreement string

const (
	// fit: how much a call carries depends on who was quicker, so each count must
	// fit the bytes.
	fit agreement = ""
	// equal: they are the same, of the whole process.
	equal agreement = "equal"
	// equalOnPath: they are the same between the two ends; the process makes
	// other calls of that name, for purposes of its own.
	equalOnPath agreement = "equal on the path"
)

func (a agreement) String() string {
	if a == fit {
		return "fit"
	}
	return string(a)
}

// place is an end of a leg: memory, socket, pipe, or a file by the end of its
// name.
type place string

const (
	memory place = "memory"
	socket place = "socket"
	pipe   place = "pipe"
)

func (p place) file() bool { return p != memory && p != socket && p != pipe }

// is says whether an end as strace names it is the place.
func (p place) is(end string) bool {
	if p.file() {
		return strings.HasPrefix(end, "/") && strings.HasSuffix(end, string(p))
	}
	return end == string(p)
}

func (l leg) String() string { return fmt.Sprintf("%s %s→%s", l.call, l.from.shown(), l.to.shown()) }

func (p place) shown() string {
	if p.file() {
		return "file"
	}
	return string(p)
}

func (l leg) names() []string { return strings.Split(l.call, "|") }

// bytes is how much of a load passes through the leg.
func (l leg) bytes(a amount) int64 {
	if l.from.file() || l.to.file() {
		return a.file - l.less
	}
	return a.wire - l.less
}

// holds is the error that a leg did not carry the load, or nil.
func (l leg) holds(who string, t tally, a amount) error {
	n := l.bytes(a)
	switch {
	case t.bytes < n || float64(t.bytes) > float64(n+l.less)*(1+l.over)+headLimit:
		return fmt.Errorf("%s: %s carried %d bytes in %d calls, the load was %d", who, l, t.bytes, t.calls, n)
	case l.agree == fit && (t.calls*l.most < n || t.calls*l.least > t.bytes):
		return fmt.Errorf("%s: %s took %d calls for %d bytes, a call carries %d to %d", who, l, t.calls, t.bytes, l.least, l.most)
	case l.piece > 0 && (t.calls < (n+l.piece-1)/l.piece || t.calls > (t.bytes+l.piece-1)/l.piece+piecesOff):
		return fmt.Errorf("%s: %s took %d calls for %d bytes, they should be of %d", who, l, t.calls, t.bytes, l.piece)
	}
	return nil
}

// piecesOff is how many calls of other sizes a load may have besides: the head of
// an answer, a handshake, the end of a file.
const piecesOff = 4

// headLimit is how many bytes the heads of a load's answers come to at most.
const headLimit = 2 << 10

// outcome is how a row ended.
type outcome struct {
	row
	verdict string // passed, failed, skipped
	took    time.Duration
	err     error // why it did not pass
	strace  straced
	amount  amount
	report  report
}

const (
	passed  = "passed"
	failed  = "failed"
	skipped = "skipped"
)

// rowLimit is how long a row may take.
const rowLimit = 5 * time.Minute

func (o options) runs(r row) bool {
	return o.only.MatchString(r.String()) && (r.quick || !o.quick)
}

// runRows runs the rows that were asked for, one at a time: each has the
// machine to itself. It prints a line for each as it ends.
func runRows(ctx context.Context, e *env, rows []row, o options) (results []outcome) {
	for _, r := range rows {
		if !o.runs(r) || ctx.Err() != nil {
			continue
		}
		result := runRow(ctx, e, r, o)
		result.print(o.facts)
		results = append(results, result)
	}
	return results
}

func runRow(ctx context.Context, e *env, r row, o options) outcome {
	begun := time.Now()
	result := outcome{row: r, verdict: passed}
	if missing := e.kit.missing(append([]tool{strace}, r.needs...)); missing != "" {
		result.verdict, result.err = skipped, errors.New("missing: "+missing)
		if o.ci {
			result.verdict = failed
		}
		return result
	}
	ctx, cancel := context.WithTimeout(ctx, rowLimit)
	defer cancel()
	if result.err = result.run(ctx, e, o); result.err != nil {
		result.verdict = failed
	}
	result.took = time.Since(begun)
	return result
}

// run plays the same load twice: once under strace, once under attach. One
// before them fills the page cache and lets a JVM compile.
func (o *outcome) run(ctx context.Context, e *env, opts options) (err error) {
	s, err := o.start(ctx, e)
	if s != nil { // also one that started and then did not serve
		defer func() { err = errors.Join(err, s.close()) }()
	}
	if err != nil {
		return err
	}
	load := func(ctx context.Context) (amount, error) { return o.load(ctx, e, s) }
	if _, err := load(ctx); err != nil {
		return fmt.Errorf("the load before: %w", err)
	}
	dir, err := e.fresh("seen")
	if err != nil {
		return err
	}
	if o.strace, o.amount, err = underStrace(ctx, dir, s.pid, load); err != nil {
		return fmt.Errorf("under strace: %w", err)
	}
	for _, l := range o.want.legs {
		err = errors.Join(err, l.holds("strace", o.strace.of(l), o.amount))
	}
	if err != nil || opts.facts {
		return err
	}
	who := o.who
	if who == nil {
		who = byPID
	}
	report, amount, err := underAttach(ctx, e.binary, dir, who(s), load)
	if err != nil {
		return fmt.Errorf("under attach: %w", err)
	}
	o.report = report
	return errors.Join(o.want.compare(report, amount, o.strace)...)
}

func (o outcome) print(facts bool) {
	fmt.Printf("%-8s %5.1f s  %s\n", o.verdict, o.took.Seconds(), o.row)
	if o.err != nil {
		fmt.Println("    " + strings.ReplaceAll(strings.TrimSpace(o.err.Error()), "\n", "\n    "))
	}
	if facts || o.verdict == failed {
		for _, line := range o.strace.lines() {
			fmt.Println("    strace: " + line)
		}
		if len(o.report.Paths) > 0 {
			fmt.Printf("    attach: %s %q\n", named(o.report.Paths), o.report.Notes)
		}
	}
	if s := o.report.Sentence; s != "" {
		fmt.Println("    attach: " + s)
	}
}

// lines are the flows that carried more than a head, the most bytes first.
func (s straced) lines() (lines []string) {
	flows := make([]flow, 0, len(s.flows))
	for f, t := range s.flows {
		if t.bytes > headLimit {
			flows = append(flows, f)
		}
	}
	slices.SortFunc(flows, func(a, b flow) int { return int(s.flows[b].bytes - s.flows[a].bytes) })
	for _, f := range flows[:min(len(flows), 12)] {
		t := s.flows[f]
		lines = append(lines, fmt.Sprintf("%s %s → %s: %d calls, %d bytes (of %d calls of that name)", f.call, f.from, f.to, t.calls, t.bytes, s.calls[f.call]))
	}
	return lines
}

// summary prints the totals; it is an error that a row failed.
func summary(results []outcome) error {
	n := map[string]int{}
	for _, r := range results {
		n[r.verdict]++
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", n[passed], n[failed], n[skipped])
	if n[failed] > 0 {
		return fmt.Errorf("%d of %d rows failed", n[failed], len(results))
	}
	if len(results) == 0 {
		return errors.New("no row ran: none matches")
	}
	return nil
}
