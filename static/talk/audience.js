// The audience's page: it follows the talk, leaves to look around, and comes back.
import { onKey } from '../keys.js';
import { block, t } from '../page.js';
import { Ink } from './ink.js';
import { Room } from './room.js';
import { TalkRuns, fetched } from './runs.js';
import { Slides } from './slides.js';

const root = document.querySelector('[data-talk]');
const deck = block('deck');
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const action = (name) => root.querySelector(`[data-action="${name}"]`);
const wall = root.hasAttribute('data-wall');
const slides = new Slides(root, deck, new TalkRuns(fetched(deck.runs)));
const ink = new Ink(part('sheet'));
let talk = null; // where the talk is
let following = true;
let server = deck.server;
let poll = null;
const given = new Set(); // slides whose answers this run of the server has been given
const asked = new Map(); // answers that no server has confirmed yet, by slide

const own = memory(`talk-${deck.code}`); // this browser's answers, by slide

function memory(key) {
  let kept = {};
  try {
    kept = { ...JSON.parse(sessionStorage.getItem(key)) };
  } catch {
    // Without storage an answer lasts as long as the page.
  }
  return {
    get: (slide) => (Number.isInteger(kept[slide]) ? kept[slide] : -1),
    set(slide, choice) {
      kept[slide] = choice;
      try {
        sessionStorage.setItem(key, JSON.stringify(kept));
      } catch {
        // As above.
      }
    },
  };
}

function render() {
  root.dataset.following = following;
  part('black').hidden = !(following && talk?.black);
  part('ink').toggleAttribute('hidden', !following);
  part('own').hidden = following;
  action('talk-leave').hidden = !following || wall;
  const rejoin = action('talk-rejoin');
  rejoin.hidden = following;
  if (!following && talk) {
    const many = deck.slides[talk.slide].stops > 1;
    rejoin.textContent = many
      ? t('talk.page.rejoin.stop', { Slide: talk.slide + 1, Step: talk.stop + 1 })
      : t('talk.page.rejoin', { Slide: talk.slide + 1 });
  }
  part('place').textContent = t('talk.page.place', { Slide: slides.slide + 1, Last: deck.slides.length });
  const controls = part('sheet').querySelector('[data-part="controls"]');
  if (controls) controls.hidden = following;
}

async function follow() {
  if (!talk) return;
  const shown = slides.show(talk.slide, talk.stop);
  slides.choose(talk.slide, own.get(talk.slide));
  if (poll && poll.slide === talk.slide && talk.stop > 0) slides.poll(poll);
  render();
  await shown;
  ink.draw();
}

function leave() {
  if (!following || wall || !talk) return;
  following = false;
  render();
}

function rejoin() {
  if (following) return;
  following = true;
  follow();
}

// go moves this page alone, by stops; across slides where there are no more.
function go(by) {
  leave();
  let { slide, stop } = slides;
  stop += by;
  if (stop < 0 || stop >= deck.slides[slide].stops) {
    if (!deck.slides[slide + by]) return;
    slide += by;
    stop = by > 0 ? 0 : deck.slides[slide].stops - 1;
  }
  slides.show(slide, stop);
  slides.choose(slide, own.get(slide));
  render();
}

const room = new Room(deck.code, {
  server: deck.server,
  hello: () => ({ lang: document.documentElement.lang.split('-')[0] }),
  state(name, { again }) {
    const text = { open: '', away: t('talk.page.away'), gone: t('talk.page.gone'), full: t('talk.page.full') }[name] ?? '';
    notice(text || (again ? t('talk.page.back') : ''), name !== 'open');
    root.dataset.connection = name;
    sign();
  },
});

function vote(slide, choice) {
  given.add(slide);
  asked.set(slide, choice);
  return room.send('talk.vote', { slide, choice });
}

// giveAgain: the answers that a server took are gone when it is started anew, so
// this browser's is given again.
function giveAgain() {
  if (talk?.stop === 0 && own.get(talk.slide) >= 0 && !given.has(talk.slide)) vote(talk.slide, own.get(talk.slide));
}

// askAgain: an answer was on its way when the connection, or the room's log, was lost.
// It counts once, however often it is given.
function askAgain() {
  for (const [slide, choice] of asked) room.send('talk.vote', { slide, choice });
}

let calm = 0;

// What a phone is told in words, for its reader to act on, is on a wall a small sign in
// its corner: a hall reads it, and can do nothing.
const trouble = { away: t('talk.wall.away'), gone: t('talk.wall.away'), full: t('talk.wall.away'), lost: t('talk.wall.lost') };
let undriven = '';

function sign() {
  const { connection, feed } = root.dataset;
  part('talk-state').textContent = (wall && (trouble[connection] ?? trouble[feed])) || undriven;
}

function notice(text, stays) {
  if (wall) return;
  clearTimeout(calm);
  part('notice').textContent = text;
  part('notice').hidden = text === '';
  if (text && !stays) calm = setTimeout(() => notice('', true), 4000);
}

room.on('talk.welcome', (body) => {
  if (body.server !== server) { // it was started anew
    server = body.server;
    given.clear();
    giveAgain();
    notice(t('talk.page.restarted'), false);
  } else askAgain();
  if (talk && body.choice >= 0) {
    own.set(talk.slide, body.choice);
    slides.choose(talk.slide, body.choice);
  }
});
function driven(is) {
  undriven = is ? '' : t('talk.page.undriven');
  sign();
}

room.on('talk.driven', (body) => driven(body.driven));
room.on('talk.feed', ({ lost }) => {
  if (!lost && root.dataset.feed !== 'lost') return; // it was before this page came
  root.dataset.feed = lost ? 'lost' : 'there';
  sign();
  notice(t(lost ? 'talk.page.feed-lost' : 'talk.page.feed-back'), lost);
  if (!lost) askAgain();
});
room.on('talk.state', (body) => {
  talk = body;
  root.dataset.rev = body.rev;
  driven(body.driven);
  if (following) follow();
  else render();
  giveAgain();
});
room.on('talk.poll', (body) => {
  poll = body;
  if (slides.slide === body.slide && slides.stop > 0) slides.poll(body);
});
room.on('talk.pointer', (body) => ink.point(body));
room.on('talk.ink', (body) => ink.wipe(body));
room.on('talk.piece', (body) => ink.add(body));
room.on('talk.voted', ({ slide, choice }) => {
  own.set(slide, choice);
  asked.delete(slide);
  if (slides.slide === slide) part('sheet').querySelector('.slide.current [data-part="total"]').textContent = t('talk.page.voted');
});
room.on('error', (body) => {
  if (body.code !== 'feed') asked.clear();
  notice(t('talk.page.said', { What: body.message, Remedy: body.remedy }), false);
  slides.choose(slides.slide, own.get(slides.slide));
});

part('sheet').addEventListener('change', (event) => {
  const form = event.target.closest('[data-part="ask"]');
  if (!form || event.target.type !== 'radio') return;
  if (!vote(slides.slide, Number(event.target.value))) {
    notice(t('talk.page.not-sent'), false);
    slides.choose(slides.slide, own.get(slides.slide));
  }
});
part('sheet').addEventListener('submit', (event) => event.preventDefault());
action('talk-leave').addEventListener('click', leave);
action('talk-rejoin').addEventListener('click', rejoin);
action('talk-next').addEventListener('click', () => go(1));
action('talk-back').addEventListener('click', () => go(-1));
onKey('talk-own-next', () => go(1));
onKey('talk-own-back', () => go(-1));
onKey('talk-rejoin', rejoin);
render();
