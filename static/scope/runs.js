// Has the lanes' scenarios run by the server and takes its answers in, and has it
// read the traces that the reader imported. What belongs to a run that has been
// replaced is dropped.
import * as imports from './imports.js';
import { word } from './words.js';

export class Runs {
  // changed(lane, type) is called after every answer about a lane.
  constructor(socket, player, changed) {
    this.socket = socket;
    this.player = player;
    this.lang = document.documentElement.lang.split('-')[0];
    this.changed = changed;
    this.answers = {
      'scope.queued': (lane, body) => Object.assign(lane, { status: 'queued', place: body.place }),
      'scope.progress': (lane, body) => Object.assign(lane, { status: 'running', done: body.done, total: body.total }),
      'scope.lane': (lane, body) => Object.assign(lane, { status: 'receiving', head: body, scenario: body.scenario, done: 0, total: body.shown }),
      'scope.events': (lane, body) => {
        lane.add(body.events);
        lane.done = lane.steps;
      },
      'scope.done': (lane) => {
        lane.status = 'ready';
        player.realign();
      },
      'scope.predictions': (lane, body) => Object.assign(lane, { comparison: body.rows, why: body.why ?? '' }),
      'scope.cancelled': (lane) => Object.assign(lane, { status: 'cancelled' }),
      error: (lane, body) => Object.assign(lane, { status: 'failed', error: body }),
    };
    for (const [type, take] of Object.entries(this.answers)) {
      socket.on(type, (body, message) => {
        const lane = player.lanes.find((candidate) => candidate.request === message.id);
        if (!lane) return;
        take(lane, body);
        changed(lane, type);
      });
    }
    // A run that was under way when the connection broke starts again.
    let welcomes = 0;
    socket.on('welcome', () => {
      welcomes += 1;
      if (welcomes > 1) player.lanes.filter((lane) => lane.busy).forEach((lane) => this.start(lane));
    });
  }

  start(lane) {
    lane.reset();
    if (lane.imported !== null) {
      this.#import(lane);
      return;
    }
    lane.request = this.socket.send('scope.run', { lane: lane.id, scenario: lane.scenario, lang: this.lang });
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
