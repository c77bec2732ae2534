package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/attach"
	"copyscope/internal/host"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// fakeAttacher is a host with an nginx of three processes, and a name that is up to
// no good. Its watch is what the test says.
type fakeAttacher struct {
	able  host.Check
	watch func(ctx context.Context, w AttachWatch) (*Attached, error)
}

func (f fakeAttacher) Able(context.Context) host.Check {
	if f.able.Status == "" {
		return host.Check{Status: host.Active}
	}
	return f.able
}

func (fakeAttacher) Listeners() (host.Listening, error) {
	return host.Listening{Hidden: 2, Processes: []host.Listener{
		{PID: 9, Name: "<b>evil", Ports: []int{1}}, {PID: 12, Name: "nginx", Ports: []int{80, 443}},
		{PID: 13, Name: "nginx", Ports: []int{80, 443}}, {PID: 15, Name: "nginx", Ports: []int{8080}},
	}}, nil
}

func (fakeAttacher) OfPort(port int) ([]int, error) {
	if port != 80 {
		return nil, errors.New("port 81: a socket listens there, and no process that can be seen from here has it")
	}
	return []int{12, 13}, nil
}

func (f fakeAttacher) Watch(ctx context.Context, w AttachWatch) (*Attached, error) {
	return f.watch(ctx, w)
}

// attachReport is of an nginx that copies, with so many bytes.
func attachReport(bytes float64) *attach.Report {
	no := false
	return &attach.Report{
		Schema: 1, ForNs: 10e9, Hits: 9000, Lost: 7, Rest: attach.Rest{Paths: 4, Bytes: 2048 + 5<<20, OtherPaths: 1, OtherBytes: 5 << 20},
		CPU: trace.Count{Value: 345e6, Provenance: trace.Measured}, CopyCPU: trace.Count{Value: 123e6, Provenance: trace.Measured}, OwnCPU: trace.Count{Value: 12e6, Provenance: trace.Measured},
		Processes: []attach.Process{{PID: 12, Name: "nginx", Runtime: "nginx", Threads: 1}, {PID: 13, Name: "nginx", Runtime: "nginx", Threads: 1, Ended: true}},
		Calls:     map[string]*attach.Tally{"pread64": {Calls: 2048, Bytes: 64 << 20}, "writev": {Calls: 1300, Errors: 40, Bytes: 64<<20 + 248}, "recvfrom": {Calls: 4}},
		Paths: []attach.Path{{
			From: attach.End{Kind: attach.File, Name: "/srv/<big>.bin", SizeBytes: 64 << 20, Descriptors: 3},
			To:   attach.End{Kind: attach.Socket, Name: "tcp port 80", Descriptors: 1, Peer: "127.0.0.1:5"},
			Kind: "file-to-socket", Technique: attach.ReadWrite,
			Techniques:       []attach.Share{{Technique: attach.ReadWrite, Bytes: int64(bytes), Share: 1, Evidence: "written right after it was read, by a call that tells no address"}},
			Calls:            map[string]int64{"pread64": 2048, "writev": 1300},
			Bytes:            trace.Count{Value: bytes, Provenance: trace.Measured},
			SourceBytes:      trace.Count{Value: bytes, Provenance: trace.Measured},
			CPUCopiesPerByte: trace.Count{Value: 2, Provenance: trace.Derived},
			ModeSwitches:     trace.Count{Value: 6696, Provenance: trace.Derived},
			Blocker:          "sendfile is off, or a filter (gzip, sub_filter, ssi, a body in memory) wants the bytes",
			Advice:           "`sendfile on;` would make it 0",
		}, {
			From: attach.End{Kind: attach.Memory, Name: "its own memory"}, To: attach.End{Kind: attach.File, Name: "/var/log/x"},
			Kind: "memory-to-file", Technique: attach.CopyFileRange, Techniques: []attach.Share{},
			Bytes: trace.Count{Value: 10, Provenance: trace.Measured}, SourceBytes: trace.Count{Value: 10, Provenance: trace.Measured},
			ModeSwitches: trace.Count{Value: 2, Provenance: trace.Derived},
			CPUCopiesPerByte: trace.Count{Provenance: trace.Unavailable,
				Reason: "not measurable here, because copy_file_range(2) does not tell whether the file system copied the bytes or shares their blocks"},
		}},
		Verdict:  attach.Verdict{ZeroCopy: &no, Kind: "file-to-socket", Technique: attach.ReadWrite, Bytes: int64(bytes)},
		Sentence: "nginx (2 processes): 64 MiB from files to sockets: read-write, 2 CPU copies per byte; sendfile is off, or a filter (gzip, sub_filter, ssi, a body in memory) wants the bytes",
		Advice:   "`sendfile on;` would make it 0",
		Notes:    []string{"process 13 (nginx) ended while it was watched"},
	}
}

