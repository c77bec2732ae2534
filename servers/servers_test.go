//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What strace -f -C -y writes: a call that another thread interrupted, calls
// that fail or move nothing, the table.
const straceText = `7 pread64(5</srv/content.bin>,  <unfinished ...>
8 epoll_wait(3<anon_inode:[eventpoll]>, [], 512, 0) = 0
7 <... pread64 resumed>""..., 32768, 0) = 32768
7 writev(6<socket:[77]>, [{iov_base=""..., iov_len=32768}], 1) = 32768
7 writev(6<socket:[77]>, [{iov_base=""..., iov_len=32768}], 1) = -1 EAGAIN (Resource temporarily unavailable)
7 sendfile(6<socket:[77]>, 5</srv/content.bin>, [0] => [100], 2097152) = 100
7 splice(6<socket:[77]>, NULL, 9<pipe:[12]>, NULL, 1048576, SPLICE_F_MOVE) = 50
7 splice(8<pipe:[12]>, NULL, 6<socket:[77]>, NULL, 50, SPLICE_F_MOVE) = 50
7 read(5</srv/content.bin>, ""..., 10) = 0
8 read(4<socket:[78]>,  <unfinished ...>
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000100           2         2         1 writev
 20.00    0.000030           1         1           pread64
 10.00    0.000030           1         1           sendfile
 10.00    0.000030           1         2           splice
------ ----------- ----------- --------- --------- ----------------
100.00    0.000190           1         6         1 total
`

func parsed(t *testing.T, text string) straced {
	t.Helper()
	s, err := parseStrace(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStraceTellsFromWhereToWhere(t *testing.T) {
	s := parsed(t, straceText)
	for name, n := range map[string]int64{"writev": 2, "pread64": 1, "sendfile": 1, "splice": 2, "total": 0} {
		if s.calls[name] != n {
			t.Errorf("%d calls of %s, the table has %d", s.calls[name], name, n)
		}
	}
	for _, c := range []struct {
		leg  leg
		want tally
	}{
		{leg{call: "pread64", from: "content.bin", to: memory}, tally{1, 32768}},
		{leg{call: "pread64", from: "other.bin", to: memory}, tally{}},
		{leg{call: "writev", from: memory, to: socket}, tally{1, 32768}},
		{leg{call: "sendfile", from: "content.bin", to: socket}, tally{1, 100}},
		{leg{call: "splice", from: socket, to: pipe}, tally{1, 50}},
		{leg{call: "splice", from: pipe, to: socket}, tally{1, 50}},
		{leg{call: "writev|sendfile", from: "content.bin", to: socket}, tally{1, 100}},
		{leg{call: "read", from: "content.bin", to: memory}, tally{1, 0}}, // its end
		{leg{call: "read", from: socket, to: memory}, tally{}},
	} {
		if got := s.of(c.leg); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.leg, got, c.want)
		}
	}
	if _, err := parseStrace(strings.NewReader("strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted\n")); err == nil {
		t.Error("a strace that saw nothing is no error")
	}
}

// right is a report that holds, of a load of 32768 bytes.
func right() (want, report, amount, straced) {
	w := want{
		technique: "^read-write$", copies: 2, says: []string{"sendfile off"}, never: []string{"TLS"}, mapped: []string{".index"},
		legs: []leg{
			{call: "pread64", from: contentFile, to: memory, agree: equal, piece: 32 << 10},
			{call: "writev", from: memory, to: socket, least: 1 << 10, most: 64 << 10},
		},
	}
	value := func(v float64) count { return count{Value: &v} }
	r := report{
		Processes: []seenProcess{{Mapped: []string{"/srv/0.index"}}},
		Calls:     map[string]seenCalls{"pread64": {1, 32768}, "writev": {1, 32900}},
		Paths: []seenPath{{
			From: seenEnd{"file", "/srv/" + contentFile}, To: seenEnd{"socket", "tcp 127.0.0.1:80"},
			Bytes: value(32900), CPUCopiesPerByte: value(2.001), Advice: "nginx: sendfile off: turn it on",
		}},
		Verdict: seenVerdict{"read-write"}, Sentence: "nginx copies.",
	}
	s := straced{calls: map[string]int64{"pread64": 1, "writev": 5}}
	return w, r, amount{32768, 32768}, s
}

