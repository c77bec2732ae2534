// The load that the page may put on the broker, and the flip of the path under it.
import { block, t } from '../page.js';
import { onKey } from '../keys.js';
import { fill } from './rows.js';

const lang = document.documentElement.lang.split('-')[0];
const panel = document.getElementById('load');
// A cluster of others makes a topic for the load, and has no paths to choose from.
const cluster = panel?.dataset.cluster === 'true';

export class Load {
  #socket;
  #topics = new Map(); // by name, the path that serves it
  #state;
  #asked = new Set();
  #starts = false; // this page has asked for a load that has not begun yet
  #own = false; // the load that is shown is this page's
  #ended = ''; // when it ended, if the page was there

  constructor(socket, topics) {
    if (!panel) return;
    this.#socket = socket;
    this.#state = block('live').load;
    this.topics(topics);
    panel.hidden = false;
    // On a cluster there are no paths to take in turns.
    const on = (action, handler) => panel.querySelector(`[data-action="${action}"]`)?.addEventListener('click', handler);
    on('load-turns', () => this.#start(true));
    on('load-start', () => this.#start(false));
    on('load-stop', () => this.#stop());
    for (const button of panel.querySelectorAll('[data-path]')) button.addEventListener('click', () => this.#flip(button.dataset.path));
    document.getElementById('load-topic').addEventListener('change', () => this.#showPath());
    onKey('flip', (event, key) => {
      const button = panel.querySelectorAll('[data-path]')[Number(key) - 1];
      if (button && !button.disabled) this.#flip(button.dataset.path);
    });
    onKey('load', () => (this.#busy() ? this.#stop() : this.#start(!cluster)));
    this.show(this.#state);
  }

  #busy() {
    return ['filling', 'running'].includes(this.#state.phase);
  }

  /** Whether an error answers a request of the panel; then it is shown here. */
  failed(body, message) {
    if (!this.#asked.delete(message.id)) return false;
    this.#starts = false;
    this.#say(`${body.message}; ${body.remedy}`, true);
    return true;
  }

  #ask(type, body) {
    this.#asked.clear(); // what was answered well is not told here
    this.#asked.add(this.#socket.send(type, body));
  }

  #start(turns) {
    const topic = document.getElementById('load-topic').value;
    this.#starts = true;
    this.#ask('live.load.start', { topic, seconds: Number(document.getElementById('load-seconds').value), turns });
  }

  #stop() {
    if (this.#busy()) this.#ask('live.load.stop', {});
  }

  #topic() {
    return this.#busy() ? this.#state.topic : document.getElementById('load-topic').value;
  }

  #flip(path) {
    this.#ask('live.path', { topic: this.#topic(), path });
  }

  #say(text, bad = false) {
    const said = document.getElementById('load-state');
    if (said.textContent !== text) said.textContent = text;
    said.classList.toggle('failed', bad);
  }

  /** Takes the broker's topics, each with its path. */
  topics(list) {
    if (!panel) return;
    const select = document.getElementById('load-topic');
    const lab = select.options[0];
    if (cluster) list = [];
    this.#topics = new Map(list.map((topic) => [topic.name, topic.path]));
    const chosen = select.value;
    select.replaceChildren(lab, ...list.filter((topic) => topic.name !== lab.value).map((topic) => new Option(topic.name)));
    select.value = [...select.options].some((o) => o.value === chosen) ? chosen : lab.value;
    if (this.#state) this.#showPath();
  }

  #showPath() {
    const path = this.#busy() ? this.#state.path : this.#topics.get(this.#topic());
    for (const button of panel.querySelectorAll('[data-path]')) {
      button.setAttribute('aria-pressed', String(button.dataset.path === path));
      // The topic for the load is made by the first one.
      button.disabled = !this.#busy() && !this.#topics.has(this.#topic());
    }
  }

  show(state) {
    if (!panel) return;
    const was = this.#busy();
    this.#state = state;
    const busy = this.#busy();
    if (busy && !was) {
      this.#own = this.#starts;
      this.#starts = false;
      this.#ended = '';
    }
    if (was && !busy) this.#ended = new Date().toLocaleTimeString(document.documentElement.lang);
    panel.dataset.phase = state.phase;
    for (const button of panel.querySelectorAll('[data-action="load-turns"], [data-action="load-start"]')) button.hidden = busy;
    panel.querySelector('[data-action="load-stop"]').hidden = !busy;
    for (const id of ['load-topic', 'load-seconds']) document.getElementById(id).disabled = busy;
    const progress = document.getElementById('load-progress');
    progress.hidden = !busy;
    if (state.phase === 'running') progress.value = state.elapsed_ms / state.for_ms;
    else progress.removeAttribute('value');
    this.#showPath();
    this.#tell(state);
    document.getElementById('load-result').hidden = state.rows.length === 0;
    document.getElementById('load-rows').replaceChildren(...state.rows.map((row) => this.#row(row)));
    document.getElementById('load-congestion').textContent = state.congestion ? t('live.load.congestion', { Name: state.congestion }) : '';
  }

  #row(values) {
    const row = fill('load-row', values);
    row.toggleAttribute('data-now', this.#state.phase === 'running' && values.path === this.#state.path);
    return row;
  }

  #tell(state) {
    if (state.phase === 'failed') this.#say(t('live.load.failed', { Reason: state.error[lang] }), true);
    else if (state.phase !== 'idle') {
      // Whose load it is, and when it ended: another page's takes the place of one's own.
      let said = t(`live.load.${cluster ? 'cluster' : 'state'}.${state.phase}`, { Topic: state.topic, Path: state.path });
      if (this.#ended) said = t('live.load.ended', { Said: said, Time: this.#ended });
      this.#say(this.#own ? said : t('live.load.other', { Said: said }));
    }
    // Apart from what is spoken: it changes every second.
    document.getElementById('load-left').textContent = state.phase === 'running' ? t('live.load.left', { Seconds: Math.ceil((state.for_ms - state.elapsed_ms) / 1000) }) : '';
  }
}
