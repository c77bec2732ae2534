// Where one points, in words that hold on every screen: a part of the slide, and
// in a drawing a place or an engine, such as "lane-a page-cache".
const parts = '[data-region], [data-part="machine"] svg, [data-part="scoreboard"]';

// nameOf is the name of what lies under a point of the page, and its element.
// exact: in a drawing, the place.
export function nameOf(sheet, x, y, exact) {
  const under = document.elementsFromPoint(x, y).find((element) => sheet.contains(element) && !element.closest('.ink'));
  const part = under?.closest(parts);
  if (!part || !sheet.contains(part)) return { at: '', element: sheet };
  if (part.dataset.region) return { at: part.dataset.region, element: part };
  if (part.dataset.part === 'scoreboard') return { at: 'score', element: part };
  const lane = `lane-${part.closest('[data-lane]').dataset.lane}`;
  const place = exact ? under.closest('[data-place], [data-engine]') : null;
  if (place) return { at: `${lane} ${place.dataset.place ?? place.dataset.engine}`, element: place };
  return { at: lane, element: part };
}

// find is the element of a name on this screen, or null.
export function find(sheet, at) {
  const [part, place] = (at ?? '').split(' ');
  if (!part) return sheet;
  if (part === 'score') return seen(sheet.querySelector('[data-part="scoreboard"]'));
  if (!part.startsWith('lane-')) return seen(sheet.querySelector(`.slide.current [data-region="${part}"]`));
  const drawing = sheet.querySelector(`[data-lane="${part.slice(5)}"] [data-part="machine"] svg`);
  return seen(place ? drawing?.querySelector(`[data-place="${place}"], [data-engine="${place}"]`) : drawing);
}

const seen = (element) => (element?.getClientRects().length ? element : null);

// boxOf is where an element is; of a drawing, what is drawn: where its height is
// bounded there is room beside it.
function boxOf(element) {
  if (!(element instanceof SVGSVGElement)) return element.getBoundingClientRect();
  const { a, d, e, f } = element.getScreenCTM();
  const { width, height } = element.viewBox.baseVal;
  return { left: e, top: f, width: width * a, height: height * d };
}

// partOf is where a point of the page lies in an element, in parts of its width and
// height; pointOf is the way back.
export function partOf(element, x, y) {
  const box = boxOf(element);
  return [(x - box.left) / Math.max(1, box.width), (y - box.top) / Math.max(1, box.height)];
}

export function pointOf(element, [x, y]) {
  const box = boxOf(element);
  return [box.left + x * box.width, box.top + y * box.height];
}
