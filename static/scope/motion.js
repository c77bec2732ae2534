// Draws one move. The kinds are told apart by line and shape before colour:
// a CPU copy is a thick solid line with filled squares, DMA long dashes, a
// descriptor dots with tags, an interrupt a zigzag, PIO single squares.
// Motion explains the step and then ends; nothing it does stays in the document.
// A move is drawn as the step itself ("now"), as still under way beside it
// ("moving": its line alone, at full strength) or as past ("done").
import { svg } from './svg.js';

const shapes = { 'cpu-copy': 4, dma: 3, descriptor: 3, pio: 5, 'device-command': 1 };

// moved draws the move of an event along its way.
export function moved(way, event, strength) {
  const group = svg('g', { class: `move ${strength} ${event.kind}` });
  if (way.line) {
    group.append(svg('path', { class: 'trail', d: zigzag(way.line), 'marker-end': 'url(#head-interrupt)' }));
    return group;
  }
  const trail = svg('path', { class: 'trail', d: way.d, 'marker-end': `url(#head-${headOf(event.kind)})` });
  group.append(trail);
  if (strength === 'now') {
    const length = trail.getTotalLength();
    // One reference is one tag.
    const many = Math.min(shapes[event.kind] ?? 0, event.kind === 'descriptor' ? event.n ?? 1 : Infinity);
    for (let i = 1; i <= many; i += 1) {
      group.append(shape(event.kind, trail.getPointAtLength((length * i) / (many + 1.6))));
    }
  }
  return group;
}

function headOf(kind) {
  if (kind === 'page-fault') return 'interrupt';
  return ['cpu-copy', 'pio', 'dma', 'descriptor'].includes(kind) ? kind : 'other';
}

function shape(kind, { x, y }) {
  if (kind === 'descriptor') return svg('path', { class: 'shape', d: `M${x - 9} ${y - 6}h12l6 6-6 6h-12z` });
  if (kind === 'device-command') return svg('path', { class: 'shape', d: `M${x - 6} ${y}l6-6 6 6-6 6z` });
  const side = kind === 'pio' ? 7 : 10;
  return svg('rect', { class: 'shape', x: x - side / 2, y: y - side / 2, width: side, height: side });
}

// zigzag ends straight, so that its head points at the CPU.
function zigzag([x1, y, x2]) {
  const straight = x1 + (x2 - x1) - Math.sign(x2 - x1) * 12;
  const turns = Math.max(3, Math.round(Math.abs(straight - x1) / 12));
  const points = [];
  for (let i = 1; i < turns; i += 1) {
    points.push(`L${x1 + ((straight - x1) * i) / turns} ${y + (i % 2 ? 5 : -5)}`);
  }
  return `M${x1} ${y}${points.join('')}L${straight} ${y}H${x2}`;
}

// play animates a move that moved has drawn, for the given milliseconds.
export function play(group, kind, milliseconds) {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const trail = group.querySelector('.trail');
  if (!trail) return;
  const timing = { duration: milliseconds, easing: 'ease-in-out' };
  if (kind === 'interrupt') {
    trail.animate([{ opacity: 0.15 }, { opacity: 1 }, { opacity: 0.3 }, { opacity: 1 }], timing);
    return;
  }
  const length = trail.getTotalLength();
  if (kind === 'dma') trail.animate([{ strokeDashoffset: 64 }, { strokeDashoffset: 0 }], { ...timing, easing: 'linear' });
  for (const [i, element] of [...group.querySelectorAll('.shape')].entries()) {
    const box = element.getBBox();
    const frames = [];
    for (let part = 0; part <= 12; part += 1) {
      const point = trail.getPointAtLength((length * part) / 12);
      frames.push({ transform: `translate(${point.x - box.x - box.width / 2}px, ${point.y - box.y - box.height / 2}px)` });
    }
    element.animate(frames, { ...timing, delay: i * 70, duration: Math.max(120, milliseconds - i * 70), fill: 'backwards' });
  }
}
