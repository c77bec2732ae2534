// One lane on the page: its header, its drawing, its state and its table.
import { count } from './format.js';
import { renderEvents } from './table.js';
import { html } from './svg.js';
import { Machine } from './machine.js';
import { word } from './words.js';

// stepText says which step the lane shows; while that is not the page's, that it
// comes.
function stepText(lane, player, own) {
  if (!player.waits(lane)) return word('scope.lane.step', { Step: own, Last: lane.steps });
  const { alignment } = player;
  const target = alignment.own(lane, player.step);
  if (target === null) return word(`scope.window.match.${alignment.name}`, { Lane: alignment.leader.id.toUpperCase() });
  const step = { Step: target, Last: lane.steps };
  return lane.kept > 0 ? word('scope.window.keeping', { ...step, Percent: Math.floor((100 * lane.kept) / lane.steps) }) : word('scope.window.loading', step);
}

export class LaneView {
  #machine = null;

  constructor(host, redraw) {
    this.host = host;
    this.redraw = redraw;
    this.title = host.querySelector('[data-part="title"]');
    this.chips = host.querySelector('[data-part="chips"]');
    this.where = host.querySelector('[data-part="where"]');
    this.state = host.querySelector('[data-part="state"]');
    this.again = host.querySelector('[data-part="import-again"]');
    this.about = host.querySelector('[data-part="about"]');
    this.notes = host.querySelector('[data-part="notes"]');
    this.events = host.querySelector('[data-part="events"]');
    this.events.addEventListener('toggle', () => redraw());
    this.parts = host.querySelector('[data-action="parting"]');
    this.was = host.querySelector('[data-part="was"]');
    this.group = host.querySelector('[data-part="group"]');
    this.same = host.querySelector('[data-part="same"]');
  }

  // machine is the drawing, which a lane that is never shown does without.
  get machine() {
    this.#machine ??= new Machine(this.host.querySelector('[data-part="machine"]'), this.redraw);
    return this.#machine;
  }

  render(lane, player, motion) {
    this.host.hidden = lane === null || (player.focus !== 'all' && player.focus !== lane.id);
    if (lane === null) return;
    this.host.dataset.status = lane.status;
    this.renderState(lane);
    const own = player.stepOf(lane);
    this.host.dataset.step = own;
    if (lane.head) this.renderHead(lane);
    this.where.textContent = lane.status === 'ready' ? stepText(lane, player, own) : '…';
    this.renderParting(lane, player);
    this.renderSame(lane, player);
    const ghost = player.ghosts.has(lane.id);
    this.host.classList.toggle('ghost', ghost);
    this.was.hidden = !ghost;
    const moved = motion > 0 && own !== player.alignment.stepOf(lane, player.step - 1);
    // A lane that has finished before the others rests.
    const over = own > 0 && own === lane.steps && player.step > 0 && player.alignment.stepOf(lane, player.step - 1) === own;
    this.machine.inside.seek = (step) => player.seekIn(lane, step);
    this.machine.render(lane, own, over, moved ? motion : 0);
    this.renderTable(lane, own);
  }

  // renderTable fills the table twin while it is open.
  renderTable(lane, step) {
    const body = this.events.querySelector('tbody');
    if (lane.head && this.events.open) renderEvents(body, lane, step);
    else if (body.firstChild) body.replaceChildren();
  }

  renderHead(lane) {
    if (this.drawn === lane.head) return;
    this.drawn = lane.head;
    const { head } = lane;
    this.title.replaceChildren(`${lane.id.toUpperCase()} · ${head.title} `, html('span', { class: `prov prov-${head.provenance}`, title: word(`provenance.${head.provenance}.explain`) }, word(head.side === 'sim' ? 'side.sim' : `provenance.${head.provenance}`)));
    if (this.about) this.about.textContent = head.about;
    this.chips.replaceChildren(...head.chips.map((text) => html('span', { class: 'chip' }, text)));
    this.renderGroups(head);
    this.notes.replaceChildren(
      ...(lane.whole > 0 ? [html('p', { class: 'dim small' }, word('scope.window.note', { Total: count(head.total) }))] : []),
      ...(head.total > head.shown ? [html('p', { class: 'loud', role: 'status' }, word('size' in head.settings ? 'scope.truncated' : 'scope.truncated.fixed', { Shown: count(head.shown), Total: count(head.total) }))] : []),
      ...head.notes.map((text) => html('p', { class: 'dim small' }, text)));
  }

  // renderParting tells from which step on the lane does other things than the
  // reference does.
  renderParting(lane, { partings }) {
    const step = lane === partings.reference ? 0 : partings.of(lane);
    this.parts.hidden = step === 0;
    if (step > 0) this.parts.textContent = word('scope.parting.lane', { Step: step, Lane: partings.reference.id.toUpperCase() });
  }

  // renderSame says of a run with a what-if that it came to what the run without it
  // did: a change that comes too late, or that the run does not depend on, looks like
  // one that has no effect.
  renderSame(lane, { lanes }) {
    const { whatif } = lane.head?.settings ?? {};
    const was = whatif ? lanes.find((other) => other.scenario === lane.scenario.replace(`,whatif=${whatif}`, '')) : null;
    const same = was && was !== lane && [lane, was].every(({ status }) => status === 'ready') && lane.steps === was.steps
      && Object.keys(lane.head.counts).every((name) => lane.count(name, lane.steps)?.value === was.count(name, was.steps)?.value);
    let text = '';
    if (same) {
      const [step, change] = whatif.split('/');
      text = word(step === '0' ? 'scope.whatif.same' : 'scope.whatif.same.after', { Lane: was.id.toUpperCase(), Step: step, Change: change });
    }
    this.same.hidden = text === '';
    if (this.same.textContent !== text) this.same.textContent = text;
  }

  // renderGroups offers whose events count, where a run has several threads.
  renderGroups({ groups, group }) {
    this.group.hidden = !groups;
    const select = this.group.querySelector('select');
    select.replaceChildren(...(groups ?? []).map(({ name, text }) => new Option(text, name)));
    select.value = group ?? '';
  }

  // renderState tells what a lane that is not ready waits for.
  renderState(lane) {
    this.state.hidden = lane.status === 'ready';
    const text = this.state.querySelector('[data-part="text"]');
    const bar = this.state.querySelector('progress');
    const cancel = this.state.querySelector('[data-action="cancel"]');
    cancel.hidden = !lane.busy;
    bar.hidden = !lane.busy;
    if (this.again) this.again.hidden = lane.status !== 'failed' || lane.error.field !== 'import';
    this.state.classList.toggle('failed', lane.status === 'failed');
    if (lane.status === 'failed') text.textContent = [lane.error.message, lane.error.remedy].filter(Boolean).join(' ');
    else if (lane.status === 'ready') text.textContent = '';
    else text.textContent = word(lane.status === 'running' && lane.scenario.startsWith('scenario=') ? 'scope.state.running.events' : `scope.state.${lane.status}`, { Place: lane.place, Done: count(lane.done), Total: count(lane.total) });
    if (lane.total > 0) {
      bar.max = lane.total;
      bar.value = lane.done;
    } else bar.removeAttribute('value');
  }
}
