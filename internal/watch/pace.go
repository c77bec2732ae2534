package watch

import (
	"math"
	"time"

	"copyscope/internal/trace"
	"copyscope/web"
)

// speeds are steps of a logarithmic scale. At speed 1 a microsecond of the run takes
// a tenth of a second; static/scope/player.js has the same scale and pauses.
var speeds = []float64{0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100}

const (
	ordinary  = 4   // the index of speed 1
	stretch   = 1e5 // time on the screen ÷ time of the run at speed 1
	calmPause = 350 * time.Millisecond
	minPause  = 60 * time.Millisecond
	maxPause  = 2500 * time.Millisecond
)

// pause is how long a step stays on the screen while playing: as long as the longest
// of the events that the lanes show newly, stretched.
func pause(a alignment, lanes []*web.Steps, step int, speed float64) time.Duration {
	var longest trace.Ns
	for i, l := range lanes {
		now, ok := l.Event(a.own(i, step))
		if !ok || step > 0 && a.own(i, step) == a.own(i, step-1) {
			continue
		}
		longest = max(longest, now.Dur)
		if next, ok := l.Event(a.own(i, step) + 1); ok {
			longest = max(longest, next.At-now.At)
		}
	}
	floor := max(minPause, time.Duration(float64(calmPause)/math.Sqrt(speed)))
	return min(maxPause, max(floor, time.Duration(float64(longest)*stretch/speed)))
}
