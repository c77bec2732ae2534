package chromium

// CutCells is JavaScript that names the tables that reach beyond the edge of what
// scrolls them without a sign of it: a shade at that edge, and a first column that
// stays where it is. It is empty if there are none. Rows that are laid out as other
// than table rows have no column.
const CutCells = `(() => {
  const shaded = (e) => getComputedStyle(e).backgroundImage.includes('gradient') && getComputedStyle(e).backgroundAttachment.includes('local');
  const stays = (row) => getComputedStyle(row).display !== 'table-row' || getComputedStyle(row.cells[0]).position === 'sticky';
  const scrollers = [...document.querySelectorAll('main *, dialog[open] *')].filter((e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.offsetWidth > 0 && e.scrollWidth > e.clientWidth + 1);
  return scrollers.flatMap((e) => {
    const edge = e.getBoundingClientRect().right;
    const cut = [...e.querySelectorAll('td, th')].filter((cell) => cell.offsetWidth > 0 && getComputedStyle(cell).clipPath === 'none' && cell.getBoundingClientRect().right > edge + 1 && cell.textContent.trim() !== '');
    if (cut.length === 0 || (shaded(e) && cut.every((cell) => stays(cell.parentElement)))) return [];
    return [(e.dataset.part ?? e.className) + ': ' + cut.slice(0, 2).map((cell) => cell.textContent.trim().slice(0, 30)).join(', ')];
  }).join(' | ');
})()`

// RunOver is JavaScript that names cells of tables whose words run over those beside
// them. It is empty if there are none.
const RunOver = `[...document.querySelectorAll('main :is(td, th)')].filter((cell) => getComputedStyle(cell).display === 'table-cell' && getComputedStyle(cell).clipPath === 'none' && cell.offsetWidth > 1 && cell.scrollWidth > cell.clientWidth + 2).slice(0, 3).map((cell) => cell.textContent.trim().slice(0, 40)).join(' | ')`
