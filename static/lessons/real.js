// For real: one run on this machine, in its turn, or the recorded one that stands
// in for it; predicted beside measured.
import { t } from '../page.js';
import { quantity } from '../scope/format.js';
import { figure, line, measuredLine } from '../scope/prediction.js';

export class Real {
  #request = ''; // of the run that is under way
  #recorded = false;
  #counts = {};
  #totals = {}; // of a run that is longer than what the page is sent of it
  #ended = false;

  constructor(root, socket) {
    this.root = root;
    this.socket = socket;
    this.lang = document.documentElement.lang.split('-')[0];
    this.part('start').hidden = false;
    this.part('run')?.addEventListener('click', () => this.run(root.dataset.scenario, false));
    this.part('run-recorded')?.addEventListener('click', () => this.run(root.dataset.recorded, true));
    this.part('cancel').addEventListener('click', () => socket.send('scope.cancel', { run: this.#request }));
    const answers = {
      'scope.queued': ({ place }) => this.tell('lesson.script.queued', { Place: place }),
      'scope.progress': ({ done, total }) => this.tell('lesson.script.running', { Percent: total > 0 ? Math.floor((100 * done) / total) : 0 }),
      'scope.lane': (body) => this.#lane(body),
      'scope.predictions': (body) => this.#compared(body),
      'scope.cancelled': () => this.#end('lesson.script.cancelled'),
      error: (body) => this.#failed(body),
    };
    for (const [type, take] of Object.entries(answers)) {
      socket.on(type, (body, message) => { if (message.id === this.#request) take(body); });
    }
    let welcomes = 0;
    socket.on('welcome', () => {
      welcomes += 1; // what was under way when the connection broke starts again
      if (welcomes > 1 && this.#request && !this.#ended) this.run(this.#recorded ? root.dataset.recorded : root.dataset.scenario, this.#recorded);
    });
  }

  part(name) { return this.root.querySelector(`[data-part="${name}"]`); }

  tell(words, data) { this.part('state').textContent = t(words, data); }

  run(scenario, recorded, why = '') {
    this.#recorded = recorded;
    this.#ended = false;
    this.why = why;
    this.part('cancel').hidden = false;
    this.tell('lesson.script.loading');
    this.#request = this.socket.send('scope.run', { lane: 'a', scenario, lang: this.lang });
  }

  // The figures of the run, also where the lesson's text names them.
  #lane(body) {
    this.#counts = body.counts;
    this.#totals = body.totals ?? {};
    const note = document.querySelector('[data-part="recorded-note"]');
    for (const place of document.querySelectorAll(`[data-value^="${this.root.dataset.real}."]`)) {
      const { value, unit, provenance } = this.#whole(place.dataset.value.split('.').pop());
      if (value === null) continue;
      const about = t(`provenance.${provenance}`);
      place.querySelector('b').textContent = quantity(value, unit);
      const mark = place.querySelector('.dot');
      mark.className = `dot prov-${provenance}`;
      mark.title = about;
      mark.setAttribute('aria-label', about);
      if (!this.#recorded) place.removeAttribute('data-machine');
      place.removeAttribute('data-waits');
      const paragraph = place.closest('p');
      if (paragraph && !paragraph.querySelector('[data-waits]')) paragraph.hidden = false;
    }
    if (note && !document.querySelector('#kernel [data-machine]')) note.hidden = true;
  }

  #compared(body) {
    const first = this.root.dataset.rows.split(' ').filter(Boolean);
    const rows = new Map(body.rows.map((row) => [row.count, row]));
    const shown = first.length > 0 ? first.filter((name) => rows.has(name) || this.#counts[name]) : [...rows.keys()];
    const lane = { id: 'a', head: { counts: this.#counts } };
    this.part('rows').replaceChildren(...shown.map((name) => (rows.has(name) ? line(lane, rows.get(name), false) : this.#measured(name))));
    this.part('other-rows').replaceChildren(...body.rows.filter((row) => !shown.includes(row.count)).map((row) => line(lane, row, false)));
    this.part('others').hidden = body.rows.every((row) => shown.includes(row.count));
    const machine = this.root.dataset.machine;
    const from = this.#recorded ? t('lesson.script.recorded', { Machine: machine }) : t('lesson.script.here');
    this.part('from').textContent = body.why || (this.why ? t('lesson.script.instead', { Why: this.why, Machine: machine }) : from);
    this.part('result').hidden = false;
    if (body.why) return; // an error follows, and says what stands in
    this.#end('');
    this.part('result').focus();
  }

  // whole is a count of the whole run. The last value of its series is that only
  // where the page has every event: of a long run the server tells the totals.
  #whole(name) {
    const { unit, provenance, reason, value } = this.#counts[name] ?? {};
    return { unit, provenance, reason, value: value?.at(-1) ?? null, ...this.#totals[name] };
  }

  // What the lesson asks to look at and no model predicts, as times, is shown all
  // the same.
  #measured(name) {
    const series = this.#whole(name);
    return measuredLine({ name, series, text: figure(series.value, series.unit), verdict: t('lesson.script.unpredicted') });
  }

  // A run that this host or page cannot make is stood in for by a recorded one.
  #failed({ code, message, remedy }) {
    const { recorded } = this.root.dataset;
    if (!this.#recorded && recorded && (code === 'unavailable' || code === 'field')) {
      this.run(recorded, true, message);
      return;
    }
    this.#end('');
    this.part('state').textContent = [message, remedy].filter(Boolean).join(' ');
  }

  #end(words) {
    this.#ended = true;
    this.part('cancel').hidden = true;
    this.part('state').textContent = words ? t(words) : '';
  }
}
