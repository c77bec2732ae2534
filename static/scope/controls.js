// The controls at the bottom.
import { write } from './address.js';
import { set, svg } from './svg.js';
import { speeds } from './player.js';
import { word } from './words.js';

export class Controls {
  constructor(host, player) {
    this.host = host;
    this.player = player;
    this.scrubber = host.querySelector('[data-part="scrubber"]');
    this.ticks = host.querySelector('[data-part="ticks"]');
    this.playButton = host.querySelector('[data-action="play"]');
    this.where = host.querySelector('[data-part="where"]');
    this.speed = host.querySelector('[data-part="speed"]');
    this.align = host.querySelector('[data-part="align"]');
    this.number = host.querySelector('[data-part="goto"]');
    this.copied = host.querySelector('[data-part="copied"]');
    // On a narrow screen the lesser controls are behind a button.
    this.more = host.querySelector('[data-part="more"]');
    this.more.addEventListener('click', () => this.open(!this.opened));
    document.addEventListener('click', (event) => { if (!host.contains(event.target)) this.open(false); });
    host.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.opened) return;
      this.open(false);
      this.more.focus();
    });
    this.scrubber.addEventListener('input', () => player.seek(Number(this.scrubber.value)));
    this.speed.addEventListener('change', () => player.setSpeed(Number(this.speed.value)));
    this.align.addEventListener('change', () => player.setAlign(this.align.value));
    host.addEventListener('submit', (event) => {
      event.preventDefault();
      player.seek(Number(this.number.value));
      this.number.blur();
    });
    this.speed.replaceChildren(...speeds.map((speed) => new Option(speed < 1 ? `1/${Math.round(1 / speed)}×` : `${speed}×`, speed)));
  }

  get opened() { return this.more.getAttribute('aria-expanded') === 'true'; }

  open(is) {
    this.more.setAttribute('aria-expanded', is);
  }

  // goto puts the focus where a step's number is written.
  goto() {
    this.open(true);
    this.number.select();
  }

  async copy() {
    let text = word('scope.control.copied');
    try {
      await navigator.clipboard.writeText(new URL(write(this.player), location.href).href);
    } catch {
      text = word('scope.control.copy-failed');
    }
    this.copied.textContent = text;
    setTimeout(() => { this.copied.textContent = ''; }, 2500);
  }

  render() {
    const { player } = this;
    const disabled = !player.ready;
    for (const element of this.host.querySelectorAll('button, input, select')) element.disabled = disabled;
    this.playButton.dataset.playing = player.playing;
    this.playButton.querySelector('[data-part="text"]').textContent = word(player.playing ? 'scope.control.pause' : 'scope.control.play');
    set(this.scrubber, { max: player.last });
    this.scrubber.value = player.step;
    const where = player.ready ? word('scope.control.where', { Step: player.step, Last: player.last }) : '…';
    this.scrubber.setAttribute('aria-valuetext', where);
    this.where.textContent = where;
    set(this.number, { max: player.last });
    const digits = String(player.last).length;
    this.number.style.width = digits > 5 ? `${digits + 4}ch` : ''; // of long runs
    if (document.activeElement !== this.number) this.number.value = player.step;
    this.speed.value = player.speed;
    const { leader } = player.alignment;
    this.align.value = player.align;
    this.align.title = leader ? word('scope.window.align', { Lane: leader.id.toUpperCase() }) : '';
    this.align.closest('label').hidden = player.lanes.length < 2;
    this.renderTicks();
  }

  // renderTicks marks the syscall boundaries along the scrubber, as many as can
  // be told apart.
  renderTicks() {
    const { boundaries, last, partings } = this.player;
    if (this.drawn === boundaries && this.parted === partings.at) return;
    this.drawn = boundaries;
    this.parted = partings.at;
    const every = Math.ceil(boundaries.length / 120);
    const path = boundaries.filter((_, i) => i % every === 0).map((at) => `M${((at / Math.max(1, last)) * 1000).toFixed(1)} 0V6`).join('');
    const x = (partings.at / Math.max(1, last)) * 1000;
    this.ticks.replaceChildren(svg('path', { d: path }), partings.at > 0 ? svg('path', { class: 'parting', d: `M${x} -14V6` }) : '');
  }
}