func attached() *Attached {
	return &Attached{Report: attachReport(64 << 20), Profile: []byte("packed"), Stacks: &CopyStack{Name: "copied_bytes", Bytes: 100, Children: []*CopyStack{
		{Name: "main", Bytes: 100, Children: []*CopyStack{{Name: "write<v>", Bytes: 60}, {Name: "read", Bytes: 30}}},
	}}, Notes: []string{"7 records found no room: every figure is too small"}}
}

// untilPhase gives the next state of the watch in a phase.
func untilPhase(t *testing.T, conn *websocket.Conn, phase string) templates.AttachState {
	t.Helper()
	for {
		m := hear(t, conn)
		if m.Type != "attach.state" {
			continue
		}
		var s templates.AttachState
		if err := json.Unmarshal(m.Body, &s); err != nil {
			t.Fatal(err)
		}
		if s.Phase == phase {
			return s
		}
	}
}

// attachFollower is a page that follows the watch.
func attachFollower(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	conn := dial(t, url+"/ws")
	greet(t, conn, "", "attach", 0)
	return conn
}

const startNginx = `{"v":1,"type":"attach.start","id":"a","body":{"port":80,"seconds":20}}`

// One watch at a time: a second viewer sees it, cannot start another, and it goes on
// when the page that began it leaves.
func TestAWatchBelongsToTheHost(t *testing.T) {
	seen, finish := make(chan AttachWatch, 2), make(chan struct{})
	s := newServer(t, Config{Attach: fakeAttacher{watch: func(ctx context.Context, w AttachWatch) (*Attached, error) {
		seen <- w
		w.Progress(5, 4096)
		w.Snapshot(attachReport(1 << 20)) // too soon after the beginning was told
		time.Sleep(attachEvery)
		w.Snapshot(attachReport(2 << 20))
		select {
		case <-finish:
			return attached(), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}})
	url := listen(t, s)
	first, second := attachFollower(t, url), attachFollower(t, url)
	say(t, first, startNginx)
	if w := <-seen; !slices.Equal(w.Processes, []int{12, 13}) || w.Port != 80 || w.For != 20*time.Second || w.Samples || w.Follow {
		t.Errorf("watched %v at port %d for %v, with samples: %v, with descendants: %v", w.Processes, w.Port, w.For, w.Samples, w.Follow)
	}
	if s := untilPhase(t, first, "watching"); s.Watch != 1 || s.Who != "nginx (pid 12, 13)" || s.ForMs != 20_000 || s.Report != nil {
		t.Errorf("the beginning: %+v", s)
	}
	untilPhase(t, second, "watching")
	if s := untilPhase(t, second, "watching"); s.Report == nil || s.Calls.Text != "5" || s.Bytes.Text != "4 KiB" || s.Report.Paths[0].Bytes.Text != "2 MiB" {
		t.Errorf("the second viewer sees %+v", s.Report)
	}
	say(t, second, startNginx)
	p := hearError(t, second, "a")
	if p.Code != "watching" || !strings.Contains(p.Message, "somebody is watching nginx (pid 12, 13)") {
		t.Errorf("a second watch: %+v", p)
	}
	first.Close()
	close(finish)
	if s := untilPhase(t, second, "done"); s.Report.Paths[0].Bytes.Text != "64 MiB" || !s.Profile || !s.Flame || s.Report.Verdict != "no" {
		t.Errorf("the end: %+v", s)
	}
	if len(seen) > 0 {
		t.Error("two watches were made")
	}
	late := dial(t, url+"/ws") // a page that comes back goes on where it was
	greet(t, late, "", "attach", 2)
	if s := untilPhase(t, late, "done"); s.Watch != 1 {
		t.Errorf("after coming back: %+v", s)
	}
}

// However often there is news, pages hear of it four times a second at the most.
func TestSnapshotsAreRateLimited(t *testing.T) {
	s := newServer(t, Config{Attach: fakeAttacher{watch: func(_ context.Context, w AttachWatch) (*Attached, error) {
		for end := time.Now().Add(3 * attachEvery); time.Now().Before(end); time.Sleep(time.Millisecond) {
			w.Progress(1, 1)
			w.Snapshot(attachReport(1))
		}
		return attached(), nil
	}}})
	conn := attachFollower(t, listen(t, s))
	say(t, conn, startNginx)
	untilPhase(t, conn, "done")
	if n := s.attach.feed.seq(); n < 3 || n > 5 {
		t.Errorf("%d messages in %v, want the beginning, 2 or 3 between, and the end", n, 3*attachEvery)
	}
}

func TestAWatchIsStopped(t *testing.T) {
	s := newServer(t, Config{Attach: fakeAttacher{watch: func(ctx context.Context, w AttachWatch) (*Attached, error) {
		<-ctx.Done()
		return attached(), nil
	}}})
	conn := attachFollower(t, listen(t, s))
	stop := `{"v":1,"type":"attach.stop","id":"s","body":{}}`
	say(t, conn, stop)
	if p := hearError(t, conn, "s"); p.Code != "stop" {
		t.Errorf("nothing to stop: %+v", p)
	}
	say(t, conn, startNginx)
	untilPhase(t, conn, "watching")
	say(t, conn, stop)
	untilPhase(t, conn, "done")
	say(t, conn, startNginx)
	if s := untilPhase(t, conn, "watching"); s.Watch != 2 || s.Report != nil || s.Profile || s.Flame {
		t.Errorf("another watch begins with what the last one saw: %+v", s)
	}
	began := time.Now()
	s.Close()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the server closed after %v: its watch did not end", took)
	}
}

func TestAWatchThatCannotBe(t *testing.T) {
	works := fakeAttacher{watch: func(context.Context, AttachWatch) (*Attached, error) { return attached(), nil }}
	unable := works
	unable.able = host.Check{Status: host.Missing, Why: "tracefs is not mounted at /sys/kernel/tracing", Enable: "sudo mount"}
	for _, c := range []struct {
		name         string
		config       Config
		ask          string
		code, inText string
	}{
		{"too long", Config{Attach: works}, `{"pids":[12],"seconds":61}`, "field", "write 1 to 60"},
		{"negative", Config{Attach: works}, `{"pids":[12],"seconds":-1}`, "field", "-1 seconds"},
		{"of nobody", Config{Attach: works}, `{"seconds":5}`, "field", "not of 0"},
		{"of all", Config{Attach: works}, `{"pids":[1` + strings.Repeat(",1", 300) + `]}`, "field", "not of 301"},
		{"no such port", Config{Attach: works}, `{"port":81}`, "failed", "port 81"},
		{"no number", Config{Attach: works}, `{"pids":["x"]}`, "body", "attach.start"},
		{"not root", Config{Attach: unable}, `{"pids":[12]}`, "unavailable", "tracefs is not mounted"},
		{"from afar", Config{Attach: works, Addr: "0.0.0.0:8080"}, `{"pids":[12]}`, "local", "copyscope attach"},
		{"nothing to watch with", Config{}, `{"pids":[12]}`, "unavailable", "copyscope attach"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, c.config)
			conn := dial(t, listen(t, s)+"/ws")
			say(t, conn, `{"v":1,"type":"attach.start","id":"a","body":`+c.ask+`}`)
			p := hearError(t, conn, "a")
			if p.Code != c.code || !strings.Contains(p.Message+"; "+p.Remedy, c.inText) {
				t.Errorf("%+v, want the code %s and %q", p, c.code, c.inText)
			}
			if state, _ := s.attach.watch.shown(); state.Phase != "idle" {
				t.Errorf("a watch began: %+v", state)
			}
		})
	}
	for name, watch := range map[string]func(context.Context, AttachWatch) (*Attached, error){
		"process 99: there is none; ps -e lists those that are": func(context.Context, AttachWatch) (*Attached, error) {
			return nil, errors.New("process 99: there is none; ps -e lists those that are")
		},
		"a fault of the server": func(context.Context, AttachWatch) (*Attached, error) { panic("at the test's wish") },
		"gave no report":        func(context.Context, AttachWatch) (*Attached, error) { return &Attached{}, nil },
	} {
		s := newServer(t, Config{Attach: fakeAttacher{watch: watch}})
		conn := attachFollower(t, listen(t, s))
		say(t, conn, startNginx)
		if s := untilPhase(t, conn, "failed"); !strings.Contains(s.Error.English, name) || !han.MatchString(s.Error.Chinese) {
			t.Errorf("%s: %+v", name, s.Error)
		}
	}
}

