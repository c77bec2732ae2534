package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/trace"
)

// drawn counts the elements of a lane's drawing that a selector finds.
func (b *tab) drawn(lane, selector string) int {
	b.t.Helper()
	return eval[int](b, fmt.Sprintf(`document.querySelectorAll('#lane-%s .machine %s').length`, lane, selector))
}

// While DMA works the program goes on: the step's own event is marked, and the
// DMA is drawn beside it with its engine at work. When it has ended it is past.
func TestScopeDrawsDMAUntilItEnds(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	b.open(address(serve(t, l), 0, story))
	beside := 0
	for step, e := range l.last(story).Run.Events {
		b.press(kb.ArrowRight)
		working := 0
		for _, d := range l.last(story).Run.Events[:step] {
			if d.Kind == trace.DMA && d.End() > e.At {
				working++
			}
		}
		beside += working
		if got := b.drawn("a", ".move.moving.dma:not([data-step])"); got != working {
			t.Errorf("step %d (%s): %d moves are under way in the drawing, %d in the run", step+1, e.Kind, got, working)
		}
		engines := working
		if e.Kind == trace.DMA {
			engines++
		}
		if got := b.drawn("a", ".engine.works"); got != engines {
			t.Errorf("step %d (%s): %d DMA engines are drawn at work, want %d", step+1, e.Kind, got, engines)
		}
	}
	if beside == 0 {
		t.Error("no step has DMA beside it: this test has nothing to look at")
	}
}

// A lane that has finished before the other rests; it still says which event
// was its last.
func TestScopeFinishedLaneRests(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	base := serve(t, l)
	b.open(address(base, 0, story, gather))
	last := len(l.last(gather).Run.Events)
	for _, c := range []struct {
		step  int
		rests bool
	}{{last, false}, {last + 1, true}} {
		b.open(address(base, c.step, story, gather))
		state := eval[string](b, `document.querySelector('#lane-b .cpu').dataset.cpu`)
		moves := b.drawn("b", ".move.now")
		if rests := state == "free" && moves == 0; rests != c.rests {
			t.Errorf("step %d: the lane of %d events has the CPU %s and %d moves at full strength; rests must be %v", c.step, last, state, moves, c.rests)
		}
		if got := b.drawn("b", fmt.Sprintf(`[data-step="%d"]`, last)); got != 1 {
			t.Errorf("step %d: %d elements show the lane's last event, want 1", c.step, got)
		}
	}
}

// A call is no work in itself, so its span has no time at the CPU; an interrupt
// points at the CPU and finds the program in its call.
func TestScopeTellsCallsAndInterruptsApart(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	b.open(address(serve(t, l), 0, story))
	for step, e := range l.last(story).Run.Events {
		b.press(kb.ArrowRight)
		cpu := eval[string](b, `document.querySelector('#lane-a .cpu').textContent`)
		switch {
		case e.Kind == trace.Syscall:
			if cpu != "in the kernel: "+e.Syscall {
				t.Errorf("step %d: during the span of %s the CPU says %q", step+1, e.Syscall, cpu)
			}
		case e.Kind == trace.Interrupt:
			if b.drawn("a", `.move.interrupt.now .trail[marker-end]`) != 1 {
				t.Errorf("step %d: the interrupt has no head", step+1)
			}
			ends := eval[[]float64](b, `(() => {
				const trail = document.querySelector('#lane-a .move.interrupt.now .trail');
				const box = document.querySelector('#lane-a .cpu .box').getBBox();
				const x = trail.getPointAtLength(trail.getTotalLength()).x;
				return [x, box.x, box.x + box.width];
			})()`)
			if d := min(abs(ends[0]-ends[1]), abs(ends[0]-ends[2])); d > 16 {
				t.Errorf("step %d: the interrupt ends %.0f units from the CPU", step+1, d)
			}
			if lines := b.drawn("a", ".program .current"); e.Detail == "disk-done" && lines != 1 {
				t.Errorf("step %d: %d lines of the program are marked during the interrupt, want 1", step+1, lines)
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }
