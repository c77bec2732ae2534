// The one websocket of a page. The frames are drawn in docs/websocket.md.
import { t } from './page.js';
import { onWake } from './wake.js';

const version = 1;
const firstWait = 500; // ms; doubles with every failure
const longestWait = 15000; // ms
const answerWait = 3000; // ms in which a connection that may be dead has to answer
const tellFor = 6000; // ms for which a restart of the server is told

/**
 * A connection that comes back by itself and goes on with the message after
 * the last one it has seen.
 */
export class Socket {
  #handlers = new Map();
  #seen; // feed name → last sequence number
  #server = '';
  #path;
  #queue = [];
  #socket = null;
  #failures = 0;
  #timer = 0;
  #retryAt = 0;
  #probe = 0;
  #requests = 0;

  /**
   * feeds: what to follow, from which sequence number on, as {live: 12}; path:
   * where the server speaks websocket.
   */
  constructor(feeds = {}, server = '', path = '/ws') {
    this.#path = path;
    this.#seen = { ...feeds };
    this.#server = server;
    document.querySelector('[data-action="reconnect"]')?.addEventListener('click', () => this.#now());
    addEventListener('online', () => this.#now());
    onWake(() => this.#check());
    this.#connect();
  }

  /** Calls handler(body, message) for every message of the type. */
  on(type, handler) {
    const list = this.#handlers.get(type) ?? [];
    list.push(handler);
    this.#handlers.set(type, list);
    return this;
  }

  /** Sends a request and returns its id, which the answers carry. */
  send(type, body = {}, id = `${type}-${++this.#requests}`) {
    const text = JSON.stringify({ v: version, type, id, body });
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
    else this.#queue.push(text);
    return id;
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#show('connecting');
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.send('hello', { server: this.#server, resume: this.#seen });
      for (const text of this.#queue.splice(0)) socket.send(text);
    });
    socket.addEventListener('message', (event) => this.#take(event.data));
    socket.addEventListener('close', () => { if (socket === this.#socket) this.#lost(); });
  }

  #take(text) {
    clearTimeout(this.#probe);
    const message = JSON.parse(text);
    if (message.v !== version) return;
    if (message.type === 'welcome') this.#welcome(message.body);
    if (message.seq) {
      const feed = message.type.split('.')[0];
      if (message.seq <= (this.#seen[feed] ?? 0)) return;
      this.#seen[feed] = message.seq;
    }
    for (const handler of this.#handlers.get(message.type) ?? []) handler(message.body, message);
  }

  #welcome(body) {
    this.#failures = 0;
    const anew = this.#server !== '' && this.#server !== body.server;
    // Another run of the server counts from the beginning.
    if (anew) for (const feed of Object.keys(this.#seen)) this.#seen[feed] = 0;
    this.#server = body.server;
    this.#show(anew ? 'restarted' : 'open');
    if (anew) this.#timer = setTimeout(() => this.#show('open'), tellFor);
  }

  #lost() {
    const wait = Math.min(longestWait, firstWait * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#failures += 1;
    this.#retryAt = Date.now() + wait;
    this.#countdown();
  }

  #countdown() {
    const left = this.#retryAt - Date.now();
    if (left <= 0) {
      this.#connect();
      return;
    }
    this.#show('waiting', { Seconds: Math.ceil(left / 1000) });
    this.#timer = setTimeout(() => this.#countdown(), Math.min(left, 1000));
  }

  // check asks for a sign of life.
  #check() {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      this.#now();
      return;
    }
    const socket = this.#socket;
    this.send('ping');
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => {
      if (socket !== this.#socket) return;
      this.#socket = null; // its close may take long to be noticed
      socket.close();
      this.#connect();
    }, answerWait);
  }

  #now() {
    if (this.#socket?.readyState === WebSocket.CLOSED) this.#connect();
  }

  #show(state, data) {
    const element = document.getElementById('connection');
    if (!element) return;
    element.hidden = false;
    element.dataset.state = state;
    element.querySelector('[data-text]').textContent = t(`page.connection.${state}`, data);
    const button = element.querySelector('[data-action="reconnect"]');
    if (button) button.hidden = state !== 'waiting';
  }
}
