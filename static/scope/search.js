// The search of events: by kind, place, actor, call, detail or the words of
// their sentences, in the reader's language. Every word has to occur; one that
// begins with "kind:", "place:", "who:" or "call:" has to occur there.
import { count } from './format.js';
import { html, set } from './svg.js';
import { first, word } from './words.js';

const texts = new WeakMap(); // of a lane's events: what is searched, in small letters

export class Search {
  constructor(line) {
    this.line = line;
    this.hits = new Map(); // lane → steps
    this.all = []; // { lane, step, at } in the page's order
    this.input = html('input', { type: 'search', 'aria-label': word('timeline.search'), placeholder: word('timeline.search.hint'), autocomplete: 'off', spellcheck: 'false' });
    this.options = html('datalist', {});
    this.found = html('span', { class: 'found', role: 'status' });
    this.back = html('button', { type: 'button', class: 'icon', 'aria-label': word('timeline.search.back'), title: word('timeline.search.back') }, '↑');
    this.next = html('button', { type: 'submit', class: 'icon', 'aria-label': word('timeline.search.next'), title: word('timeline.search.next') }, '↓');
    this.element = html('form', { class: 'search', role: 'search' }, this.input, this.options, this.back, this.next, this.found);
    this.input.addEventListener('focus', () => this.suggest()); // not before: a run may be long
    this.input.addEventListener('input', () => {
      this.run();
      line.build();
    });
    this.input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') { // it empties the search, then leaves it to the keys of the stage
        event.preventDefault();
        if (this.input.value === '') this.input.blur();
        else this.clear();
      }
      if (event.key === 'Enter') this.backwards = event.shiftKey;
    });
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.go(this.backwards ? -1 : 1);
      this.backwards = false;
    });
    this.back.addEventListener('click', () => this.go(-1));
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  clear() {
    this.input.value = '';
    this.run();
    this.line.build();
  }

  hitsOf(lane) { return this.hits.get(lane) ?? []; }

  // suggest offers the kinds, places and calls that the lanes have.
  suggest() {
    const all = new Set();
    for (const lane of this.line.lanes) {
      for (const event of lane.events) {
        all.add(word(`kind.${event.kind}`));
        if (event.syscall) all.add(event.syscall);
        for (const place of [event.from, event.to]) if (place) all.add(word(`place.${place}`));
      }
    }
    this.options.id = `events-${this.line.host.dataset.clip}`;
    this.input.setAttribute('list', this.options.id);
    this.options.replaceChildren(...[...all].sort().map((value) => html('option', { value })));
  }

  // run looks for what is asked in the lanes that are shown.
  run() {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean).map(asked);
    this.hits.clear();
    this.all = [];
    if (words.length > 0) {
      for (const lane of this.line.lanes) {
        const steps = [];
        textsOf(lane).forEach((text, i) => { if (words.every(({ field, part }) => text[field].includes(part))) steps.push(lane.begin + i + 1); });
        this.hits.set(lane, steps);
        this.all.push(...steps.map((step) => ({ lane, step, at: this.line.player.alignment.find(lane, step) })));
      }
      this.all.sort((a, b) => a.at - b.at);
    }
    this.update();
  }

  // update tells how many were found, and which of them the page is at.
  update() {
    const asked = this.input.value.trim() !== '';
    const at = this.all.findIndex(({ lane, step, at: page }) => page === this.line.player.step && this.line.player.stepOf(lane) === step);
    this.found.textContent = !asked ? '' : this.all.length === 0 ? word('timeline.search.none')
      : at < 0 ? word('timeline.search.found', { Count: this.all.length }) : word('timeline.search.at', { At: count(at + 1), Total: count(this.all.length) });
    set(this.back, { disabled: this.all.length === 0 });
    set(this.next, { disabled: this.all.length === 0 });
  }

  // go leads to the next event that was found, or the one before; from the last
  // it goes on with the first.
  go(direction) {
    const { player } = this.line;
    if (this.all.length === 0) return;
    const later = direction > 0 ? this.all.find(({ at }) => at > player.step) : this.all.findLast(({ at }) => at < player.step);
    const to = later ?? (direction > 0 ? this.all[0] : this.all[this.all.length - 1]);
    this.line.explorer.select(to.lane);
    this.line.show(this.line.spans(to.lane).from[to.lane.indexOf(to.step)]);
    player.seekIn(to.lane, to.step);
    this.line.update();
  }
}

const fields = ['kind', 'place', 'who', 'call'];

// asked is a word with the field that it is to occur in.
function asked(text) {
  const [, before, part] = /^([^:：]+)[:：](.+)$/.exec(text) ?? [];
  const field = before && fields.find((name) => name === before || word(`timeline.search.${name}`) === before);
  return field ? { field, part } : { field: 'all', part: text };
}

function textsOf(lane) {
  const { events } = lane;
  let kept = texts.get(events);
  if (!kept || kept.length !== events.length) {
    kept = events.map(textOf);
    texts.set(events, kept);
  }
  return kept;
}

function textOf(event) {
  const text = {
    kind: `${event.kind} ${word(`kind.${event.kind}`)}`,
    place: [event.from, event.to].filter(Boolean).map((place) => `${place} ${word(`place.${place}`)}`).join(' '),
    who: `${event.actor} ${word(`actor.${event.actor}`)} ${event.endpoint} ${word(`timeline.endpoint.${event.endpoint}`)}`,
    call: event.syscall ?? '',
  };
  text.all = [...Object.values(text), event.say, event.detail ? first([`detail.${event.detail}`]) : '', event.errno ?? '', word(`provenance.${event.provenance}`)].join(' ');
  for (const [name, value] of Object.entries(text)) text[name] = value.toLowerCase();
  return text;
}
