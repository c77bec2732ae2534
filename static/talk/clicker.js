// A phone as a clicker: big buttons, what is on now, what comes next.
import { onKey } from '../keys.js';
import { block, t } from '../page.js';
import { Clock } from './clock.js';
import { Room } from './room.js';
import { deskID, nextOf, placeOf, takeToken } from './speaker.js';

const root = document.querySelector('[data-talk]');
const deck = block('deck');
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const token = takeToken(deck.code);
const clock = new Clock(root, deck);
const desk = deskID();
let state = null;

const standing = token ? '' : t('talk.present.no-token'); // it holds as long as the page is open

function notice(said) {
  const text = said || standing;
  part('notice').textContent = text;
  part('notice').hidden = text === '';
}

const room = new Room(deck.code, {
  speaker: true,
  server: deck.server,
  hello: () => ({ token, role: 'clicker', desk, lang: document.documentElement.lang.split('-')[0] }),
  state(name) {
    root.dataset.connection = name;
    notice({ away: t('talk.clicker.away'), gone: t('talk.page.gone'), full: t('talk.page.full') }[name] ?? '');
  },
});

const actions = {
  'talk-next': () => room.send('talk.move', { by: 1 }),
  'talk-back': () => room.send('talk.move', { by: -1 }),
  'talk-black': () => room.send('talk.black', { on: !state?.black }),
  'talk-freeze': () => room.send('talk.freeze', { on: !state?.frozen }),
};
for (const [name, act] of Object.entries(actions)) {
  onKey(name, act);
  root.querySelector(`[data-action="${name}"]`).addEventListener('click', act);
}

room.on('talk.desk', (body) => {
  state = body;
  root.dataset.slide = body.slide;
  root.dataset.stop = body.stop;
  part('now').textContent = deck.slides[body.slide].title;
  part('next').textContent = t('talk.clicker.next', { What: nextOf(deck, body.slide, body.stop) });
  part('place').textContent = placeOf(deck, body.slide, body.stop);
  for (const [name, is] of [['talk-black', body.black], ['talk-freeze', body.frozen]]) {
    root.querySelector(`[data-action="${name}"]`).setAttribute('aria-pressed', is);
  }
  clock.set(body);
});
room.on('talk.poll', (body) => { part('bars-total').textContent = deck.slides[state?.slide]?.kind === 'ask' ? t('talk.page.votes', { Count: body.total }) : ''; });
room.on('talk.feed', ({ lost }) => {
  if (!lost && root.dataset.feed !== 'lost') return; // it was before this page came
  root.dataset.feed = lost ? 'lost' : 'there';
  notice(lost ? t('talk.present.feed-lost') : '');
});
room.on('error', (body) => notice(t('talk.page.said', { What: body.message, Remedy: body.remedy })));
notice('');
