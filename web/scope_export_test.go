package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// exported asks for /scope/export; a body makes it a POST.
func exported(t *testing.T, query string, trace []byte) *http.Response {
	t.Helper()
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	method := "GET"
	if trace != nil {
		method = "POST"
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:8080/scope/export?"+query, bytes.NewReader(trace))
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

const smallRun = "run=sendfile,model=textbook,cache=cold,size=64KiB,chunk=64KiB"

// A scenario comes as a file of the format that the address asks for.
func TestExportOfAScenario(t *testing.T) {
	for format, want := range map[string]string{"chrome": `"traceEvents"`, "html": "<!doctype html>", "svg": "<svg", "csv": "seq,"} {
		r := exported(t, smallRun+"&format="+format, nil)
		text := body(t, r)
		if r.StatusCode != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: status %d, no %q in %.120q", format, r.StatusCode, want, text)
		}
		if d := r.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=copyscope-sendfile.") {
			t.Errorf("%s: Content-Disposition %q: it must be a file, not a page of this server", format, d)
		}
	}
}

// Of a run of more events than a page is sent the formats that have room for it hold
// all, and the others say what they hold.
func TestExportOfALongRun(t *testing.T) {
	for name, c := range map[string]struct {
		run   string
		total int
	}{
		"lab":  {"read-write,side=sim,model=textbook,cache=cold,net=nic,dma=on,sg=on,size=16MiB,chunk=4KiB", 65_536},
		"file": {"scenario=connections-10000", 0},
	} {
		t.Run(name, func(t *testing.T) {
			query := "run=" + url.QueryEscape(c.run) + "&format="
			rows, err := csv.NewReader(exported(t, query+"csv", nil).Body).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			total := len(rows) - 1
			if total <= scopeEvents || c.total > 0 && total != c.total || rows[total][0] != strconv.Itoa(total) {
				t.Fatalf("the table has %d rows, the last is %v", total, rows[total])
			}
			var chrome struct {
				TraceEvents []struct {
					Ph   string
					Args struct{ Seq int }
				}
			}
			if err := json.NewDecoder(exported(t, query+"chrome", nil).Body).Decode(&chrome); err != nil {
				t.Fatal(err)
			}
			seen := map[int]bool{}
			for _, e := range chrome.TraceEvents {
				if e.Args.Seq > 0 {
					seen[e.Args.Seq] = true
				}
			}
			if len(seen) != total {
				t.Errorf("the Chrome trace has %d of %d events", len(seen), total)
			}
			if svg := body(t, exported(t, query+"svg", nil)); !strings.Contains(svg, fmt.Sprintf("the first 10000 of %d events", total)) {
				t.Errorf("the drawing does not say that it has a part: %.300s", svg)
			}
			page := body(t, exported(t, query+"html", nil))
			if !strings.Contains(page, "Showing the first 10,000 of "+strconv.Itoa(total/1000)+",") {
				t.Error("the page does not say that it has a part")
			}
		})
	}
}

// A page that has a part of a run says so where it sends that.
func TestExportOfAPart(t *testing.T) {
	text, err := json.Marshal(&trace.Run{Path: "x", Side: trace.Real, Payload: 4096, Base: trace.Measured,
		Events: []trace.Event{{Seq: 1, Kind: trace.CPUCopy, Actor: trace.KernelCode, Bytes: 4096, Provenance: trace.Derived, Endpoint: trace.Sender, Phase: trace.Transfer}}})
	if err != nil {
		t.Fatal(err)
	}
	if page := body(t, exported(t, "format=html&total=77", text)); !strings.Contains(page, "The file has the first 1 of 77 events") {
		t.Error("the page does not say that it has a part")
	}
	if page := body(t, exported(t, "format=html&total=1", text)); strings.Contains(page, "The file has the first") {
		t.Error("the page says that it has a part, and has all")
	}
}

// A trace that the page has comes back in another format, with all its events; what
// the trace says of itself stays text.
func TestExportOfATrace(t *testing.T) {
	run := trace.Run{Path: "../<script>x", Side: trace.Real, Payload: 4096, Base: trace.Measured, Machine: "</script><script>x",
		Events: []trace.Event{{Seq: 1, Kind: trace.CPUCopy, Actor: trace.KernelCode, From: trace.PageCache, To: trace.UserBuffer, Bytes: 4096, Provenance: trace.Derived, Endpoint: trace.Sender, Phase: trace.Transfer}}}
	text, err := json.Marshal(&run)
	if err != nil {
		t.Fatal(err)
	}
	r := exported(t, "format=csv", text)
	if got := body(t, r); r.StatusCode != http.StatusOK || strings.Count(got, "\n") != 2 || !strings.Contains(got, "4096") {
		t.Errorf("status %d: %q", r.StatusCode, got)
	}
	if d := r.Header.Get("Content-Disposition"); d != "attachment; filename=copyscope-..__script_x.csv" {
		t.Errorf("Content-Disposition %q", d)
	}
	html := body(t, exported(t, "format=html", text))
	if strings.Contains(html, "<script>x") {
		t.Error("the page has a script that the trace brought")
	}
	_, policy, _ := strings.Cut(html, `"Content-Security-Policy" content="`)
	policy, _, _ = strings.Cut(policy, `"`)
	if policy = strings.ReplaceAll(policy, "&#39;", "'"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("the page's policy %q allows other scripts than its own", policy)
	}
}

// What cannot be exported is told with the thing, its value and the remedy.
func TestExportSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		trace  string
		status int
		want   string
	}{
		"format":       {smallRun + "&format=pdf", "", 400, "pdf"},
		"path":         {"run=teleport&format=csv", "", 400, "teleport"},
		"real":         {"run=sendfile,side=real,size=1MiB,chunk=64KiB&format=csv", "", 400, "measured"},
		"no trace":     {"format=csv", "{", 400, "cut off"},
		"other fields": {"format=csv", `{"evil":1}`, 400, "evil"},
		"large":        {"format=csv", `{"path":"` + strings.Repeat("x", exportBytes) + `"}`, 413, "16MiB"},
	} {
		var sent []byte
		if c.trace != "" {
			sent = []byte(c.trace)
		}
		r := exported(t, c.query, sent)
		if got := body(t, r); r.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: status %d, %q; want %d with %q", name, r.StatusCode, got, c.status, c.want)
		}
	}
}
