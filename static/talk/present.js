// The speaker's page: it drives the talk, and goes on by itself while the server is
// away; what happened meanwhile is told to the room when it is back.
import { onKey } from '../keys.js';
import { block, number, t } from '../page.js';
import { html } from '../scope/svg.js';
import { Clock } from './clock.js';
import { Ink } from './ink.js';
import { Pen } from './pen.js';
import { Room } from './room.js';
import { TalkRuns, fetched } from './runs.js';
import { Slides, shares } from './slides.js';
import { deskID, nextOf, placeOf, takeToken } from './speaker.js';

const root = document.querySelector('[data-talk]');
const deck = block('deck');
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const lang = document.documentElement.lang.split('-')[0];
const token = takeToken(deck.code);
const slides = new Slides(root, deck, new TalkRuns(fetched(deck.runs)));
const ink = new Ink(part('sheet'));
const clock = new Clock(root, deck);
const desk = deskID();
let state = null; // the room, as last told
let seat = '';
let notes = [];
let waiting = false; // something was done while the server was away
let greeted = false; // the room has answered on this connection
let count = 0; // of what was asked for
let wanted = []; // what is to be done once the seat is this page's
let flight = []; // what the room has not shown yet: { number, change }
let server = deck.server;

const kept = `talk-saved-${deck.code}`;

function save() {
  const { slide, stop, frozen, black, began } = state;
  try {
    localStorage.setItem(kept, JSON.stringify({ slide, stop, frozen, black, began }));
  } catch {
    // Without storage a restart of the server loses the place.
  }
}

function saved() {
  try {
    const { slide, stop, frozen, black, began } = JSON.parse(localStorage.getItem(kept));
    // A room that cannot read it lets nobody in.
    if (![slide, stop, began].every(Number.isSafeInteger)) return null;
    return { slide, stop, frozen: frozen === true, black: black === true, began };
  } catch {
    return null;
  }
}

let standing = ''; // what holds as long as the page is open: it may only look on

function notice(said, louder = false) {
  const [text, loud] = said ? [said, louder] : [standing, standing !== ''];
  part('notice').textContent = text;
  part('notice').hidden = text === '';
  part('notice').classList.toggle('loud', loud);
}

function render() {
  const drives = seat === 'yours' || seat === 'free';
  root.dataset.seat = seat;
  root.dataset.rev = state.rev;
  part('place').textContent = placeOf(deck, state.slide, state.stop);
  part('viewers').textContent = state.viewers === null ? '' : t('talk.present.viewers', { Count: state.viewers });
  part('frozen').hidden = !state.frozen;
  part('dark').hidden = !state.black;
  part('next').textContent = nextOf(deck, state.slide, state.stop);
  part('speaker-notes').replaceChildren(...(notes[state.slide] ?? []));
  part('histogram').hidden = deck.slides[state.slide].kind !== 'ask';
  pressed('talk-freeze', state.frozen);
  pressed('talk-black', state.black);
  root.querySelector('[data-action="talk-take"]').hidden = seat !== 'taken' && seat !== 'free';
  for (const button of root.querySelectorAll('.talk-controls button')) {
    const local = ['talk-notes', 'talk-speaker', 'talk-full'].includes(button.dataset.action);
    button.disabled = !drives && !local;
  }
}

function pressed(name, is) {
  root.querySelector(`[data-action="${name}"]`)?.setAttribute('aria-pressed', Boolean(is));
}

// ahead is the room as it will be once it has done all that it was asked for.
function ahead() {
  const then = { ...state };
  for (const { change } of flight) change(then);
  return then;
}

// ask sends what changes the room, and remembers it until the room shows it.
function ask(type, body, change) {
  count += 1;
  if (!room.send(type, { ...body, number: count })) return false;
  if (change) flight.push({ number: count, change });
  return true;
}

// land: what was on its way when the connection was lost may not have arrived. It is
// done here, and the room takes it over with what else is done meanwhile.
function land() {
  greeted = false;
  wanted = [];
  if (flight.length === 0) return;
  state = ahead();
  flight = [];
  waiting = true;
  save();
  show();
}

async function show() {
  const shown = slides.show(state.slide, state.stop);
  render();
  clock.set(state);
  await shown;
  ink.draw();
}

// lookOn has a page without the token show what the audience sees, and say why.
function lookOn(why) {
  standing = why;
  notice('');
  if (hall) watch();
}

let hall = null; // where the audience is, as last told

