// The scope in a frame. The page around it may step it by messages and is told
// where it stands; docs/embed.md has them.
import { block } from '../page.js';
import { Socket } from '../socket.js';
import { Stage } from '../scope/stage.js';

const version = 1;
const main = document.getElementById('main');
const stage = new Stage(main.querySelector('[data-stage]'), { socket: new Socket({}, '', '/ws?embed=1') });
const { player } = stage;

const commands = {
  'step-forward': () => player.move(1),
  'step-back': () => player.move(-1),
  'call-forward': () => player.boundary(1),
  'call-back': () => player.boundary(-1),
  first: () => player.seek(0),
  last: () => player.seek(player.last),
  play: () => { if (!player.playing) player.toggle(); },
  pause: () => { if (player.playing) player.toggle(); },
  step: ({ to }) => { if (Number.isInteger(to)) player.seek(to); },
  align: ({ by }) => { if (['step', 'bytes', 'time'].includes(by)) stage.align(by); },
  state: () => tell(),
};

// tell says to the page around where the stage stands. It is no secret: that page
// chose what is shown.
function tell() {
  const say = player.lanes.map((lane) => ({ lane: lane.id, say: lane.event(player.stepOf(lane))?.say ?? '' }));
  parent.postMessage({ copyscope: version, type: 'state', step: player.step, last: player.last, ready: player.complete, playing: player.playing, say }, '*');
}

addEventListener('message', (event) => {
  const { data } = event;
  if (event.source !== parent || data?.copyscope !== version || !Object.hasOwn(commands, data.type)) return;
  commands[data.type](data);
});

stage.restore({
  scenarios: block('lanes'),
  step: Number(main.dataset.step),
  align: main.dataset.align,
}).then(() => {
  if (parent === window) return;
  stage.addEventListener('change', tell);
  tell();
});
