// The shell around every page: theme, language, help, palette.
import { onKey } from './keys.js';
import { t } from './page.js';
import './palette.js';

const root = document.documentElement;
const themes = ['auto', 'light', 'dark', 'contrast', 'projector'];
const year = 365 * 24 * 3600;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${year}; samesite=lax`;
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

function nextTheme() {
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
  if (!/(^|; )theme=/.test(document.cookie) && themes.includes(stored)) {
    remember('theme', stored);
    showTheme(stored);
  }
} catch {
  // Without storage the server's choice stands.
}

// The address is the whole state of a page and changes while one reads, so the
// language links are made when they are followed. A page that writes its
// address late is told that it is about to be read.
function languageLink(link) {
  dispatchEvent(new Event('address-read'));
  const url = new URL(location.href);
  url.searchParams.set('lang', link.hreflang.split('-')[0]);
  return url;
}
for (const link of document.querySelectorAll('a[data-action="language"]')) {
  link.addEventListener('click', () => { link.href = languageLink(link); });
}

const help = document.getElementById('help');
const openHelp = () => {
  if (!help.open) help.showModal();
};
const helpLink = document.querySelector('[data-action="help"]');
helpLink?.addEventListener('click', (event) => {
  event.preventDefault();
  openHelp();
});
help?.addEventListener('click', (event) => {
  if (event.target === help || event.target.closest('[data-action="close"]')) help.close();
});

themeButton?.addEventListener('click', nextTheme);
if (themeButton) themeButton.hidden = false;
onKey('theme', nextTheme);
onKey('help', openHelp);
onKey('language', () => {
  const other = document.querySelector('a[data-action="language"]:not([aria-current])');
  if (other) location.assign(languageLink(other));
});
// A dialog closes itself on Escape; pages may take the key for their own parts.
onKey('close', () => false);
