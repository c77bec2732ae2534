package templates

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"copyscope/internal/locale"
)

// AttachData is what the attach page shows when it is loaded; its script goes on
// from there.
type AttachData struct {
	// Closed says why no watch can be started from here, empty if one can; Enable is
	// what would change that, and Instead the command that does without a page.
	Closed, Enable, Instead string
	// Targets are processes of this host that listen at TCP ports; NoTargets says why
	// there is nothing to choose from, Hidden what is missing from the list.
	Targets           []AttachTarget
	NoTargets, Hidden string
	State             AttachState
	// Most is how many seconds a watch may last, Usual how many it lasts unless one
	// says otherwise.
	Most, Usual int
	// Port and Expect are what the address asks for: the port to watch, empty if it
	// names none, and the data path that is expected there.
	Port, Expect string
	Flame        *FlameView

	Resume AttachResume
}

// AttachResume is where the page's script goes on.
type AttachResume struct {
	Server string      `json:"server"`
	Seq    uint64      `json:"seq"`
	State  AttachState `json:"state"`
}

// AttachTarget is what can be watched: the processes of one name that listen at the
// same ports.
type AttachTarget struct {
	Name  string `json:"name"`
	PIDs  string `json:"pids"`  // 12, 13
	Ports string `json:"ports"` // 80, 443
	// Watch is the body of the request that watches it.
	Watch []int `json:"watch"`
}

// PIDList is the target's processes for the script: 12,13.
func (t AttachTarget) PIDList() string {
	out := make([]string, len(t.Watch))
	for i, pid := range t.Watch {
		out[i] = strconv.Itoa(pid)
	}
	return strings.Join(out, ",")
}

// AttachState is how a watch stands. It is one for readers of every language.
type AttachState struct {
	// Watch numbers the watches of this run of the server; 0: there was none.
	Watch int64 `json:"watch"`
	// Phase is idle, watching, done or failed.
	Phase string `json:"phase"`
	Who   string `json:"who"`
	// ElapsedMs of ForMs have gone by.
	ElapsedMs int64         `json:"elapsed_ms"`
	ForMs     int64         `json:"for_ms"`
	Error     locale.Spoken `json:"error,omitzero"`
	// Calls and Bytes are what was seen so far.
	Calls  AttachNumber  `json:"seen_calls"`
	Bytes  AttachNumber  `json:"seen_bytes"`
	Report *AttachReport `json:"report"`
	// Beside is the simulation of the path that was seen; nil where there is none.
	Beside *AttachBeside `json:"beside"`
	// Trace names the trace of the calls that were kept, Kept says how many; empty: there
	// is none.
	Trace string        `json:"trace"`
	Kept  locale.Spoken `json:"kept,omitzero"`
	// Profile: there is a copy profile to download. Flame: its flame graph is there;
	// NoFlame says why not, FlameNotes what is not in it.
	Profile    bool          `json:"profile"`
	Flame      bool          `json:"flame"`
	NoFlame    locale.Spoken `json:"no_flame,omitzero"`
	FlameNotes []AttachNote  `json:"flame_notes,omitempty"`
}

// lane is the address of the scope page with the calls that were kept.
func (s AttachState) lane() templ.SafeURL {
	return templ.SafeURL("/scope?" + url.Values{"a": {"import=" + s.Trace}}.Encode())
}

// besideLane is the same with the simulation's lane beside it.
func (s AttachState) besideLane() templ.SafeURL {
	if s.Beside == nil {
		return s.lane()
	}
	return templ.SafeURL("/scope?" + url.Values{"a": {"import=" + s.Trace}, "b": {s.Beside.Lane}}.Encode())
}

// AttachBeside is what the simulation says of the path that a watch saw.
type AttachBeside struct {
	// Of says what was simulated, Lane is its lane's address.
	Of   locale.Spoken     `json:"of"`
	Lane string            `json:"lane"`
	Rows []AttachBesideRow `json:"rows"`
}

// AttachBesideRow is a figure, measured and predicted.
type AttachBesideRow struct {
	What      locale.Spoken `json:"what"`
	Measured  AttachNumber  `json:"measured"`
	Predicted AttachNumber  `json:"predicted"`
	Verdict   locale.Spoken `json:"verdict"`
}

// besideShown is what is beside, or what the script fills.
func besideShown(b *AttachBeside) AttachBeside {
	if b == nil {
		return AttachBeside{}
	}
	return *b
}

// AttachNumber is a number with where it is from.
type AttachNumber struct {
	Text       string        `json:"text"`
	Provenance string        `json:"provenance"`
	Reason     locale.Spoken `json:"reason,omitzero"`
}

