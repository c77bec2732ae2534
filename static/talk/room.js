// The connection to a talk's room. docs/websocket.md has the messages. A page that
// comes back, to this server or to another one of the talk, says which step it saw
// last, and is sent each that it missed.
import { onWake } from '../wake.js';

const version = 1;
// When a server ends, hundreds of pages lose it at once. Each comes back soon, and
// they do not come together: the first try is spread over a second and a half.
const soonest = 100; // ms
const spread = 1500; // ms
const firstWait = 500; // ms; after the first try, and doubles with every failure
const longestWait = 10000; // ms
const answerWait = 3000; // ms in which a connection that may be dead has to answer
// A network that stands still breaks no connection, and the browser's websocket tells
// nothing of the server's own pings. So a page that has heard nothing for so long asks
// for a sign of life. A speaker's page asks as often as the server asks it (5 s): it is
// to know before the audience is told that it is away, after 13 s. Of 2,500 viewers,
// who hear nothing while nobody steps, that makes 250 short messages a second; they are
// spread, since all have heard the last step at the same time.
const quietSpeaker = 5000; // ms
const quiet = 10000; // ms, more or less a fifth
// A connection that does not come about is tried anew: the system would try the same
// one for minutes, with pauses that double.
const openWait = 8000; // ms

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
  #probe = 0; // runs while an answer is due
  #quiet = 0; // runs while nothing is heard
  #requests = 0;
  #seen = -1; // the offset of the step seen last
  #told = false; // on this connection

  constructor(code, { hello, state, server, speaker = false }) {
    this.code = code;
    this.server = server; // the room's number, which servers of one talk share
    this.speaker = speaker;
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

  /**
   * Sends a message and says whether there was a connection to send it on. What the
   * speaker does is to arrive, so a sign of life is asked for with it.
   */
  send(type, body = {}) {
    if (!this.open) return false;
    this.#put(type, body);
    if (this.speaker) this.#ask();
    return true;
  }

  #put(type, body) {
    this.#requests += 1;
    this.#socket.send(JSON.stringify({ v: version, type, id: `${type}-${this.#requests}`, body }));
  }

  /** Greets the room, on a new connection and whenever an answer is wanted. */
  greet() { return this.send('talk.hello', this.hello()); }

  #note(message) {
    if (message.type === 'talk.state') {
      this.#seen = message.body.offset;
      this.#told = true;
    }
    if (message.type === 'talk.welcome' && message.body.server !== this.server) { // its offsets are others
      this.server = message.body.server;
      if (!this.#told) this.#seen = -1;
    }
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#told = false;
    const url = new URL(`/t/${this.code}/ws`, location.href);
    if (this.speaker) url.searchParams.set('speaker', '');
    if (this.#seen >= 0) url.searchParams.set('after', `${this.server}.${this.#seen}`);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#expect(socket, openWait);
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      this.#heard();
      this.#failures = 0;
      this.opened += 1;
      this.greet();
      this.tell('open', { again: this.opened > 1 });
    });
    socket.addEventListener('message', (event) => {
      if (socket !== this.#socket) return; // it was given up
      this.#heard();
      const message = JSON.parse(event.data);
      if (message.v !== version) return;
      this.#note(message);
      for (const handler of this.#handlers.get(message.type) ?? []) handler(message.body, message);
    });
    socket.addEventListener('close', (event) => {
      if (socket === this.#socket) this.#lost(event);
    });
  }

  async #lost(event) {
    this.#stopWatching();
    if (event.code === 4000) { // another tab of this page has the connection
      this.tell('elsewhere', {});
      return;
    }
    const wait = this.#failures === 0 ? soonest + spread * Math.random()
      : Math.min(longestWait, firstWait * 2 ** (this.#failures - 1)) * (0.5 + Math.random());
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), wait);
    // All have just lost theirs, so none asks why before it has tried again.
    const state = this.#failures > 1 ? await this.#why() : 'away';
    if (!this.open) this.tell(state, {});
  }

  // why asks the server: a browser does not say why it was refused.
  async #why() {
    try {
      const { status } = await fetch(`/t/${this.code}/here`, { cache: 'no-store', signal: AbortSignal.timeout(answerWait) });
      return { 404: 'gone', 503: 'full' }[status] ?? 'away';
    } catch {
      return 'away'; // nobody answers
    }
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
    this.#ask();
  }

  #stopWatching() {
    clearTimeout(this.#probe);
    clearTimeout(this.#quiet);
    this.#probe = 0;
  }

  // heard: the connection is alive.
  #heard() {
    this.#stopWatching();
    this.#quiet = setTimeout(() => this.#ask(), this.speaker ? quietSpeaker : quiet * (0.8 + 0.4 * Math.random()));
  }

  // ask asks for a sign of life, unless one is due already.
  #ask() {
    if (this.#probe || !this.open) return;
    this.#put('talk.ping', {});
    this.#expect(this.#socket, answerWait);
  }

  // expect gives a connection up that gives no sign of life in time.
  #expect(socket, wait) {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => {
      if (socket !== this.#socket) return;
      this.#socket = null; // its close may take long to be noticed
      socket.close();
      this.#lost({});
    }, wait);
  }
}
