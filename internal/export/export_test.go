package export_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"copyscope/internal/export"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// simulated is a run of the modelled machine with all its events.
func simulated(t *testing.T, text string) *trace.Run {
	t.Helper()
	s, err := lab.ParseScenario(text, lab.Default())
	if err != nil {
		t.Fatal(err)
	}
	r, err := lab.New(t.TempDir()).Run(context.Background(), s, lab.Options{MaxEvents: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run
}

// gathered is a run whose card fetches what descriptors name.
const gathered = "sendfile,net=nic,size=1MiB,chunk=64KiB,cache=cold"

type slice struct {
	Name, Ph, S, Bp string
	TS, Dur         json.Number
	PID, TID, ID    int
	Args            map[string]any
}

// ns reads microseconds with three decimals.
func ns(t *testing.T, n json.Number) int64 {
	t.Helper()
	whole, part, ok := strings.Cut(string(n), ".")
	if !ok || len(part) != 3 {
		t.Fatalf("time %q: want microseconds with three decimals", n)
	}
	v, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func chrome(t *testing.T, run *trace.Run) []slice {
	t.Helper()
	var b bytes.Buffer
	if err := export.Chrome(&b, run); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		DisplayTimeUnit string         `json:"displayTimeUnit"`
		OtherData       map[string]any `json:"otherData"`
		TraceEvents     []slice        `json:"traceEvents"`
	}
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	d.UseNumber()
	var loose any
	if err := json.Unmarshal(b.Bytes(), &loose); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.TraceEvents
}

// holdsChrome checks all that Perfetto relies on: slices of a thread nest, each
// event is there once, threads have names, flows have both ends, each bound to
// a slice or an instant of its time.
func holdsChrome(t *testing.T, run *trace.Run, events []slice) (flows int) {
	t.Helper()
	named := map[int]bool{}
	open := map[int][]int64{}
	last := map[int]int64{}
	seen := map[string]bool{}
	at := map[string]bool{}
	starts := map[int]slice{}
	for _, e := range events {
		switch e.Ph {
		case "M":
			if e.Name == "thread_name" {
				named[e.TID] = true
			}
		case "X", "i":
			begin := ns(t, e.TS)
			if begin < last[e.TID] {
				t.Fatalf("thread %d: a slice at %d ns after one at %d ns", e.TID, begin, last[e.TID])
			}
			last[e.TID] = begin
			if !named[e.TID] {
				t.Fatalf("thread %d has no name", e.TID)
			}
			stack := open[e.TID]
			for len(stack) > 0 && stack[len(stack)-1] <= begin {
				stack = stack[:len(stack)-1]
			}
			if e.Ph == "X" {
				end := begin + ns(t, e.Dur)
				if len(stack) > 0 && end > stack[len(stack)-1] {
					t.Fatalf("thread %d: slice %q of %d to %d ns overlaps in part with one that ends at %d ns", e.TID, e.Name, begin, end, stack[len(stack)-1])
				}
				stack = append(stack, end)
			}
			open[e.TID] = stack
			seq := fmt.Sprint(e.Args["seq"])
			if seen[seq] {
				t.Fatalf("event %s is there twice", seq)
			}
			seen[seq] = true
			at[fmt.Sprint(e.TID, begin)] = true
		case "s":
			starts[e.ID] = e
		case "f":
			s, ok := starts[e.ID]
			if !ok || s.Name != e.Name || ns(t, s.TS) > ns(t, e.TS) || e.Bp != "e" {
				t.Fatalf("flow %d: ends as %+v, began as %+v", e.ID, e, s)
			}
			if !at[fmt.Sprint(s.TID, ns(t, s.TS))] || !at[fmt.Sprint(e.TID, ns(t, e.TS))] {
				t.Fatalf("flow %d: an end of it is bound to no event", e.ID)
			}
			delete(starts, e.ID)
			flows++
		default:
			t.Fatalf("phase %q", e.Ph)
		}
	}
	if len(starts) > 0 {
		t.Errorf("%d flows have no end", len(starts))
	}
	if len(seen) != len(run.Events) {
		t.Errorf("%d events, the run has %d", len(seen), len(run.Events))
	}
	return flows
}

func TestChrome(t *testing.T) {
	for _, c := range []struct {
		scenario string
		flows    bool
	}{
		{gathered, true},
		{"splice,net=nic,size=1MiB,chunk=64KiB,cache=cold", true},
		{"sendfile,net=nic,sg=off,size=1MiB,chunk=64KiB", false},
		{"read-write,model=textbook,size=64KiB,chunk=64KiB,cache=cold", false},
		{"mmap-write,size=1MiB,chunk=64KiB,cache=cold", false},
		{"tee,net=nic,size=1MiB,chunk=64KiB", true},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			run := simulated(t, c.scenario)
			if flows := holdsChrome(t, run, chrome(t, run)); flows > 0 != c.flows {
				t.Errorf("%d flows", flows)
			}
		})
	}
}