function watch() {
  const elsewhere = !state || hall.slide !== state.slide || hall.stop !== state.stop;
  state = { ...hall, frozen: false, began: 0, viewers: null };
  if (elsewhere) show();
  else render();
}

// act changes the room. While the server is away the page changes itself, and the
// room takes it over when it is back.
function act(type, body, change) {
  if (!state) return;
  if (seat === 'free' && greeted) { // the seat first, and then what it was wanted for
    wanted.push(() => act(type, body, change));
    if (wanted.length === 1) room.send('talk.take', {});
    return;
  }
  if (seat !== 'yours') return;
  if (greeted && ask(type, body, change)) return;
  if (!change) return;
  change(state);
  waiting = true;
  save();
  show();
}

function move(by) {
  // By how many, not to where: keys may be pressed faster than the room answers.
  act('talk.move', { by }, (s) => {
    const stop = s.stop + by;
    if (stop >= 0 && stop < deck.slides[s.slide].stops) s.stop = stop;
    else if (deck.slides[s.slide + by]) {
      s.slide += by;
      s.stop = by > 0 ? 0 : deck.slides[s.slide].stops - 1;
    }
  });
}

// turn switches what is on or off.
function turn(type, name) {
  if (!state) return;
  const on = !ahead()[name];
  act(type, { on }, (s) => { s[name] = on; });
}

const actions = {
  'talk-next': () => move(1),
  'talk-back': () => move(-1),
  'talk-first': () => act('talk.show', { slide: 0, stop: 0 }, (s) => Object.assign(s, { slide: 0, stop: 0 })),
  'talk-last': () => act('talk.show', { slide: deck.slides.length - 1, stop: 0 }, (s) => Object.assign(s, { slide: deck.slides.length - 1, stop: 0 })),
  'talk-freeze': () => turn('talk.freeze', 'frozen'),
  'talk-black': () => turn('talk.black', 'black'),
  'talk-wipe': () => act('talk.wipe', {}),
  'talk-clock': () => act('talk.begin', {}),
  'talk-pointer': () => tool('pointer'),
  'talk-pen': () => tool('pen'),
  'talk-take': () => room.send('talk.take', {}),
  'talk-notes': () => toggle('talk-notes', 'quiet'),
  'talk-speaker': () => toggle('talk-speaker', 'bare'),
  'talk-full': () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen?.();
  },
};

function tool(name) {
  const now = seat === 'yours' ? pen.use(name) : '';
  root.dataset.tool = now;
  pressed('talk-pointer', now === 'pointer');
  pressed('talk-pen', now === 'pen');
}

function toggle(name, mark) {
  const off = root.toggleAttribute(`data-${mark}`);
  pressed(name, !off);
}

for (const [name, act_] of Object.entries(actions)) {
  onKey(name, act_);
  root.querySelector(`[data-action="${name}"]`)?.addEventListener('click', (event) => {
    act_();
    // A button that was clicked on would take the next press of the space bar.
    if (event.detail > 0) event.currentTarget.blur();
  });
}
part('sheet').addEventListener('submit', (event) => event.preventDefault());

let restoring = false;

// restore has the talk opened again by a server that does not know it any more.
async function restore() {
  if (restoring || !deck.deck || !token) return;
  restoring = true;
  try {
    const answer = await fetch('/talk/restore', { method: 'POST', body: JSON.stringify({ code: deck.code, token, deck: deck.deck }) });
    if (!answer.ok) notice(t('talk.page.said', { What: t('talk.present.gone'), Remedy: await answer.text() }), true);
  } catch {
    // It is away again; the next try comes.
  }
  restoring = false;
}

const room = new Room(deck.code, {
  speaker: true,
  server: deck.server,
  hello: () => ({ token, desk, lang, saved: saved() }),
  state(name, { again }) {
    root.dataset.connection = name;
    land();
    if (name === 'open') notice(again ? t('talk.present.back') : '');
    if (name === 'away') notice(t('talk.present.away'), true);
    if (name === 'full') notice(t('talk.page.full'), true);
    if (name === 'elsewhere') notice(t('talk.present.elsewhere'), true);
    if (name === 'gone') {
      notice(t('talk.present.gone'), true);
      restore();
    }
  },
});
const pen = new Pen(part('sheet'), (type, body) => { if (seat === 'yours' && greeted) ask(type, body); });

let lead = null; // what to tell the room that happened while it was away

