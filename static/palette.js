// The palette: a dialog that finds the pages, and what the keys of this page do, by
// their names.
import { act, answered, onKey } from './keys.js';
import { t } from './page.js';

const dialog = document.getElementById('palette');
const field = dialog?.querySelector('input');
const told = dialog?.querySelector('[role="status"]');
const items = dialog ? [...dialog.querySelectorAll('li')] : [];
const target = (item) => item.querySelector('a, button');
const shown = () => items.filter((item) => !item.hidden);

function filter() {
  const parts = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) {
    const { act: action } = target(item).dataset;
    const text = item.textContent.toLowerCase();
    const here = action === undefined || (action !== 'palette' && action !== 'close' && answered(action));
    item.hidden = !here || !parts.every((part) => text.includes(part));
  }
  told.textContent = shown().length > 0 ? t('page.palette.found', { Count: shown().length }) : t('page.palette.none');
}

function open() {
  if (dialog.open) {
    field.focus();
    return;
  }
  document.querySelector('dialog[open]')?.close();
  field.value = '';
  filter();
  dialog.showModal();
  field.focus();
}

// step moves the focus through the field and what is found below it.
function step(by) {
  const stops = [field, ...shown().map(target)];
  const at = stops.indexOf(document.activeElement);
  stops[(at + by + stops.length) % stops.length].focus();
}

function pressed(event) {
  if (event.isComposing) return;
  if (event.key === 'ArrowDown') step(1);
  else if (event.key === 'ArrowUp') step(-1);
  else if (event.key === 'Enter' && event.target === field) shown().map(target)[0]?.click();
  else return;
  event.preventDefault();
}

if (dialog) {
  field.addEventListener('input', filter);
  dialog.addEventListener('keydown', pressed);
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog || event.target.closest('[data-action="close"]')) dialog.close();
    const action = event.target.closest('[data-act]')?.dataset.act;
    if (action === undefined) return;
    dialog.close();
    act(action);
  });
  onKey('palette', open);
}
