// Has the lanes' scenarios run by the server and takes its answers in, and has it
// read the traces that the reader imported. What belongs to a run that has been
// replaced is dropped.
import * as imports from './imports.js';
import { word } from './words.js';

const ahead = 250; // steps

export class Runs {
  // changed(lane, type) is called after every answer about a lane.
  constructor(socket, player, changed) {
    this.socket = socket;
    this.player = player;
    this.lang = document.documentElement.lang.split('-')[0];
    this.changed = changed;
    this.opened = new URLSearchParams(location.search);
    this.answers = {
      'scope.queued': (lane, body) => Object.assign(lane, { status: 'queued', place: body.place }),
      'scope.progress': (lane, body) => Object.assign(lane, { status: 'running', done: body.done, total: body.total }),
      'scope.lane': (lane, body) => {
        Object.assign(lane, { status: 'receiving', head: body, scenario: body.scenario, done: 0, total: body.shown, whole: body.windows ?? 0 });
        if (lane.whole > 0) body.shown = lane.whole; // window by window
      },
      'scope.events': (lane, body) => {
        lane.add(body.events);
        lane.done = lane.end;
      },
      'scope.done': (lane) => {
        lane.status = 'ready';
        player.realign();
      },
      'scope.keeping': (lane, body) => { lane.kept = body.done; },
      'scope.kept': (lane, body) => {
        lane.kept = 0;
        lane.overview = body.overview ?? null;
        if (body.events > 0) return;
        lane.whole = 0; // it was cancelled: what the page has is all
        lane.head = { ...lane.head, shown: lane.end };
        player.realign();
      },
      'scope.window': (lane, body) => {
        lane.asked = null;
        lane.open(body);
        player.opened();
      },
      // The page may have moved on: then it asks anew when it is drawn.
      'scope.found': (lane, body) => {
        lane.found = { ...lane.sought, step: body.step };
        lane.sought = null;
      },
      'scope.predictions': (lane, body) => Object.assign(lane, { comparison: body.rows, why: body.why ?? '' }),
      'scope.cancelled': (lane) => Object.assign(lane, { status: 'cancelled' }),
      error: (lane, body) => Object.assign(lane, { status: 'failed', error: body }),
    };
    for (const [type, take] of Object.entries(this.answers)) {
      socket.on(type, (body, message) => {
        const lane = player.lanes.find(({ request, asked, sought }) => [request, asked, sought?.id].includes(message.id));
        if (!lane) return;
        take(lane, body);
        changed(lane, type);
      });
    }
    socket.on('scope.found', (body, message) => {
      if (message.id === this.sought) player.seek(body.step);
    });
    // Where the server cannot compare, what the page has compared is all.
    for (const type of ['scope.parted', 'error']) {
      socket.on(type, (body, message) => {
        const lane = player.lanes.find(({ parts }) => parts?.id === message.id);
        if (!lane) return;
        const { with: other, compared } = lane.parts;
        lane.parts = null;
        lane.parted = { step: 0, compared, whole: false, ...(type === 'error' ? {} : body), with: other };
        player.part();
        changed(lane, type);
      });
    }
    player.match = (lane, what) => { this.sought = socket.send('scope.find', { lane: lane.id, ...what }); };
    // A run that was under way when the connection broke starts again.
    let welcomes = 0;
    socket.on('welcome', () => {
      welcomes += 1;
      if (welcomes > 1) player.lanes.filter((lane) => lane.busy || lane.whole > 0).forEach((lane) => this.start(lane));
    });
  }

  // start has a lane's run made; true: the page has it already.
  start(lane) {
    lane.reset();
    if (this.#told(lane)) return true;
    if (lane.imported !== null) this.#import(lane);
    else lane.request = this.socket.send('scope.run', { lane: lane.id, scenario: lane.scenario, lang: this.lang });
    return false;
  }

  // told takes in a short run that came with the page, once: that of the lane as the
  // page's address wrote it, or as it is written in full.
  #told(lane) {
    const block = document.getElementById(`told-${lane.id}`);
    if (!block) return false;
    const told = JSON.parse(block.textContent);
    block.remove();
    if (![told[0].body.scenario, this.opened.get(lane.id)].includes(lane.scenario)) return false;
    for (const { type, body } of told) this.answers[type](lane, body);
    return true;
  }

  // follow asks for the windows of long runs around the page's step, somewhat
  // before the step comes to the edge of what the page has. One request of a lane
  // is under way at a time; when it is answered the newest step is asked for. So it
  // is with the step of a lane that follows another.
  follow() {
    const { alignment, step: page } = this.player;
    this.#part();
    for (const lane of this.player.lanes) {
      if (lane.whole === 0 || lane.status !== 'ready') continue;
      const step = alignment.own(lane, page);
      if (step === null) this.#match(lane);
      if (step === null || lane.asked !== null) continue;
      const near = (lane.begin > 0 && step - lane.begin < ahead) || (lane.end < lane.whole && lane.end - step < ahead);
      if (near || !lane.has(step)) lane.asked = this.socket.send('scope.window', { lane: lane.id, step, lang: this.lang });
    }
  }

  // part has the server compare long runs, once it keeps them.
  #part() {
    const { reference, open } = this.player.partings;
    const kept = (lane) => lane.overview !== null;
    for (const lane of open.filter((other) => kept(other) && kept(reference) && other.parts?.with !== reference)) {
      const compared = Math.min(lane.opening.length, reference.opening.length);
      lane.parts = { id: this.socket.send('scope.part', { lane: lane.id, with: reference.id }), with: reference, compared };
    }
  }

  // match asks for the step of a lane that belongs to the leading lane's.
  #match(lane) {
    const { alignment, step } = this.player;
    const key = alignment.keyAt(alignment.leader, Math.min(step, alignment.last));
    if (key === null || lane.sought !== null) return;
    lane.sought = { id: this.socket.send('scope.find', { lane: lane.id, ...alignment.asks(key) }), name: alignment.name, key };
  }

  // import has the server read an imported trace, if this browser has it.
  async #import(lane) {
    const name = lane.imported;
    const file = await imports.find(name);
    const tell = (type, body) => {
      if (!this.player.lanes.includes(lane) || !lane.busy) return;
      this.answers[type](lane, body);
      this.changed(lane, type);
    };
    if (!file) {
      tell('error', { field: 'import', message: word('scope.import.missing', { Name: name }), remedy: word('scope.import.again') });
      return;
    }
    const answered = (type, body) => tell(type, body ?? { message: word('scope.import.lost'), remedy: word('scope.import.retry') });
    lane.abort = imports.send(file, { name, lane: lane.id, lang: this.lang }, answered,
      (done, total) => tell('scope.progress', { done, total }));
  }

  cancel(lane) {
    if (lane.imported !== null) {
      lane.abort?.();
      this.answers['scope.cancelled'](lane);
      this.changed(lane, 'scope.cancelled');
      return;
    }
    this.socket.send('scope.cancel', { run: lane.request });
  }
}
