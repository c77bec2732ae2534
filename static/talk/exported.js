// A talk in a file of its own: it steps without a server. The page's boot script
// has put the reader's language in place.
import { onKey } from '../keys.js';
import { block, t } from '../page.js';
import { TalkRuns } from './runs.js';
import { Slides } from './slides.js';

const root = document.querySelector('[data-talk]');
const deck = block('deck');
const lang = document.documentElement.dataset.lang;
const part = (name) => root.querySelector(`[data-part="${name}"]`);

// The runs are packed: decompressed once, and joined with the sentences of the
// reader's language.
const packed = document.getElementById('runs').textContent;
const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
const unpacked = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json();

async function load(scenario) {
  const { head, events, say } = (await unpacked)[scenario];
  return { head: head[lang], events: events.map((event, i) => ({ ...event, say: say[lang][i] })) };
}

const slides = new Slides(root, deck, new TalkRuns(load));

function write() {
  history.replaceState(null, '', `#${lang},${slides.slide + 1},${slides.stop + 1}`);
}

function show(slide, stop) {
  slides.show(slide, stop);
  const now = deck.slides[slide];
  if (now.kind === 'ask' && stop > 0) {
    slides.poll({ slide, counts: new Array(now.choices).fill(0), total: 0, right: now.right });
    slides.sections[slide].querySelector('[data-part="total"]').textContent = '';
  }
  part('place').textContent = now.stops > 1
    ? t('talk.present.place.stop', { Slide: slide + 1, Last: deck.slides.length, Stop: stop + 1, Stops: now.stops })
    : t('talk.present.place', { Slide: slide + 1, Last: deck.slides.length });
  write();
}

function move(by) {
  let { slide, stop } = slides;
  stop += by;
  if (stop < 0 || stop >= deck.slides[slide].stops) {
    if (!deck.slides[slide + by]) return;
    slide += by;
    stop = by > 0 ? 0 : deck.slides[slide].stops - 1;
  }
  show(slide, stop);
}

function language() {
  location.hash = `#${lang === 'en' ? 'zh' : 'en'},${slides.slide + 1},${slides.stop + 1}`;
  location.reload();
}

const themes = ['auto', 'light', 'dark', 'projector'];

function theme() {
  const { dataset } = document.documentElement;
  dataset.theme = themes[(themes.indexOf(dataset.theme) + 1) % themes.length];
}

const actions = {
  'talk-next': () => move(1),
  'talk-back': () => move(-1),
  'talk-first': () => show(0, 0),
  'talk-last': () => show(deck.slides.length - 1, 0),
  language,
  theme,
};
for (const [name, act] of Object.entries(actions)) {
  onKey(name, act);
  root.querySelector(`[data-action="${name}"]`)?.addEventListener('click', (event) => {
    act();
    if (event.detail > 0) event.currentTarget.blur();
  });
}
part('sheet').addEventListener('submit', (event) => event.preventDefault());

const [, slide, stop] = location.hash.slice(1).split(',').map(Number);
const begin = deck.slides[slide - 1] ? slide - 1 : 0;
show(begin, Math.min(deck.slides[begin].stops, Math.max(1, stop || 1)) - 1);
