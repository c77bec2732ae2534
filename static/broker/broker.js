// The broker's pages: what changes is asked for again now and then, and the keys
// of the record browser. Everything works without this file, by reloading.
import { keyName, onKey } from '../keys.js';
import { t } from '../page.js';

const every = 3000;
const tools = document.querySelector('[data-refresh]');
const live = () => [...document.querySelectorAll('[data-live][id]')];

/** Puts what the server says now in the place of what it said before. */
function take(region, fresh) {
  // Somebody reads or uses it: it waits for the next time.
  if (region.contains(document.activeElement) || !getSelection().isCollapsed) return;
  if (region.isEqualNode(fresh)) return;
  const scrolled = [...region.querySelectorAll('.scroll')].map((e) => e.scrollLeft);
  region.replaceChildren(...fresh.childNodes);
  region.querySelectorAll('.scroll').forEach((e, i) => { e.scrollLeft = scrolled[i] ?? 0; });
}

let held = false;
const say = (id) => { tools.querySelector('[data-refresh-state]').textContent = t(id); };

async function refresh() {
  if (!held && document.visibilityState === 'visible') {
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
      if (answer.ok && document.querySelector('[data-lost]')) {
        location.reload(); // the cluster answers again
        return;
      }
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        for (const region of live()) {
          const fresh = page.getElementById(region.id);
          if (fresh && !held) take(region, fresh);
        }
        if (!held) say('broker.refresh.on');
      } else if (answer.status === 503) {
        say('broker.refresh.cluster-lost');
      } else {
        say('broker.refresh.gone'); // the topic or the group is there no more
      }
    } catch {
      say('broker.refresh.lost');
    }
  }
  setTimeout(refresh, every);
}

if (tools && live().length > 0) {
  const button = tools.querySelector('button');
  const hold = () => {
    held = !held;
    button.setAttribute('aria-pressed', String(held));
    say(held ? 'broker.refresh.off' : 'broker.refresh.on');
  };
  button.title = keyName('broker-refresh');
  button.addEventListener('click', hold);
  onKey('broker-refresh', hold);
  tools.hidden = false;
  say('broker.refresh.on');
  setTimeout(refresh, every);
}

for (const action of ['records-oldest', 'records-previous', 'records-next', 'records-newest']) {
  const link = document.querySelector(`a[data-action="${action}"]`);
  onKey(action, () => {
    if (!link) return false;
    link.click();
    return true;
  });
  for (const shown of document.querySelectorAll(`a[data-action="${action}"]`)) shown.title = keyName(action);
}

// What was wrong with a form is where the reader should be.
const wrong = document.querySelector('[aria-invalid="true"]');
if (wrong) {
  for (let fold = wrong.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
  wrong.focus();
  wrong.select?.();
}
