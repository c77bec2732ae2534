// One sentence per lane about the step, in the reader's language. The server
// wrote it; here it is only shown.
import { html } from './svg.js';
import { word } from './words.js';

// keyed: what leads on is a key, not a finger nor the button of a lesson.
const keyed = (host) => !host.closest('.lesson') && !matchMedia('(pointer: coarse)').matches;

export function renderNarration(host, player) {
  const lines = player.lanes.filter((lane) => (player.focus === 'all' || player.focus === lane.id)).map((lane) => {
    const own = player.stepOf(lane);
    const event = lane.event(own);
    const finished = own === lane.steps && lane.steps > 0 && player.alignment.stepOf(lane, player.step - 1) === own && player.step > 0;
    // A lane without a run yet keeps its line.
    const text = !lane.head ? '…' : !event ? word(keyed(host) ? 'scope.say.start' : 'scope.say.start.plain') : finished ? word('scope.say.finished', { Step: own }) : event.say;
    return html('p', { 'data-lane': lane.id, class: finished ? 'dim' : null }, html('b', { class: 'tag' }, lane.id.toUpperCase()), ' ', text);
  });
  const now = lines.map((line) => line.textContent).join('\n');
  // An unchanged sentence is not written again, so that it is not read again.
  if (host.dataset.text !== now) {
    host.dataset.text = now;
    host.replaceChildren(...lines);
  }
}
