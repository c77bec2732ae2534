// The list of lessons: how far the reader is with each.
import { t } from '../page.js';
import { of } from './progress.js';

const items = [...document.querySelectorAll('[data-lesson]')];
let done = 0;
for (const item of items) {
  const kept = of(item.dataset.lesson);
  const state = item.querySelector('[data-part="state"]');
  if (!kept.begun) continue;
  if (kept.done) done += 1;
  item.dataset.state = kept.done ? 'done' : 'begun';
  state.hidden = false;
  state.textContent = kept.done ? t('lesson.state.done', { Solved: kept.solved.length, Exercises: item.dataset.exercises }) : t('lesson.state.begun');
}
const line = document.querySelector('[data-part="progress"]');
if (done > 0 && line) {
  line.hidden = false;
  line.textContent = t('lesson.state.list', { Done: done, All: items.length });
}
