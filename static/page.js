// What the server put into the page for the scripts: data blocks and messages.

/** The parsed JSON of <script type="application/json" id="…">, or null. */
export function block(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

const messages = block('messages') ?? {};

/**
 * The message with its {{.Name}} placeholders filled. Count chooses the plural
 * form. An unknown id is shown as ⟦id⟧, loudly.
 */
export function t(id, data = {}) {
  const singular = data.Count === 1 ? messages[`${id}#one`] : undefined;
  const text = singular ?? messages[id];
  if (text === undefined) return `⟦${id}⟧`;
  return text.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, name) => {
    const value = data[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number(value) : String(value);
  });
}

/**
 * A number with the separators that both languages have, rounded to so many digits
 * after the point, of which at least some are shown. Not by Intl.NumberFormat: the
 * first one that a page makes keeps it from being drawn for 20 ms and more.
 */
export function number(value, digits = 2, least = 0) {
  if (!Number.isFinite(value)) return String(value);
  const [whole, fraction = ''] = Math.abs(value).toFixed(digits).split('.');
  const shown = fraction.slice(0, least) + fraction.slice(least).replace(/0+$/, '');
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (shown ? `.${shown}` : '');
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes in the largest binary unit that leaves at least 1. */
export function bytes(value) {
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 1024 && unit < binary.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return `${value < 0 ? '−' : ''}${number(size, digits)} ${binary[unit]}`;
}
