// The traces that the reader imported. They stay in this browser: as long as the
// page lives and, where it can store them, until others take their place.
const database = 'copyscope-imports';
const most = 8; // files that are stored
const files = new Map();

// allowed: a browser whose user forbids storage throws where it is named.
function allowed() {
  try {
    return Boolean(indexedDB);
  } catch {
    return false;
  }
}

function store(mode, act) {
  return new Promise((resolve) => {
    if (!allowed()) return resolve(null);
    const opening = indexedDB.open(database, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('files');
    opening.onerror = () => resolve(null); // without storage the page still has the file
    opening.onsuccess = () => {
      if (!opening.result.objectStoreNames.contains('files')) return resolve(null);
      const transaction = opening.result.transaction('files', mode);
      const request = act(transaction.objectStore('files'));
      transaction.oncomplete = () => resolve(request?.result ?? null);
      transaction.onerror = () => resolve(null);
      transaction.onabort = () => resolve(null);
    };
  });
}

// keep takes a file and returns the name that it has from now on.
export async function keep(file) {
  const name = file.name.replaceAll(/[,/\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '_').slice(0, 80) || 'trace';
  files.set(name, file);
  const count = await store('readonly', (kept) => kept.count());
  await store('readwrite', (kept) => {
    if (count >= most) kept.clear();
    return kept.put(file, name);
  });
  return name;
}

// watched is the trace of a watch of the attach page, by its name, that the server
// still has; without a name, of the last one. null if there is none.
async function watched(name) {
  try {
    const answer = await fetch(`/attach/trace.json?${new URLSearchParams(name ? { name } : {})}`);
    if (!answer.ok) return null;
    const [, called] = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition'));
    return new File([await answer.blob()], called);
  } catch { // the server is gone
    return null;
  }
}

// keepWatch takes the trace of the last watch and returns its name, or null.
export async function keepWatch() {
  const file = await watched('');
  return file && keep(file);
}

// find is the file of that name, or null. The attach page leads to a trace that this
// browser does not have yet.
export async function find(name) {
  const kept = files.get(name) ?? await store('readonly', (all) => all.get(name));
  if (kept || !name.startsWith('attach-')) return kept;
  const file = await watched(name);
  if (file) await keep(file);
  return file;
}

// send has the server read a file; told(type, body) is called for each message of
// its answer, sent(done, total) as the bytes go. It returns how to end it.
export function send(file, { name, lane, lang }, told, sent) {
  const request = new XMLHttpRequest(); // fetch does not tell how far it has sent
  request.open('POST', `/scope/import?${new URLSearchParams({ name, lane, lang })}`);
  request.upload.onprogress = (event) => sent(event.loaded, event.total);
  request.onload = () => {
    for (const line of request.responseText.split('\n')) {
      if (!line) continue;
      let answer;
      try {
        answer = JSON.parse(line);
      } catch { // it is not of the importer: a guard's, or it was cut off
        told('error', null);
        return;
      }
      told(answer.type, answer.body);
    }
  };
  request.onerror = () => told('error', null);
  request.send(file);
  return () => request.abort();
}
