// The address is the whole state of the page: scenarios, step, alignment,
// speed, shown lane, schema version. Steps replace the entry of the history,
// scenarios add one, so that Back undoes them.
import { laneIDs } from './lane.js';
import { wholeFocus } from './screen.js';

const version = '1';

// The claim whose card led to the page stays in its address.
const claim = new URLSearchParams(location.search).get('claim');

export function read(search = location.search) {
  const query = new URLSearchParams(search);
  return {
    scenarios: Object.fromEntries(laneIDs.map((id) => [id, query.get(id)])),
    step: Math.max(0, Number.parseInt(query.get('step') ?? '0', 10) || 0),
    align: query.get('align') ?? 'step',
    speed: Number(query.get('speed') ?? '1') || 1,
    focus: query.get('lane') ?? wholeFocus(),
    axis: query.get('axis') ?? 'time',
    ref: query.get('ref') ?? '',
    ghosts: (query.get('ghost') ?? '').split(',').filter(Boolean),
  };
}

// write is the address of a state; what has its default value is left out.
export function write(state) {
  const query = [];
  for (const lane of state.lanes) query.push(`${lane.id}=${encode(lane.scenario)}`);
  query.push(`step=${state.step}`);
  if (state.align !== 'step') query.push(`align=${state.align}`);
  if (state.speed !== 1) query.push(`speed=${state.speed}`);
  if (state.focus !== wholeFocus()) query.push(`lane=${state.focus}`);
  if (state.ref !== '') query.push(`ref=${state.ref}`);
  if (state.ghosts.size > 0) query.push(`ghost=${[...state.ghosts].sort().join(',')}`);
  if (state.axis !== 'time') query.push(`axis=${state.axis}`);
  if (claim) query.push(`claim=${encodeURIComponent(claim)}`);
  query.push(`v=${version}`);
  return `/scope?${query.join('&')}`;
}

// A scenario's own signs (, = and /) may stand in a query as they are.
const encode = (text) => encodeURIComponent(text).replaceAll('%2C', ',').replaceAll('%3D', '=').replaceAll('%2F', '/');

// Browsers refuse more than a few writes a second, and playing makes more: the
// first is written at once, those after it together when a pause has passed.
const pause = 350; // ms
let waiting = null;
let timer = 0;

export function replace(state) {
  waiting = write(state);
  if (timer === 0) flush();
}

// flush writes at once what waits: before anything reads the address or leaves
// the page.
export function flush() {
  clearTimeout(timer);
  timer = 0;
  if (waiting === null) return;
  history.replaceState(null, '', waiting);
  waiting = null;
  timer = setTimeout(flush, pause);
}

// push adds an entry; the one before keeps the step that it was left at.
export function push(state) {
  flush();
  history.pushState(null, '', write(state));
}

// forget drops what has not been written: the reader went elsewhere.
export function forget() {
  waiting = null;
}

for (const event of ['pagehide', 'address-read']) addEventListener(event, flush);
