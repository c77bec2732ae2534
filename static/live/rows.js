// Tables: the server puts an empty row into a template beside each.

/** A row of a template, its fields filled by their names. */
export function fill(template, values) {
  const row = document.getElementById(template).content.firstElementChild.cloneNode(true);
  for (const element of row.querySelectorAll('[data-field]')) {
    if (element.dataset.field !== 'twin') element.textContent = values[element.dataset.field] ?? '';
  }
  return row;
}

/** Puts the rows into a table whose card is hidden while it has none. */
export function replaceRows(id, template, list) {
  const rows = document.getElementById(id);
  if (!rows) return;
  rows.replaceChildren(...list.map((values) => fill(template, values)));
  rows.closest('.card').hidden = list.length === 0;
}
