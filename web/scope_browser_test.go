package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// view is what the page shows at a step, read from its document.
type view struct {
	Step  int                 `json:"step"`
	Lanes map[string]laneView `json:"lanes"`
	// Markup is the whole page's: equal views must have equal markup.
	Markup string `json:"markup"`
}

type laneView struct {
	Step   int               `json:"step"`
	Counts map[string]string `json:"counts"` // by name; "" is unavailable
	Marks  []mark            `json:"marks"`
}

// mark is an element that claims to show an event.
type mark struct {
	Kind, From, To, Bytes, Step string
	Seen                        bool // has an extent on the screen
}

const readView = `(() => {
  const scope = document.querySelector('.scope');
  const lanes = {};
  for (const lane of scope.querySelectorAll('.lane:not([hidden])')) {
    const counts = {};
    for (const cell of scope.querySelectorAll('[data-part="scoreboard"] [data-lane="' + lane.dataset.lane + '"]')) counts[cell.dataset.count] = cell.dataset.value;
    const marks = [...lane.querySelectorAll('.machine [data-step]')].map((e) => {
      const box = e.getBoundingClientRect();
      return { Kind: e.dataset.kind, From: e.dataset.from, To: e.dataset.to, Bytes: e.dataset.bytes, Step: e.dataset.step, Seen: box.width + box.height > 0 };
    });
    lanes[lane.dataset.lane] = { step: Number(lane.dataset.step), counts, marks };
  }
  // The order in which attributes were set is no part of the state, and what
  // only readers without scripts see is not shown.
  const write = (node) => node.localName === 'noscript' ? '' : node.nodeType !== 1 ? node.textContent : '<' + node.localName
    + [...node.attributes].map((a) => ' ' + a.name + '="' + a.value + '"').sort().join('') + '>' + [...node.childNodes].map(write).join('') + '</>';
  return { step: Number(scope.dataset.step), lanes, markup: write(scope) };
})()`

func (b *tab) view() view {
	b.t.Helper()
	return eval[view](b, readView)
}

// holds checks a view against the runs that it claims to show.
func (v view) holds(t *testing.T, runs map[string]*trace.Run) {
	t.Helper()
	if len(v.Lanes) != len(runs) {
		t.Fatalf("step %d: %d lanes are shown, want %d", v.Step, len(v.Lanes), len(runs))
	}
	for id, run := range runs {
		lane := v.Lanes[id]
		k := min(v.Step, len(run.Events))
		if lane.Step != k {
			t.Errorf("step %d: lane %s shows step %d, want %d", v.Step, id, lane.Step, k)
		}
		for name, want := range run.CountsAt(k).Counts() {
			got, shown := lane.Counts[string(name)]
			text := ""
			if want.Known() {
				text = fmt.Sprint(want.Value)
				if f := want.Value; f == float64(int64(f)) {
					text = fmt.Sprint(int64(f))
				}
			}
			if !shown || got != text {
				t.Errorf("step %d, lane %s: the scoreboard has %s = %q, the run %q", v.Step, id, name, got, text)
			}
		}
		if k == 0 {
			if len(lane.Marks) != 0 {
				t.Errorf("lane %s shows an event before the first step: %+v", id, lane.Marks)
			}
			continue
		}
		e := run.Events[k-1]
		want := mark{string(e.Kind), string(e.From), string(e.To), fmt.Sprint(e.Bytes), fmt.Sprint(k), true}
		if len(lane.Marks) != 1 || lane.Marks[0] != want {
			t.Errorf("step %d, lane %s: the drawing shows %+v, the event is %+v", v.Step, id, lane.Marks, want)
		}
	}
}

// address is the scope's address for scenarios.
func address(base string, step int, scenarios ...string) string {
	to := fmt.Sprintf("%s/scope?lang=en&step=%d&v=1", base, step)
	for i, s := range scenarios {
		to += fmt.Sprintf("&%c=%s", 'a'+i, url.QueryEscape(s))
	}
	return to
}

