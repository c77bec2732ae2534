// The speaker's clock, against the plan of the deck.
import { t } from '../page.js';

const written = (ms) => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

export class Clock {
  constructor(root, deck) {
    this.deck = deck;
    this.shown = root.querySelector('[data-part="clock"]');
    this.against = root.querySelector('[data-part="against"]');
    this.began = 0;
    this.skew = 0; // ms by which the server's clock is ahead
    this.slide = 0;
    setInterval(() => this.render(), 1000);
  }

  set({ began, now, slide }) {
    this.skew = now - Date.now();
    this.began = began;
    this.slide = slide;
    this.render();
  }

  render() {
    const total = this.deck.slides.at(-1).planned;
    const spent = this.began ? Date.now() + this.skew - this.began : 0;
    this.shown.textContent = `${written(spent)} / ${written(total)}`;
    const until = this.deck.slides[this.slide].planned;
    const before = this.slide > 0 ? this.deck.slides[this.slide - 1].planned : 0;
    const late = spent - until;
    const early = before - spent;
    let state = 'on';
    if (this.began && late > 0) state = 'late';
    if (this.began && early > 0) state = 'early';
    this.against.dataset.state = state;
    this.against.textContent = total === 0 || !this.began ? '' : t(`talk.present.${state}`, { Time: written(state === 'late' ? late : early) });
  }
}
