// Rows: puts a report's texts where the server's first page has them. Every row is
// marked by data-row; lists clone the row of a <template>.
import { t } from '../page.js';

const lang = document.documentElement.lang.split('-')[0]; // sentences come in every language

/** A text, or that of the reader's language; empty for what is not there. */
export function say(value) {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? (value[lang] ?? '') : String(value);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text; // what stays is not told again
}

/** Every second part between `backquotes` is code. */
function putProse(element, text) {
  if (element.textContent.trim() === text.replaceAll('`', '')) return;
  element.replaceChildren(...text.split('`').map((part, i) => {
    if (i % 2 === 0) return part;
    const code = document.createElement('code');
    code.textContent = part;
    return code;
  }));
}

/** How a field is shown that is no plain text. */
const shapes = {
  verdict: (element, value) => { element.dataset.verdict = value; },
  zero: (element, value) => { element.dataset.zero = String(value); },
  flag: (element, value) => { element.hidden = !value; },
  prose: (element, value) => putProse(element, say(value)),
  kind: (element, value) => put(element, value ? t(`attach.kind.${value}`) : ''),
};

function bindField(element, value) {
  const shape = shapes[element.dataset.as];
  if (shape) shape(element, value);
  else put(element, say(value));
  const optional = element.closest('[data-optional]');
  if (optional) optional.hidden = say(value) === '';
}

function bindNumber(element, number) {
  put(element.querySelector('.value'), number.text);
  const badge = element.querySelector('.prov');
  const reason = say(number.reason);
  badge.className = `prov prov-${number.provenance}`;
  badge.title = t(`provenance.${number.provenance}.explain`) + (reason ? ` ${reason}` : '');
  put(badge, t(`provenance.${number.provenance}`));
  if (!reason) return;
  const hidden = document.createElement('span');
  hidden.className = 'visually-hidden';
  hidden.textContent = `: ${reason}`;
  badge.append(hidden);
}

function bindList(list, values) {
  const template = document.getElementById(list.dataset.template);
  while (list.children.length > values.length) list.lastElementChild.remove();
  while (list.children.length < values.length) {
    list.append(template.content.firstElementChild.cloneNode(true));
  }
  values.forEach((value, i) => bind(list.children[i], value));
}

/** Fills a row with values, and the lists inside it. */
export function bind(row, values) {
  const own = (selector) => [row, ...row.querySelectorAll(selector)]
    .filter((element) => element.matches(selector) && element.closest('[data-row]') === row);
  for (const element of own('[data-field]')) bindField(element, values[element.dataset.field]);
  for (const element of own('[data-number]')) bindNumber(element, values[element.dataset.number]);
  for (const element of own('[data-list]')) bindList(element, values[element.dataset.list] ?? []);
  for (const element of own('[data-empty]')) element.hidden = (values[element.dataset.empty] ?? []).length > 0;
}
