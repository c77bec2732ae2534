// Steps through the run of an exported page. The state is the step; all that is
// shown is a function of it, so stepping back is exact. Counts are read, never raised.
(() => {
  'use strict';
  const root = document.documentElement;
  const run = JSON.parse(document.getElementById('run').textContent);
  const last = run.at.length;
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const drawing = document.querySelector('svg.timeline');
  const cells = [...document.querySelectorAll('td[data-count]')];
  const rows = [...document.querySelectorAll('tr[data-step]')];
  let step = 0;

  // after is a count's text after so many events.
  const after = (series, n) => {
    if (!series.at) return '–';
    let low = 0;
    let high = series.at.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (series.at[middle] <= n) low = middle; else high = middle - 1;
    }
    return series.text[low];
  };

  const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  cursor.setAttribute('class', 'cursor');
  cursor.setAttribute('y1', '26');
  cursor.setAttribute('y2', String(drawing.viewBox.baseVal.height - 20));
  drawing.append(cursor);
  const { first, left, right } = drawing.dataset;
  const end = Number(drawing.dataset.last);
  const x = (at) => Number(left) + ((at - first) / (end - first)) * (right - left);

  const show = (to, scroll = true) => {
    step = Math.min(Math.max(Math.round(to) || 0, 0), last);
    for (const cell of cells) cell.textContent = after(run.counts[cell.dataset.count], step);
    rows.forEach((row, i) => {
      row.classList.toggle('current', i + 1 === step);
      row.classList.toggle('ahead', i + 1 > step);
    });
    const at = x(step === 0 ? Number(first) : run.at[step - 1]);
    cursor.setAttribute('x1', String(at));
    cursor.setAttribute('x2', String(at));
    part('scrub').value = String(step);
    part('where').textContent = String(step);
    const row = rows[step - 1];
    part('now').replaceChildren(...(row ? [...row.querySelector('.say').childNodes].map((node) => node.cloneNode(true)) : []));
    part('now').hidden = !row;
    if (row && scroll) {
      const list = row.closest('.events');
      list.scrollTop = row.offsetTop - list.offsetTop - list.clientHeight / 3;
    }
    root.dataset.step = String(step);
    if (location.hash !== `#${step}`) history.replaceState(null, '', `#${step}`);
  };

  // boundary is the next step at which another system call's events begin.
  const boundary = (direction) => {
    let to = step + direction;
    while (to > 0 && to < last && run.call[to] === run.call[to - 1]) to += direction;
    return to;
  };

  const language = (to) => {
    root.dataset.lang = to;
    root.lang = to;
  };

  const act = {
    first: () => show(0),
    last: () => show(last),
    'step-back': () => show(step - 1),
    'step-forward': () => show(step + 1),
    'call-back': () => show(boundary(-1)),
    'call-forward': () => show(boundary(1)),
    language: () => language(root.dataset.lang === 'en' ? 'zh' : 'en'),
  };
  const keys = { ArrowLeft: 'step-back', ArrowRight: 'step-forward', PageUp: 'step-back', PageDown: 'step-forward', Home: 'first', End: 'last', l: 'language', L: 'language' };

  for (const button of document.querySelectorAll('[data-action]')) button.addEventListener('click', act[button.dataset.action]);
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.target.localName === 'input') return;
    let name = keys[event.key];
    if (event.altKey) name = { 'step-back': 'call-back', 'step-forward': 'call-forward' }[name];
    if (!name) return;
    event.preventDefault();
    act[name]();
  });
  part('scrub').addEventListener('input', (event) => show(Number(event.target.value)));
  drawing.addEventListener('click', (event) => {
    const bar = event.target.closest('[data-event]');
    if (bar) show(Number(bar.dataset.event));
  });
  for (const row of rows) row.addEventListener('click', () => show(Number(row.dataset.step), false));
  addEventListener('hashchange', () => show(Number(location.hash.slice(1))));

  for (const hidden of document.querySelectorAll('.at, [data-part="controls"], [data-action="language"]')) hidden.hidden = false;
  if (/^zh\b/i.test(navigator.language)) language('zh');
  show(Number(location.hash.slice(1)));
})();
