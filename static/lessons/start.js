// The first page: on with where one was.
import { t } from '../page.js';
import { latest } from './progress.js';

const last = latest();
const lessons = [...document.querySelectorAll('[data-lesson]')];
const at = lessons.findIndex((lesson) => lesson.dataset.lesson === last?.name);
if (at >= 0) {
  const next = last.done ? lessons[at + 1] : lessons[at];
  if (next) show(next, last.done ? 'start.resume.next' : 'start.resume.where');
}

function show(lesson, words) {
  const resume = document.querySelector('[data-part="resume"]');
  resume.hidden = false;
  resume.querySelector('[data-part="where"]').textContent = t(words, { Title: lesson.textContent });
  resume.querySelector('[data-part="go"]').href = `/lessons/${lesson.dataset.lesson}`;
}
