package export

import (
	"io"
	"iter"

	"copyscope/internal/trace"
)

// Format is one that a run can be written in.
type Format struct {
	// Name is how commands and addresses call it, Ending that of its files.
	Name, Ending string
	// Type is the media type.
	Type  string
	Write func(io.Writer, *trace.Run, PageOptions) error
	// Whole writes a run of any length, whose events are told one by one, in order
	// and as often as they are asked for; the run itself need not have them. nil:
	// the format has no room for so many.
	Whole func(io.Writer, *trace.Run, iter.Seq[trace.Event]) error
}

// plain is a format that needs no words.
func plain(write func(io.Writer, *trace.Run) error) func(io.Writer, *trace.Run, PageOptions) error {
	return func(w io.Writer, run *trace.Run, _ PageOptions) error { return write(w, run) }
}

// Formats lists all of them.
func Formats() []Format {
	return []Format{
		{"chrome", ".chrome.json", "application/json", plain(Chrome), chromeOf},
		{"html", ".html", "text/html; charset=utf-8", Page, nil},
		{"svg", ".svg", "image/svg+xml", drawingOf, nil},
		{"csv", ".csv", "text/csv; charset=utf-8", plain(CSV), csvOf},
	}
}

// FormatNames are the names of all formats.
func FormatNames() (names []string) {
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// FormatNamed finds a format by its name.
func FormatNamed(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}
