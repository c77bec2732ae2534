// The charts together: one time window, one cursor, a table twin and CSV of what
// is shown. uPlot is fetched when the page stands.
import { block, t } from '../page.js';
import { onKey } from '../keys.js';
import { Chart, palette } from './chart.js';
import { clock, plain, text } from './units.js';

const state = block('live');
const twinRows = 120; // rows of the table twin; CSV has all
const twinEvery = 1000; // ms
const slowFrom = 120; // s of range from which two redraws a second are enough

const range = document.getElementById('live-range');
const twin = document.getElementById('chart-twin');
const spoken = document.getElementById('chart-cursor');

function remembered() {
  try {
    return sessionStorage.getItem('live-range');
  } catch {
    return null;
  }
}

export class Charts {
  #store;
  #charts = [];
  #colours;
  #frozen = 0; // the end of what is shown while paused
  #drawn = 0;
  #due = false;
  #from = 0;
  #to = 0;
  #cursor = null; // index among the samples shown
  #cursorAt = 0; // its time, while it stands
  #pointing = false;
  #twinAt = 0;
  // Charts that nobody sees are not drawn: the page's work is part of what the host does.
  #sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) this.#charts.find((c) => c.element === target).seen = isIntersecting;
    this.redraw(true);
  }, { rootMargin: '100px' });

  constructor(store) {
    this.#store = store;
    if (state.charts === null || state.charts.length === 0) return;
    twin.hidden = false;
    twin.addEventListener('toggle', () => this.#showTwin(true));
    const stored = remembered();
    if (stored && [...range.options].some((o) => o.value === stored)) range.value = stored;
    range.addEventListener('change', () => {
      try {
        sessionStorage.setItem('live-range', range.value);
      } catch {
        // Without storage the choice lasts as long as the page.
      }
      this.redraw(true);
    });
    this.#listen();
    this.#open();
  }

  async #open() {
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = new URL('../vendor/uplot/uPlot.min.css', import.meta.url);
    const styled = new Promise((resolve) => { sheet.onload = resolve; sheet.onerror = resolve; });
    document.head.append(sheet);
    const [{ default: uPlot }] = await Promise.all([import('../vendor/uplot/uPlot.esm.js'), styled]);
    this.#colours = palette();
    for (const chart of state.charts) {
      const element = document.querySelector(`[data-chart="${chart.name}"] .plot`);
      element.hidden = false;
      this.#charts.push(new Chart(uPlot, element, chart, {
        colours: () => this.#colours,
        label: (mark) => this.#label(mark),
        onCursor: (index) => this.#over(index),
      }));
      this.#sight.observe(element);
    }
    this.redraw(true);
    document.querySelector('.live-charts').dataset.ready = 'true';
  }

  #listen() {
    const themed = () => {
      this.#colours = palette();
      this.redraw(true);
    };
    new MutationObserver(themed).observe(document.documentElement, { attributeFilter: ['data-theme'] });
    for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) matchMedia(query).addEventListener('change', themed);
    document.addEventListener('visibilitychange', () => this.redraw(true));
    document.querySelector('.live-charts').addEventListener('pointermove', () => { this.#pointing = false; });
    onKey('chart-back', () => this.#move(-1));
    onKey('chart-on', () => this.#move(1));
    onKey('chart-first', () => this.#go(0));
    onKey('chart-last', () => this.#go(this.#to - this.#from - 1));
    onKey('chart-leave', () => this.#go(null));
  }

  /** The texts of an annotation, the longest first; the shortest is the path's key. */
  #label({ kind, path }) {
    const key = [...document.querySelectorAll('#load [data-path]')].findIndex((b) => b.dataset.path === path) + 1;
    const short = key > 0 ? [String(key)] : [];
    if (kind === 'path') return [path, ...short];
    if (kind === 'begin') return [t('live.mark.begin', { Path: path }), path, ...short];
    return [t('live.mark.end')];
  }

  /** Holds what is shown, or follows the newest sample again. */
  freeze(frozen) {
    this.#frozen = frozen ? Math.max(this.#store.newest, 0) : 0;
    this.redraw(true);
  }

  /** How many samples came after the end of what is shown. */
  get behind() {
    return this.#frozen === 0 ? 0 : this.#store.length - this.#store.first(this.#frozen + 0.5);
  }

  /** Asks for a redraw with the next frame; now: also if one was just made. */
  redraw(now = false) {
    if (now) {
      this.#drawn = 0;
      this.#twinAt = -Infinity;
    }
    if (this.#due || this.#charts.length === 0 || document.hidden) return;
    const wait = Number(range.value) >= slowFrom ? 500 : 0;
    if (this.#drawn > 0 && performance.now() - this.#drawn < wait) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#drawn = performance.now();
      this.#draw();
    });
  }

  #draw() {
    const end = this.#frozen || Math.max(this.#store.newest, 0);
    const start = end - 1000 * Number(range.value);
    this.#from = this.#store.first(start);
    this.#to = this.#store.first(end + 0.5);
    for (const chart of this.#charts) if (chart.seen) chart.show(this.#store, this.#from, this.#to, start, end);
    if (this.#pointing) this.#follow();
    this.#legend();
    this.#showTwin(false);
  }

  // The cursor: of the mouse uPlot tells; by keys it stays on its sample.

  #over(index) {
    if (this.#pointing || index === this.#cursor) return;
    this.#cursor = index;
    this.#legend();
  }

  #move(by) {
    const last = this.#to - this.#from - 1;
    this.#go(this.#cursor === null ? last : Math.min(last, Math.max(0, this.#cursor + by)));
  }

  #go(index) {
    if (this.#to === this.#from) return;
    this.#pointing = index !== null;
    this.#cursor = index;
    if (this.#pointing) this.#cursorAt = this.#store.at(this.#from + index);
    for (const chart of this.#charts) if (chart.seen) chart.point(index);
    this.#legend();
    spoken.textContent = index === null ? '' : this.#words(document.activeElement.closest('[data-chart]')?.dataset.chart);
  }

  #follow() {
    const index = this.#store.first(this.#cursorAt) - this.#from;
    this.#cursor = Math.max(0, Math.min(index, this.#to - this.#from - 1));
    for (const chart of this.#charts) if (chart.seen) chart.point(this.#cursor);
  }

  #words(name) {
    const chart = state.charts.find((c) => c.name === name) ?? state.charts[0];
    const i = this.#from + this.#cursor;
    const values = chart.figures.map((f) => `${t(`live.series.${f}`)} ${text(this.#store.value(f, i), chart.unit)}`);
    return `${clock(this.#store.at(i))}: ${values.join(', ')}`;
  }

  #legend() {
    const i = this.#cursor === null ? this.#to - 1 : this.#from + this.#cursor;
    if (i < 0 || i >= this.#store.length) return;
    for (const chart of state.charts) {
      for (const name of chart.figures) {
        const cell = document.querySelector(`[data-series="${name}"] [data-value]`);
        cell.textContent = text(this.#store.value(name, i), chart.unit);
      }
    }
  }

  // The twin and CSV are of the window that is drawn.

  #columns() {
    return state.charts.flatMap((chart) => chart.figures.map((name) => ({ name, title: `${t(`live.chart.${chart.name}`)}: ${t(`live.series.${name}`)} (${t(`live.unit.${chart.unit}`)})` })));
  }

  #row(columns, i) {
    return [new Date(this.#store.at(i)).toISOString(), ...columns.map((c) => plain(this.#store.value(c.name, i))), this.#marksAt(i)];
  }

  /** The annotations since the sample before. */
  #marksAt(i) {
    const before = i > 0 ? this.#store.at(i - 1) : -Infinity;
    const now = this.#store.at(i);
    return this.#store.marks.filter((m) => m.at > before && m.at <= now).map((m) => this.#label(m)[0]).join('; ');
  }

  #showTwin(now) {
    if (!twin.open || (!now && performance.now() - this.#twinAt < twinEvery)) return;
    this.#twinAt = performance.now();
    const columns = this.#columns();
    const cell = (kind, content, scope) => {
      const element = document.createElement(kind);
      element.textContent = content;
      if (scope) element.scope = scope;
      element.className = 'num';
      return element;
    };
    document.getElementById('twin-head').replaceChildren(cell('th', t('live.twin.time'), 'col'), ...columns.map((c) => cell('th', c.title, 'col')), cell('th', t('live.twin.marks'), 'col'));
    const first = Math.max(this.#from, this.#to - twinRows);
    const rows = [];
    for (let i = this.#to - 1; i >= first; i -= 1) {
      const row = document.createElement('tr');
      const [at, ...values] = this.#row(columns, i);
      row.append(cell('th', at, 'row'), ...values.map((v) => cell('td', v)));
      rows.push(row);
    }
    document.getElementById('twin-rows').replaceChildren(...rows);
    document.getElementById('twin-shown').textContent = t('live.twin.shown', { Count: rows.length, Total: this.#to - this.#from });
  }

  /** The samples that are shown, the oldest first. */
  csv() {
    const columns = this.#columns();
    const quoted = (v) => `"${v.replaceAll('"', '""')}"`;
    const lines = [[t('live.twin.time'), ...columns.map((c) => c.title), t('live.twin.marks')].map(quoted).join(',')];
    for (let i = this.#from; i < this.#to; i += 1) lines.push(this.#row(columns, i).join(','));
    return `${lines.join('\r\n')}\r\n`;
  }
}
