package web

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/importer"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// leftover is four English words in a row.
var leftover = regexp.MustCompile(`(?:[A-Za-z][A-Za-z'-]+ ){3}[A-Za-z]+`)

var han = regexp.MustCompile(`\p{Han}`)

// inChinese fails if a sentence has no Chinese form, or one with English left.
func inChinese(t *testing.T, where, english string) {
	t.Helper()
	if english == "" {
		return
	}
	got := locale.New(locale.Chinese).Sentence(english)
	if left := leftover.FindString(got); left != "" || !han.MatchString(got) {
		t.Errorf("%s: %q is %q in Chinese", where, english, got)
	}
}

func needsLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("real measurements need Linux")
	}
}

func TestReasonsOfUnknownCountsAreInChinese(t *testing.T) {
	unknown := 0
	for _, cold := range []bool{false, true} {
		for name, basis := range host.Watch(host.Options{Cold: cold}) {
			if basis.Provenance == trace.Unavailable {
				unknown++
				inChinese(t, string(name), basis.Reason)
			}
		}
	}
	if unknown == 0 {
		t.Error("no count is unknown: this test has nothing to look at")
	}
	for _, path := range transfer.Paths() {
		for name, c := range simulated(t, path).Run.Counter().Counts() {
			inChinese(t, path+" "+string(name), c.Reason)
		}
	}
}

func TestPredictionsAreExplainedInChinese(t *testing.T) {
	needsLinux(t)
	l := lab.New(t.TempDir())
	explained := 0
	for _, path := range transfer.Paths() {
		for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
			s := lab.Default()
			s.Path, s.Side, s.Size, s.Cache = path, trace.Real, 256<<10, cache
			result, err := l.Run(t.Context(), s, lab.Options{})
			if err != nil {
				inChinese(t, path, err.Error()) // a memory file system cannot be cold
				continue
			}
			prediction, err := l.Predict(t.Context(), result.Scenario)
			if err != nil {
				t.Fatal(err)
			}
			// Of another run, the prediction does not hold.
			other := *prediction
			larger := result.Scenario
			larger.Size *= 64
			wrong, err := l.Predict(t.Context(), larger)
			if err != nil {
				t.Fatal(err)
			}
			other.Counter = wrong.Counter
			if result.Alias != "" { // else the probe has nothing to tell of the path
				other.Alias = host.AliasMixed
			}
			for _, p := range []*lab.Result{prediction, &other} {
				for _, row := range lab.CompareResults(p, result) {
					if row.Reason != "" {
						explained++
						inChinese(t, path+" "+row.Count, row.Reason)
					}
				}
			}
		}
	}
	if explained < 20 {
		t.Errorf("only %d rows have a reason", explained)
	}
}

func TestRemediesAreInChinese(t *testing.T) {
	for _, text := range []string{
		"fly", "sendfile,touch=on", "splice,side=both", "sendfile,model=bsd", "sendfile,size=-1", "sendfile,size=2TiB", "sendfile,size=0",
		"sendfile,chunk=none", "sendfile,chunk=2TiB", "sendfile,cache=hot", "sendfile,model=linux,net=air",
		"sendfile,dma=maybe", "sendfile,sg=1", "read-write,touch=yes", "sendfile,profile=abacus", "sendfile,colour=red", "sendfile,words",
		"sendfile,zerocopy=on", "sendfile,cpus=5000", "sendfile,cpus=none", "sendfile,llc=1KiB", "sendfile,whatif=now", "sendfile,whatif=3",
		"sendfile,whatif=3/colour=red", "sendfile,whatif=3/sg=maybe", "sendfile,whatif=3/sg", "sendfile,whatif=3/mtu=abc", "sendfile,whatif=3/mtu=67", "sendfile,dma=off,net=nic,whatif=3/sg=on", "sendfile,net=nic,whatif=3/sg=off/tso=on", "sendfile,whatif=3/readahead=-1", "sendfile,size=9EiB",
		"sendfile,side=real,size=2GiB", "sendfile,size=1TiB,chunk=1TiB", "read-write,size=1GiB,chunk=1B",
	} {
		s, err := lab.ParseScenario(text, opening("read-write"))
		if err == nil {
			err = allow(s)
		}
		var f *lab.FieldError
		if !errors.As(err, &f) {
			t.Errorf("%s: %v is no error of a field", text, err)
			continue
		}
		inChinese(t, text, f.Remedy)
		fault := faultOf(locale.New(locale.Chinese), err)
		if leftover.MatchString(fault.Message) || leftover.MatchString(fault.Remedy) {
			t.Errorf("%s: the page is told %+v", text, fault)
		}
	}
	for _, query := range []string{"v=9", "step=x", "align=left", "lane=e", "speed=fast", "a=sendfile&a=splice", "axis=z"} {
		html := body(t, ask(newServer(t, Config{Lab: lab.New(t.TempDir())}), "GET", "/scope?lang=zh&"+query, nil))
		problem := regexp.MustCompile(`(?s)<p class="problem".*?</p>`).FindString(html)
		if !han.MatchString(problem) || leftover.MatchString(problem) {
			t.Errorf("%s: the page says %q", query, problem)
		}
	}
}