// attachedServer has watched once.
func attachedServer(t *testing.T, result *Attached) *Server {
	t.Helper()
	s := newServer(t, Config{Attach: fakeAttacher{watch: func(context.Context, AttachWatch) (*Attached, error) { return result, nil }}})
	if _, err := s.attach.watch.begin(AttachWatch{Processes: []int{12}, For: time.Second}, "nginx (pid 12)"); err != nil {
		t.Fatal(err)
	}
	s.attach.watch.done.Wait()
	return s
}

// Without a script the page has the last report.
func TestAttachPage(t *testing.T) {
	done := attachedServer(t, attached())
	zero := attached()
	many := attached()
	for pid := range 70 {
		many.Report.Processes = append(many.Report.Processes, attach.Process{PID: 1000 + pid, Name: "cat", Bytes: int64(pid)})
	}
	zero.Stacks, zero.Profile, zero.NoProfile = nil, nil, "the copy profile failed: permission denied"
	for _, c := range []struct {
		name, lang string
		server     *Server
		has, lacks []string
	}{
		{"nothing watched", "en", newServer(t, Config{Attach: fakeAttacher{}}), []string{
			`data-pids="12,13"`, `data-pids="15"`, "80, 443", "&lt;b&gt;evil", "2 processes belong to other users", `id="attach-report" hidden`,
		}, []string{"<b>evil"}},
		{"watched", "en", done, []string{
			"Watched nginx (pid 12)", "/srv/&lt;big&gt;.bin", "64 MiB · 3 together", "other end 127.0.0.1:5", "2 CPU copies per byte", "<code>sendfile on;</code>",
			"7 records of the kernel were lost", "pread64 × 2,048, writev × 1,300", `data-verdict="no"`, "12 ms", "345 ms", "123 ms", "not measurable here, because copy_file_range",
			"3 more paths are too small to list: 2 KiB", "1 more path has an end without payload, or one that was closed before it could be looked at: 5 MiB", "write&lt;v&gt;: 60 B, 60 %", "every figure is too small", "prov-unavailable", "ended",
		}, []string{"write<v>", "<big>", `id="attach-report" hidden`}},
		{"watched", "zh", done, []string{"已观察 nginx (pid 12)", "2 个进程", "每字节 2 次 CPU 拷贝", "缺口", "tcp 端口 80", "自己的内存", "在此无法测量", "每个数字都偏小"}, []string{"⟦"}},
		{"many processes", "en", attachedServer(t, many), []string{"1069", "and 8 processes that moved less"}, []string{"1001"}},
		{"without a profile", "zh", attachedServer(t, zero), []string{"没有火焰图：拷贝剖析失败："}, []string{`class="frame`}},
		{"from afar", "en", newServer(t, Config{Addr: "0.0.0.0:8080", Attach: fakeAttacher{}}), []string{"Pages that other machines can reach watch no processes", "sudo copyscope attach --port 80"}, []string{"nginx", "data-pids"}},
		{"not Linux", "en", newServer(t, Config{Attach: fakeAttacher{able: host.Check{Status: host.NotHere, Why: host.ErrNeedsLinux.Error()}}}), []string{"Nothing can be watched here: needs Linux"}, []string{"data-pids", "sudo"}},
		{"not root", "zh", newServer(t, Config{Attach: fakeAttacher{able: host.Check{Status: host.Missing, Why: "tracefs is not mounted at /sys/kernel/tracing", Enable: "sudo mount -t tracefs"}}}), []string{"这里无法观察进程", "sudo mount -t tracefs", "sudo copyscope attach --port 80"}, []string{"data-pids"}},
		{"nothing to watch with", "en", newServer(t, Config{}), []string{"This server watches no processes"}, []string{"data-pids"}},
	} {
		t.Run(c.name+" "+c.lang, func(t *testing.T) {
			answer := ask(c.server, "GET", "/attach?lang="+c.lang, nil)
			html := body(t, answer)
			if answer.StatusCode != http.StatusOK {
				t.Fatalf("status %d: %s", answer.StatusCode, html)
			}
			visible, _, _ := strings.Cut(html, `<script type="application/json" id="attach"`)
			_, visible, _ = strings.Cut(visible, "<main")
			for _, w := range c.has {
				if !strings.Contains(visible, w) {
					t.Errorf("lacks %q", w)
				}
			}
			for _, w := range c.lacks {
				if strings.Contains(visible, w) {
					t.Errorf("has %q", w)
				}
			}
		})
	}
}

