// How far a measurement is: asked for now and then, and the page again at its end.
import { t } from '../page.js';

const shown = document.querySelector('[data-claim-state]');

async function follow() {
  const bar = shown.querySelector('progress');
  const text = shown.querySelector('[data-claim-text]');
  try {
    const answer = await fetch(shown.dataset.claimState);
    const state = await answer.json();
    if (!state.running) {
      location.reload();
      return;
    }
    bar.value = state.percent;
    text.textContent = state.queued ? t('claims.queued') : t('claims.under-way', { Percent: state.percent });
  } catch {
    // the server is gone or busy: asked again below
  }
  setTimeout(follow, 700);
}

if (shown) setTimeout(follow, 700);
