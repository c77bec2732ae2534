// Has the lanes' scenarios run by the server and takes its answers in. What
// belongs to a run that has been replaced is dropped.
export class Runs {
  // changed(lane, type) is called after every answer about a lane.
  constructor(socket, player, changed) {
    this.socket = socket;
    this.player = player;
    this.lang = document.documentElement.lang.split('-')[0];
    const answers = {
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
    for (const [type, take] of Object.entries(answers)) {
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
    lane.request = this.socket.send('scope.run', { lane: lane.id, scenario: lane.scenario, lang: this.lang });
  }

  cancel(lane) {
    this.socket.send('scope.cancel', { run: lane.request });
  }
}
