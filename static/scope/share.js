// The dialog that gives a stage's state away: as a link, as a frame for another
// page, a step as a picture, a run as a file.
import { write } from './address.js';
import { count } from './format.js';
import { pictureOf, rasterOf } from './picture.js';
import { html } from './svg.js';
import { word } from './words.js';

const pixels = 2; // of a PNG, for each of the drawing's own

export class Share {
  // dialog is the component StageShare.
  constructor(dialog, stage) {
    this.dialog = dialog;
    this.stage = stage;
    this.lane = this.part('share-lane');
    dialog.addEventListener('click', (event) => this.#click(event));
    for (const field of dialog.querySelectorAll('input, textarea')) field.addEventListener('focus', () => field.select());
    this.lane.addEventListener('change', () => this.#enable());
  }

  part(name) { return this.dialog.querySelector(`[data-part="${name}"]`); }

  open() {
    const { player } = this.stage;
    player.pause();
    const address = new URL(write(player), location.href);
    this.part('share-link').value = address.href;
    const title = `copyscope: ${player.lanes.map((lane) => lane.head?.title).filter(Boolean).join(', ')}`;
    this.part('share-embed').value = `<iframe src="${quoted(`${address.href}&embed=1`)}" title="${quoted(title)}" width="960" height="620"></iframe>`;
    this.lane.replaceChildren(...player.lanes.filter((lane) => lane.head).map((lane) => new Option(`${lane.id.toUpperCase()} · ${lane.head.title}`, lane.id)));
    this.#enable();
    this.#tell('');
    this.dialog.showModal();
  }

  get #chosen() { return this.stage.player.lane(this.lane.value); }

  // enable lets only a lane that has its run be given away.
  #enable() {
    const lane = this.#chosen;
    for (const button of this.dialog.querySelectorAll('[data-share]')) button.disabled = !lane || lane.status !== 'ready';
    const cut = lane?.status === 'ready' && lane.head.total > lane.opening.length;
    const told = this.part('share-cut');
    told.hidden = !cut;
    if (cut) told.textContent = word(simulated(lane) ? 'scope.share.part.simulated' : 'scope.share.part', { Total: count(lane.head.total), Shown: count(lane.opening.length) });
  }

  async #click(event) {
    if (event.target === this.dialog || event.target.closest('[data-action="close"]')) {
      this.dialog.close();
      return;
    }
    const button = event.target.closest('button');
    if (!button) return;
    const { share, copy } = button.dataset;
    try {
      if (copy) {
        await navigator.clipboard.writeText(this.part(copy).value);
        this.#tell(word('scope.share.copied'));
      } else if (share === 'step-svg' || share === 'step-png') await this.#step(share);
      else if (share) await this.#run(share);
    } catch (problem) {
      this.#tell(copy ? word('scope.control.copy-failed') : word('scope.share.failed', { Why: problem.message }));
    }
  }

  #tell(text) { this.part('share-told').textContent = text; }

  async #step(kind) {
    const lane = this.#chosen;
    const step = this.stage.player.stepOf(lane);
    const machine = this.stage.views.get(lane.id).machine.root;
    const badge = word(lane.head.side === 'sim' ? 'side.sim' : `provenance.${lane.head.provenance}`);
    const text = pictureOf(machine, {
      title: [lane.head.title, badge, ...lane.head.chips, word('scope.lane.step', { Step: step, Last: lane.steps })].join(' · '),
      say: lane.event(step)?.say ?? '',
      source: 'copyscope',
    });
    const name = `copyscope-${lane.head.title}-step-${step}`;
    if (kind === 'step-svg') save(new Blob([text], { type: 'image/svg+xml' }), `${name}.svg`);
    else save(await rasterOf(text, pixels), `${name}.png`);
    this.#tell(word('scope.share.saved'));
  }

  // A run that the server can make again from its scenario is asked for by it;
  // another is sent there to be written. What may be too long for the page's memory
  // the browser fetches itself.
  async #run(format) {
    const lane = this.#chosen;
    const again = ['sim', 'recorded'].includes(lane.head.side) && lane.head.trace.scenario !== undefined && lane.imported === null;
    const query = new URLSearchParams(again ? { format, run: lane.scenario } : { format, total: lane.head.total });
    if (again && lane.head.total > lane.opening.length && ['csv', 'chrome'].includes(format)) {
      html('a', { href: `/scope/export?${query}`, download: '' }).click();
      this.#tell(word('scope.share.fetched'));
      return;
    }
    const answer = await fetch(`/scope/export?${query}`, again ? {} : { method: 'POST', body: JSON.stringify(traceOf(lane)) });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    const name = /filename="?([^";]+)/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? `copyscope-run.${format}`;
    save(await answer.blob(), name);
    this.#tell(word('scope.share.saved'));
  }
}

// traceOf is a lane's run in the trace format: the events without what the server
// added for showing them.
function traceOf(lane) {
  const { trace, added } = lane.head;
  const events = lane.events.map((event) => Object.fromEntries(Object.entries(event).filter(([name]) => !added.includes(name))));
  return { ...trace, events };
}

const simulated = (lane) => lane.head.side === 'sim' && lane.imported === null;

// quoted is a text as an attribute's value.
const quoted = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function save(blob, name) {
  const link = html('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
