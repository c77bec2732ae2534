package templates

import (
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"copyscope/internal/locale"
)

var update = flag.Bool("update", false, "write what the components give now to testdata")

// golden holds a component's HTML against testdata/NAME.expected.html. Tags
// begin lines there, so that a difference is a readable one.
func golden(t *testing.T, name string, c templ.Component) {
	t.Helper()
	html, err := templ.ToGoHTML(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(string(html), "><", ">\n<") + "\n"
	file := filepath.Join("testdata", name+".expected.html")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./templates -update writes it", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if that is meant, run go test ./templates -update and look at the difference\n%s", file, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer than the other"
}

func testPage(name string, lang locale.Lang) PageData {
	return PageData{
		Translator: locale.New(lang), Name: name, URL: &url.URL{Path: "/" + name, RawQuery: "a=x"}, Theme: "auto", Version: "1.2.3",
		Asset:    func(name string) string { return "/static/v/" + name },
		Messages: map[string]string{"page.theme.auto": "</script> is escaped"},
		Keys:     []KeyGroup{{Name: "everywhere", Bindings: []KeyBinding{{Action: "help", Keys: []string{"?", "F1"}}}}},
		KeyMap:   []byte(`[]`),
	}
}

func sampleOf(v float64) *float64 { return &v }

func TestGolden(t *testing.T) {
	en, zh := locale.New(locale.English), locale.New(locale.Chinese)
	live := LiveData{
		SampledAt: "12:00:00", Broker: "127.0.0.1:9092", Kept: 100,
		Groups: []FigureGroup{{Name: "cpu", Figures: []Figure{
			{Name: "cpu_user", Value: sampleOf(1), Text: "1.0 %", Provenance: "measured", History: []*float64{sampleOf(0), nil, sampleOf(2), sampleOf(1)}},
		}}},
		Topics:  []TopicRow{{Name: "demo", Partitions: "1", Records: "10", Size: "1 KiB", Path: "sendfile"}},
		Totals:  []TotalRow{{Path: "sendfile", Fetches: "1", Bytes: "1 KiB", Syscalls: "sendfile × 1", Duration: "1 ms"}},
		Fetches: []FetchRow{{Number: 1, Time: "11:59:59.000", Where: "demo-0", Client: "<b>", Path: "sendfile", Bytes: "1 KiB", Syscalls: "sendfile × 1", Duration: "1 ms", Twin: "/scope?a=sendfile"}},
		Window:  &Window{Time: "11:59:59", Shown: 20, Served: 1340},
		Charts: []ChartView{{Chart: Chart{Name: "calls", Unit: "per-second", Figures: []string{"broker_syscalls", "broker_mode_switches"}}, Legend: []Figure{
			{Name: "broker_syscalls", Value: sampleOf(1), Text: "1/s", Provenance: "measured"}, {Name: "broker_mode_switches", Value: sampleOf(2), Text: "2/s", Provenance: "derived"}}}},
		Load: &LoadOffer{Paths: []string{"read-write", "sendfile"}, Lab: "lab", LabSize: "64 MiB", Most: 60, Usual: 40, State: LoadState{Phase: "done", Rows: []LoadRow{
			{Path: "sendfile", Took: "1 s", Intervals: 5, Rate: "1 GB/s", Cost: "100 ms/GB", Calls: "4", Switches: "8", Changes: "9/s"}}}},
		State: LiveState{Server: "run", Seq: 7, Kept: 100},
	}
	for name, c := range map[string]templ.Component{
		"missing.en":        Missing(testPage("missing", locale.English), "/<script>"),
		"missing.zh":        Missing(testPage("missing", locale.Chinese), "/x"),
		"provenance.en":     Provenance(en, "measured", ""),
		"provenance.zh":     Provenance(zh, "unavailable", "needs root"),
		"live.zh":           Live(testPage("live", locale.Chinese), live),
		"live-no-broker.en": Live(testPage("live", locale.English), LiveData{NoSample: "no /proc"}),
		"cluster.zh": Broker(testPage("broker", locale.Chinese), BrokerData{There: true, Addr: "kafka1:9092", Cluster: &ClusterCard{ID: "<id>", Version: "v4.0", Security: "SASL_SSL (PLAIN, alice)", As: "as of", Lost: "lost", Hidden: "2 hidden",
			Brokers: []ClusterBrokerRow{{ID: "1", Addr: "kafka1:9092", Rack: "–", Controller: true, Process: "java (pid 7)", Watch: "/attach?port=9092"}, {ID: "2", Addr: "kafka2:9092", Rack: "–", NotHere: "on another host"}}},
			Topics: []BrokerTopicRow{{Name: "orders", Partitions: "1", Records: "3", Bytes: "–", Path: "–", Engine: "–"}}}),
		"cluster-lost.en": ClusterLost(testPage("broker", locale.English), &ClusterCard{As: "as of"}, "<reason>"),
		"live-cluster.en": Live(testPage("live", locale.English), LiveData{Broker: "kafka1:9092", Cluster: true, Topics: live.Topics,
			Load: &LoadOffer{Cluster: true, Watch: []WatchLink{{Port: "9092", URL: "/attach?port=9092"}}, Most: 60, Usual: 20, State: LoadState{Phase: "idle"}}}),
		"models.en": Models(testPage("models", locale.English), []FidelityArea{{Name: "pipe", Rows: []FidelityRow{{ID: "pipe-capacity", Area: "pipe", Textbook: "not modelled", Linux: "full", Kernel: "6.18", Source: "pipe(7)"}}}}),
		"claims.zh": Claims(testPage("claims", locale.Chinese), []ClaimCardView{{LessonClaim: LessonClaim{Name: "nginx", Claim: "a &lt; b", Verdict: "depends"}, Truth: "<p>truth</p>",
			Evidence: []ClaimEvidence{{Say: "copies", Value: "2"}}, Open: "/scope?a=sendfile", Command: "copyscope run", Sources: []ClaimSource{{Text: "man", URL: "https://example.org/"}}}},
			[]ClaimCard{{Name: "speedup"}, {Name: "switches", At: "12:00:00", Findings: []string{"1 < 2"}}}),
		"claim-running.en": Claim(testPage("claims", locale.English), ClaimData{Name: "headroom", State: ClaimState{Running: true, Percent: 7}}),
		"claim.en": Claim(testPage("claims", locale.English), ClaimData{Name: "speedup", Seconds: 60, Failed: "<reset>", Report: &ClaimReport{
			At: "12:00:00", Seconds: "12", Quick: true, Curve: true, Findings: []string{"1 < 2"}, Limits: []string{"loopback alone"},
			Machine: []ClaimFact{{Name: "processor", Text: "Fast"}, {Name: "last"}},
			Tables: []ClaimTable{{Title: "Table", Keys: []string{"chunk"}, Columns: []ClaimColumn{{"CPU", "ms/GB", "measured"}, {"share", "", "derived"}},
				Rows: []ClaimRow{{[]string{"4KiB"}, []ClaimCell{{Text: "1.50", Range: "1 – 2", Rounds: "3 rounds"}, {Reason: "nothing is sent"}}}}}}}}),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, c) })
	}
}

