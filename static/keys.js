// Keys: one listener, fed by the map that the server put into the page (the
// same map that the help dialog shows).
import { block } from './page.js';

const groups = block('keys') ?? [];
const page = document.documentElement.dataset.page;
const handlers = new Map();

/**
 * Calls handler(event, key) when a key of the action is pressed. A handler
 * that returns false leaves the key to the browser.
 */
export function onKey(action, handler) {
  handlers.set(action, handler);
}

/** Whether something answers the action here. */
export const answered = (action) => handlers.has(action);

/** Does what the action's key does. */
export function act(action) {
  handlers.get(action)?.(new Event('palette'), keyName(action));
}

/** The first key of an action as a reader knows it, for button titles. */
export function keyName(action) {
  for (const group of groups) {
    const binding = group.keys.find((b) => b.action === action);
    if (binding) return binding.keys[0];
  }
  return '';
}

function typed(event) {
  let name = event.key === ' ' ? 'Space' : event.key;
  if (name.length === 1) name = name.toLowerCase();
  if (event.altKey) name = 'Alt+' + name;
  if (event.ctrlKey) name = 'Ctrl+' + name;
  if (event.metaKey) name = 'Meta+' + name;
  return name;
}

/** A group works on its pages: anywhere there, or where data-keys has it. */
function works(group, target) {
  if (group.pages.length > 0 && !group.pages.includes(page)) return false;
  return !group.focus || Boolean(target.closest?.(`[data-keys="${group.name}"]`));
}

/** Keys that the focused element itself understands stay with it. */
function own(event, name) {
  const target = event.target;
  if (!(target instanceof Element)) return false;
  if (name === 'Escape') return false;
  // A closed dialog's field has the focus until the browser draws again.
  if (target.getClientRects().length === 0) return false;
  if (target.closest('textarea, select, [contenteditable="true"]')) return true;
  const input = target.closest('input');
  if (input) {
    const plain = ['checkbox', 'radio', 'button', 'submit'].includes(input.type);
    return !plain || name === 'Space';
  }
  return name === 'Space' && Boolean(target.closest('button, summary, a'));
}

addEventListener('keydown', (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const name = typed(event);
  if (own(event, name)) return;
  const inDialog = document.querySelector('dialog[open]');
  // The narrowest group comes last in the map and wins.
  for (const group of [...groups].reverse()) {
    if (!works(group, event.target)) continue;
    if (inDialog && group.name !== 'everywhere') continue;
    const binding = group.keys.find((b) => b.keys.includes(name));
    const handler = binding && handlers.get(binding.action);
    if (handler && handler(event, name) !== false) {
      event.preventDefault();
      return;
    }
  }
});