const (
	story  = "read-write,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic,dma=on,sg=on"
	gather = "sendfile,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic,dma=on,sg=on"
	porter = "read-write,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic,dma=off,sg=off"
	mapped = "mmap-write,side=sim,model=linux,size=64KiB,chunk=32KiB,cache=cold,net=nic,dma=on,sg=off"
	piped  = "splice,side=sim,model=linux,size=64KiB,chunk=64KiB,cache=warm,net=loopback,dma=on,sg=on"
	// What the first paths do not do: bytes from the wire, two pipes, the pages of
	// a user buffer lent, a disk that writes into it, other bytes made of them.
	relayed        = "relay-copy,side=sim,model=linux,size=64KiB,chunk=64KiB,cache=cold,net=nic,dma=on,sg=on"
	forked         = "tee,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=warm,net=nic,dma=on,sg=on"
	borrowed       = "msg-zerocopy,side=sim,model=linux,size=64KiB,chunk=64KiB,cache=warm,net=loopback,dma=on,sg=on"
	straight       = "direct,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic,dma=off,sg=off"
	sealed         = "tls,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=warm,net=nic,dma=on,sg=off"
	sealedInKernel = "ktls,side=sim,model=linux,size=64KiB,chunk=64KiB,cache=warm,net=nic,dma=on,sg=off"

	onHost   = "read-write,side=real,size=128KiB,chunk=64KiB,cache=warm,net=loopback"
	asOnHost = "read-write,side=sim,model=linux,size=128KiB,chunk=64KiB,cache=warm,net=loopback,dma=on,sg=on"
)

func TestScopeShowsEveryStepForwardAndBack(t *testing.T) {
	l := newKeptLab(t)
	base := serve(t, l)
	b := browse(t)
	for _, pair := range [][2]string{{story, gather}, {porter, mapped}, {piped, asOnHost}, {asOnHost, onHost}, {relayed, forked}, {borrowed, straight}, {sealed, sealedInKernel}} {
		t.Run(strings.Join(pair[:], " "), func(t *testing.T) {
			b.t = t
			b.open(address(base, 0, pair[0], pair[1]))
			runs := map[string]*trace.Run{}
			last := 0
			for i, id := range []string{"a", "b"} {
				runs[id] = l.last(pair[i]).Run
				last = max(last, len(runs[id].Events))
			}
			if pair[1] == onHost { // its predictions arrive later and belong to the markup
				b.await(`!document.querySelector('[data-part="predictions"]').hidden`)
			}
			forward := []view{b.view()}
			forward[0].holds(t, runs)
			for k := 1; k <= last; k++ {
				b.press(kb.ArrowRight)
				v := b.view()
				if v.Step != k {
					t.Fatalf("→ led to step %d, want %d", v.Step, k)
				}
				v.holds(t, runs)
				forward = append(forward, v)
			}
			b.press(kb.ArrowRight)
			if v := b.view(); v.Step != last {
				t.Errorf("→ after the last step %d led to %d", last, v.Step)
			}
			for k := last - 1; k >= 0; k-- {
				b.press(kb.ArrowLeft)
				if v := b.view(); v.Markup != forward[k].Markup {
					t.Fatalf("step %d looks different after stepping back:\n%s", k, firstDifference(forward[k].Markup, v.Markup))
				}
			}
			if c := b.complaints(); len(c) > 0 {
				t.Errorf("the console complains: %v", c)
			}
		})
	}
}

func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	from := max(0, i-120)
	return fmt.Sprintf("forward … %.300s\nback    … %.300s", a[from:], b[from:])
}