// A trend fits its box, whatever the numbers, and has gaps where values lack.
func TestTrend(t *testing.T) {
	for _, c := range []struct {
		name    string
		history []*float64
		want    []string
	}{
		{"nothing", nil, nil},
		{"only gaps", []*float64{nil, nil}, nil},
		{"flat is in the middle", []*float64{sampleOf(5), sampleOf(5)}, []string{"118,12 120,12"}},
		{"low is at the bottom", []*float64{sampleOf(0), sampleOf(10)}, []string{"118,23 120,1"}},
		{"a gap parts the line", []*float64{sampleOf(0), nil, sampleOf(10)}, []string{"115.9,23", "120,1"}},
	} {
		if got := trend(c.history); strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A page of the documentation as a file, and the first page.
func TestGoldenDocs(t *testing.T) {
	link := DocLink{Title: "First steps", Summary: "To begin", Lang: locale.English, Address: "../tutorial.html"}
	page := DocPage{
		Title: "Once <more>", Body: "<h1 id=\"once-more\">Once &lt;more&gt;</h1>\n", Lang: locale.English, Other: true, Before: &link, After: &link, Root: "../", Home: "index.html",
		Headings:  []DocHeading{{ID: "a", Text: "A <b>", Level: 2}, {ID: "b", Text: "B", Level: 3}},
		Sections:  []DocSection{{Name: "tutorial", Pages: []DocLink{link}}, {Name: "howto", Current: true, Pages: []DocLink{{Title: "Once <more>", Lang: locale.English, Address: "x.html", Current: true}, {Title: "下面", Lang: locale.Chinese, Address: "y.html", Under: true}}}},
		Languages: map[locale.Lang]string{locale.English: "../x.html", locale.Chinese: "x.html"},
	}
	frame := DocsFrame{Translator: locale.New(locale.Chinese), Version: "1.2.3", Icon: "static/favicon.svg", Styles: []string{"static/base.css"}, Script: "static/theme.js"}
	golden(t, "docs-written.zh", DocsWritten(frame, page))
	first := page
	first.Index, first.Title, first.Body = true, "", ""
	golden(t, "docs-index.en", DocContent(locale.New(locale.English), first))
}
