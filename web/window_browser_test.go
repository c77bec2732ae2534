package web_test

import (
	"testing"
	"time"
)

// scrub drags the scrubber through 60 places of a run, a few frames each, lets
// each fifth window come, and steps across the border of a window. It returns the
// times of the frames and the time until a window is shown, in ms, and what was
// wrong.
const scrub = `void (async () => {
  const part = (name) => document.querySelector('.controls [data-part="' + name + '"]');
  const scrubber = part('scrubber');
  const lane = document.querySelector('section[data-lane="a"]');
  const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
  const last = Number(scrubber.max);
  const frames = [];
  const shown = [];
  const faults = [];
  const wait = async (step) => {
    const begin = performance.now();
    while (Number(lane.dataset.step) !== step) {
      await frame();
      if (performance.now() - begin > 20000) { faults.push('step ' + step + ' is not shown, ' + lane.dataset.step + ' is'); return; }
    }
    shown.push(performance.now() - begin);
  };
  for (let k = 0; k < 60; k += 1) {
    const step = 1 + Math.floor(((k * 37) % 60) * (last - 1) / 59);
    scrubber.value = step;
    const work = performance.now();
    scrubber.dispatchEvent(new Event('input', { bubbles: true }));
    document.body.getBoundingClientRect();
    frames.push(performance.now() - work);
    if (!part('where').textContent.replaceAll(',', '').includes(step)) faults.push('the controls say ' + part('where').textContent + ' at ' + step);
    if (k % 5 === 0) await wait(step);
    let at = performance.now();
    for (let f = 0; f < 6; f += 1) {
      await frame();
      frames.push(performance.now() - at);
      at = performance.now();
    }
  }
  const key = (name) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
  const middle = Math.floor(last / 2);
  scrubber.value = middle;
  scrubber.dispatchEvent(new Event('input', { bubbles: true }));
  await wait(middle);
  let behind = 0;
  for (let k = 1; k <= 1600; k += 1) {
    key('ArrowRight');
    if (Number(lane.dataset.step) !== middle + k) behind += 1;
    if (k % 4 === 0) await frame();
  }
  await wait(middle + 1600);
  frames.sort((a, b) => a - b);
  shown.sort((a, b) => a - b);
  const at = (list, share) => list[Math.min(list.length - 1, Math.floor(share * list.length))];
  return { last, median: at(frames, 0.5), p95: at(frames, 0.95), shown: at(shown, 0.5), slowest: at(shown, 1), behind, faults };
})().then((got) => { window.scrubbed = got; }, (error) => { window.scrubbed = { faults: [String(error)] }; })`

// A run of ten million events is scrubbed through without a frame that takes
// long, and stepped through without a gap at the borders of its windows.
func TestScopeScrubsTenMillionEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute and 400 MB")
	}
	b := browse(t)
	begin := time.Now()
	b.open(address(serve(t, newKeptLab(t)), 5_000_000, "read-write,side=sim,model=textbook,cache=cold,size=2560MiB,chunk=4KiB"))
	b.await(`document.querySelector('section[data-lane="a"]').dataset.step === '5000000'`)
	t.Logf("step 5,000,000 is shown after %v", time.Since(begin).Round(time.Millisecond))
	if say := eval[string](b, `document.querySelector('[data-part="narration"]').textContent`); len(say) < 20 {
		t.Errorf("step 5,000,000 is told as %q", say)
	}
	eval[any](b, scrub)
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end) && !eval[bool](b, `Boolean(window.scrubbed)`); time.Sleep(500 * time.Millisecond) {
	}
	got := eval[struct {
		Last                        int
		Median, P95, Shown, Slowest float64
		Behind                      int
		Faults                      []string
	}](b, `window.scrubbed`)
	t.Logf("%d steps: a frame takes %.1f ms (median), %.1f ms (p95); a window is shown after %.0f ms (median), %.0f ms (slowest); %d of 1,600 steps waited for a window",
		got.Last, got.Median, got.P95, got.Shown, got.Slowest, got.Behind)
	for _, fault := range got.Faults {
		t.Error(fault)
	}
	if got.Last < 10_000_000 {
		t.Errorf("the run has %d steps only", got.Last)
	}
	if got.Median > 50 || got.P95 > 250 {
		t.Errorf("a frame takes %.1f ms (median), %.1f ms (p95), want 50 or less on a machine at rest", got.Median, got.P95)
	}
}
