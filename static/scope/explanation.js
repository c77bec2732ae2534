// Tells in words where the lanes part, what each does there and why: what their
// settings have different, what their paths are, and the lines that run. All of
// it is the server's words put side by side.
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
    if (this.drawn === partings) return;
    this.drawn = partings;
    if (!partings.comparable) return;
    const { first: step, reference } = partings;
    this.summary.textContent = step ? word('scope.parting.summary', { Step: step }) : word('scope.parting.none');
    this.host.querySelector('button').hidden = step === 0;
    const lanes = [reference, ...partings.steps.keys()];
    this.body.replaceChildren(...(step === 0
      ? [html('p', {}, word('scope.parting.same', { Steps: reference.steps }))]
      : [html('p', {}, step > 1 ? word('scope.parting.until', { Count: step - 1 }) : word('scope.parting.start')), ...lanes.map((lane) => this.#does(lane, step)), ...this.#why(lanes)]));
  }

  // does tells what a lane does at a step, and which line of its program runs.
  #does(lane, step) {
    const event = lane.event(step);
    const label = event && (event.line || event.open);
    const line = label && lane.head.listing.find((other) => other.label === label);
    return html('p', { 'data-lane': lane.id }, tag(lane), ' ', event ? event.say : word('scope.parting.over', { Step: lane.steps }),
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

function valueOf(name, value) {
  if (value === '') return '–';
  if (name === 'size' || name === 'chunk') return value;
  return has(`${name}.${value}`) || has(`scope.switch.${value}`) ? first([`${name}.${value}`, `scope.switch.${value}`]) : value;
}
