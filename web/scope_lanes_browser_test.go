package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/trace"
	files "copyscope/sim/scenario"
)

// Four lanes of every kind are stepped, focused and counted by keyboard alone.
func TestScopeFourLanesByKeyboard(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	recorded := "sendfile,side=recorded,size=4MiB,chunk=64KiB"
	b.open(address(serve(t, l), 0, story, gather, recorded, asOnHost))
	runs := map[string]*trace.Run{"a": l.last(story).Run, "b": l.last(gather).Run, "d": l.last(asOnHost).Run}
	shown := func() string {
		return eval[string](b, `[...document.querySelectorAll('.lane:not([hidden])')].map((lane) => lane.dataset.lane).join('')`)
	}
	if got := shown(); got != "abcd" {
		t.Fatalf("lanes %s are shown, want abcd", got)
	}
	for range 7 {
		b.press(kb.ArrowRight)
	}
	v := b.view()
	for id, run := range runs {
		for _, name := range trace.CountNames() {
			want := run.CountsAt(7).Counts()[name]
			if got := v.Lanes[id].Counts[string(name)]; want.Known() && got != fmt.Sprint(want.Value) && got != fmt.Sprint(int64(want.Value)) || !want.Known() && got != "" {
				t.Errorf("lane %s has %s = %q, want %v", id, name, got, want.Value)
			}
		}
	}
	for key, want := range map[string]string{"1": "a", "2": "b", "3": "c", "4": "d"} {
		b.press(key)
		if got := shown(); got != want {
			t.Errorf("%s shows lanes %s, want %s", key, got, want)
		}
		b.press(key)
		if got := shown(); got != "abcd" {
			t.Errorf("%s twice shows lanes %s, want all", key, got)
		}
	}

	// The differences are against the lane that was chosen.
	copies := func() string {
		return eval[string](b, `[...document.querySelectorAll('[data-row="cpu_copies"] td')].map((cell) => cell.querySelector('.diff')?.textContent ?? 'ref').join(' ')`)
	}
	b.press(kb.End)
	if got := copies(); !strings.HasPrefix(got, "ref −2 ") {
		t.Errorf("against lane A the CPU copies differ by %q", got)
	}
	eval[bool](b, `(() => { const s = document.querySelector('[data-part="ref"] select'); s.value = 'b'; return s.dispatchEvent(new Event('change', { bubbles: true })); })()`)
	if got := copies(); !strings.HasPrefix(got, "+2 ref ") {
		t.Errorf("against lane B the CPU copies differ by %q", got)
	}
	b.await(`location.search.includes('ref=b')`)

	// A lane in the middle goes, and comes back where it was.
	eval[bool](b, `(document.querySelector('#lane-b [data-action="remove-lane"]').click(), true)`)
	if got := shown(); got != "acd" {
		t.Errorf("without lane B lanes %s are shown", got)
	}
	b.await(`!location.search.includes('b=sendfile') && location.search.includes('&d=')`)
	eval[bool](b, `(document.querySelector('[data-action="add-lane"]').click(), true)`)
	b.await(`document.querySelector('.scope').dataset.ready === 'true' && location.search.includes('&b=sendfile')`)
	if c := b.complaints(); len(c) > 0 {
		t.Errorf("the console complains: %v", c)
	}
}

// A scenario file is a lane: its events say whose they are, and its counts are
// those of the group that the reader chooses. The run is long: with the counts of all
// threads it has windows, with those of a group its first 10,000 events.
func TestScopeScenarioFileAsALane(t *testing.T) {
	file, err := files.Load("lagging-consumer")
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.Run(t.Context(), files.Options{Keep: -1})
	if err != nil {
		t.Fatal(err)
	}
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 0, story, "scenario=lagging-consumer"))
	b.press(kb.End)
	calls := func() int {
		return eval[int](b, `Number(document.querySelector('td[data-count="syscalls"][data-lane="b"]').dataset.value)`)
	}
	count := func(group, events int) (n int) {
		for i := range events {
			e := r.Log.Event(i)
			m, known := r.Members[e.Thread]
			if e.Kind == trace.Syscall && (group < 0 || known && m.Group == group) {
				n++
			}
		}
		return n
	}
	b.await(fmt.Sprintf(`document.querySelector('#lane-b').dataset.step === '%d'`, r.Log.Len()))
	if got, want := calls(), count(-1, r.Log.Len()); got != want || want == 0 {
		t.Errorf("all threads make %d calls, want %d", got, want)
	}
	b.scrub(10_000)
	b.await(`document.querySelector('#lane-b').dataset.step === '10000'`)
	said := eval[string](b, `document.querySelector('[data-part="narration"] [data-lane="b"]').textContent`)
	b.press(kb.ArrowLeft)
	said += eval[string](b, `document.querySelector('[data-part="narration"] [data-lane="b"]').textContent`)
	if !strings.Contains(said, "lagging: ") && !strings.Contains(said, "at the tail: ") {
		t.Errorf("the sentences %q do not say whose the events are", said)
	}
	eval[bool](b, `(() => { const s = document.querySelector('#lane-b [data-part="group"] select'); s.value = 'lagging'; return s.dispatchEvent(new Event('change', { bubbles: true })); })()`)
	b.await(`location.search.includes('group=lagging') && document.querySelector('.scope').dataset.ready === 'true'`)
	eval[bool](b, `document.activeElement.blur() ?? true`)
	b.press(kb.End)
	if got, want := calls(), count(1, 10_000); got != want || want == 0 {
		t.Errorf("the lagging consumer makes %d calls, want %d", got, want)
	}
	if status := eval[string](b, `document.querySelector('#lane-a').dataset.status`); status != "ready" {
		t.Errorf("lane A is %s", status)
	}
}
