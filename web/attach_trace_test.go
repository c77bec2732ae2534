package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"copyscope/internal/export"
	"copyscope/internal/trace"
)

// The trace of a watch is had by its name alone, which the state of the watch tells,
// and what the scope makes of it is a measured lane with every call that was kept.
func TestTheTraceOfAWatchBecomesALane(t *testing.T) {
	result := attached()
	result.Trace = NginxTrace(t, attachCalls, attachCalls+7, "sendfile")
	s := attachedServer(t, result)
	state, _ := s.attach.watch.shown()
	if !regexp.MustCompile(`^attach-nginx-12-\d{8}-\d{6}\.\d{3}\.json$`).MatchString(state.Trace) || !strings.Contains(state.Kept.English, "2,500 calls") || !han.MatchString(state.Kept.Chinese) {
		t.Errorf("the trace is called %q, and %+v", state.Trace, state.Kept)
	}
	if r := ask(s, "GET", "/attach/trace.json?name=attach-nginx-12-20250101-000000.json", nil); r.StatusCode != http.StatusNotFound {
		t.Errorf("a trace of another watch: %d", r.StatusCode)
	}
	for _, address := range []string{"/attach/trace.json", "/attach/trace.json?name=" + state.Trace} {
		answer := ask(s, "GET", address, nil)
		if got := answer.Header.Get("Content-Disposition"); got != `attachment; filename="`+state.Trace+`"` {
			t.Errorf("%s: the file's name: %s", address, got)
		}
		file := body(t, answer)
		if _, err := export.Read(strings.NewReader(file)); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		head := importedHead(t, s, state.Trace, file)
		if head.Provenance != trace.Measured || head.Total != 4*attachCalls || head.Shown != head.Total {
			t.Errorf("the lane is %s, with %d of %d events, want %d", head.Provenance, head.Shown, head.Total, 4*attachCalls)
		}
		if said := strings.Join(head.Notes, "；"); !strings.Contains(said, "此前的 7 次没有保留") || !strings.Contains(said, "没有等待") {
			t.Errorf("the notes are %q", said)
		}
		for name, want := range map[trace.CountName]trace.Provenance{trace.Syscalls: trace.Measured, trace.Descriptors: trace.Derived, trace.DMATransfers: trace.Unavailable, trace.ReceiverCopiedBytes: trace.Unavailable} {
			c := head.Counts[name]
			if c.Provenance != want {
				t.Errorf("%s is %s, want %s", name, c.Provenance, want)
			}
			inChinese(t, string(name), c.Reason)
		}
	}
}

// importedHead is what the scope says of an imported file, in Chinese.
func importedHead(t *testing.T, s *Server, name, file string) laneHead {
	t.Helper()
	request := httptest.NewRequest("POST", "http://"+s.config.Addr+"/scope/import?lane=a&lang=zh&name="+name, strings.NewReader(file))
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, request)
	line, _, _ := strings.Cut(answer.Body.String(), "\n")
	var first struct {
		Type string
		Body laneHead
	}
	if err := json.Unmarshal([]byte(line), &first); err != nil || first.Type != "scope.lane" {
		t.Fatalf("%d %.300s: %v", answer.Code, line, err)
	}
	return first.Body
}

// A file may say what it likes of itself: its notes are shown as they are, bounded, and
// change nothing around them.
func TestTheNotesOfATraceAreBounded(t *testing.T) {
	run := NginxTrace(t, 1, 1, "sendfile")
	run.Notes = nil
	for range 100 {
		run.Notes = append(run.Notes, "a\u202enote "+strings.Repeat("x", 10_000))
	}
	file, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	head := importedHead(t, newServer(t, Config{}), "x.json", string(file))
	if len(head.Notes) != traceNotes {
		t.Errorf("%d notes are shown, want %d", len(head.Notes), traceNotes)
	}
	for _, n := range head.Notes {
		if len(n) > traceNoteBytes+20 || strings.Contains(n, "\u202e") {
			t.Fatalf("a note is %q", n)
		}
	}
}