// Whatever attach may get wrong is told.
func TestReportIsHeldToTheLoad(t *testing.T) {
	w, r, a, s := right()
	if errs := w.compare(r, a, s); errs != nil {
		t.Errorf("a right report is wrong: %v", errs)
	}
	for name, c := range map[string]struct {
		spoil func(*want, *report, *straced)
		says  string
	}{
		"lost":            {func(_ *want, r *report, _ *straced) { r.Lost = 3 }, "3 records were lost"},
		"technique":       {func(_ *want, r *report, _ *straced) { r.Verdict.Technique = "sendfile" }, "technique"},
		"expectation":     {func(_ *want, r *report, _ *straced) { r.met = true }, "--expect sendfile held: true"},
		"too few calls":   {func(_ *want, r *report, _ *straced) { r.Calls["pread64"] = seenCalls{0, 32768} }, "strace counted 1"},
		"too many calls":  {func(_ *want, r *report, _ *straced) { r.Calls["writev"] = seenCalls{900, 32900} }, "a call carries"},
		"too few bytes":   {func(_ *want, r *report, _ *straced) { r.Calls["writev"] = seenCalls{1, 100} }, "moved 100 bytes"},
		"no path":         {func(_ *want, r *report, _ *straced) { r.Paths[0].From.Name = "/srv/other" }, "no path"},
		"path's bytes":    {func(_ *want, r *report, _ *straced) { *r.Paths[0].Bytes.Value = 70000 }, "70000 bytes went"},
		"path unknown":    {func(_ *want, r *report, _ *straced) { r.Paths[0].Bytes = count{Reason: "lost"} }, "unavailable: lost"},
		"copies":          {func(_ *want, r *report, _ *straced) { *r.Paths[0].CPUCopiesPerByte.Value = 0 }, "CPU copies per byte"},
		"sentence":        {func(_ *want, r *report, _ *straced) { r.Paths[0].Advice = "" }, "sendfile off"},
		"wrong blocker":   {func(_ *want, r *report, _ *straced) { r.Paths[0].Blocker = "TLS in user space" }, "TLS"},
		"no mapped index": {func(_ *want, r *report, _ *straced) { r.Processes = nil }, "no mapped file"},
	} {
		w, r, a, s := right()
		c.spoil(&w, &r, &s)
		err := errors.Join(w.compare(r, a, s)...)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: says %v, want %q", name, err, c.says)
		}
	}
}

// A leg that strace saw carry less, or more, than the load is told.
func TestLegHoldsTheLoad(t *testing.T) {
	l := leg{call: "sendfile", from: contentFile, to: socket, least: 1 << 10, most: 2 << 20, over: 0.1}
	a := amount{file: 10 << 20, wire: 10 << 20}
	for _, c := range []struct {
		seen  tally
		holds bool
	}{
		{tally{5, 10 << 20}, true},
		{tally{5, 10<<20 - 1}, false},
		{tally{6, 11 << 20}, true},
		{tally{6, 12 << 20}, false},
		{tally{4, 10 << 20}, false},
		{tally{20000, 10 << 20}, false},
	} {
		if err := l.holds("strace", c.seen, a); (err == nil) != c.holds {
			t.Errorf("%+v: %v", c.seen, err)
		}
	}
	l.piece = 2 << 20
	for calls, holds := range map[int64]bool{4: false, 5: true, 9: true, 10: false} {
		if err := l.holds("strace", tally{calls, 10 << 20}, a); (err == nil) != holds {
			t.Errorf("%d pieces: %v", calls, err)
		}
	}
}

// A row whose server is missing is skipped and says what is missing; in CI it
// fails.
func TestMissingServer(t *testing.T) {
	e := &env{kit: &kit{lacks: map[tool]bool{nginx: true}}}
	r := row{server: "s", needs: []tool{nginx}, start: func(context.Context, *env) (*server, error) { panic("started") }}
	for _, c := range []struct {
		ci   bool
		want string
	}{{false, skipped}, {true, failed}} {
		got := runRow(t.Context(), e, r, options{ci: c.ci})
		if got.verdict != c.want || got.err == nil || !strings.Contains(got.err.Error(), "nginx-light") {
			t.Errorf("CI %t: %s (%v), want %s and what is missing", c.ci, got.verdict, got.err, c.want)
		}
	}
	if err := summary([]outcome{{verdict: passed}, {verdict: failed}}); err == nil {
		t.Error("a run with a failed row is no error")
	}
	if err := summary(nil); err == nil {
		t.Error("a run in which nothing ran is no error")
	}
}

// The page holds nothing that changes when nothing did; the version of a server
// that is the machine's own does not make it stale, another verdict does.
func TestPageIsStable(t *testing.T) {
	page := func(took time.Duration, verdict, version string) []byte {
		w, r, a, s := right()
		return table(&kit{versions: map[string]string{nginxServer: version}},
			[]outcome{{row: row{server: nginxServer, setup: "one", want: w}, verdict: verdict, took: took, report: r, amount: a, strace: s}})
	}
	first := page(time.Second, passed, "1.22")
	if !strings.Contains(string(first), "| one | `pread64` file → memory, `writev` memory → socket | 32 KiB, any size | equal, fit | 2 | read-write | passed |") {
		t.Errorf("the row is not in\n%s", first)
	}
	file := filepath.Join(t.TempDir(), "servers.md")
	if err := writeTable(file, first, false); err != nil {
		t.Fatal(err)
	}
	if err := writeTable(file, page(time.Minute, passed, "1.28"), true); err != nil {
		t.Errorf("the same page is stale: %v", err)
	}
	if err := writeTable(file, page(time.Second, failed, "1.22"), true); err == nil {
		t.Error("another verdict is not told")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != string(first) {
		t.Errorf("a check wrote the page: %v", err)
	}
}

// The committed page has every row, in order, and no other. What it says of
// them only a run can tell.
func TestPageHasEveryRow(t *testing.T) {
	page, err := os.ReadFile("../docs/servers.md")
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if strings.HasPrefix(line, "| ") && cells[0] != "| setting" && cells[0] != "| ---" {
			have = append(have, strings.Join(cells[:5], " | "))
		}
	}
	for _, r := range allRows() {
		want = append(want, strings.Join(strings.Split(outcome{row: r}.line(), " | ")[:5], " | "))
	}
	if h, w := strings.Join(have, "\n"), strings.Join(want, "\n"); h != w {
		t.Errorf("docs/servers.md is stale, run make servers as root; it has\n%s\nthe rows are\n%s", h, w)
	}
}
