package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// secondStage puts a stage of lanes and narration alone beside the page's own
// and waits for what it shows.
const secondStage = `(async () => {
  const base = document.querySelector('script[src*="scope/main.js"]').src.match(/.*\/static\/[^/]+\//)[0];
  const { Stage } = await import(base + 'scope/stage.js');
  const { Socket } = await import(base + 'socket.js');
  const root = document.querySelector('[data-stage]').cloneNode(true);
  for (const name of ['timeline', 'score', 'controls', 'add-lane', 'axis']) root.querySelector('[data-part="' + name + '"]').remove();
  for (const lane of root.querySelectorAll('.settings, .machine')) lane.remove();
  document.body.append(root);
  window.changes = [];
  window.stage = new Stage(root, { socket: new Socket(), keys: false, onChange: () => window.changes.push(window.stage?.player.step) });
  window.complete = await window.stage.show({ a: 'sendfile,cache=warm', b: 'read-write,size=0' });
  window.whole = await window.stage.show({ a: 'sendfile,cache=warm' });
})()`

// A stage needs no other part of the page than its own element, tells what it
// shows, and leaves keys and address to the page's stage.
func TestStageStandsAlone(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 2, story))
	eval[bool](b, `(`+secondStage+`, true)`)
	b.await(`window.whole`)
	if complete := eval[bool](b, `window.complete`); complete {
		t.Error("a stage with a lane that failed calls itself complete")
	}
	eval[bool](b, `(window.stage.go(3), window.stage.align('time'), true)`)
	state := `(() => { const [one, two] = document.querySelectorAll('[data-stage]'); return [one.dataset.step, two.dataset.step, two.querySelector('[data-lane="a"]').dataset.step, String(window.changes.at(-1))].join(' '); })()`
	if got := eval[string](b, state); got != "2 3 3 3" {
		t.Errorf("steps of the page, the stage, its lane and its last change are %s, want 2 3 3 3", got)
	}
	if said := eval[string](b, `window.stage.part('narration').textContent`); said == "" {
		t.Error("the stage says nothing")
	}
	b.press(kb.ArrowRight)
	if got := eval[string](b, state); got != "3 3 3 3" {
		t.Errorf("after → the steps are %s, want 3 3 3 3: the key belongs to the page's stage", got)
	}
	b.await(`location.search.includes('step=3')`)
	if where := eval[string](b, `location.search`); !strings.Contains(where, "a=read-write") || strings.Contains(where, "align") {
		t.Errorf("the address became %s", where)
	}
	if c := b.complaints(); len(c) > 0 {
		t.Errorf("the console complains: %v", c)
	}
}
