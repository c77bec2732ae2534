// The walk: each step puts the stage at a place and says one thing.
import { t } from '../page.js';

export class Walk {
  #shown = ''; // the scenarios in the lanes
  #asked = 0; // the latest step that was asked for
  #lane = ''; // the one that the step is about
  #there = null; // where the stage belongs at this step

  /** steps: from the server; root: the section; made: gives the stage, once. */
  constructor(root, steps, made) {
    this.root = root;
    this.steps = steps;
    this.made = made;
    this.say = root.querySelector('[data-part="say"]');
    this.texts = [...root.querySelectorAll('[data-part="steps"] > li > .text')];
    root.querySelector('[data-part="steps"]').hidden = true;
    root.querySelector('[data-part="walk"]').hidden = false;
    this.at = 0;
    this.again = root.querySelector('[data-part="again"]');
    this.again.addEventListener('click', () => this.#put());
  }

  get last() { return this.at === this.steps.length - 1; }

  /** Shows a step, from 0; the stage follows as soon as its runs are there. */
  async go(at) {
    this.at = Math.max(0, Math.min(at, this.steps.length - 1));
    this.#asked += 1;
    const asked = this.#asked;
    const { lanes, align, lane, step, end } = this.steps[this.at];
    this.say.replaceChildren(...[...this.texts[this.at].childNodes].map((node) => node.cloneNode(true)));
    this.root.querySelector('[data-part="count"]').textContent = t('lesson.script.step', { Step: this.at + 1, Steps: this.steps.length });
    this.root.querySelector('[data-part="back"]').disabled = this.at === 0;
    this.root.dataset.step = this.at + 1;
    this.#there = null;
    const stage = this.made();
    stage.removeEventListener('change', this.#strayed);
    stage.addEventListener('change', this.#strayed);
    const written = JSON.stringify(lanes);
    const fresh = written !== this.#shown;
    if (fresh) {
      this.#shown = written;
      const complete = await stage.show(lanes);
      this.root.querySelector('[data-part="trouble"]').hidden = complete;
      if (asked !== this.#asked) return; // the reader went on meanwhile
    }
    stage.align(align);
    if (lane !== this.#lane || fresh) stage.see(lane);
    this.#lane = lane;
    // Where lanes are matched by time or bytes, the page counts steps of its own.
    const { alignment, last } = stage.player;
    const own = alignment.lanes.find(({ id }) => id === lane);
    const there = own ? alignment.find(own, step) : step;
    this.#there = end ? last : there;
    stage.go(this.#there, { motion: !fresh });
    this.#strayed();
  }

  #put() {
    const stage = this.made();
    stage.align(this.steps[this.at].align);
    stage.go(this.#there, { motion: false });
    this.root.querySelector('[data-part="forward"]').focus();
  }

  // strayed offers the way back where the picture has gone on by itself.
  #strayed = () => {
    const { player } = this.made();
    this.again.hidden = this.#there === null || player.step === this.#there || player.playing;
  };
}
