// Breaks texts into lines: SVG does not.
import { svg } from './svg.js';

/** The font of the drawing's words, of which it is told here: to ask for the one that
    the page gave them would have all of the page laid out amid its changes. */
export const family = 'system-ui, "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

let words = null; // made when they are needed
let pen = null;

/** A text's lines, each at most so many pixels wide in a font; Chinese may be broken
    between any two words. */
export function linesOf(text, width, font) {
  pen ??= document.createElement('canvas').getContext('2d');
  pen.font = font;
  if (pen.measureText(text).width <= width) return [text].filter(Boolean);
  words ??= new Intl.Segmenter(document.documentElement.lang, { granularity: 'word' });
  const out = [''];
  for (const { segment: part } of words.segment(text)) {
    const longer = out[out.length - 1] + part;
    if (pen.measureText(longer.trimEnd()).width <= width) out[out.length - 1] = longer;
    else out.push(part.trimStart());
  }
  return out.filter(Boolean);
}

/** Writes lines into an SVG text; upwards: the last of them stands where it is. */
export function writeLines(element, lines, lead, upwards) {
  if (lines.length < 2) {
    element.textContent = lines[0] ?? '';
    return;
  }
  const x = element.getAttribute('x');
  element.replaceChildren(...lines.map((line, i) => svg('tspan', { x, dy: i > 0 ? lead : upwards ? -lead * (lines.length - 1) : 0 }, line)));
}
