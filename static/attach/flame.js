// The flame graph: the server has drawn it; this module zooms it and moves through it
// by keys. Positions are per cent, so that the width of the window does not matter.
import { onKey } from '../keys.js';

const narrow = 0.02; // per cent; less is not shown

let frames = []; // in the order of the document: callers come before what they call
let told = null;
let reset = null;

function number(frame, name) {
  return Number(frame.dataset[name]);
}

function parentOf(frame) {
  const at = number(frame, 'parent');
  return at < 0 ? null : frames[at];
}

function above(frame) {
  const out = new Set();
  for (let f = parentOf(frame); f; f = parentOf(f)) out.add(f);
  return out;
}

/** Makes a frame as wide as the graph, its callers with it. */
function zoom(frame) {
  const from = number(frame, 'x');
  const width = number(frame, 'width');
  const callers = above(frame);
  for (const f of frames) {
    const x = (100 * (number(f, 'x') - from)) / width;
    const w = (100 * number(f, 'width')) / width;
    const caller = callers.has(f);
    const inside = number(f, 'level') >= number(frame, 'level') && x > -narrow && x + w < 100 + narrow;
    f.toggleAttribute('hidden', !caller && !(inside && w >= narrow));
    f.classList.toggle('caller', caller);
    f.setAttribute('x', caller ? '0%' : `${Math.max(0, x)}%`);
    f.setAttribute('width', caller ? '100%' : `${Math.min(100, w)}%`);
  }
  reset.hidden = frame === frames[0];
  focus(frame);
}

function focus(frame) {
  for (const f of frames) f.setAttribute('tabindex', f === frame ? '0' : '-1');
  frame.focus({ preventScroll: frame === frames[0] });
  tell(frame);
}

function tell(frame) {
  told.textContent = frame.getAttribute('aria-label');
}

const shown = (frame) => !frame.hasAttribute('hidden');

function childOf(frame) {
  const at = frames.indexOf(frame);
  return frames.find((f) => number(f, 'parent') === at && shown(f));
}

/** The frame beside this one at its level, to the right (1) or to the left (-1). */
function beside(frame, step) {
  const row = frames.filter((f) => f.dataset.level === frame.dataset.level && shown(f))
    .sort((a, b) => number(a, 'x') - number(b, 'x'));
  return row[row.indexOf(frame) + step];
}

function moving(find) {
  return (event) => {
    const frame = event.target.closest?.('.frame');
    if (!frame) return false;
    const to = find(frame);
    if (to) focus(to);
    return true;
  };
}

onKey('flame-in', moving(childOf));
onKey('flame-out', moving(parentOf));
onKey('flame-next', moving((frame) => beside(frame, 1)));
onKey('flame-back', moving((frame) => beside(frame, -1)));
onKey('flame-zoom', (event) => {
  const frame = event.target.closest?.('.frame');
  if (!frame) return false;
  zoom(frame);
  return true;
});
onKey('flame-reset', () => {
  if (frames.length === 0) return false;
  zoom(frames[0]);
  return true;
});

/** Takes over the graph that stands in the place; without one it does nothing. */
export function activate(place) {
  frames = [...place.querySelectorAll('.frame')];
  if (frames.length === 0) return;
  told = place.querySelector('#flame-told');
  reset = place.querySelector('#flame-reset');
  for (const element of place.querySelectorAll('[data-script]')) element.hidden = false;
  const graph = place.querySelector('svg.flame');
  graph.addEventListener('click', (event) => {
    const frame = event.target.closest('.frame');
    if (frame) zoom(frame);
  });
  graph.addEventListener('pointerover', (event) => {
    const frame = event.target.closest('.frame');
    if (frame) tell(frame);
  });
  reset.addEventListener('click', () => zoom(frames[0]));
  told.textContent = frames[0].getAttribute('aria-label');
}
