// The connection to a talk's room. docs/websocket.md has the messages. Rooms are
// told what is on the screen at present, so a page that comes back misses nothing.
import { onWake } from '../wake.js';

const version = 1;
const firstWait = 500; // ms; doubles with every failure
const longestWait = 10000; // ms
const answerWait = 3000; // ms in which a connection that may be dead has to answer

/**
 * hello() gives the body with which the page greets the room, on every new
 * connection. state(name, data) is called when the connection changes: open,
 * away (trying again), gone (there is no such talk), full, elsewhere (this tab's
 * copy has it). There is room for speakers where there is none for others.
 */
export class Room {
  #handlers = new Map();
  #socket = null;
  #failures = 0;
  #timer = 0;
  #probe = 0;
  #requests = 0;

  constructor(code, { hello, state, speaker = false }) {
    this.address = `/t/${code}/ws${speaker ? '?speaker' : ''}`;
    this.code = code;
    this.hello = hello;
    this.tell = state;
    this.opened = 0; // connections so far
    addEventListener('online', () => this.#now());
    onWake(() => this.#check());
    this.#connect();
  }

  get open() { return this.#socket?.readyState === WebSocket.OPEN; }

  on(type, handler) {
    this.#handlers.set(type, [...(this.#handlers.get(type) ?? []), handler]);
    return this;
  }

  /** Sends a message and says whether there was a connection to send it on. */
  send(type, body = {}) {
    if (!this.open) return false;
    this.#requests += 1;
    this.#socket.send(JSON.stringify({ v: version, type, id: `${type}-${this.#requests}`, body }));
    return true;
  }

  #connect() {
    clearTimeout(this.#timer);
    const url = new URL(this.address, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#failures = 0;
      this.opened += 1;
      this.send('talk.hello', this.hello());
      this.tell('open', { again: this.opened > 1 });
    });
    socket.addEventListener('message', (event) => {
      clearTimeout(this.#probe);
      const message = JSON.parse(event.data);
      if (message.v !== version) return;
      for (const handler of this.#handlers.get(message.type) ?? []) handler(message.body, message);
    });
    socket.addEventListener('close', (event) => {
      if (socket === this.#socket) this.#lost(event);
    });
  }

  async #lost(event) {
    if (event.code === 4000) { // another tab of this page has the connection
      this.tell('elsewhere', {});
      return;
    }
    const wait = Math.min(longestWait, firstWait * 2 ** this.#failures) * (0.5 + Math.random());
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), wait);
    // A browser does not say why it was refused; the server does, when asked.
    let state = 'away';
    try {
      const answer = await fetch(`/t/${this.code}/here`, { cache: 'no-store' });
      if (answer.status === 404) state = 'gone';
      if (answer.status === 503) state = 'full';
    } catch {
      // Nobody answers: the server is away.
    }
    if (!this.open) this.tell(state, {});
  }

  #now() {
    if (this.#socket?.readyState === WebSocket.CLOSED) this.#connect();
  }

  // check asks for a sign of life: after a sleep a connection may be dead, and
  // nothing says so.
  #check() {
    if (!this.open) {
      this.#now();
      return;
    }
    clearTimeout(this.#probe);
    this.send('talk.hello', this.hello());
    const socket = this.#socket;
    this.#probe = setTimeout(() => {
      if (socket !== this.#socket) return;
      this.#socket = null; // its close may take long to be noticed
      socket.close();
      this.tell('away', {});
      this.#connect();
    }, answerWait);
  }
}
