// A talk that is not there may come: its speaker's page brings it back after a
// restart of the server.
const waiting = document.querySelector('[data-part="gone"]');
waiting.hidden = false;
setInterval(async () => {
  try {
    const answer = await fetch(`/t/${encodeURIComponent(waiting.dataset.code)}/here`, { cache: 'no-store' });
    if (answer.ok) location.reload();
  } catch {
    // The server is away; the next look comes.
  }
}, 3000);
