// One chart: uPlot with our colours, dashes, marks and time.
import { clock, text } from './units.js';

const roles = ['--dma', '--copy', '--descriptor'];
const dashes = [[], [8, 4], [2, 3]];
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600]; // s between the times at the axis
const powers = Array.from({ length: 50 }, (_, i) => 2 ** i); // bytes between the values at theirs

const root = document.documentElement;

/** The theme's colours as they stand, read once for each redraw. */
export function palette() {
  const style = getComputedStyle(root);
  const role = (name) => style.getPropertyValue(name).trim();
  const body = getComputedStyle(document.body);
  return {
    series: roles.map(role), ink: role('--ink'), dim: role('--dim'), line: role('--line'), mark: role('--focus'), card: role('--card'),
    font: (ratio) => `${(parseFloat(body.fontSize) - 2) * ratio}px ${body.fontFamily}`,
  };
}

/** How wide an axis must be for its texts, so that none is cut. */
function wide(u, texts) {
  const longest = Math.max(0, ...(texts ?? []).map((v) => u.ctx.measureText(v).width)) / devicePixelRatio;
  return Math.max(76, Math.ceil(longest) + 18);
}

export class Chart {
  #plot;
  #data;
  #marks = [];
  #window = [0, 1];

  /** Whether it is in sight, or near. */
  seen = true;

  /**
   * colours() gives the palette; label(mark) the texts of an annotation, the
   * longest first.
   */
  constructor(uPlot, element, chart, { colours, label, onCursor }) {
    this.element = element;
    this.chart = chart;
    this.#data = [[], ...chart.figures.map(() => [])];
    const axis = { stroke: () => colours().dim, grid: { stroke: () => colours().line, width: 1 }, ticks: { stroke: () => colours().line, width: 1, size: 4 }, font: colours().font(1) };
    this.#plot = new uPlot({
      ...this.#size(),
      legend: { show: false },
      padding: [18, 26, 0, 0],
      cursor: { sync: { key: 'live' }, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false, range: () => this.#window }, y: { range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1] } },
      series: [{}, ...chart.figures.map((name, i) => ({
        stroke: () => colours().series[i], width: 2, dash: dashes[i], points: { show: false }, spanGaps: false, pxAlign: 0,
      }))],
      axes: [
        { ...axis, size: 28, space: 80, incrs: steps, values: (u, ticks) => ticks.map((at) => clock(at * 1000).slice(0, 8)) },
        { ...axis, size: wide, space: 34, ...(chart.unit === 'bytes' ? { incrs: powers } : {}), values: (u, ticks) => ticks.map((v) => text(v, chart.unit)) },
      ],
      hooks: {
        draw: [(u) => this.#drawMarks(u, colours(), label)],
        setCursor: [(u) => onCursor(u.cursor.idx ?? null)],
      },
    }, this.#data, element);
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(element);
  }

  #size() {
    return { width: Math.max(120, this.element.clientWidth), height: Math.max(120, this.element.clientHeight) };
  }

  /** Shows the samples from..to of the store, on the time from start to end (ms). */
  show(store, from, to, start, end) {
    const n = to - from;
    this.#window = [start / 1000, end / 1000];
    this.#data[0].length = n;
    for (let i = 0; i < n; i += 1) this.#data[0][i] = store.at(from + i) / 1000;
    this.chart.figures.forEach((name, s) => {
      const line = this.#data[s + 1];
      line.length = n;
      for (let i = 0; i < n; i += 1) {
        const value = store.value(name, from + i);
        line[i] = Number.isNaN(value) ? null : value;
      }
    });
    this.#marks = store.marks;
    this.#plot.setData(this.#data);
  }

  /** Puts the cursor on a sample that is shown, or, for null, away. */
  point(index) {
    const at = index === null ? -10 : this.#plot.valToPos(this.#data[0][index], 'x');
    this.#plot.setCursor({ left: at, top: index === null ? -10 : 8 });
  }

  #drawMarks(u, colours, label) {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = colours.font(ratio);
    ctx.textBaseline = 'bottom';
    ctx.textAlign = 'left';
    const right = bbox.left + bbox.width;
    const shown = this.#marks.map((mark) => ({ mark, x: u.valToPos(mark.at / 1000, 'x', true) })).filter(({ x }) => x >= bbox.left && x <= right);
    shown.forEach(({ mark, x }, i) => {
      ctx.strokeStyle = colours.mark;
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash(mark.kind === 'path' ? [] : [3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      // The line stands; of its labels the longest one that lies on no other.
      const room = (shown[i + 1]?.x ?? right + 4 * ratio) - x - 4 * ratio;
      const words = label(mark).find((text) => ctx.measureText(text).width <= room);
      if (!words) return;
      ctx.fillStyle = colours.ink;
      ctx.fillText(words, x, bbox.top - 2 * ratio);
    });
    ctx.restore();
  }
}
