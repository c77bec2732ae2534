// How far a measurement is: asked for now and then, and the page again at its end.
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

if (shown) setTimeout(follow, 700);