func TestAttachDownloads(t *testing.T) {
	for _, file := range []string{"/attach/report.json", "/attach/trace.json", "/attach/profile.pb.gz", "/attach/flame"} {
		if r := ask(newServer(t, Config{Attach: fakeAttacher{}}), "GET", file, nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s before any watch: %d", file, r.StatusCode)
		}
	}
	result := attached()
	result.Report.Processes[0].Name = `a"b/../c`
	s := attachedServer(t, result)
	answer := ask(s, "GET", "/attach/report.json", nil)
	if got := answer.Header.Get("Content-Disposition"); got != `attachment; filename="attach-a_b_.._c-12.json"` {
		t.Errorf("the report's name: %s", got)
	}
	var report attach.Report
	if err := json.Unmarshal([]byte(body(t, answer)), &report); err != nil {
		t.Fatal(err)
	}
	if report.Sentence != result.Report.Sentence || report.Lost != 7 || *report.Calls["writev"] != *result.Report.Calls["writev"] || report.Paths[1].CPUCopiesPerByte.Known() {
		t.Errorf("the report came as %+v", report)
	}
	answer = ask(s, "GET", "/attach/profile.pb.gz", nil)
	if got := body(t, answer); got != "packed" || answer.Header.Get("Content-Encoding") != "" {
		t.Errorf("the profile came as %q, encoded as %q", got, answer.Header.Get("Content-Encoding"))
	}
	if got := body(t, ask(s, "GET", "/attach/flame?lang=zh", nil)); !strings.Contains(got, "main：100 B，100 %") || strings.Contains(got, "<html") {
		t.Errorf("the flame graph alone: %.300s", got)
	}
}