room.on('talk.welcome', (body) => {
  seat = body.seat;
  greeted = true;
  const mine = waiting && state;
  waiting = false;
  const same = body.server === server;
  if (standing) notice('');
  if (body.server !== server || body.restored) {
    server = body.server;
    if (body.restored) notice(t('talk.present.restored'));
  }
  // What this page did while the server was away holds, unless somebody else has
  // moved the talk meanwhile.
  if (mine && seat === 'yours' && !body.restored) {
    if (body.rev === state.rev || same && body.moved <= state.rev) lead = { slide: state.slide, stop: state.stop, frozen: state.frozen, black: state.black };
    else notice(t('talk.present.moved'));
  }
  if (seat === 'taken') notice(t('talk.present.taken'), true);
  if (lead && seat === 'yours') {
    const { slide, stop, frozen, black } = lead;
    lead = null;
    ask('talk.show', { slide, stop }, (s) => Object.assign(s, { slide, stop }));
    ask('talk.freeze', { on: frozen }, (s) => { s.frozen = frozen; });
    ask('talk.black', { on: black }, (s) => { s.black = black; });
  }
  if (state) render();
});
room.on('talk.feed', ({ lost }) => {
  if (!lost && root.dataset.feed !== 'lost') return; // it was before this page came
  root.dataset.feed = lost ? 'lost' : 'there';
  notice(t(lost ? 'talk.present.feed-lost' : 'talk.present.feed-back'), lost);
  if (!lost && !greeted) room.greet();
});
room.on('talk.seat', (body) => {
  if (seat === body.seat && seat !== 'yours') return;
  seat = body.seat;
  notice({ taken: t('talk.present.taken'), free: t('talk.present.free') }[seat] ?? '', seat === 'taken');
  if (seat !== 'yours') {
    flight = [];
    tool('');
  }
  if (state) render();
  const now = wanted;
  wanted = [];
  if (seat === 'yours') for (const act_ of now) act_();
});
room.on('talk.state', (body) => {
  hall = body;
  if (standing) watch();
});
room.on('talk.desk', (body) => {
  if (waiting && !greeted) return; // what was done here is told first
  flight = flight.filter((step) => step.number > body.done);
  const elsewhere = !state || body.slide !== state.slide || body.stop !== state.stop;
  state = body;
  if (seat === 'yours') save();
  if (elsewhere) show();
  else {
    render();
    clock.set(state);
  }
});
room.on('talk.poll', (body) => {
  part('bars').replaceChildren(...shares(body.counts, body.total).map((share, i) => {
    const text = slides.sections[body.slide].querySelector(`[data-choice="${i}"] .choice-text`).textContent;
    const bar = html('span', { class: 'bar' });
    bar.style.inlineSize = `${share}%`;
    return html('li', { 'data-right': i === body.right ? 'true' : null }, html('span', { class: 'choice-text' }, text), bar, html('span', { class: 'num share' }, number(body.counts[i])));
  }));
  part('bars-total').textContent = t('talk.page.votes', { Count: body.total });
  if (slides.slide === body.slide && slides.stop > 0) slides.poll(body);
});
room.on('talk.pointer', (body) => ink.point(body));
room.on('talk.ink', (body) => ink.wipe(body));
room.on('talk.piece', (body) => ink.add(body));
room.on('error', (body) => {
  root.dataset.error = body.code;
  wanted = [];
  const said = t('talk.page.said', { What: body.message, Remedy: body.remedy });
  if (body.code === 'token') {
    lookOn(said);
    return;
  }
  notice(said, true);
});

async function readNotes() {
  if (!token) {
    lookOn(t('talk.present.no-token'));
    return;
  }
  const answer = await fetch(`/t/${deck.code}/notes?lang=${lang}`, { headers: { Authorization: `Bearer ${token}`, 'Talk-Desk': desk } });
  if (answer.status === 429) setTimeout(readNotes, 1000 * Number(answer.headers.get('Retry-After')));
  if (!answer.ok) return; // the room says the same of the token
  const body = await answer.json();
  // The server made HTML of them, without the deck's own.
  notes = body.notes.map((text) => [...new DOMParser().parseFromString(text, 'text/html').body.childNodes]);
  part('clicker').href = body.clicker;
  if (body.qr) {
    part('clicker-qr').src = `data:image/svg+xml,${encodeURIComponent(body.qr)}`;
    part('clicker-qr').hidden = false;
  }
  if (state) render();
}
readNotes();