func TestScopeKeys(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	b.open(address(serve(t, l), 0, story))
	run := l.last(story).Run
	last := len(run.Events)
	step := func() int { return eval[int](b, `Number(document.querySelector('.scope').dataset.step)`) }
	expect := func(what string, want int) {
		t.Helper()
		if got := step(); got != want {
			t.Errorf("%s led to step %d, want %d", what, got, want)
		}
	}
	var boundary []int
	for i, e := range run.Events {
		if e.Kind == trace.ModeSwitch {
			boundary = append(boundary, i+1)
		}
	}
	b.press(kb.End)
	expect("End", last)
	b.press(kb.Home)
	expect("Home", 0)
	b.press(kb.PageDown)
	expect("Page Down", 1)
	b.press(kb.PageUp)
	expect("Page Up", 0)
	alt := chromedp.KeyModifiers(chromedp.ModifierAlt)
	b.press(kb.ArrowRight, alt)
	expect("Alt+→", boundary[0])
	b.press(kb.ArrowRight, alt)
	expect("Alt+→ twice", boundary[1])
	b.press(kb.ArrowLeft, alt)
	expect("Alt+←", boundary[0])

	// While a reader types, keys are text.
	b.press("g")
	if focus := eval[string](b, `document.activeElement.dataset.part`); focus != "goto" {
		t.Fatalf("G put the focus on %q, want the step's field", focus)
	}
	b.press("5")
	b.press(kb.ArrowLeft)
	b.press(kb.Home)
	expect("typing in the field", boundary[0])
	b.press(kb.Enter)
	expect("G 5 Enter", 5)

	// While an input method composes, keys belong to it.
	eval[bool](b, `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, isComposing: true }))`)
	expect("→ while composing", 5)

	b.press(" ")
	b.await(fmt.Sprintf(`Number(document.querySelector('.scope').dataset.step) > %d`, 5))
	b.press(" ")
	at := step()
	if playing := eval[string](b, `document.querySelector('[data-action="play"]').dataset.playing`); playing != "false" {
		t.Errorf("after Space twice the page still plays (step %d)", at)
	}
}

// However lanes are aligned, every event of every lane is passed once, in order,
// and the last step of the page is the last of each lane.
func TestScopeAlignments(t *testing.T) {
	l := newKeptLab(t)
	base := serve(t, l)
	b := browse(t)
	for _, align := range []string{"bytes", "time"} {
		b.open(address(base, 0, mapped, gather) + "&align=" + align)
		ends := map[string]int{"a": len(l.last(mapped).Run.Events), "b": len(l.last(gather).Run.Events)}
		was := b.view()
		for {
			b.press(kb.ArrowRight)
			now := b.view()
			if now.Step == was.Step {
				break
			}
			moved := 0
			for id, lane := range now.Lanes {
				by := lane.Step - was.Lanes[id].Step
				if by < 0 || by > 1 {
					t.Errorf("%s: at step %d lane %s goes from %d to %d", align, now.Step, id, was.Lanes[id].Step, lane.Step)
				}
				moved += by
			}
			if moved == 0 {
				t.Errorf("%s: step %d moves no lane", align, now.Step)
			}
			was = now
		}
		for id, lane := range was.Lanes {
			if lane.Step != ends[id] {
				t.Errorf("%s: the page ends with lane %s at step %d of %d", align, id, lane.Step, ends[id])
			}
			if sent := lane.Counts["bytes_sent"]; sent != fmt.Sprint(64<<10) {
				t.Errorf("%s: lane %s ends with %s bytes sent", align, id, sent)
			}
		}
	}
}

