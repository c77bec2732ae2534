// The shell around every page: language, help, palette, and the key of the theme.
import { onKey } from './keys.js';
import './palette.js';
import { nextTheme } from './theme.js';

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

onKey('theme', nextTheme);
onKey('help', openHelp);
onKey('language', () => {
  const other = document.querySelector('a[data-action="language"]:not([aria-current])');
  if (other) location.assign(languageLink(other));
});
// A dialog closes itself on Escape; pages may take the key for their own parts.
onKey('close', () => false);
