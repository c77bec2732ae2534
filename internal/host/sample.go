package host

import (
	"time"

	"copyscope/internal/trace"
)

// Sample is what the host's kernel reported at one time.
type Sample struct {
	At time.Time `json:"at"`
	// Interval is the time since the sample before, 0 for the first one.
	Interval time.Duration `json:"interval_ns"`
	Figures  []Figure      `json:"figures"`
	// Connections are the TCP connections that are followed, the busiest first;
	// Unfollowed is how many more there are.
	Connections []Connection `json:"connections,omitempty"`
	Unfollowed  int          `json:"unfollowed,omitempty"`
}

// Figure is one number of a sample; Value is nil where Reason says why.
type Figure struct {
	Name string `json:"name"`
	// Of is the device, processor or interrupt that it is of; empty for a
	// figure of the whole host or process.
	Of         string           `json:"of,omitempty"`
	Value      *float64         `json:"value"`
	Unit       Unit             `json:"unit"`
	Provenance trace.Provenance `json:"provenance"`
	Reason     string           `json:"reason,omitempty"`
}

// Connection is what the kernel reports of one TCP connection of this process.
type Connection struct {
	// ID tells it from the others for as long as it is followed.
	ID   int    `json:"id"`
	Peer string `json:"peer"`
	// Congestion is the congestion control in force, "cubic"; empty if the
	// kernel does not tell.
	Congestion string   `json:"congestion"`
	Figures    []Figure `json:"figures"`
}

// Unit is the unit of a figure.
type Unit string

// The units. A ratio of 1 is all of the host's processors, for the process
// figures and one processor's one whole processor, for a disk and for pressure
// all of the time that went by.
const (
	Ratio          Unit = "ratio"
	PerSecond      Unit = "per-second"
	PagesPerSecond Unit = "pages-per-second"
	Bytes          Unit = "bytes"
	BytesPerSecond Unit = "bytes-per-second"
	Seconds        Unit = "seconds"
	Number         Unit = "number"
)

// figure makes a figure of a value, or of the reason why there is none.
func figure(name, of string, unit Unit, value float64, reason string) Figure {
	if reason != "" {
		return Figure{Name: name, Of: of, Unit: unit, Provenance: trace.Unavailable, Reason: reason}
	}
	return Figure{Name: name, Of: of, Unit: unit, Provenance: trace.Measured, Value: &value}
}
