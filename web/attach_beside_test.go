package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"copyscope/internal/attach"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// What a watch saw stands beside the simulation of the same path, with a verdict for each
// figure; where the simulation has no such path, nothing does.
func TestAWatchBesideTheSimulation(t *testing.T) {
	seen := func(technique attach.Technique, kind string, copies, switches float64) *attach.Report {
		r := attachReport(64 << 20)
		p := &r.Paths[0]
		p.Technique, p.Kind, p.Calls = technique, kind, map[string]int64{"sendfile": 1024}
		p.CPUCopiesPerByte.Value, p.ModeSwitches.Value = copies, switches
		r.Verdict.Technique, r.Verdict.Kind = technique, kind
		return r
	}
	elsewhere := seen(attach.Sendfile, "file-to-socket", 0, 2048)
	elsewhere.Port, elsewhere.Paths[0].At = 80, attach.AtPort
	other := elsewhere.Paths[0]
	other.At, other.Technique, other.CPUCopiesPerByte.Value, other.ModeSwitches.Value = attach.Elsewhere, attach.ReadWrite, 2, 1<<20
	elsewhere.Paths = append(elsewhere.Paths, other)
	unmeasured := seen(attach.Sendfile, "file-to-socket", 0, 2048)
	unmeasured.Paths[0].CPUCopiesPerByte = trace.Count{Provenance: trace.Unavailable, Reason: "not measurable here"}
	for name, c := range map[string]struct {
		report   *attach.Report
		of       string // empty: nothing is beside it
		verdicts string
		copies   string // predicted
	}{
		"as it copies":             {attachReport(64 << 20), "read-write", "the same, the same", "2.00"},
		"as it sends":              {seen(attach.Sendfile, "file-to-socket", 0, 2048), "sendfile, 64 KiB a call", "the same, the same", "0.00"},
		"other than it sends":      {seen(attach.Sendfile, "file-to-socket", 1, 4096), "sendfile", "differs, differs", "0.00"},
		"what went elsewhere":      {elsewhere, "sendfile, 64 KiB a call", "the same, the same", "0.00"},
		"not measured":             {unmeasured, "sendfile", "not measurable here, the same", "0.00"},
		"a path that is no file's": {seen(attach.RelayCopy, "socket-to-socket", 2, 2048), "", "", ""},
		"a path without a twin":    {seen(attach.Rewrite, "file-to-socket", 2, 2048), "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, Config{Lab: lab.New(t.TempDir()), Attach: fakeAttacher{watch: func(context.Context, AttachWatch) (*Attached, error) {
				return &Attached{Report: c.report, NoProfile: "this is a test"}, nil
			}}})
			url := listen(t, s)
			conn := attachFollower(t, url)
			say(t, conn, startNginx)
			got := untilPhase(t, conn, "done")
			if c.of == "" {
				if got.Beside != nil {
					t.Errorf("beside it is %+v", got.Beside)
				}
				return
			}
			if got.Beside == nil || len(got.Beside.Rows) != 2 {
				t.Fatalf("beside it is %+v", got.Beside)
			}
			copies, switches := got.Beside.Rows[0], got.Beside.Rows[1]
			if verdicts := copies.Verdict.English + ", " + switches.Verdict.English; verdicts != c.verdicts || !strings.HasPrefix(got.Beside.Of.English, c.of) || copies.Predicted.Text != c.copies {
				t.Errorf("beside it is %+v", got.Beside)
			}
			if copies.Predicted.Provenance != "modelled" || switches.Measured.Provenance == "modelled" {
				t.Errorf("the figures are %+v, %+v", copies, switches)
			}
			if _, err := lab.ParseScenario(got.Beside.Lane, lab.Default()); err != nil {
				t.Errorf("its lane is %q: %v", got.Beside.Lane, err)
			}
			resp, err := http.Get(strings.Replace(url, "ws", "http", 1) + "/attach?lang=zh")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			page, _ := io.ReadAll(resp.Body)
			if !strings.Contains(string(page), copies.Verdict.Chinese) || !strings.Contains(string(page), got.Beside.Of.Chinese) {
				t.Error("the page that is opened later lacks it")
			}
		})
	}
}
