// What if: a dialog that forks a simulated run. From a step on the machine has
// one thing different; the run as it was stays beside it as a ghost.
import { word } from './words.js';

export class WhatIf {
  // dialog is the element, stage the one whose lanes are forked.
  constructor(dialog, stage) {
    this.dialog = dialog;
    this.stage = stage;
    const part = (name) => dialog.querySelector(`[name="${name}"]`);
    this.lane = part('lane');
    this.key = part('key');
    this.value = part('value');
    this.step = part('step');
    this.say = dialog.querySelector('[data-part="say"]');
    this.key.addEventListener('change', () => this.#suggest());
    this.lane.addEventListener('change', () => this.#from());
    dialog.querySelector('form').addEventListener('submit', (event) => this.#fork(event));
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog || event.target.closest('[data-action="close"]')) dialog.close();
    });
  }

  open() {
    const { player } = this.stage;
    player.pause();
    const lanes = player.lanes.filter(forkable);
    this.lane.replaceChildren(...lanes.map((lane) => new Option(`${lane.id.toUpperCase()} · ${lane.head.title}`, lane.id)));
    const full = player.lanes.length === this.stage.views.size;
    this.value.removeAttribute('aria-invalid');
    this.say.textContent = lanes.length === 0 ? word('scope.whatif.none') : full ? word('scope.whatif.full') : '';
    this.dialog.querySelector('[type="submit"]').disabled = lanes.length === 0 || full;
    if (lanes.some((lane) => lane.id === player.focus)) this.lane.value = player.focus;
    this.#from();
    this.#suggest();
    if (!this.dialog.open) this.dialog.showModal();
    this.step.focus(); // not a list: the key that opened this would choose from it
  }

  // suggest offers a value that the chosen setting may have.
  #suggest() {
    this.value.value = this.key.selectedOptions[0].dataset.example;
  }

  // from is where the chosen lane stands; at its end, where no change can matter any
  // more, it is the beginning.
  #from() {
    const lane = this.stage.player.lane(this.lane.value);
    if (!lane) return;
    this.step.max = lane.steps;
    const step = this.stage.player.stepOf(lane);
    this.step.value = step < lane.steps ? step : 0;
  }

  // fork runs the lane with the change, if that can be. If it cannot, the dialog says
  // why and stays, and no lane changes.
  async #fork(event) {
    event.preventDefault();
    const lane = this.lane.value;
    const change = `${Number(this.step.value)}/${this.key.value}=${this.value.value.trim()}`;
    this.value.removeAttribute('aria-invalid');
    const why = await refused(this.stage.forked(lane, change));
    if (!this.dialog.open) return; // closed meanwhile, or run by an earlier press
    if (why) {
      this.say.textContent = why;
      this.value.setAttribute('aria-invalid', 'true');
      this.value.focus();
      return;
    }
    this.stage.fork(lane, change);
    this.dialog.close();
  }
}

// refused asks the server why a scenario cannot be; empty if it can be, or if the
// server does not answer: then the lane tells.
async function refused(scenario) {
  const lang = document.documentElement.lang.split('-')[0];
  try {
    const answer = await fetch(`/scope/check?${new URLSearchParams({ run: scenario, lang })}`);
    if (answer.status !== 422) return '';
    const { field, message, remedy } = await answer.json();
    return field === 'whatif' ? remedy : `${message} ${remedy}`;
  } catch {
    return '';
  }
}

// Only programs that are simulated can be run again with another machine, and a
// run has one change.
const forkable = (lane) => lane.status === 'ready' && lane.head.side === 'sim' && lane.head.settings.whatif === '';
