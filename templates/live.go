package templates

import (
	"fmt"
	"strconv"
	"strings"

	"copyscope/internal/locale"
)

// LiveData is what the live page shows when it is loaded; its script goes on
// from there.
type LiveData struct {
	// SampledAt is the time of the figures, empty before the first; NoSample
	// says why there are none.
	SampledAt string
	// SampledOver is the real time between the last two samples.
	SampledOver string
	NoSample    string
	Groups      []FigureGroup
	Charts      []ChartView
	// Connections are the broker's busiest; Unfollowed is how many more there
	// are.
	Connections []ConnectionRow
	Unfollowed  int
	// ConnectionNames are the names of the figures of a connection, as columns.
	ConnectionNames []string

	// Broker is the broker's real address, empty if there is none.
	Broker string
	Topics []TopicRow
	Totals []TotalRow
	// Fetches are the newest ones, newest first; Kept is how many the page
	// keeps at the most.
	Fetches []FetchRow
	Kept    int
	Window  *Window
	// Appends are the newest ones, newest first; AppendsKept is how many the page
	// keeps at the most.
	Appends      []AppendRow
	AppendTotals []AppendTotalRow
	AppendsKept  int
	AppendWindow *Window

	// Cluster says that the broker is one of a cluster's, which tells of no fetches.
	Cluster bool
	// Load is what load this page may start; nil for none.
	Load *LoadOffer

	// State is where the page's script goes on.
	State LiveState
}

// LoadOffer is the load that a page may put on the broker.
type LoadOffer struct {
	// Cluster says that it is put on a cluster: a topic is made for it, and the paths are
	// not for a client to choose. Watch are the pages that watch its brokers.
	Cluster bool
	Watch   []WatchLink
	Paths   []string
	// Lab is the topic that is made and filled for it, with LabSize.
	Lab, LabSize string
	// Most and Usual are seconds.
	Most, Usual int
	State       LoadState
}

// LoadState is how the load stands: idle, filling, running, done or failed.
type LoadState struct {
	Phase string `json:"phase"`
	Topic string `json:"topic"`
	// Path serves the topic now.
	Path      string `json:"path"`
	Turns     bool   `json:"turns"`
	ElapsedMs int64  `json:"elapsed_ms"`
	ForMs     int64  `json:"for_ms"`
	// Congestion is the congestion control of the consumer's sockets, known when
	// it has ended.
	Congestion string        `json:"congestion"`
	Rows       []LoadRow     `json:"rows"`
	Error      locale.Spoken `json:"error,omitzero"`
}

// LoadRow is what one path's part of a load came to: medians over intervals.
type LoadRow struct {
	Path      string `json:"path"`
	Took      string `json:"took"`
	Intervals int    `json:"intervals"`
	Rate      string `json:"rate"`
	Cost      string `json:"cost"`
	Calls     string `json:"calls"`
	Switches  string `json:"switches"`
	Changes   string `json:"changes"`
}

// LiveState is the data block from which the live page's script goes on.
type LiveState struct {
	Server string `json:"server"`
	Seq    uint64 `json:"seq"`
	// Fetch is the number of the newest row and Sampled the time of the newest
	// sample (Unix milliseconds): the feed's messages may hold them once more.
	Fetch   int64 `json:"fetch"`
	Sampled int64 `json:"sampled"`
	Kept    int   `json:"kept"`
	// Hz is how many samples are taken in a second.
	Hz      int                   `json:"hz"`
	History map[string][]*float64 `json:"history"`
	Charts  []Chart               `json:"charts"`
	Load    *LoadState            `json:"load"`
	Topics  []TopicRow            `json:"topics"`
}

// Chart is which figures a chart shows. Its title is the message
// live.chart.NAME.
type Chart struct {
	Name string `json:"name"`
	// Unit is that of its figures, as of a sample.
	Unit    string   `json:"unit"`
	Figures []string `json:"figures"`
}

// ChartView is a chart with the newest figures, which its legend shows.
type ChartView struct {
	Chart
	Legend []Figure
}

// FigureGroup is the figures about one part of the host.
type FigureGroup struct {
	Name    string
	Figures []Figure
	// Hidden is how many more there are.
	Hidden int
}

// Figure is one number of the host, as its row shows it. Its label is the
// message live.figure.NAME.
type Figure struct {
	Name string `json:"name"`
	// Of is the device or processor that it is of, or empty.
	Of string `json:"of,omitempty"`
	// Value draws the trend; it is nil where there is none, for Reason.
	Value      *float64 `json:"value"`
	Text       string   `json:"text"`
	Provenance string   `json:"provenance"`
	// The feed is one for readers of every language.
	Reason locale.Spoken `json:"reason,omitzero"`

	History []*float64 `json:"-"`
}

// Key tells the figure from the others.
func (f Figure) Key() string { return strings.TrimSpace(f.Name + " " + f.Of) }

// ConnectionRow is one connection of the broker. The labels of its figures are
// the messages live.connection.NAME.
type ConnectionRow struct {
	Peer       string   `json:"peer"`
	Congestion string   `json:"congestion"`
	Figures    []Figure `json:"figures"`
}

// TopicRow is one topic of the broker.
type TopicRow struct {
	Name       string `json:"name"`
	Partitions string `json:"partitions"`
	Records    string `json:"records"`
	Size       string `json:"size"`
	Path       string `json:"path"`
}

// TotalRow is what the fetches of one path add up to.
type TotalRow struct {
	Path     string `json:"path"`
	Fetches  string `json:"fetches"`
	Bytes    string `json:"bytes"`
	Syscalls string `json:"syscalls"`
	Duration string `json:"duration"`
}