// What packages near the kernel say of a watch has a Chinese form.
func TestSentencesOfAWatchAreInChinese(t *testing.T) {
	result := attached()
	r := result.Report
	said := append([]string{r.Sentence, r.Advice, r.Paths[0].Blocker, r.Paths[0].Techniques[0].Evidence, r.Paths[1].CPUCopiesPerByte.Reason}, append(r.Notes, result.Notes...)...)
	said = append(said,
		"nginx: 1.5 GiB from files to sockets: sendfile 60 %, read-write 40 %, 0.8 CPU copies per byte; the file is read into a buffer and written from it",
		"python3: 20 B from its own memory to sockets (no file was read for it): write, 1 CPU copy per byte",
		"x: 20 B from files to files: copy-file-range, CPU copies per byte not measurable here",
		"the process: nothing that was seen went from a file or a socket to a socket or a file. Was there traffic? Send it a request while copyscope watches.",
		"TLS in user space: what it writes begins with TLS records, and libssl.so.3 is mapped",
		"attach watches system calls alone; perf script of the tracepoints tells more",
		"only calls that move bytes, or change what a descriptor stands for, are in it: no waits, no calls of other kinds, and none that had not returned when the watch ended",
		"it has the newest 2500 calls; 17 before them were not kept",
		"records of the kernel found no room in its rings 2 times: calls are missing where the gaps are marked",
		"40 requests of io_uring are not in it: they move bytes without a system call of their own",
		"the syscalls of another process are told by tracepoints, and user 1000 may not read them (permission denied); run it as root: sudo copyscope attach --pid 12",
	)
	for _, text := range said {
		inChinese(t, "a watch", text)
		if got := locale.New(locale.Chinese).Sentence(text); strings.Contains(got, " from ") || strings.Contains(got, "; ") {
			t.Errorf("%q is %q in Chinese", text, got)
		}
	}
}
