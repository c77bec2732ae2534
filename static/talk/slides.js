// Shows one slide of a talk at one of its stops: the texts are in the page, the
// drawing is a stage that all slides share.
import { number, t } from '../page.js';
import { Stage } from '../scope/stage.js';

export class Slides {
  #asked = 0;

  // source gives the runs, as a socket would.
  constructor(root, deck, source) {
    this.root = root;
    this.deck = deck;
    this.source = source;
    this.sheet = root.querySelector('[data-part="sheet"]');
    this.host = this.sheet.querySelector('[data-part="stage"]');
    this.sections = [...this.sheet.querySelectorAll('[data-slide]')];
    this.stage = new Stage(this.host.querySelector('[data-stage]'), { socket: source, keys: false });
    this.slide = -1;
    this.stop = -1;
    this.sheet.classList.add('alive');
  }

  get current() { return this.deck.slides[this.slide]; }

  // show goes to a stop; a step forward on the same slide is shown in motion.
  async show(slide, stop) {
    const forward = slide === this.slide && stop === this.stop + 1;
    const other = slide !== this.slide;
    this.slide = slide;
    this.stop = stop;
    const now = this.current;
    if (!now) return;
    this.root.dataset.slide = slide;
    this.root.dataset.stop = stop;
    if (other) {
      for (const section of this.sections) section.classList.toggle('current', Number(section.dataset.slide) === slide);
      this.host.hidden = now.view !== 'machine';
      scrollTo({ top: 0 });
    }
    if (now.kind === 'ask') this.#openAsk(stop);
    await this.#draw(now, stop, other, forward);
    const next = this.deck.slides[slide + 1];
    if (other && now === this.current && next?.view === 'machine') this.source.ahead(Object.values(next.lanes));
  }

  async #draw(now, stop, other, forward) {
    if (now.view !== 'machine') return;
    if (other) {
      this.host.dataset.lanes = Object.keys(now.lanes).length;
      this.stage.align(now.align);
      this.#asked += 1;
      const asked = this.#asked;
      const shown = this.stage.show(now.lanes);
      this.stage.go(now.steps[stop] ?? 0);
      await shown;
      if (asked !== this.#asked) return; // another slide meanwhile
      this.stage.align(now.align);
      this.stage.go(now.steps[this.stop] ?? 0);
      return;
    }
    this.stage.go(now.steps[stop] ?? 0, { motion: forward });
  }

  #section() { return this.sections[this.slide]; }

  #openAsk(stop) {
    const form = this.#section().querySelector('[data-part="ask"]');
    form.dataset.open = stop === 0;
    form.querySelector('[data-part="explain"]').hidden = stop === 0;
    for (const input of form.querySelectorAll('input')) input.disabled = stop > 0;
    if (stop === 0) this.clearPoll(form);
  }

  clearPoll(form) {
    form.querySelector('[data-part="total"]').textContent = '';
    for (const label of form.querySelectorAll('[data-choice]')) {
      label.removeAttribute('data-right');
      label.querySelector('[data-part="bar"]').style.inlineSize = '0';
      label.querySelector('[data-part="share"]').textContent = '';
      label.querySelector('[data-part="verdict"]').textContent = '';
    }
  }

  // poll shows how a question was answered, in the slide.
  poll({ slide, counts, total, right }) {
    if (this.deck.slides[slide]?.kind !== 'ask') return;
    const form = this.sections[slide].querySelector('[data-part="ask"]');
    for (const [i, share] of shares(counts, total).entries()) {
      const label = form.querySelector(`[data-choice="${i}"]`);
      label.querySelector('[data-part="bar"]').style.inlineSize = `${share}%`;
      label.querySelector('[data-part="share"]').textContent = total > 0 ? `${number(counts[i])} · ${number(share, 0)} %` : '';
      label.dataset.right = right < 0 ? '' : String(i === right);
      const mine = label.querySelector('input').checked;
      label.querySelector('[data-part="verdict"]').textContent = right < 0 ? '' : i === right ? t('talk.page.right') : mine ? t('talk.page.wrong') : '';
    }
    form.querySelector('[data-part="total"]').textContent = t('talk.page.votes', { Count: total });
  }

  // choose marks what this browser has answered; −1: nothing.
  choose(slide, choice) {
    for (const input of this.sections[slide]?.querySelectorAll('[data-part="ask"] input') ?? []) input.checked = Number(input.value) === choice;
  }
}

// shares are the counts in per cent of those who answered, as they are drawn.
export function shares(counts, total) {
  return counts.map((count) => (total > 0 ? (100 * count) / total : 0));
}
