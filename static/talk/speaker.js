// What the speaker's page and the clicker share: the token, the greeting and the
// state of the room.
import { t } from '../page.js';

// takeToken reads the token that the link carries after its #, keeps it for this
// tab, and takes it out of the address bar, which an audience may see.
export function takeToken(code) {
  const key = `talk-token-${code}`;
  const given = location.hash.slice(1);
  if (given) history.replaceState(null, '', location.pathname + location.search);
  try {
    if (given) sessionStorage.setItem(key, given);
    return given || sessionStorage.getItem(key) || '';
  } catch {
    return given;
  }
}

// deskID tells this tab from another one of the same speaker.
export function deskID() {
  const made = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  try {
    const kept = sessionStorage.getItem('talk-desk') ?? made;
    sessionStorage.setItem('talk-desk', kept);
    return kept;
  } catch {
    return made;
  }
}

// placeOf is where a slide's stop is, in words.
export function placeOf(deck, slide, stop) {
  const { stops } = deck.slides[slide];
  return stops > 1
    ? t('talk.present.place.stop', { Slide: slide + 1, Last: deck.slides.length, Stop: stop + 1, Stops: stops })
    : t('talk.present.place', { Slide: slide + 1, Last: deck.slides.length });
}

// nextOf says what comes next.
export function nextOf(deck, slide, stop) {
  const now = deck.slides[slide];
  if (stop + 1 < now.stops) {
    return now.kind === 'ask' ? t('talk.present.next.answers') : t('talk.present.next.step', { Step: stop + 2, Stops: now.stops });
  }
  const then = deck.slides[slide + 1];
  return then ? then.title : t('talk.present.next.end');
}

