// The inside of a place: what a lane's machine holds there after the step, as a
// drawing and as a table, and of each page, descriptor or packet all that the
// run tells. Escape leads back, one level at a time.
import { itemsAt } from './contents.js';
import { drawItems, itemTable, itemView } from './insideitems.js';
import { drawPages, pageTable, pageView } from './insidepages.js';
import { placeName, shownPages } from './insideparts.js';
import { html, set } from './svg.js';
import { first, has, word } from './words.js';

export class Inside {
  // redraw has the lane rendered anew, groupOf finds a place's drawing.
  constructor(host, redraw, groupOf) {
    this.redraw = redraw;
    this.groupOf = groupOf;
    this.seek = () => {}; // goes to a step of the lane
    this.open = null; // { place, item, page, window }
    this.element = html('section', { class: 'inside', hidden: true });
    host.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.open || event.defaultPrevented) return;
      event.preventDefault();
      this.back();
    });
    this.element.addEventListener('click', (event) => this.#click(event));
  }

  // opens makes a place's drawing a way into it.
  opens(group, place) {
    // Its name is what is written on it.
    set(group, { tabindex: 0, role: 'button', 'aria-description': word('drawing.open') });
    const toggle = () => this.go(this.open?.place === place ? null : { place });
    group.addEventListener('click', toggle);
    group.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      toggle();
    });
  }

  // go opens what is asked for, or closes; the focus follows.
  go(open) {
    const before = this.open;
    this.open = open;
    this.redraw();
    if (open) {
      this.element.querySelector('h3').focus({ preventScroll: true });
      this.element.scrollIntoView({ block: 'nearest' });
    } else if (before) this.groupOf(before.place).focus();
  }

  back() {
    const { place, item, page } = this.open;
    this.go(item !== undefined || page !== undefined ? { place } : null);
  }

  render(lane, step) {
    const { open } = this;
    for (const group of this.element.parentElement.querySelectorAll('[data-place][role="button"]')) {
      set(group, { 'aria-expanded': String(open?.place === group.dataset.place) });
    }
    this.element.hidden = !open || !lane.head;
    if (this.element.hidden) {
      this.element.replaceChildren();
      return;
    }
    const active = this.element.ownerDocument.activeElement;
    const focused = this.element.contains(active) ? active.dataset.key ?? 'h3' : null;
    const view = this.#view(lane, step);
    set(this.element, { 'aria-label': `${lane.id.toUpperCase()} · ${placeName(open.place)}`, 'data-place': open.place, 'data-level': open.item === undefined && open.page === undefined ? 2 : 3 });
    this.element.replaceChildren(this.#head(view.title), ...view.parts.filter(Boolean));
    // What had the focus is drawn anew; it stays with what has taken its place.
    if (focused) (this.element.querySelector(`[data-key="${focused}"]`) ?? this.element.querySelector('h3')).focus({ preventScroll: true });
  }

  #view(lane, step) {
    const { place, item, page, window } = this.open;
    const pages = place === 'page-cache';
    if (pages && !lane.head.pages) return { title: '', parts: [html('p', {}, word('drawing.pages.none'))] };
    if (page !== undefined) return pageView(lane, step, Math.min(page, lane.head.pages.n - 1));
    if (pages) {
      const from = window ?? windowOf(lastTouched(lane, step));
      return { title: '', parts: [...drawPages(lane, step, from), pageTable(lane, step)] };
    }
    const items = lane.head.inside?.[place] ?? [];
    if (item !== undefined && items[item]) return itemView(lane, step, place, items[item]);
    const now = itemsAt(lane, place, step);
    const about = first([`drawing.about.${place}`, 'drawing.about']);
    return {
      title: '',
      parts: [
        html('p', { class: 'small dim' }, about),
        ...(now.length > 0 ? [drawItems(lane, step, place, now), itemTable(lane, step, place, now)]
          : [html('p', { class: 'empty' }, word(items.length > 0 ? 'drawing.empty' : has(`drawing.never.${place}`) ? `drawing.never.${place}` : 'drawing.never'))]),
      ],
    };
  }

  #head(title) {
    const deep = title !== '';
    const name = placeName(this.open.place);
    return html('header', {},
      html('h3', { tabindex: -1 },
        html('span', { class: 'dim' }, `${word('drawing.machine')} › `),
        deep ? html('button', { type: 'button', class: 'crumb', 'data-inside': 'back', 'data-key': 'crumb' }, name) : name,
        deep ? ` › ${title}` : ''),
      html('span', { class: 'grow' }),
      html('button', { type: 'button', 'data-inside': 'back', 'data-key': 'back' }, word(deep ? 'drawing.back' : 'drawing.close')));
  }

  #click(event) {
    const target = event.target.closest('[data-inside]');
    if (!target) return;
    const { place } = this.open;
    const { inside, value } = target.dataset;
    if (inside === 'back') this.back();
    if (inside === 'item') this.go({ place, item: Number(value) });
    if (inside === 'page') this.go({ place: 'page-cache', page: Number(value) });
    if (inside === 'window') this.go({ place, window: Number(value) });
    if (inside === 'step') this.seek(Number(value));
  }
}

// lastTouched is the page that the step works on, or the latest before it did.
function lastTouched(lane, step) {
  for (let k = step; k > Math.max(0, step - 500); k -= 1) {
    const { pages } = lane.event(k);
    if (pages) return Math.min(pages[0], lane.head.pages.n - 1);
  }
  return 0;
}

const windowOf = (page) => Math.floor(page / shownPages) * shownPages;
