// What a reader has done, kept in this browser alone.
//
//   {"v":1,"lessons":{"sendfile":{"seed":0,"at":"watch-3","replies":{"predict-1":"2"},"solved":["exercise-1"],"past":["predict"],"done":true,"time":…}}}
const key = 'copyscope.lessons';
const version = 1;

/** Everything that is kept; nothing if it is of another version or damaged. */
export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    if (kept?.v === version && typeof kept.lessons === 'object' && kept.lessons && !Array.isArray(kept.lessons)) return kept;
  } catch {
    // Storage may be switched off, or hold what somebody else wrote.
  }
  return { v: version, lessons: {} };
}

/** What is kept of one lesson, whole. */
export function of(name) {
  const kept = read().lessons[name] ?? {};
  return {
    seed: Number.isInteger(kept.seed) ? kept.seed : 0,
    at: typeof kept.at === 'string' ? kept.at : '',
    replies: { ...kept.replies },
    solved: Array.isArray(kept.solved) ? kept.solved : [],
    past: Array.isArray(kept.past) ? kept.past : [],
    done: kept.done === true,
    begun: read().lessons[name] !== undefined,
  };
}

/** Keeps what a lesson has come to, with what another tab has kept of it meanwhile. */
export function keep(name, { seed, at, replies, solved, past, done }) {
  const all = read();
  const other = of(name);
  const same = other.begun && other.seed === seed;
  all.lessons[name] = {
    seed, at, time: Date.now(), done: done || other.done,
    replies: same ? { ...other.replies, ...replies } : replies,
    solved: same ? [...new Set([...other.solved, ...solved])] : solved,
    past: same ? [...new Set([...other.past, ...past])] : past,
  };
  try {
    localStorage.setItem(key, JSON.stringify(all));
  } catch {
    // Without storage the page works, and forgets.
  }
}

/** The lesson that was touched last, or null. */
export function latest() {
  const all = Object.entries(read().lessons).filter(([, one]) => one).sort(([, a], [, b]) => (b.time ?? 0) - (a.time ?? 0));
  return all.length > 0 ? { name: all[0][0], ...of(all[0][0]) } : null;
}