// FetchRow is one fetch that the broker served.
type FetchRow struct {
	// Number numbers the rows that pages show.
	Number   int64  `json:"number"`
	Time     string `json:"time"`
	Where    string `json:"where"`
	Client   string `json:"client"`
	Path     string `json:"path"`
	Bytes    string `json:"bytes"`
	Syscalls string `json:"syscalls"`
	Duration string `json:"duration"`
	// Twin is the scope's address with the same transfer simulated; empty if
	// there is nothing to simulate.
	Twin  string        `json:"twin"`
	Error locale.Spoken `json:"error,omitzero"`
	// Why says why the path is not the topic's.
	Why locale.Spoken `json:"why,omitzero"`
}

// AppendRow is one batch that a producer sent.
type AppendRow struct {
	Time     string `json:"time"`
	Where    string `json:"where"`
	Client   string `json:"client"`
	Engine   string `json:"engine"`
	Bytes    string `json:"bytes"`
	Records  string `json:"records"`
	Syscalls string `json:"syscalls"`
	Duration string `json:"duration"`
	// Duplicate: it was sent before, and nothing was appended.
	Duplicate bool          `json:"duplicate"`
	Error     locale.Spoken `json:"error,omitzero"`
}

// AppendTotalRow is what the appends by one engine add up to.
type AppendTotalRow struct {
	Engine     string `json:"engine"`
	Appends    string `json:"appends"`
	Bytes      string `json:"bytes"`
	Records    string `json:"records"`
	Duplicates string `json:"duplicates"`
	Syscalls   string `json:"syscalls"`
	Duration   string `json:"duration"`
}

// Window is one second of which only some events are shown.
type Window struct {
	Time   string `json:"time"`
	Shown  int64  `json:"shown"`
	Served int64  `json:"served"`
}

// Trend's box, in the units of its viewBox; static/live/trend.js draws in the
// same one.
const (
	trendWidth  = 120
	trendHeight = 24
	// TrendDepth is how many samples a trend shows.
	TrendDepth = 60
)

// trend draws a history as the points of one polyline for each stretch without
// a gap. The newest sample is at the right; the range is that of the history.
func trend(history []*float64) []string {
	low, high, any := span(history)
	if !any {
		return nil
	}
	if high == low { // a flat line in the middle
		low, high = low-1, high+1
	}
	var lines []string
	var line []string
	flush := func() {
		if len(line) > 0 {
			lines = append(lines, strings.Join(line, " "))
		}
		line = nil
	}
	for i, v := range history {
		if v == nil {
			flush()
			continue
		}
		x := float64(trendWidth) * float64(TrendDepth-len(history)+i) / (TrendDepth - 1)
		y := 1 + (trendHeight-2)*(high-*v)/(high-low)
		line = append(line, round(x)+","+round(y))
	}
	flush()
	return lines
}

func round(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

func span(history []*float64) (low, high float64, any bool) {
	for _, v := range history {
		if v == nil {
			continue
		}
		if !any || *v < low {
			low = *v
		}
		if !any || *v > high {
			high = *v
		}
		any = true
	}
	return low, high, any
}

// figureLabel names a figure, and what it is of.
func figureLabel(p PageData, f Figure) string {
	if f.Name == "" { // the empty row
		return ""
	}
	return p.T("live.figure."+f.Name, "Of", f.Of)
}

// sampledText says when the figures were taken and over how long.
func sampledText(p PageData, at, over string) string {
	if over == "" {
		return p.T("live.sampled.at", "Time", at)
	}
	return p.T("live.sampled.over", "Time", at, "Interval", over)
}

// emptyConnection is a row for the page's script to fill.
func emptyConnection(names []string) (row ConnectionRow) {
	for _, name := range names {
		row.Figures = append(row.Figures, Figure{Name: name})
	}
	return row
}

// ranges are the choices of how much time the charts show, in seconds.
var ranges = []int{10, 30, 60, 120, 300, 900}

const usualRange = 60

func rangeText(p PageData, seconds int) string {
	if seconds < 60 {
		return p.T("live.range.seconds", "Count", seconds)
	}
	return p.T("live.range.minutes", "Count", seconds/60)
}

// rates are the choices of samples per second.
var rates = []int{1, 2, 5, 10}

func trendBox() string { return fmt.Sprintf("0 0 %d %d", trendWidth, trendHeight) }

// produceCommand and consumeCommand are what a reader can paste to see
// fetches.
func produceCommand(broker string) string {
	return fmt.Sprintf("seq 1 100000 | kcat -b %s -P -t demo", broker)
}

func consumeCommand(broker string, topics []TopicRow) string {
	topic := "demo"
	if len(topics) > 0 {
		topic = topics[0].Name
	}
	return fmt.Sprintf("kcat -b %s -C -e -t %s > /dev/null", broker, topic)
}

// WatchLink leads to the page that watches the process at a port.
type WatchLink struct{ Port, URL string }

// ofBroker is the provenance of what a broker counts of itself: a cluster's tells nobody.
func ofBroker(l LoadOffer, provenance string) string {
	if l.Cluster {
		return "unavailable"
	}
	return provenance
}

// notOfClient is why a client does not know it.
func notOfClient(p PageData, l LoadOffer) string {
	if l.Cluster {
		return p.T("live.load.cluster.unknown")
	}
	return ""
}

// includes says what the load's figures are of.
func includes(p PageData, l LoadOffer) string {
	if l.Cluster {
		return p.T("live.load.cluster.includes")
	}
	return p.T("live.load.includes")
}

// chartNote is the message that says what a chart is of: of a load on a cluster it is
// not this process.
func chartNote(c ChartView) string {
	if len(c.Legend) > 0 && strings.HasPrefix(c.Legend[0].Name, "load_") {
		return "live.chart." + c.Name + ".load"
	}
	return "live.chart." + c.Name + ".note"
}
