package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
	"copyscope/static"
	"copyscope/templates"
)

func simulated(t *testing.T, text string) *lab.Result {
	t.Helper()
	s, err := lab.ParseScenario(text, opening("read-write"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := lab.New(t.TempDir()).Run(t.Context(), s, lab.Options{MaxEvents: scopeEvents})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestScopeAddressRoundTrip(t *testing.T) {
	for _, path := range transfer.Paths() {
		a := opening(path)
		b := a
		b.Cache, b.Chunk = lab.Warm, 4096
		want := scopeAddress{Step: 7, Align: "bytes", Ref: "c",
			Lanes: map[string]laneSource{"a": ofLab(a), "c": ofLab(b), "d": {file: "lagging-consumer", group: "lagging"}}}
		u, err := url.Parse(want.String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseScopeAddress(u.Query())
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if got.String() != want.String() {
			t.Errorf("%s came back as %s", want, got)
		}
	}
}

func TestFormLeadsToTheSameAddress(t *testing.T) {
	q, err := url.ParseQuery("a.path=sendfile&a.side=sim&a.model=linux&a.size=1MiB&a.chunk=64KiB&a.cache=warm&a.net=nic&a.dma=on&a.sg=off&a.touch=on&b.path=&b.size=1MiB&step=4")
	if err != nil {
		t.Fatal(err)
	}
	to, ok := formAddress(q)
	if !ok {
		t.Fatal("the form's query was not recognised")
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	at, err := parseScopeAddress(u.Query())
	if err != nil {
		t.Fatalf("%s: %v", to, err)
	}
	if want := "sendfile,side=sim,model=linux,size=1MiB,chunk=64KiB,cache=warm,net=nic,dma=on,sg=off"; at.Lanes["a"].String() != want || len(at.Lanes) != 1 || at.Step != 4 {
		t.Errorf("%s means %v, step %d; want %s alone, step 4", to, at.lanes(), at.Step, want)
	}
}

func TestPagesRunBoundedScenarios(t *testing.T) {
	for text, field := range map[string]string{
		"sendfile,side=real,size=2GiB":                   "size",
		"sendfile,side=real,size=1GiB,chunk=4KiB":        "chunk",
		"sendfile,model=textbook,size=65GiB,chunk=65GiB": "size",
		"sendfile,model=textbook,size=64GiB,chunk=64GiB": "",
		"sendfile,model=linux,size=5GiB,chunk=5GiB":      "size",
		"sendfile,model=linux,size=4GiB,chunk=4GiB":      "",
		"read-write,size=64MiB,chunk=1B":                 "chunk",
		"read-write,size=1GiB,chunk=64KiB":               "",
		"read-write,side=real,size=1GiB":                 "",
		"mmap-write,size=4KiB,chunk=64MiB":               "",
	} {
		s, err := lab.ParseScenario(text, opening("read-write"))
		if err != nil {
			t.Fatal(err)
		}
		var f *lab.FieldError
		err = allow(s)
		if field == "" && err != nil || field != "" && (!errors.As(err, &f) || f.Field != field || f.Remedy == "") {
			t.Errorf("%s: got %v, want an error about %q", text, err, field)
		}
	}
}

// Without scripts the page still has the figures of the step, the program with
// its line, the events around it, and links to other steps.
func TestScopeIsReadableWithoutScripts(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	r := simulated(t, "read-write")
	for _, k := range []int{0, 5, len(r.Run.Events), len(r.Run.Events) + 40} {
		at := scopeAddress{Lanes: map[string]laneSource{"a": ofLab(r.Scenario)}, Step: k, Align: "step"}
		w := httptest.NewRecorder()
		request := httptest.NewRequest("GET", "http://127.0.0.1:8080"+at.String()+"&lang=en", nil)
		s.Handler().ServeHTTP(w, request)
		page := w.Body.String()
		own := min(k, len(r.Run.Events))
		for name, c := range r.Run.CountsAt(own).Counts() {
			value := ""
			if c.Known() {
				value = strconv.FormatFloat(c.Value, 'f', -1, 64)
			}
			if want := fmt.Sprintf(`data-count="%s" data-lane="a" data-value="%s"`, name, value); !strings.Contains(page, want) {
				t.Errorf("step %d: the page lacks %s", k, want)
			}
		}
		if own > 0 {
			e := r.Run.Events[own-1]
			teller := newNarrator(locale.New(locale.English), r.Run)
			if e.Line != "" && !strings.Contains(page, `class="code current"`) {
				t.Errorf("step %d: no line of the program is marked", k)
			}
			if n := strings.Count(page, `aria-current="step"`); n != 1 {
				t.Errorf("step %d: %d rows of the event table are marked, want 1", k, n)
			}
			if want := template.HTMLEscapeString(teller.tell(e)); e.Kind == trace.ModeSwitch && !strings.Contains(page, want) {
				t.Errorf("step %d: the page lacks the sentence %q", k, want)
			}
		}
		for _, l := range stepLinks(at, []templates.ScopeLane{{Run: r.Run}}) {
			if !strings.Contains(page, template.HTMLEscapeString(l.Address)) {
				t.Errorf("step %d: there is no link to %s", k, l.Address)
			}
		}
	}
}

// What the settings say of a scenario makes the same scenario again: changing one
// field in the form loses no other.
func TestSettingsHoldTheScenario(t *testing.T) {
	for _, text := range []string{
		"io-uring,model=linux,net=nic,zerocopy=on,cpus=2,llc=64KiB,whatif=9/sg=off,profile=" + sim.ProfileNames()[0],
		"io-uring,side=real,cache=warm,zerocopy=on", "relay-copy,cache=cold", "read,model=linux,net=nic", "mmap-write,touch=on",
	} {
		want, err := lab.ParseScenario(text, opening("read-write"))
		if err != nil {
			t.Fatal(err)
		}
		fields := settings(want)
		again := fields["path"]
		for name, value := range fields {
			if name != "path" && value != "" {
				again += "," + name + "=" + value
			}
		}
		if got, err := lab.ParseScenario(again, opening("read-write")); err != nil || got.String() != want.String() {
			t.Errorf("%s became %s, %v", want, got, err)
		}
		if shown := strings.Join(chips(locale.New(locale.English), want), ", "); want.WhatIf != "" && !strings.Contains(shown, "what if 9/sg=off") {
			t.Errorf("%s is shown as %s", want, shown)
		}
	}
}

// Until DMA has ended, its bytes are where they were; meanwhile the program
// goes on.
func TestDMAMovesItsBytesWhenItEnds(t *testing.T) {
	for _, path := range transfer.Paths() {
		for _, more := range []string{"", ",sg=off", ",model=linux,net=nic,chunk=16KiB"} {
			r := simulated(t, path+more)
			events := r.Run.Events
			beside := meanwhiles(events)
			ring := occupancy(r.Scenario, events)[trace.NICRing].Own
			goesOn := false
			for i, e := range events {
				var sent int64
				for _, d := range events {
					if d.Kind == trace.DMA && d.To == trace.NICRing && d.End() <= e.At {
						sent += d.Bytes
					}
				}
				if got := valueAfter(ring, i+1); got != sent {
					t.Errorf("%s step %d: the NIC holds %d bytes, DMA has ended for %d", r.Scenario, i+1, got, sent)
				}
				for k, d := range events[:i] {
					under := d.Kind == trace.DMA && d.End() > e.At
					if slices.Contains(beside[i].Moving, k+1) != under {
						t.Errorf("%s step %d: step %d (%s) under way is %v, want %v", r.Scenario, i+1, k+1, d.Kind, !under, under)
					}
					goesOn = goesOn || under && e.Kind == trace.ModeSwitch
				}
			}
			if program, _ := transfer.Lookup(path); !goesOn && program.Sinks > 0 { // read waits for its disk
				t.Errorf("%s: no switch happens while DMA works: this test has nothing to look at", r.Scenario)
			}
		}
	}
}

func valueAfter(g *growth, step int) int64 {
	var v int64
	for i, at := range g.At {
		if at <= step {
			v = g.Value[i]
		}
	}
	return v
}

// An interrupt within a call finds the program in the line of that call, one
// after the last call in none.
func TestInterruptsKeepTheOpenLine(t *testing.T) {
	r := simulated(t, "read-write")
	beside := meanwhiles(r.Run.Events)
	want := map[string]string{"disk-done": "read", "nic-done": ""}
	for i, e := range r.Run.Events {
		if line, ok := want[e.Detail]; ok && beside[i].Open != line {
			t.Errorf("at %s the open line is %q, want %q", e.Detail, beside[i].Open, line)
		}
		if e.Line != "" && beside[i].Open != e.Line {
			t.Errorf("step %d belongs to the line %q, the open one is %q", i+1, e.Line, beside[i].Open)
		}
	}
}

func TestSocketBufferHoldsReferences(t *testing.T) {
	for text, want := range map[string]int64{"sendfile": 1, "splice,model=linux,net=nic": 16} {
		r := simulated(t, text)
		if got := occupancy(r.Scenario, r.Run.Events)[trace.SocketBuffer].Refs.most(); got != want {
			t.Errorf("%s: the socket buffer held up to %d references, want %d", r.Scenario, got, want)
		}
	}
}

func TestNarrationSaysWhatTheReaderNeeds(t *testing.T) {
	for _, c := range []struct {
		lang  locale.Lang
		event trace.Event
		want  string
	}{
		{locale.English, trace.Event{Kind: trace.Syscall, Syscall: "mmap", Phase: trace.Transfer, Endpoint: trace.Sender}, "return the mapping's address"},
		{locale.Chinese, trace.Event{Kind: trace.Syscall, Syscall: "read", Bytes: 65536, Ret: 65536, Phase: trace.Transfer, Endpoint: trace.Sender}, "65,536 字节"},
		{locale.English, trace.Event{Kind: trace.Syscall, Syscall: "write", Bytes: 1, Ret: -1, Errno: "EPIPE", Phase: trace.Transfer, Endpoint: trace.Sender}, "fail with EPIPE"},
		{locale.English, trace.Event{Kind: trace.ModeSwitch, Detail: "return", Syscall: "pipe2", Phase: trace.SetUp, Endpoint: trace.Sender}, "Set-up, not counted: pipe2 returns"},
		{locale.Chinese, trace.Event{Kind: trace.ModeSwitch, Detail: "enter", Syscall: "close", Phase: trace.TearDown, Endpoint: trace.Sender}, "收尾阶段，不计入计数：close"},
		{locale.English, trace.Event{Kind: trace.PIO, From: trace.SocketBuffer, To: trace.NICRing, Bytes: 4096, N: 2048, Phase: trace.Transfer, Endpoint: trace.Sender}, "to the NIC in 2,048 words: CPU copy number 1"},
		{locale.English, trace.Event{Kind: trace.DeviceCommand, Detail: "nic-send-linear", From: trace.CPUPlace, To: trace.NICRing, Bytes: 65536, N: 46, Phase: trace.Transfer, Endpoint: trace.Sender}, "46 commands, one a packet"},
		{locale.Chinese, trace.Event{Kind: trace.DeviceCommand, Detail: "nic-send-linear", From: trace.CPUPlace, To: trace.NICRing, Bytes: 65536, N: 46, Phase: trace.Transfer, Endpoint: trace.Sender}, "46 条命令，每个包一条"},
		{locale.English, trace.Event{Kind: trace.DeviceCommand, Detail: "nic-send-linear", From: trace.CPUPlace, To: trace.NICRing, Bytes: 1448, N: 1, Phase: trace.Transfer, Endpoint: trace.Sender}, "The CPU tells the device"},
		{locale.English, trace.Event{Kind: trace.DMA, From: trace.DiskPlace, To: trace.UserBuffer, Bytes: 4096, Phase: trace.Transfer, Endpoint: trace.Sender}, "past the page cache"},
		{locale.English, trace.Event{Kind: trace.DMA, Detail: "gather", From: trace.UserBuffer, To: trace.NICRing, Bytes: 4096, Phase: trace.Transfer, Endpoint: trace.Sender}, "program's own buffer"},
		{locale.English, trace.Event{Kind: trace.DMA, Detail: "gather", From: trace.PageCache, To: trace.NICRing, Bytes: 4096, Phase: trace.Transfer, Endpoint: trace.Sender}, "out of the page cache"},
		{locale.English, trace.Event{Kind: trace.Descriptor, Detail: "lend", From: trace.Pipe, To: trace.Pipe, Bytes: 4096, Phase: trace.Transfer, Endpoint: trace.Sender}, "second pipe"},
		{locale.English, trace.Event{Kind: trace.Compute, Detail: "encrypt", From: trace.PageCache, To: trace.SocketBuffer, Bytes: 4096, Phase: trace.Transfer, Endpoint: trace.Sender}, "The kernel encrypts"},
		{locale.English, trace.Event{Kind: trace.Compute, Detail: "encrypt", From: trace.UserBuffer, To: trace.UserBuffer, Bytes: 4096, Phase: trace.Transfer, Endpoint: trace.Sender}, "User code encrypts"},
		{locale.English, trace.Event{Kind: trace.Syscall, Syscall: "setsockopt", Phase: trace.SetUp, Endpoint: trace.Sender}, "Set-up, not counted: setsockopt gives"},
		{locale.Chinese, trace.Event{Kind: trace.Syscall, Syscall: "poll", Ret: 1, Phase: trace.Transfer, Endpoint: trace.Sender}, "归还"},
		{locale.Chinese, trace.Event{Kind: trace.ModeSwitch, Detail: "enter", Syscall: "read", Phase: trace.Transfer, Endpoint: trace.Sender}, "文章常称上下文切换"},
	} {
		run := &trace.Run{Payload: 65536, Base: trace.Modelled}
		if got := newNarrator(locale.New(c.lang), run).tell(c.event); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q lacks %q", c.event.Kind, got, c.want)
		}
	}
	r := simulated(t, "read-write")
	teller, named := newNarrator(locale.New(locale.Chinese), r.Run), 0
	for _, e := range r.Run.Events {
		named += strings.Count(teller.tell(e), "文章称内核缓冲区")
	}
	if named != 1 {
		t.Errorf("the articles' name for the page cache is told %d times, want once", named)
	}
}

func TestTheCPUIsFreeWhileDMAWorks(t *testing.T) {
	r := simulated(t, "read-write")
	states := cpuStates(r.Run.Events)
	for i, e := range r.Run.Events {
		want := cpuBusy
		switch {
		case e.Kind == trace.DMA:
			want = cpuFree
		case e.Kind == trace.Wait:
			want = cpuWait
		case e.Kind == trace.Syscall:
			want = cpuCall // it encloses waiting
		}
		if states[i] != want {
			t.Errorf("step %d, %s by %s: the CPU is %s, want %s", i+1, e.Kind, e.Actor, states[i], want)
		}
	}
	busy := []trace.Event{
		{At: 0, Dur: 100, Kind: trace.DMA, Actor: trace.NICDMA, Endpoint: trace.Sender},
		{At: 10, Dur: 80, Kind: trace.CPUCopy, Actor: trace.KernelCode, Endpoint: trace.Sender},
	}
	if got := cpuStates(busy); !slices.Equal(got, []string{cpuAlso, cpuBusy}) {
		t.Errorf("DMA during a long copy: %v, want also, busy", got)
	}
}

// variants are the machines and caches on which a path shows all that it does.
var variants = []string{"", ",sg=off", ",dma=off", ",model=linux,net=nic,size=1MiB", ",model=linux,net=nic,size=1MiB,chunk=16KiB", ",model=linux,net=nic,sg=off,llc=64KiB", ",model=linux,net=loopback",
	",model=linux,net=veth", ",model=linux,net=veth,sg=off"}

// way is a route in static/scope/geometry.js: its key, in one of two layouts.
var way = regexp.MustCompile(`'([\w-]+ )?([\w-]+>[\w-]+)': \{`)

// Whatever moves from one place to another, by whichever path, has a way in both
// drawings; without one, the page would show a moved byte as a framed box.
func TestEveryFlowHasAWay(t *testing.T) {
	b, err := fs.ReadFile(static.Files(), "scope/geometry.js")
	if err != nil {
		t.Fatal(err)
	}
	wide, narrow, ok := strings.Cut(string(b), "const narrow = {")
	if !ok {
		t.Fatal("geometry.js has no narrow layout: mend this test")
	}
	for name, layout := range map[string]string{"wide": wide, "narrow": narrow} {
		ways, missing := map[string]bool{}, map[string]bool{}
		for _, m := range way.FindAllStringSubmatch(layout, -1) {
			ways[m[1]+m[2]] = true
		}
		for _, path := range transfer.Paths() {
			for _, more := range variants {
				for _, e := range simulated(t, path+more).Run.Events {
					ends := fmt.Sprintf("%s>%s", e.From, e.To)
					still := e.Kind == trace.Syscall || e.Kind == trace.ModeSwitch || e.From == "" || e.To == "" ||
						e.Kind == trace.Compute && e.To == trace.CPUPlace // the CPU's box says what it does
					if e.Endpoint == trace.Receiver {
						ends = "receive " + ends
					}
					flow := string(e.Kind) + " " + ends
					if !still && !ways[ends] && !ways[flow] && !missing[flow] {
						missing[flow] = true
						t.Errorf("%s: %s%s has %s, which the layout has no way for", name, path, more, flow)
					}
				}
			}
		}
	}
}

// Every path can be chosen, once, and the page says what it is and needs.
func TestEveryPathIsOffered(t *testing.T) {
	offered := map[string]int{}
	for _, g := range choosablePaths() {
		for _, p := range g.Paths {
			offered[p.Path]++
			program, _ := transfer.Lookup(p.Path)
			for need, is := range map[string]bool{"memory": program.UserMemory || p.Path == "io-uring", "sinks": program.Sinks == 2, "source": program.Source == transfer.FromSocket} {
				if slices.Contains(p.Needs, need) != is {
					t.Errorf("%s: says that it needs %v", p.Path, p.Needs)
				}
			}
		}
	}
	for _, lang := range locale.Languages() {
		w := httptest.NewRecorder()
		newServer(t, Config{Lab: lab.New(t.TempDir())}).Handler().ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1:8080/scope?lang="+string(lang), nil))
		page := w.Body.String()
		for _, path := range transfer.Paths() {
			if offered[path] != 1 {
				t.Errorf("%s is offered %d times", path, offered[path])
			}
			if !strings.Contains(page, `<option value="`+path+`"`) {
				t.Errorf("%s: %s is not in the settings", lang, path)
			}
			if about := template.HTMLEscapeString(locale.New(lang).T("path." + path)); !strings.Contains(page, "<span>"+about+"</span>") {
				t.Errorf("%s: the page does not say of %s: %s", lang, path, about)
			}
		}
		if strings.Contains(page, "⟦") {
			t.Errorf("%s: a message is missing: %.80s", lang, page[strings.Index(page, "⟦"):])
		}
	}
}

// lacking is a host that cannot run any path.
type lacking struct{ *lab.Lab }

const lackingReason = "setsockopt: ENOENT (no such file or directory); the kernel has no TLS of its own: sudo modprobe tls, if it has the module"

func (l lacking) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	if s.Side == trace.Real {
		return nil, &lab.UnavailableError{Path: s.Path, Reason: lackingReason}
	}
	return l.Lab.Run(ctx, s, o)
}

// What this host lacks is told with its reason, beside what is predicted for it.
func TestWhatThisHostLacksIsNotMeasurable(t *testing.T) {
	conn := dial(t, listen(t, newServer(t, Config{Addr: "127.0.0.1:8080", Lab: lacking{lab.New(t.TempDir())}}))+"/ws")
	for lang, want := range map[string][2]string{
		"en": {"not measurable here, because setsockopt: ENOENT", "sudo modprobe tls"},
		"zh": {"此处无法测量，因为", "sudo modprobe tls"},
	} {
		say(t, conn, request("scope.run", lang, `{"lane":"b","lang":"`+lang+`","scenario":"ktls,side=real,size=64KiB,chunk=16KiB,cache=warm"}`))
		m := hear(t, conn)
		for m.Type == "scope.progress" || m.Type == "scope.queued" {
			m = hear(t, conn)
		}
		var body struct {
			Rows []struct {
				Count, Verdict, Reason string
				Predicted, Measured    any
			}
			Why string
		}
		if err := m.Decode(&body); err != nil || m.Type != "scope.predictions" {
			t.Fatalf("%s: got %s %s, %v", lang, m.Type, m.Body, err)
		}
		calls := false
		for _, row := range body.Rows {
			calls = calls || row.Count == "syscalls_by_name.sendfile" && row.Predicted == 4.0
			if row.Verdict != string(trace.NotMeasurable) || row.Measured != nil || row.Reason == "" {
				t.Errorf("%s: %+v, want it not measurable, with a reason", lang, row)
			}
		}
		if !calls {
			t.Errorf("%s: the predicted calls of sendfile are not told: %+v", lang, body.Rows)
		}
		fault := hear(t, conn)
		for _, text := range want {
			if !strings.Contains(body.Why, text) || fault.Type != "error" || !strings.Contains(string(fault.Body), text) {
				t.Errorf("%s: %q, then %s %s: want both to say %q", lang, body.Why, fault.Type, fault.Body, text)
			}
		}
		if lang == "zh" && strings.Contains(body.Why, "no such file") {
			t.Errorf("the reason is in English: %s", body.Why)
		}
	}
}

func TestEveryEventHasASentence(t *testing.T) {
	broken := regexp.MustCompile(`⟦|<no value>|\{\{| {2}|^$`)
	for _, lang := range locale.Languages() {
		known := locale.New(lang).Messages("detail")
		for _, path := range transfer.Paths() {
			for _, more := range variants {
				r := simulated(t, path+more)
				teller := newNarrator(locale.New(lang), r.Run)
				for i, e := range r.Run.Events {
					if text := teller.tell(e); broken.MatchString(text) || !strings.ContainsAny(text, ".。") {
						t.Fatalf("%s %s step %d (%s %s): %q is no sentence", lang, r.Scenario, i+1, e.Kind, e.Detail, text)
					}
					if e.Detail != "" && known[locale.TermID("detail", e.Detail)] == "" {
						t.Errorf("%s %s step %d: no word for the detail %s", lang, r.Scenario, i+1, e.Detail)
					}
				}
			}
		}
	}
	// Kinds that no model emits yet must have one too.
	for _, kind := range trace.Kinds() {
		if !slices.Contains(locale.IDs(locale.Chinese), "narrate."+string(kind)) {
			t.Errorf("there is no sentence for the kind %s", kind)
		}
	}
}

func TestQueueKeepsOrderAndSurvivesLeavers(t *testing.T) {
	q := newQueue(1)
	leave, err := q.enter(t.Context(), func(int) { t.Error("the first had to wait") })
	if err != nil {
		t.Fatal(err)
	}
	places := make(chan string, 8)
	order := make(chan string, 3)
	join := func(ctx context.Context, name string, at int) {
		told := make(chan struct{}, 4)
		go func() {
			done, err := q.enter(ctx, func(place int) { places <- name; told <- struct{}{} })
			if err != nil {
				order <- name + " gave up"
				return
			}
			order <- name
			done()
		}()
		select {
		case <-told:
		case <-time.After(patience):
			t.Fatalf("%s was not told its place %d", name, at)
		}
	}
	ctx, giveUp := context.WithCancel(t.Context())
	join(ctx, "b", 1)
	join(t.Context(), "c", 2)
	giveUp()
	if got := <-order; got != "b gave up" {
		t.Fatalf("got %q, want b to give up", got)
	}
	leave()
	if got := <-order; got != "c" {
		t.Fatalf("got %q, want c", got)
	}
	if again, err := q.enter(t.Context(), func(int) { t.Error("the free place was lost") }); err != nil {
		t.Error(err)
	} else {
		again()
	}
}

// The scripts place what the server computed. They hold no rule about what
// counts or what something costs: the names of counts appear only where a value
// is looked up, and no field of an event is added up.
func TestScriptsHoldNoRule(t *testing.T) {
	lookups := map[string][]string{
		"scope/machine.js":   {"lane.count('mode_switches', ", "event.cpu_ns"}, // the latter is the event's own
		"scope/explorer.js":  {"event.cpu_ns"},
		"scope/align.js":     {"lane.head.counts.bytes_sent"},
		"scope/following.js": {"lane.head.counts.bytes_sent"},
	}
	sums := regexp.MustCompile(`(\+=|-=|\*=)[^;]*\b(bytes|cpu_ns|dur_ns|at_ns|event\.n|units)\b|(bytes|cpu_ns|\.n\b)[^;,]*\*|\b[a-z_]*(cost|rate|bandwidth|throughput)\b\s*[=:]`)
	err := fs.WalkDir(static.Files(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".js") {
			return err
		}
		b, err := fs.ReadFile(static.Files(), path)
		if err != nil {
			return err
		}
		source := string(b)
		if at := sums.FindString(source); at != "" && strings.HasPrefix(path, "scope/") {
			t.Errorf("%s computes from events: %q", path, at)
		}
		for _, lookup := range lookups[path] {
			if !strings.Contains(source, lookup) {
				t.Errorf("%s no longer has the look-up %q: mend this test", path, lookup)
			}
			source = strings.ReplaceAll(source, lookup, "")
		}
		for _, name := range trace.CountNames() {
			if strings.HasPrefix(path, "scope/") && strings.Contains(source, string(name)) {
				t.Errorf("%s names the count %s other than to look it up", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
