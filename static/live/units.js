// Texts of figures by their unit, as the server writes them (web/format.go).
import { bytes, number } from '../page.js';

const decimal = ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'];

/** Up to three digits, or all of the whole part. */
function significant(value) {
  const size = Math.abs(value);
  return number(value, size < 10 ? 2 : size < 100 ? 1 : 0);
}

function byteRate(value) {
  let unit = 0;
  let size = value;
  while (Math.abs(size) >= 1000 && unit < decimal.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${significant(size)} ${decimal[unit]}`;
}

/** A value with its unit; a dash where there is none. */
export function text(value, unit) {
  if (value === null || Number.isNaN(value)) return '–';
  switch (unit) {
    case 'ratio': return `${number(100 * value, 1)} %`;
    case 'bytes': return bytes(value);
    case 'bytes-per-second': return byteRate(value);
    case 'per-second': return `${significant(value)}/s`;
    default: return `${significant(value)} ${unit}`;
  }
}

/** A value as CSV and the table twin have it: six digits, empty for a gap. */
export const plain = (value) => (Number.isNaN(value) ? '' : String(Number(value.toPrecision(6))));

/** A time of day to a tenth of a second. */
export function clock(at) {
  const d = new Date(at);
  const two = (v) => String(v).padStart(2, '0');
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${Math.floor(d.getMilliseconds() / 100)}`;
}