// AttachReport is what was seen so far.
type AttachReport struct {
	Sentence locale.Spoken `json:"sentence"`
	Advice   locale.Spoken `json:"advice,omitzero"`
	// Verdict is yes, no or open: whether it is zero-copy from files to sockets.
	Verdict string `json:"verdict"`
	// Gap says what was lost, empty if nothing was.
	Gap       locale.Spoken   `json:"gap,omitzero"`
	Processes []AttachProcess `json:"processes"`
	// Others says how many processes are not among them, empty if none.
	Others locale.Spoken `json:"others,omitzero"`
	Paths  []AttachPath  `json:"paths"`
	// Rest says what is not listed among the paths, empty if nothing is.
	Rest locale.Spoken `json:"rest,omitzero"`
	// Unknown says what is not listed since nobody could look at it.
	Unknown locale.Spoken `json:"unknown,omitzero"`
	Calls   []AttachCall  `json:"calls"`
	Notes   []AttachNote  `json:"notes"`
	Watched AttachNumber  `json:"watched"`
	Records AttachNumber  `json:"records"`
	Lost    AttachNumber  `json:"lost"`
	OwnCPU  AttachNumber  `json:"own_cpu"`
	// CPU is the processor time of the processes, CopyCPU what of it went into copying.
	CPU     AttachNumber `json:"cpu"`
	CopyCPU AttachNumber `json:"copy_cpu"`
}

// AttachProcess is a process that is watched.
type AttachProcess struct {
	PID     string `json:"pid"`
	Name    string `json:"name"`
	Runtime string `json:"runtime"`
	Threads string `json:"threads"`
	Ended   bool   `json:"ended"`
}

// AttachPath is a way that bytes took.
type AttachPath struct {
	From     locale.Spoken `json:"from"`
	FromKind string        `json:"from_kind"`
	FromNote locale.Spoken `json:"from_note,omitzero"`
	To       locale.Spoken `json:"to"`
	ToKind   string        `json:"to_kind"`
	ToNote   locale.Spoken `json:"to_note,omitzero"`
	// Technique is one, or mixed; Shares are all, with what they have of the bytes.
	Technique  string        `json:"technique"`
	ZeroCopy   bool          `json:"zero_copy"`
	Techniques []AttachShare `json:"techniques"`
	Bytes      AttachNumber  `json:"bytes"`
	Source     AttachNumber  `json:"source"`
	Copies     AttachNumber  `json:"copies"`
	Switches   AttachNumber  `json:"switches"`
	Calls      string        `json:"calls"`
	Blocker    locale.Spoken `json:"blocker,omitzero"`
	Advice     locale.Spoken `json:"advice,omitzero"`
}

// AttachShare is what a technique has of a path's bytes, and by what it is told.
type AttachShare struct {
	Technique string        `json:"technique"`
	Share     string        `json:"share"`
	Evidence  locale.Spoken `json:"evidence"`
}

// AttachCall is a syscall of the processes, whether or not it belongs to a path.
type AttachCall struct {
	Name   string `json:"name"`
	Calls  string `json:"calls"`
	Errors string `json:"errors"`
	Bytes  string `json:"bytes"`
}

// AttachNote is what limits the rest.
type AttachNote struct {
	Text locale.Spoken `json:"text"`
}

// FlameView is a flame graph, its root at the top, and its table.
type FlameView struct {
	Total string
	// Lent was handed over by reference besides; empty if nothing was.
	Lent   string
	Frames []FlameFrame
	Rows   []FlameRow
	Levels int
	// Left is how many frames were too narrow to be drawn; RowsLeft how many functions
	// the table leaves out.
	Left, RowsLeft int
}

// FlameFrame is a function on a stack. X and Width are per cent of the whole.
type FlameFrame struct {
	Name     string
	X, Width float64
	Level    int // 0 is the root
	// Parent is the index of the caller's frame; -1 for the root.
	Parent       int
	Bytes, Share string
}

// FlameRow is a function with what was copied in it and below it, and in it alone.
type FlameRow struct {
	Name              string
	Bytes, Share, Own string
}

// flameLine is the height of a level of the graph, in px.
const flameLine = 20

func (f FlameFrame) x() string     { return percent(f.X) }
func (f FlameFrame) width() string { return percent(f.Width) }
func (f FlameFrame) y() string     { return strconv.Itoa(f.Level * flameLine) }

// hue spreads the frames over a few classes by their names, so that one function
// has one hue wherever it stands.
func (f FlameFrame) hue() string {
	sum := 0
	for _, r := range f.Name {
		sum = (sum*31 + int(r)) % 997
	}
	return fmt.Sprintf("hue-%d", sum%5)
}

func (v FlameView) height() string { return strconv.Itoa(v.Levels * flameLine) }

func percent(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) + "%" }

// prose parts a sentence at its `backquotes`: every second part is code.
func prose(text string) []string { return strings.Split(text, "`") }

// attachShown is an empty report where there is none, for the script to fill.
func attachShown(r *AttachReport) AttachReport {
	if r == nil {
		return AttachReport{Verdict: "open"}
	}
	return *r
}

// attachProvenance is that of a number; what is not there yet is unavailable.
func attachProvenance(n AttachNumber) string {
	if n.Provenance == "" {
		return "unavailable"
	}
	return n.Provenance
}

// attachPhase says how a watch stands.
func attachPhase(t *locale.Translator, s AttachState) string {
	if s.Phase == "failed" {
		return t.T("attach.phase.failed", "Who", s.Who, "Reason", s.Error.In(t.Lang()))
	}
	return t.T("attach.phase."+s.Phase, "Who", s.Who)
}

// flameTab: the keyboard reaches the root, arrows the others.
func flameTab(i int) string {
	if i == 0 {
		return "0"
	}
	return "-1"
}