func TestScopeTimelineZoomsAndSeeks(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 0, story))
	axis := `[...document.querySelectorAll('.timeline .axis text')].map((e) => e.textContent).join(' ')`
	whole := eval[string](b, axis)
	eval[bool](b, `document.querySelector('[data-keys="timeline"]').focus() ?? true`)
	b.press("w")
	if zoomed := eval[string](b, axis); zoomed == whole {
		t.Errorf("W left the axis at %s", whole)
	}
	b.press("s")
	b.press("s")
	if back := eval[string](b, axis); back != whole {
		t.Errorf("S led to %s, want the whole run %s", back, whole)
	}
	// The bar of the second CPU copy leads to its step.
	eval[bool](b, `(document.querySelector('.tracks').scrollIntoView({ block: 'center' }), true)`)
	at := eval[[]float64](b, `(() => { const r = document.querySelectorAll('.timeline .bar.cpu-copy')[1].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	b.do(chromedp.MouseClickXY(at[0], at[1]))
	v := b.view()
	if m := v.Lanes["a"].Marks; len(m) != 1 || m[0].Kind != "cpu-copy" || m[0].To != "socket-buffer" {
		t.Errorf("a click on the second copy's bar led to step %d: %+v", v.Step, m)
	}
}

func TestScopeAddressIsTheState(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	b.open(address(base, 0, story, gather))
	for range 9 {
		b.press(kb.ArrowRight)
	}
	b.press("a")
	b.press("+")
	b.press("2")
	want := b.view()
	b.await(`location.search.includes('lane=b')`)
	where := eval[string](b, `location.href`)
	for _, part := range []string{"a=read-write,side=sim", "b=sendfile,", "align=bytes", "speed=3", "lane=b", "v=1"} {
		if !strings.Contains(where, part) {
			t.Errorf("the address lacks %q: %s", part, where)
		}
	}
	b.open(where)
	if got := b.view(); got.Markup != want.Markup {
		t.Errorf("the address does not bring the state back:\n%s", firstDifference(want.Markup, got.Markup))
	}
}

func TestScopeBackUndoesAScenario(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 3, story))
	b.choose("a.path", "mmap-write")
	b.await(`location.search.includes('a=mmap-write') && document.querySelector('.scope').dataset.ready === 'true'`)
	b.do(chromedp.NavigateBack())
	b.await(`location.search.includes('a=read-write') && document.querySelector('.scope').dataset.ready === 'true' && document.getElementById('title-a').textContent.includes('read-write')`)
	if got := eval[int](b, `Number(document.querySelector('.scope').dataset.step)`); got != 3 {
		t.Errorf("Back led to step %d, want 3", got)
	}
}

func TestScopeFirstViewIsSmallAndLocal(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	b.open(base + "/scope")
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Logf("first view: %d bytes", b.received)
	if b.received > 250<<10 || b.received < 10<<10 {
		t.Errorf("the first view took %d bytes, want 10 KiB to 250 KiB", b.received)
	}
	for host := range b.hosts {
		if host != strings.TrimPrefix(base, "http://") {
			t.Errorf("the page asked %s for something", host)
		}
	}
}

func TestScopeSaysWhatIsWrongWithAnAddress(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	for query, parts := range map[string][]string{
		"a=read-writ":                    {"a.path", "read-writ", "use one of read, read-write"},
		"a=sendfile,side=real,size=2GiB": {"a.size", "2GiB", "up to 1GiB"},
		"a=sendfile&step=-3":             {"step", "-3", "whole number"},
		"a=sendfile&v=99":                {"v", "99", "version 1"},
		"a=sendfile&b=splice,sg=maybe":   {"b.sg", "maybe", "on or off"},
		"c=scenario=nowhere":             {"c.scenario", "nowhere", "lagging-consumer"},
		"a=scenario=warm,group=nobody":   {"a.group", "nobody", "kernel"},
		"a=scenario=warm,size=1MiB":      {"a.size", "1MiB", "only group"},
		"a=sendfile&ref=z":               {"ref", "z", "a, b, c, d"},
	} {
		b.open(base + "/scope?lang=en&" + query)
		alert := eval[[]string](b, `[...document.querySelectorAll('[role="alert"]')].map((e) => e.innerText)`)
		if len(alert) != 1 {
			t.Fatalf("%s: %d alerts, want one: %q", query, len(alert), alert)
		}
		for _, part := range parts {
			if !strings.Contains(alert[0], part) {
				t.Errorf("%s: the error %q does not name %q", query, alert[0], part)
			}
		}
		if title := eval[string](b, `document.getElementById('title-a').textContent`); !strings.Contains(title, "read-write") {
			t.Errorf("%s: the page shows %q, want the opening comparison", query, title)
		}
	}
}

func TestScopeSpeaksBothLanguages(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	for lang, sentence := range map[string]string{"en": "The CPU copies 64 KiB from the page cache to the user buffer", "zh": "CPU 把 64 KiB 从页缓存拷贝到用户缓冲区"} {
		b.open(fmt.Sprintf("%s/scope?lang=%s&a=%s&b=%s", base, lang, story, onHost))
		b.await(`!document.querySelector('[data-part="predictions"]').hidden`)
		text := ""
		for range 20 {
			text += eval[string](b, `document.querySelector('.scope').innerText + document.querySelector('.scope').outerHTML`)
			b.press(kb.ArrowRight)
		}
		if !strings.Contains(text, sentence) {
			t.Errorf("%s: no step says %q", lang, sentence)
		}
		for _, broken := range []string{"⟦", "<no value>", "{{", "undefined", "NaN"} {
			if i := strings.Index(text, broken); i >= 0 {
				t.Errorf("%s: the page shows %q: … %.80s", lang, broken, text[max(0, i-20):])
			}
		}
	}
}

func TestScopeSaysHowMuchIsShown(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 0, "read-write,model=linux,size=64MiB,chunk=16KiB"))
	note := eval[string](b, `document.querySelector('#lane-a [data-part="notes"]').innerText`)
	r, err := lab.New("").Run(t.Context(), scenario(t, "read-write,model=linux,size=64MiB,chunk=16KiB,cache=cold,net=nic"), lab.Options{MaxEvents: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.ReplaceAll(note, ",", ""), fmt.Sprint(r.TotalEvents)) {
		t.Errorf("the page says %q of a run of %d events", note, r.TotalEvents)
	}
	b.press(kb.End)
	b.await(fmt.Sprintf(`document.querySelector('#lane-a').dataset.step === '%d'`, r.TotalEvents))
	eval[bool](b, `document.querySelector('#lane-a [data-part="events"]').open = true`)
	b.await(`document.querySelector('#lane-a [data-part="events"] tr[aria-current="step"]')`)
	if v := b.view(); v.Step != r.TotalEvents {
		t.Errorf("End led to step %d, want %d", v.Step, r.TotalEvents)
	}
}

func scenario(t *testing.T, text string) lab.Scenario {
	t.Helper()
	s, err := lab.ParseScenario(text, lab.Default())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// choose puts a value into a field of the page's form, as a reader would.
func (b *tab) choose(field, value string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const f = document.forms['scope-form'].elements[%s]; f.value = %s; return f.dispatchEvent(new Event('change', { bubbles: true })); })()`, quote(field), quote(value)))
}

