// Writes a figure in the unit that the server named for it.
import { bytes, duration, number } from '../page.js';

const ratio = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export { bytes as size, duration as time };

export const count = (n) => number(n, 0);

export function quantity(value, unit) {
  if (unit === 'bytes') return bytes(value);
  if (unit === 'ns') return duration(value);
  if (unit === 'per-byte') return ratio.format(value).replace('-', '−');
  return count(value).replace('-', '−');
}

// change writes a difference with its sign.
export function change(value, unit) {
  if (value === 0) return '0';
  return value > 0 ? `+${quantity(value, unit)}` : quantity(value, unit).replace('-', '−');
}
