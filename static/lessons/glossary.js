// The glossary: what is typed leaves the words that have it, in either language or
// under another name.
import { t } from '../page.js';

const terms = [...document.querySelectorAll('.terms dt')].map((term) => {
  const about = term.nextElementSibling;
  return { term, about, text: `${term.textContent} ${about.textContent}`.toLowerCase() };
});
const input = document.getElementById('filter');

function filter() {
  const wanted = input.value.trim().toLowerCase();
  let found = 0;
  for (const { term, about, text } of terms) {
    const is = text.includes(wanted);
    if (is) found += 1;
    term.hidden = !is;
    about.hidden = !is;
  }
  document.querySelector('[data-part="found"]').textContent = t('lesson.glossary.found', { Count: found });
}

document.querySelector('[data-part="filter"]').hidden = false;
input.addEventListener('input', filter);
filter();
