// Writes a figure in the unit that the server named for it.
import { bytes, number } from '../page.js';

export { bytes as size };

// time writes nanoseconds in three digits of the largest unit that fits.
export function time(ns) {
  const value = Math.abs(ns);
  const [size, unit] = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']].find(([least]) => value >= least) ?? [1, 'ns'];
  const scaled = value / size;
  const digits = size === 1 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${ns < 0 ? '−' : ''}${number(scaled, digits)} ${unit}`;
}

export const count = (n) => number(n, 0);

export function quantity(value, unit) {
  if (unit === 'bytes') return bytes(value);
  if (unit === 'ns') return time(value);
  if (unit === 'per-byte') return number(value, 2, 2).replace('-', '−');
  return count(value).replace('-', '−');
}

// change writes a difference with its sign.
export function change(value, unit) {
  if (value === 0) return '0';
  if (unit === 'per-byte' && Math.abs(value) < 0.005) return value > 0 ? '+<0.01' : '−<0.01';
  return value > 0 ? `+${quantity(value, unit)}` : quantity(value, unit).replace('-', '−');
}