// Events that overlap in part get a track of their own, whatever they are.
func TestChromeNestsWhateverComes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		run := &trace.Run{Path: "x", Side: trace.Real, Base: trace.Measured}
		at := trace.Ns(0)
		for range 1 + random.IntN(60) {
			at += trace.Ns(random.IntN(4))
			run.Record(trace.Event{At: at, Dur: trace.Ns(random.IntN(8)), Endpoint: []trace.Endpoint{trace.Sender, trace.Receiver}[random.IntN(2)], Phase: trace.Transfer,
				Kind: trace.Kinds()[random.IntN(5)], Actor: trace.Actors()[random.IntN(4)], Thread: random.IntN(2), Offset: int64(random.IntN(3)), Detail: []string{"", "gather"}[random.IntN(2)],
				To: trace.SocketBuffer, Provenance: trace.Measured})
		}
		holdsChrome(t, run, chrome(t, run))
	}
}

// A flow joins the descriptor and the transfer of the same bytes.
func TestFlowJoinsTheSameBytes(t *testing.T) {
	run := simulated(t, gathered)
	bySeq := map[string]trace.Event{}
	for _, e := range run.Events {
		bySeq[fmt.Sprint(e.Seq)] = e
	}
	events := chrome(t, run)
	find := func(f slice, kind trace.Kind) []trace.Event {
		var out []trace.Event
		for _, e := range events {
			if (e.Ph == "X" || e.Ph == "i") && e.TID == f.TID && e.TS == f.TS {
				if ev := bySeq[fmt.Sprint(e.Args["seq"])]; ev.Kind == kind {
					out = append(out, ev)
				}
			}
		}
		return out
	}
	begins := map[int]trace.Event{}
	flows := 0
	for _, e := range events {
		switch e.Ph {
		case "s":
			found := find(e, trace.Descriptor)
			if len(found) != 1 {
				t.Fatalf("flow %d begins at %d descriptors", e.ID, len(found))
			}
			begins[e.ID] = found[0]
		case "f":
			found := find(e, trace.DMA)
			if len(found) != 1 || found[0].Offset < begins[e.ID].Offset || found[0].Offset >= begins[e.ID].Offset+begins[e.ID].Bytes {
				t.Fatalf("flow %d is from %+v to %+v", e.ID, begins[e.ID], found)
			}
			flows++
		}
	}
	if flows < 16 {
		t.Errorf("%d flows, want one for each of 16 chunks at least", flows)
	}
}

func TestCSV(t *testing.T) {
	run := simulated(t, gathered)
	run.Events[3].Detail = "a \"quoted\" one, with comma\r\nand line"
	var b bytes.Buffer
	if err := export.CSV(&b, run); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "seq,at_ns,dur_ns,cpu_ns,endpoint,") || !strings.Contains(b.String(), "provenance\r\n") {
		t.Errorf("begins %.120q", b.String())
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(run.Events) {
		t.Fatalf("%d rows of %d events", len(rows), len(run.Events))
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	for i, e := range run.Events {
		row := rows[1+i]
		for name, want := range map[string]any{"seq": e.Seq, "at_ns": int64(e.At), "dur_ns": int64(e.Dur), "kind": e.Kind, "bytes": e.Bytes, "offset": e.Offset,
			"syscall": e.Syscall, "provenance": e.Provenance, "n": e.Units()} {
			if got := row[column(name)]; got != fmt.Sprint(want) {
				t.Fatalf("event %d: %s is %q, want %v", e.Seq, name, got, want)
			}
		}
	}
	if got := rows[4][column("detail")]; got != "a \"quoted\" one, with comma\nand line" && got != run.Events[3].Detail {
		t.Errorf("detail %q", got)
	}
}

// The drawing is XML, and has a bar for every event that is not too brief to be told
// apart, a line for every flow.
func TestSVG(t *testing.T) {
	run := simulated(t, gathered)
	run.Machine = "<&\">"
	var b bytes.Buffer
	if err := export.SVG(&b, run); err != nil {
		t.Fatal(err)
	}
	bars, lines := 0, 0
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range e.Attr {
			if a.Name.Local == "class" && strings.HasPrefix(a.Value, "bar ") {
				bars++
			}
			if a.Name.Local == "class" && a.Value == "link" {
				lines++
			}
		}
	}
	if bars < 50 || bars > len(run.Events) || lines != 16 {
		t.Errorf("%d bars, %d lines, of %d events", bars, lines, len(run.Events))
	}
}