func TestScopeLaneFailsAloneAndRecovers(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 2, story, gather))
	b.choose("a.size", "0")
	b.await(`document.querySelector('#lane-a .state.failed')`)
	text := eval[string](b, `document.querySelector('#lane-a .state').innerText`)
	if !strings.Contains(text, "size") || !strings.Contains(text, "0") || !strings.Contains(text, "above 0") {
		t.Errorf("the lane says %q, want the field, its value and the remedy", text)
	}
	if got := eval[string](b, `document.forms['scope-form'].elements['a.size'].getAttribute('aria-invalid')`); got != "true" {
		t.Errorf("the refused field is not marked (aria-invalid=%q)", got)
	}
	if status := eval[string](b, `document.querySelector('#lane-b').dataset.status`); status != "ready" {
		t.Errorf("lane B is %s, want ready", status)
	}
	b.choose("a.size", "128KiB")
	b.await(`document.querySelector('.scope').dataset.ready === 'true' && location.search.includes('size=128KiB')`)
	if n := eval[int](b, `document.querySelectorAll('[aria-invalid]').length`); n != 0 {
		t.Errorf("%d fields are still marked as refused", n)
	}
}

func TestScopeWithReducedMotionLooksTheSame(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	b.open(address(base, 7, story))
	b.press(kb.ArrowRight)
	if n := eval[int](b, `document.getAnimations().length`); n == 0 {
		t.Error("a step by hand is not explained by any motion")
	}
	moving := b.view()
	b.reduceMotion()
	b.open(address(base, 7, story))
	b.press(kb.ArrowRight)
	if n := eval[int](b, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d things move though the reader asked for none", n)
	}
	if still := b.view(); still.Markup != moving.Markup {
		t.Errorf("without motion the state differs:\n%s", firstDifference(moving.Markup, still.Markup))
	}
}
