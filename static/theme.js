// The theme: the reader's choice, shown and remembered.
import { t } from './page.js';

const root = document.documentElement;
const themes = ['auto', 'light', 'dark', 'contrast', 'projector'];
const year = 365 * 24 * 3600;

// A page that is a file comes from no server that could read a cookie.
const written = root.dataset.written !== undefined;

function remember(name, value) {
  if (!written) document.cookie = `${name}=${value}; path=/; max-age=${year}; samesite=lax`;
  try {
    localStorage.setItem(name, value);
  } catch {
    // Storage may be switched off; the cookie still remembers.
  }
}

const themeButton = document.querySelector('[data-action="theme"]');

function showTheme(theme) {
  root.dataset.theme = theme;
  if (!themeButton) return;
  const label = t(`page.theme.${theme}`);
  themeButton.title = label;
  themeButton.setAttribute('aria-label', label);
}

/** Shows the theme that follows, and remembers it. */
export function nextTheme() {
  const now = themes.indexOf(root.dataset.theme);
  const theme = themes[(now + 1) % themes.length];
  remember('theme', theme);
  showTheme(theme);
  // The choice made now is not undone by an address that asks for a theme.
  const url = new URL(location.href);
  if (url.searchParams.has('theme')) {
    url.searchParams.delete('theme');
    history.replaceState(history.state, '', url);
  }
}

// A cookie may have been cleared while the storage was not.
try {
  const stored = localStorage.getItem('theme');
  if ((written || !/(^|; )theme=/.test(document.cookie)) && themes.includes(stored)) {
    remember('theme', stored);
    showTheme(stored);
  }
} catch {
  // Without storage the server's choice stands.
}

themeButton?.addEventListener('click', nextTheme);
if (themeButton) themeButton.hidden = false;
