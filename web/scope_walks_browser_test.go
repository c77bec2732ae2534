package web_test

import (
	"fmt"
	"testing"
)

// walk takes 1,000 random walks through a stage beside the page's own: each goes
// where chance leads it, forward and back, by steps, calls, jumps and alignments,
// and what all views then show must be what they show at that step of that
// alignment to whoever only goes forward.
const walk = `(async (walks, moves) => {
  const base = document.querySelector('script[src*="scope/main.js"]').src.match(/.*\/static\/[^/]+\//)[0];
  const { Stage } = await import(base + 'scope/stage.js');
  const { Socket } = await import(base + 'socket.js');
  const socket = new Socket();
  const template = document.querySelector('[data-stage]').cloneNode(true);
  for (const part of template.querySelectorAll('dialog, form#scope-form, noscript, .settings, .presets, #lane-c, #lane-d, .legend')) part.remove();
  const stage = async () => {
    const root = template.cloneNode(true);
    root.style.display = "none"; // what is shown is compared, not how it is laid out
    document.body.append(root);
    const made = new Stage(root, { socket, keys: false });
    await made.show(JSON.parse(window.walkLanes));
    return made;
  };
  const markup = (made) => {
    for (const element of made.root.querySelectorAll('details[open]')) element.open = false;
    // The order in which attributes were set is no part of the state.
    const write = (node) => node.nodeType !== 1 ? node.textContent : '<' + node.localName
      + [...node.attributes].map((a) => ' ' + a.name + '="' + a.value + '"').sort().join('') + '>' + [...node.childNodes].map(write).join('');
    return write(made.root);
  };
  // What is shown at each step, going forward only.
  const forward = new Map();
  for (const align of ['step', 'bytes', 'time']) {
    const made = await stage();
    made.align(align);
    for (let step = 0; step <= made.player.last; step += 1) {
      made.go(step);
      forward.set(align + step, markup(made));
    }
    made.root.remove();
  }
  let seed = 1;
  const random = (below) => { seed = (seed * 48271) % 2147483647; return seed % below; };
  const walker = await stage();
  const { player } = walker;
  const faults = [];
  const ends = new Set();
  window.walks = 0;
  for (let n = 0; n < walks && faults.length === 0; n += 1) {
    window.walks = n;
    if (n % 20 === 0) await new Promise((resolve) => { setTimeout(resolve); }); // the test may look in
    const path = [];
    for (let k = 0; k < moves; k += 1) {
      const move = random(8);
      path.push(move);
      if (move < 2) player.move(1);
      else if (move < 4) player.move(-1);
      else if (move === 4) player.boundary(1);
      else if (move === 5) player.boundary(-1);
      else if (move === 6) player.seek(random(player.last + 1));
      else if (random(4) === 0) player.nextAlign();
    }
    const want = forward.get(player.align + player.step);
    ends.add(player.align + player.step);
    const got = markup(walker);
    if (got !== want) {
      let i = 0;
      while (got[i] === want[i]) i += 1;
      faults.push('walk ' + n + ' ' + path + ' to step ' + player.step + ' by ' + player.align + ': walked … ' + got.slice(Math.max(0, i - 150), i + 150) + ' forward … ' + want.slice(Math.max(0, i - 150), i + 150));
    }
  }
  window.walked = { faults, places: ends.size };
})(1000, 3)`

// What the page shows depends on where it stands and never on how it came there.
func TestScopeRandomWalks(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 0, story))
	eval[bool](b, `(window.walkLanes = `+quote(`{"a":"`+story+`","b":"`+gather+`"}`)+`, `+walk+`, true)`)
	for n := range 20 {
		b.await(fmt.Sprintf(`window.walked || window.walks >= %d`, n*50))
	}
	b.await(`window.walked`)
	if faults := eval[[]string](b, `window.walked.faults`); len(faults) > 0 {
		t.Error(faults[0])
	}
	if places := eval[int](b, `window.walked.places`); places < 40 {
		t.Errorf("the walks ended in %d places only", places)
	}
	if c := b.complaints(); len(c) > 0 {
		t.Errorf("the console complains: %v", c)
	}
}
