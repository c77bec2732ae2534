// How far a measurement is: asked for now and then, and the page again at its
// end, at what was found.
import { t } from '../page.js';

const shown = document.querySelector('[data-claim-state]');

let away = false; // the server did not answer

async function follow() {
  const bar = shown.querySelector('progress');
  const text = shown.querySelector('[data-claim-text]');
  try {
    const answer = await fetch(shown.dataset.claimState);
    const state = await answer.json();
    if (!state.running && away) {
      // It may have ended meanwhile, or with the server: only a new page can tell.
      text.textContent = t('claims.lost');
      bar.hidden = true;
      return;
    }
    if (!state.running) {
      history.replaceState(null, '', '#over');
      location.reload();
      return;
    }
    away = false;
    bar.value = state.percent;
    text.textContent = state.queued ? t('claims.queued') : t('claims.under-way', { Percent: state.percent });
  } catch {
    away = true; // it is asked again below
    text.textContent = t('claims.away');
  }
  setTimeout(follow, 700);
}

// The reader who followed a measurement is brought to what it found, or to why it
// did not; the jump has no motion.
function arrive() {
  history.replaceState(null, '', location.pathname + location.search);
  const end = document.querySelector('.start [role="alert"], .start [role="status"]') ?? document.querySelector('#found');
  end?.scrollIntoView({ block: 'start', behavior: 'instant' });
  end?.focus({ preventScroll: true });
}

if (shown) setTimeout(follow, 700);
else if (location.hash === '#over') addEventListener('load', () => requestAnimationFrame(arrive)); // after the place before is restored
