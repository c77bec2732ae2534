// Tells when the page wakes up: after the computer slept, or the tab was hidden. A
// connection may be dead then, and nothing says so.
const tick = 2000; // ms between looks at the clock
const slept = 8000; // ms between two looks: the computer slept

/** Calls woke() each time. */
export function onWake(woke) {
  let looked = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - looked > slept) woke();
    looked = now;
  }, tick);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) woke(); });
}