func TestFindingsAreInChinese(t *testing.T) {
	for _, c := range host.Doctor(t.Context()).Checks {
		if c.ID != "kernel" { // a name and a version
			inChinese(t, c.ID, c.Why)
		}
		if leftover.MatchString(c.Enable) {
			inChinese(t, c.ID, c.Enable)
		}
	}
}

// Figures that the sampler cannot give: at the start, without files and
// fields, after counters went back and with a clock that stands.
func TestFiguresThatAreMissingAreExplainedInChinese(t *testing.T) {
	needsLinux(t)
	root, now := t.TempDir(), time.Unix(1_700_000_000, 0)
	if err := os.CopyFS(root, os.DirFS("../internal/host/testdata/proc/6.1")); err != nil {
		t.Fatal(err)
	}
	change := func(file, old, new string) {
		name := filepath.Join(root, file)
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Replace(string(b), old, new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sampler, err := host.NewSampler(root, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	missing := 0
	sample := func(after time.Duration) {
		now = now.Add(after)
		s, err := sampler.Sample()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Figures {
			if f.Reason != "" {
				missing++
				inChinese(t, f.Name, f.Reason)
			}
		}
	}
	sample(0)
	sample(0)
	change("net/dev", "  1000000    1000 ", "      100    1000 ")
	change("meminfo", "Writeback:             8 kB\n", "")
	change("diskstats", " sda ", " sdb ")
	change("net/snmp", "RetransSegs", "Others")
	change("interrupts", " NMI:", " NMI ")
	os.RemoveAll(filepath.Join(root, "pressure"))
	os.Remove(filepath.Join(root, "42/io"))
	sample(time.Second)
	change("net/netstat", "TcpExt: 0 ", "TcpExt: ")
	change("net/snmp", " 950000 ", " many ")
	os.WriteFile(filepath.Join(root, "diskstats"), nil, 0o600)
	os.WriteFile(filepath.Join(root, "net/dev"), []byte("\n\n"), 0o600)
	os.WriteFile(filepath.Join(root, "interrupts"), nil, 0o600)
	sample(time.Second)
	change("vmstat", "pgfault", "pgfault many")
	sample(time.Second)
	os.Remove(filepath.Join(root, "vmstat"))
	sample(time.Second)
	if missing < 100 {
		t.Errorf("only %d figures were missing", missing)
	}
	os.RemoveAll(root)
	if _, err := sampler.Sample(); err == nil {
		t.Error("a sample of nothing is no error")
	} else {
		inChinese(t, "sampler", err.Error())
	}
}

// A problem of the websocket is told in the reader's language.
func TestProblemsAreInTheReadersLanguage(t *testing.T) {
	p := Problem{"type", `message type "fly" is not known here`, "see docs/websocket.md for the types"}
	if got := p.in(locale.New(locale.English)); got != p {
		t.Errorf("in English %+v became %+v", p, got)
	}
	want := Problem{"type", "此处不支持消息类型“fly”", "消息类型见 docs/websocket.md"}
	if got := p.in(locale.New(locale.Chinese)); got != want {
		t.Errorf("in Chinese: %+v", got)
	}
}

// What an imported trace, or that of a watch, does not tell is said in Chinese.
func TestWhatATraceDoesNotTellIsInChinese(t *testing.T) {
	said := []string{
		"12 calls moved bytes between descriptors of which the trace does not say what they are; strace -yy does",
		"3 calls had not returned when the trace ended", "the wall clock was set back 2 times; the timeline goes on from where it was",
		"calls have no duration: strace prints it with -T", "raw_syscalls tells numbers: they are read as those of x86-64",
		"perf lost events in 2 places, which are marked as gaps; record with a larger buffer (perf record -m)",
		"7 events of other tracepoints are passed over, the first is sched:sched_waking",
		"1 call has a return and no entry: it began before the trace did, as those of new threads do",
	}
	for _, name := range []string{"recvmmsg", "sendmmsg", "io_uring_enter", "copy_file_range", "process_vm_readv", "process_vm_writev", "sendto"} {
		timeline := importer.New(1)
		if err := timeline.Call(&importer.Call{Name: name, Ret: 1, Returned: true, ByReference: true}); err != nil {
			t.Fatal(err)
		}
		reason := timeline.Finish("test", importer.Watch("")).Run.Watch[trace.CPUCopies].Reason
		if reason == "" {
			t.Errorf("%s hides nothing: this test has nothing to look at", name)
		}
		said = append(said, reason)
	}
	for _, text := range said {
		inChinese(t, "a trace", text)
	}
}
