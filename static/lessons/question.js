// Questions: the reply is judged by the server, which runs the scenario.
import { t } from '../page.js';
import { html } from '../scope/svg.js';

/** What the server says to a reply: right, say, answer, said, or problem. */
export async function judge(lesson, id, reply) {
  const query = new URLSearchParams({ seed: lesson.seed, q: id, reply, lang: document.documentElement.lang.split('-')[0] });
  const response = await fetch(`/lessons/${lesson.name}/reply?${query}`);
  if (!response.ok) throw new Error(response.statusText);
  return response.json();
}

/** The reply in a question's form, or ''. */
export function replyOf(form) {
  return new FormData(form).get(form.dataset.question)?.toString().trim() ?? '';
}

/** Puts a reply that was kept into the form. */
export function fill(form, reply) {
  for (const input of form.querySelectorAll(`[name="${form.dataset.question}"]`)) {
    if (input.type === 'radio') input.checked = input.value === reply;
    else input.value = reply;
  }
}

/** The server's HTML as nodes, of the kinds that its texts have and no others. */
export function written(markup) {
  const fragment = document.createDocumentFragment();
  for (const node of new DOMParser().parseFromString(markup, 'text/html').body.childNodes) fragment.append(copied(node));
  return fragment;
}

const kinds = ['P', 'B', 'STRONG', 'EM', 'CODE', 'PRE', 'UL', 'OL', 'LI', 'BR', 'SPAN', 'A', 'BLOCKQUOTE', 'TABLE', 'THEAD', 'TBODY', 'TR', 'TH', 'TD', 'H3', 'H4'];
const attributes = ['class', 'title', 'role', 'aria-label', 'data-value'];

function copied(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return document.createTextNode(node.textContent);
  if (!kinds.includes(node.tagName)) return document.createTextNode(node.textContent);
  const element = document.createElement(node.tagName);
  for (const name of attributes) {
    if (node.hasAttribute(name)) element.setAttribute(name, node.getAttribute(name));
  }
  const to = node.getAttribute('href');
  if (to && /^[/#](?!\/)/.test(to)) element.setAttribute('href', to);
  element.append(...[...node.childNodes].map(copied));
  return element;
}

/** What is said to a reply, as nodes. */
export function verdict(found) {
  if (found.problem) return [html('p', { class: 'problem' }, found.problem)];
  const text = html('div', { class: 'text' });
  text.append(written(found.say ?? ''));
  return [html('p', { class: `outcome ${found.right ? 'right' : 'wrong'}` }, t(found.right ? 'lesson.right' : 'lesson.wrong')), text];
}
