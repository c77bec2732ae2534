// A lane's drawing as a picture that stands alone: what the style sheets give it is
// written into it, with its title above and the step's sentence below.
import { linesOf } from './lines.js';
import { set, svg } from './svg.js';

// What a drawing looks like, as attributes that SVG has for it.
const properties = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin',
  'stroke-opacity', 'opacity', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'letter-spacing', 'visibility', 'paint-order'];
const initial = { 'fill-opacity': '1', 'stroke-opacity': '1', opacity: '1', 'stroke-dasharray': 'none', visibility: 'visible', 'paint-order': 'normal', 'letter-spacing': 'normal', 'stroke-linecap': 'butt', 'stroke-linejoin': 'miter', 'text-anchor': 'start' };
const margin = 16;
const lineHeight = 20;

// inline writes the computed look of the shown elements into their copies; what is
// not shown is left out.
function inline(shown, copy) {
  const style = getComputedStyle(shown);
  if (style.display === 'none') {
    copy.remove();
    return;
  }
  for (const name of properties) {
    const value = style.getPropertyValue(name);
    if (value && value !== initial[name]) copy.setAttribute(name, value);
  }
  for (const name of ['class', 'style', 'tabindex', 'role', 'aria-label']) copy.removeAttribute(name);
  const children = [...copy.children]; // some go while this goes on
  [...shown.children].forEach((child, i) => inline(child, children[i]));
}

// pictureOf is the SVG's text. machine is the drawing as the page shows it.
export function pictureOf(machine, { title, say, source }) {
  const box = machine.viewBox.baseVal;
  const body = getComputedStyle(document.body);
  const copy = machine.cloneNode(true);
  inline(machine, copy);
  const family = body.fontFamily;
  const told = linesOf(say, box.width, `14px ${family}`);
  const width = box.width + 2 * margin;
  const height = margin + lineHeight + box.height + 8 + told.length * lineHeight + margin + 6;
  set(copy, { x: margin, y: margin + lineHeight, width: box.width, height: box.height });
  const text = (x, y, size, weight, anchor, words) => svg('text', { x, y, 'font-size': size, 'font-weight': weight, 'font-family': family, 'text-anchor': anchor, fill: body.color }, words);
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height },
    svg('title', {}, title), svg('desc', {}, say),
    svg('rect', { width, height, fill: body.backgroundColor }),
    text(margin, margin + 10, 15, 600, 'start', title),
    text(width - margin, margin + 10, 12, 400, 'end', source),
    copy,
    ...told.map((line, i) => text(margin, margin + lineHeight + box.height + 8 + (i + 0.75) * lineHeight, 14, 400, 'start', line)));
  return new XMLSerializer().serializeToString(root);
}

// rasterOf draws an SVG's text, so many pixels for each of its own, as a PNG.
export async function rasterOf(text, scale) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth * scale;
  canvas.height = image.naturalHeight * scale;
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser made no picture'))), 'image/png');
  });
}
