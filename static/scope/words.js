// The page's words: the message of the first id that the catalogue has.
import { block, t } from '../page.js';

const messages = block('messages') ?? {};

export const has = (id) => Object.hasOwn(messages, id);

export const word = t;

export function first(ids, data) {
  return t(ids.find(has) ?? ids[ids.length - 1], data);
}
