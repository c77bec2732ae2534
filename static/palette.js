// The palette: a dialog that finds the pages, and what the keys of this page do, by
// their names; and, once something is typed, lessons, paths, words and the like, of
// which the server has the list.
import { act, answered, onKey } from './keys.js';
import { t } from './page.js';

const dialog = document.getElementById('palette');
const field = dialog?.querySelector('input');
const told = dialog?.querySelector('[role="status"]');
const items = dialog ? [...dialog.querySelectorAll('li')] : [];
const target = (item) => item.querySelector('a, button');
const shown = () => [...dialog.querySelectorAll('li')].filter((item) => !item.hidden);

// nearness is 0 if the name is what was typed, 1 if it begins so, else 2.
function nearness(item, typed) {
  const name = (target(item).firstElementChild ?? item).textContent.trim().toLowerCase();
  return name === typed ? 0 : name.startsWith(typed) ? 1 : 2;
}

function filter() {
  const typed = field.value.trim().toLowerCase();
  const parts = typed.split(/\s+/).filter(Boolean);
  for (const item of items) {
    const { act: action } = target(item).dataset;
    const text = `${item.textContent} ${item.dataset.also ?? ''}`.toLowerCase();
    const here = item.dataset.also === undefined
      ? action === undefined || (action !== 'palette' && action !== 'close' && answered(action))
      : parts.length > 0;
    item.hidden = !here || !parts.every((part) => text.includes(part));
  }
  const near = new Map(items.map((item) => [item, typed === '' ? 0 : nearness(item, typed)]));
  const active = document.activeElement;
  dialog.querySelector('ul').replaceChildren(...items.toSorted((a, b) => near.get(a) - near.get(b)));
  if (document.activeElement !== active) active.focus(); // it was moved
  told.textContent = shown().length > 0 ? t('page.palette.found', { Count: shown().length }) : t('page.palette.none');
}

let asked = false;

// ask gets the server's list, once. Where it cannot be had, pages and actions are
// found nonetheless, and it is asked for again the next time.
async function ask() {
  if (asked) return;
  asked = true;
  try {
    const answer = await fetch(`/palette.json?lang=${document.documentElement.lang.split('-')[0]}`);
    if (!answer.ok) throw new Error(answer.statusText);
    items.push(...(await answer.json()).map(itemOf));
  } catch {
    asked = false;
    return;
  }
  if (dialog.open) filter();
}

function itemOf({ kind, text, more = '', also = [], to }) {
  const [item, link, name, about] = ['li', 'a', 'span', 'small'].map((tag) => document.createElement(tag));
  item.hidden = true;
  item.dataset.also = also.join(' ');
  link.href = to;
  name.textContent = text;
  about.textContent = more === '' ? kind : `${kind} · ${more}`;
  about.className = 'dim';
  link.append(name, ' ', about);
  item.append(link);
  return item;
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
  ask();
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
    // A link to a place on this page leads there behind the dialog.
    if (event.target === dialog || event.target.closest('[data-action="close"], li a')) dialog.close();
    const action = event.target.closest('[data-act]')?.dataset.act;
    if (action === undefined) return;
    dialog.close();
    act(action);
  });
  onKey('palette', open);
}