func TestReadRefuses(t *testing.T) {
	const event = `{"seq":1,"at_ns":0,"dur_ns":0,"endpoint":"sender","phase":"transfer","kind":"syscall","actor":"kernel","bytes":0,"provenance":"measured"}`
	head := func(events string) string {
		return `{"path":"x","side":"real","bytes":1,"base":"measured","events":[` + events + `]}`
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "it is empty"},
		{"text", "hello", "want a trace"},
		{"another document", `{"schema":1,"runs":[]}`, "want a trace"},
		{"no events", head(""), "no events"},
		{"cut off", head(event)[:80], "it is cut off"},
		{"out of order", head(strings.ReplaceAll(event, `"at_ns":0`, `"at_ns":5`) + "," + event), "event 2 is at 0 ns, before the one before it"},
		{"below 0", head(strings.ReplaceAll(event, `"dur_ns":0`, `"dur_ns":-5`)), "event 1 is at 0 ns for -5 ns"},
		{"no provenance", head(strings.ReplaceAll(event, `"measured"`, `"guessed"`)), `provenance "guessed"`},
		{"no kind", head(strings.ReplaceAll(event, `"kind":"syscall",`, "")), "lacks its kind"},
		{"no base", `{"path":"x","side":"real","bytes":1,"events":[` + event + `]}`, "base is missing"},
		{"a thread below 0", head(strings.ReplaceAll(event, `"bytes":0`, `"bytes":0,"thread":-1`)), "threads count from 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := export.Read(strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
		})
	}
}

// What a stranger sends is not unpacked, and takes no more memory than so many events.
func TestReadPlainIsBounded(t *testing.T) {
	run := &trace.Run{Path: "x", Side: trace.Real, Base: trace.Measured}
	for range 3 {
		run.Record(trace.Event{Endpoint: trace.Sender, Phase: trace.Transfer, Kind: trace.Syscall, Actor: trace.KernelCode, Syscall: "read", Provenance: trace.Measured})
	}
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := export.ReadPlain(bytes.NewReader(text), 3); err != nil || len(got.Events) != 3 {
		t.Errorf("three events: %v, %v", got, err)
	}
	if _, err := export.ReadPlain(bytes.NewReader(text), 2); err == nil || !strings.Contains(err.Error(), "more than 2 events") {
		t.Errorf("three events where two may be: %v", err)
	}
	spoilt := bytes.Replace(text, []byte(`"seq":3`), []byte(`"unknown":3`), 1)
	if _, err := export.ReadPlain(bytes.NewReader(spoilt), 2); err == nil || !strings.Contains(err.Error(), "more than 2 events") {
		t.Errorf("it reads on after two: %v", err)
	}
	if _, err := export.ReadPlain(bytes.NewReader(spoilt), 3); err == nil || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("the third is not what it was made: %v", err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(text)
	z.Close()
	if _, err := export.ReadPlain(&packed, 3); err == nil || !strings.Contains(err.Error(), "unpack it first") {
		t.Errorf("what is compressed: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	run := &trace.Run{Path: "x", Side: trace.Real, Base: trace.Measured}
	run.Record(trace.Event{Endpoint: trace.Sender, Phase: trace.Transfer, Kind: trace.Syscall, Actor: trace.KernelCode, Syscall: "read", Provenance: trace.Measured})
	if err := json.NewEncoder(&b).Encode(run); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"path":"x","events":[{}]}`))
	f.Add([]byte{0x1f, 0x8b, 8})
	tell := func(_ locale.Lang, run *trace.Run) []string { return make([]string, len(run.Events)) }
	f.Fuzz(func(t *testing.T, text []byte) {
		run, err := export.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, write := range []func(io.Writer, *trace.Run) error{export.Chrome, export.CSV, export.SVG,
			func(w io.Writer, r *trace.Run) error { return export.Page(w, r, export.PageOptions{Tell: tell}) }} {
			if err := write(io.Discard, run); err != nil {
				t.Fatal(err)
			}
		}
	})
}
