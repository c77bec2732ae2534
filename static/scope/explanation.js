// Tells in words where the lanes part, what each does there and why: what their
// settings have different, what their paths are, and the lines that run. All of
// it is the server's words put side by side.
import { count } from './format.js';
import { html } from './svg.js';
import { first, has, word } from './words.js';

const letter = (lane) => lane.id.toUpperCase();
const tag = (lane) => html('b', { class: 'tag' }, letter(lane));

export class Explanation {
  // host is a <details>.
  constructor(host, player) {
    this.host = host;
    this.player = player;
    this.summary = host.querySelector('summary');
    this.body = host.querySelector('[data-part="parting-text"]');
  }

  // open shows the explanation where the reader can see it.
  open() {
    this.host.open = true;
    this.summary.focus({ preventScroll: true });
    this.host.scrollIntoView({ block: 'nearest' });
  }

  render() {
    const { partings } = this.player;
    this.host.hidden = !partings.comparable;
    const { first: step, reference } = partings;
    const lanes = [reference, ...partings.steps.keys()];
    // Of a long run the page has the events there once it has come there.
    const here = partings.comparable ? lanes.map((lane) => Boolean(eventAt(lane, step))).join() : '';
    if (this.drawn === partings && this.here === here) return;
    Object.assign(this, { drawn: partings, here });
    if (!partings.comparable) return;
    this.summary.textContent = step ? word('scope.parting.summary', { Step: step }) : partings.whole ? word('scope.parting.none') : word('scope.parting.none.first', { Steps: count(partings.compared) });
    this.host.querySelector('button').hidden = step === 0;
    this.body.replaceChildren(...(step === 0
      ? [html('p', {}, partings.whole ? word('scope.parting.same', { Steps: reference.steps }) : word(partings.open.length > 0 ? 'scope.parting.comparing' : 'scope.parting.same.first', { Steps: count(partings.compared) }))]
      : [html('p', {}, step > 1 ? word('scope.parting.until', { Count: step - 1 }) : word('scope.parting.start')), ...lanes.map((lane) => this.#does(lane, step)), ...this.#why(lanes)]));
  }

  // does tells what a lane does at a step, and which line of its program runs.
  #does(lane, step) {
    const event = eventAt(lane, step);
    const label = event && (event.line || event.open);
    const line = label && lane.head.listing.find((other) => other.label === label);
    return html('p', { 'data-lane': lane.id }, tag(lane), ' ', event ? event.say : step > lane.steps ? word('scope.parting.over', { Step: lane.steps }) : word('scope.parting.far'),
      line ? html('code', {}, line.text.trim()) : null);
  }

  #why(lanes) {
    const fields = [...new Set(lanes.flatMap((lane) => Object.keys(lane.head.settings)))];
    const other = fields.filter((name) => name !== 'path' && new Set(lanes.map((lane) => lane.head.settings[name] ?? '')).size > 1 && lanes.every((lane) => name in lane.head.settings));
    const paths = new Set(lanes.map((lane) => lane.head.title)).size > 1;
    const reasons = [];
    if (paths) reasons.push(...lanes.map((lane) => html('p', {}, tag(lane), ' ', html('b', {}, lane.head.title), ` – ${lane.head.about}`)));
    if (other.length > 0) {
      reasons.push(html('p', {}, word('scope.parting.settings')), html('ul', {}, ...other.map((name) => html('li', {}, `${word(`scope.field.${name}`)}: `,
        lanes.map((lane) => `${letter(lane)} ${valueOf(name, lane.head.settings[name])}`).join(' · ')))));
    }
    if (reasons.length === 0) reasons.push(html('p', {}, word('scope.parting.unexplained')));
    return [html('h3', {}, word('scope.parting.why')), ...reasons];
  }
}

const eventAt = (lane, step) => lane.event(step) ?? lane.opening[step - 1] ?? null;

function valueOf(name, value) {
  if (value === '') return '–';
  if (name === 'size' || name === 'chunk') return value;
  return has(`${name}.${value}`) || has(`scope.switch.${value}`) ? first([`${name}.${value}`, `scope.switch.${value}`]) : value;
}
