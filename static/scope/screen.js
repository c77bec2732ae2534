// On a narrow screen the page shows one lane at a time, in a narrow drawing.
export const narrowScreen = matchMedia('(max-width: 760px)');

// wholeFocus is what is shown when the address names no lane.
export const wholeFocus = () => (narrowScreen.matches ? 'a' : 'all');

// On a short screen all that a step changes is to be in the first view.
export const shortScreen = matchMedia('(max-height: 800px)').matches;

// The bars that lie over a narrow page: what says what happens, above, and the
// controls, below.
function bars() {
  const above = [...document.querySelectorAll('.walk, .narration')].filter((bar) => getComputedStyle(bar).position === 'sticky');
  const below = document.querySelector('.controls')?.getBoundingClientRect().top ?? innerHeight;
  return { top: Math.max(0, ...above.map((bar) => bar.offsetHeight)), bottom: Math.min(innerHeight, below) };
}

// reveal moves a narrow page so that a drawing, or if it is higher than the room
// between the bars what the step marks in it, is in sight. It does nothing while none of
// the drawing is: then the reader looks at something else.
export function reveal(drawing) {
  if (!narrowScreen.matches) return;
  const { top, bottom } = bars();
  const whole = drawing.getBoundingClientRect();
  if (whole.height === 0 || whole.bottom < top || whole.top > bottom) return;
  const marked = [...drawing.querySelectorAll('[data-step], [data-touched]')].map((element) => element.getBoundingClientRect());
  const parts = whole.height <= bottom - top || marked.length === 0 ? [whole] : marked;
  const first = Math.min(...parts.map((part) => part.top));
  const last = Math.max(...parts.map((part) => part.bottom));
  const by = last > bottom ? Math.min(last - bottom, first - top) : Math.min(0, first - top);
  if (by !== 0) scrollBy({ top: by, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth' });
}
